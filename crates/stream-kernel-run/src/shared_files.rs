//! Files of a run on several workers: one input, one output and one trace, read and written at offsets.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use stream_kernel_config::Config;
use stream_kernel_sinks::{OpenTraceError, TraceFile};

use crate::output::{OutputFile, partial_path};
use crate::{LineAdapters, OpenInputError, RunError, tracing};

/// Output and trace of a run on several workers, at the process that creates them.
pub struct SharedFiles {
    /// The output; it has another name until it is complete.
    pub output: OutputFile,
    /// The trace, and the offset of this run's first record.
    pub trace: Option<(File, u64)>,
}

/// An open input.
#[derive(Debug)]
pub struct OpenInput {
    /// The file.
    pub file: File,
    /// Its path.
    pub path: PathBuf,
    /// Its length in bytes when it was opened.
    pub bytes: u64,
}

impl OpenInput {
    /// Opens the input.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or is not a regular file.
    pub fn open<N, A: LineAdapters>(config: &Config<N, A>) -> Result<Self, RunError> {
        let path = config.adapters.input_source().settings.path.clone();
        let opened = File::open(&path).and_then(|file| {
            let metadata = file.metadata()?;
            if metadata.is_file() {
                Ok((file, metadata.len()))
            } else {
                Err(io::Error::other("several workers read a regular file only"))
            }
        });
        match opened {
            Ok((file, bytes)) => Ok(Self { file, path, bytes }),
            Err(cause) => Err(OpenInputError { path, cause }.into()),
        }
    }
}

impl SharedFiles {
    /// Opens the trace, then the output, so that no result is touched if anything else cannot be opened.
    ///
    /// # Errors
    ///
    /// Names the file that cannot be opened.
    pub fn open<N, A: LineAdapters>(config: &Config<N, A>) -> Result<Self, RunError> {
        let mut trace = None;
        if let Some((path, _)) = tracing::file(&config.runtime.tracing) {
            let opened = TraceFile::open_for_parts(path);
            trace = Some(opened.map_err(|cause| OpenTraceError { path: path.to_owned(), cause })?);
        }
        let output = OutputFile::open_for_parts(&config.adapters.output_sink().settings.path)?;
        Ok(Self { output, trace })
    }

    /// Returns the paths of the unfinished output and of the trace, for processes that write into the files of another
    /// one.
    pub fn paths<N, A: LineAdapters>(config: &Config<N, A>) -> (PathBuf, Option<PathBuf>) {
        let output = partial_path(&config.adapters.output_sink().settings.path);
        let trace = tracing::file(&config.runtime.tracing).map(|(path, _)| path.to_owned());
        (output, trace)
    }
}
