//! Places that a worker writes to: its own in files of all workers, or files of its own.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use stream_kernel_run::files::write_to_what_is_there;
use stream_kernel_run::parts::{PartWriter, PartsOf, RunParts};
use stream_kernel_run::{Application, Job, LineAdapters, RunError, SharedFiles};

use crate::witness::Witness;
use crate::worker::Places;

/// Where a worker writes.
pub(crate) enum FilePlaces {
    /// At its places in the files of all.
    Shared { output: PlacedFile, trace: Option<PlacedFile>, trace_start: u64 },
    /// Into files of its own, one after the other.
    Own { output: PartWriter, trace: Option<PartWriter> },
}

/// A file, opened when it is first written: by then, the process that makes it has done so.
pub(crate) struct PlacedFile {
    path: PathBuf,
    file: Option<File>,
    /// Of what was written, if that is to be committed.
    witness: Option<Witness>,
}

impl PlacedFile {
    fn open(&mut self) -> io::Result<&mut File> {
        let opened = match self.file.take() {
            Some(file) => file,
            None => write_to_what_is_there(&self.path)?,
        };
        Ok(self.file.insert(opened))
    }

    fn write(&mut self, (bytes, at): (&[u8], u64)) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.check()?;
        self.open().and_then(|file| file.write_all_at(bytes, at)).map_err(|error| {
            io::Error::new(error.kind(), format!("`{}` cannot be written: {error}", self.path.display()))
        })?;
        if let Some(witness) = &mut self.witness {
            witness.note(bytes, at);
        }
        Ok(())
    }

    /// Checks that what was written is still there, if that is to be committed.
    fn check(&self) -> io::Result<()> {
        let (Some(witness), Some(file)) = (&self.witness, &self.file) else { return Ok(()) };
        let path = self.path.display();
        match witness.is_there(file) {
            Ok(true) => Ok(()),
            Ok(false) => Err(io::Error::other(format!(
                "`{path}` was shortened while the run wrote to it (put it back)"
            ))),
            Err(error) => Err(io::Error::new(error.kind(), format!("`{path}` cannot be read: {error}"))),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.check()?;
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }
}

impl Places for FilePlaces {
    fn trace_start(&self) -> u64 {
        match self {
            Self::Shared { trace_start, .. } => *trace_start,
            Self::Own { .. } => 0,
        }
    }

    fn write_output(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        match self {
            Self::Shared { output, .. } => output.write((bytes, at)),
            Self::Own { output, .. } => output.write(bytes),
        }
    }

    fn write_trace(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        match self {
            Self::Shared { trace: Some(trace), .. } => trace.write((bytes, at)),
            Self::Own { trace: Some(trace), .. } => trace.write(bytes),
            _ => Ok(()),
        }
    }

    fn sync(&mut self, is_whole: bool) -> io::Result<()> {
        match self {
            // The process that completes the output makes durable what its own system knows.
            Self::Shared { output, trace, .. } => {
                output.sync()?;
                // As on one worker, a trace is made durable if it is committed.
                trace.as_ref().filter(|trace| trace.witness.is_some()).map_or(Ok(()), PlacedFile::sync)
            }
            Self::Own { output, trace } => {
                output.sync()?;
                trace.as_mut().filter(|_| is_whole).map_or(Ok(()), PartWriter::sync)
            }
        }
    }
}

/// The files of a run, at one of its processes.
pub(crate) enum RunFiles {
    /// Process 0 makes those of all; the others find them, or never write.
    Shared(Option<SharedFiles>),
    /// Each process makes those of its workers.
    Parts(RunParts),
}

impl RunFiles {
    /// Opens the files that are this process's to open.
    pub(crate) fn open<A: Application>(job: &Job<A>, of: &PartsOf) -> Result<Self, RunError> {
        if job.config().adapters.output_sink().settings.parts {
            return Ok(Self::Parts(RunParts::open(job.config(), of)?));
        }
        let is_first = of.workers.start == 0;
        Ok(Self::Shared(if is_first { Some(SharedFiles::open(job.config())?) } else { None }))
    }

    /// Returns where the output is, if it is not complete and this is the process that tells of it.
    pub(crate) fn left(&self) -> Option<&Path> {
        match self {
            Self::Shared(files) => files.as_ref()?.output.left(),
            Self::Parts(parts) => parts.unfinished_output(),
        }
    }

    /// Returns the places of this process's workers, in their order.
    pub(crate) fn places<A: Application>(
        &mut self,
        job: &Job<A>,
        workers: usize,
    ) -> io::Result<Vec<FilePlaces>> {
        match self {
            Self::Shared(files) => (0..workers).map(|_| shared_places(job, files.as_ref())).collect(),
            Self::Parts(parts) => {
                let own = parts.take_writers()?.into_iter();
                Ok(own.map(|(output, trace)| FilePlaces::Own { output, trace }).collect())
            }
        }
    }

    /// Notes that the files of all have so many bytes of output.
    pub(crate) fn written(&mut self, output_bytes: u64) {
        if let Self::Shared(Some(files)) = self {
            files.output.parts_written(output_bytes);
        }
    }

    /// Writes what comes behind the last line, at process 0.
    pub(crate) fn finish(
        &mut self,
        finish: &[u8],
        output_bytes: u64,
        is_trace_whole: bool,
    ) -> io::Result<()> {
        match self {
            Self::Shared(None) => Ok(()),
            Self::Shared(Some(files)) => {
                let writer = files.output.part_writer()?;
                writer.write_all_at(finish, output_bytes).map_err(|error| files.output.named(&error))?;
                files.output.parts_written(finish.len() as u64);
                Ok(())
            }
            Self::Parts(parts) => parts.finish(finish, is_trace_whole),
        }
    }

    /// Says that the run has come to its end: the output takes its name, or `_SUCCESS` is written. A trace that was given up is cut to so many
    /// bytes of records.
    pub(crate) fn complete(&mut self, trace_bytes: Option<u64>) -> io::Result<()> {
        if let (Self::Shared(Some(files)), Some(bytes)) = (&*self, trace_bytes) {
            files.trace.as_ref().map_or(Ok(()), |(trace, start)| trace.set_len(start + bytes))?;
        }
        match self {
            Self::Shared(None) => Ok(()),
            Self::Shared(Some(files)) => files.output.complete(),
            Self::Parts(parts) => parts.succeed(trace_bytes.is_none()),
        }
    }
}

/// Returns a worker's places in the files, which are there already if this process has made them.
fn shared_places<A: Application>(job: &Job<A>, files: Option<&SharedFiles>) -> io::Result<FilePlaces> {
    let (output, trace) = SharedFiles::paths(job.config());
    let is_committed = job.config().runtime.checkpoint.is_some();
    let file_at = |path| PlacedFile { path, file: None, witness: is_committed.then(Witness::default) };
    let (mut output, mut trace) = (file_at(output), trace.map(file_at));
    let mut trace_start = 0;
    if let Some(files) = files {
        output.file = Some(files.output.part_writer()?);
        if let (Some(trace), Some((file, start))) = (&mut trace, &files.trace) {
            trace.file = Some(file.try_clone()?);
            trace_start = *start;
        }
    }
    Ok(FilePlaces::Shared { output, trace, trace_start })
}
