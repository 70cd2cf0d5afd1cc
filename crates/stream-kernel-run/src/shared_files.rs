//! Files of a run on several workers: one input, one output and one trace, read and written at offsets.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use stream_kernel_config::Config;
use stream_kernel_sinks::{OpenError, TraceFile};

use crate::output::OutputFile;
use crate::{LineAdapters, OpenInputError, RunError, tracing};

/// Everything that the workers of a process read and write.
pub struct SharedFiles {
    /// The input.
    pub input: File,
    /// Its path.
    pub input_path: PathBuf,
    /// Its length in bytes when it was opened.
    pub input_bytes: u64,
    /// The output; it has another name until it is complete.
    pub output: OutputFile,
    /// The trace, and where this run's records begin in it.
    pub trace: Option<(File, u64)>,
    /// The trace's path.
    pub trace_path: Option<PathBuf>,
}

impl SharedFiles {
    /// Opens first what is only read, and the output last: whatever cannot be opened, no result is touched.
    ///
    /// # Errors
    ///
    /// Says what cannot be opened.
    pub fn open<N, A: LineAdapters>(config: &Config<N, A>) -> Result<Self, RunError> {
        let input_path = config.adapters.input_source().settings.path.clone();
        let opened = File::open(&input_path).and_then(|file| {
            let metadata = file.metadata()?;
            if metadata.is_file() {
                Ok((file, metadata.len()))
            } else {
                Err(io::Error::other("several workers read a regular file only"))
            }
        });
        let (input, input_bytes) =
            opened.map_err(|cause| OpenInputError { path: input_path.clone(), cause })?;
        let (mut trace, mut trace_path) = (None, None);
        if let Some((path, _)) = tracing::file(&config.runtime.tracing) {
            let opened = TraceFile::open_for_parts(path);
            trace = Some(opened.map_err(|cause| OpenError { path: path.to_owned(), cause })?);
            trace_path = Some(path.to_owned());
        }
        let output = OutputFile::open_for_parts(&config.adapters.output_sink().settings.path)?;
        Ok(Self { input, input_path, input_bytes, output, trace, trace_path })
    }
}
