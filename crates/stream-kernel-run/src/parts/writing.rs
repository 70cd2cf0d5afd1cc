//! Writing of parts: the files of each worker, and the mark that all of them are whole.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use stream_kernel_config::Config;

use super::{Header, PartsKind, SUCCESS, index_path, part_path, parts_folder, worker_of};
use crate::output::{create_locked, lock_left_over};
use crate::{LineAdapters, OpenOutputError, tracing};

/// Why a run cannot write its parts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenPartsError {
    /// The folder holds other files than parts.
    #[error(
        "the folder of parts `{}` holds `{name}`, which is not a part (move it elsewhere, or write to another place)",
        folder.display()
    )]
    NotOnlyParts {
        /// The folder.
        folder: PathBuf,
        /// One of the other files.
        name: String,
    },
    /// Something else is in the place of the folder.
    #[error("`{}` is not a folder, and parts need one (move it elsewhere, or write to another place)", path.display())]
    NotAFolder {
        /// The path of the folder.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("the folder of parts `{}` cannot be written", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// A part cannot be opened, or another run writes it.
    #[error(transparent)]
    Part(#[from] OpenOutputError),
}

/// The parts to open: the workers, the number of all workers, and the run.
#[derive(Clone, Debug)]
pub struct PartsOf {
    /// The workers of this process.
    pub workers: Range<usize>,
    /// The number of workers in all processes.
    pub all: usize,
    /// A number that all processes of the run share, and no other run.
    pub run: u64,
}

/// The parts of a process's workers.
pub struct RunParts {
    /// By worker: its part of the output, and of the trace if there is one.
    pub(super) writers: Vec<(PartWriter, Option<PartWriter>)>,
    /// Part 0 of each, at the process that has it: the output after the last line goes there.
    first: Option<(PartWriter, Option<PartWriter>)>,
    /// The folders; the output's is last.
    folders: Vec<PathBuf>,
    is_complete: bool,
}

impl RunParts {
    /// Opens the parts of the trace and of the output. Replaces those of earlier runs, their `_SUCCESS` first.
    ///
    /// # Errors
    ///
    /// A folder holds other files than parts, another run writes a part, or the system refuses. A refusal because of
    /// other files leaves both folders untouched.
    pub fn open<N, A: LineAdapters>(config: &Config<N, A>, of: &PartsOf) -> Result<Self, OpenPartsError> {
        let output = parts_folder(&config.adapters.output_sink().settings.path);
        let trace = tracing::file(&config.runtime.tracing);
        let trace = trace.map(|(path, writing)| (parts_folder(path), writing.cadence.fsync_every_n));
        Self::open_folders(&output, trace.as_ref(), of)
    }

    fn open_folders(
        output: &Path,
        trace: Option<&(PathBuf, Option<NonZeroU64>)>,
        of: &PartsOf,
    ) -> Result<Self, OpenPartsError> {
        // The output comes last, so that no result is touched if anything else cannot be opened.
        let mut folders: Vec<_> = trace.iter().map(|(folder, _)| folder.clone()).collect();
        folders.push(output.to_owned());
        for folder in &folders {
            check(folder)?;
        }
        for folder in &folders {
            for worker in of.workers.clone() {
                // A run that writes it must not lose its `_SUCCESS` either.
                drop(lock_left_over(&part_path(folder, worker))?);
            }
        }
        let mut traces = match trace {
            Some((folder, fsync_every_n)) => {
                Some(make(folder, PartsKind::Trace, of, *fsync_every_n)?.into_iter())
            }
            None => None,
        };
        let outputs = make(output, PartsKind::Output, of, None)?;
        let writers = outputs.into_iter().map(|output| (output, traces.as_mut().and_then(Iterator::next)));
        Ok(Self { writers: writers.collect(), first: None, folders, is_complete: false })
    }

    /// Takes the parts of this process's workers, in their order: for each, the output's, and the trace's if there is
    /// one.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    pub fn take_writers(&mut self) -> io::Result<Vec<(PartWriter, Option<PartWriter>)>> {
        let writers = std::mem::take(&mut self.writers);
        if let Some((output, trace)) = writers.first().filter(|(output, _)| output.worker == 0) {
            let trace = trace.as_ref().map(PartWriter::try_clone).transpose()?;
            self.first = Some((output.try_clone()?, trace));
        }
        Ok(writers)
    }

    /// Returns the folder of the output, if it is incomplete and has part 0.
    pub fn unfinished_output(&self) -> Option<&Path> {
        let has_first = self.first.is_some() && !self.is_complete;
        self.folders.last().map(PathBuf::as_path).filter(|_| has_first)
    }

    /// Appends the output after the last line of the input to part 0, once its worker is done, and syncs it. Does
    /// nothing in a process without part 0.
    ///
    /// # Errors
    ///
    /// Returns the system's error, with the name of the part.
    pub fn finish(&mut self, bytes: &[u8], is_trace_whole: bool) -> io::Result<()> {
        let Some((output, trace)) = &mut self.first else { return Ok(()) };
        if let Some(trace) = trace.as_mut().filter(|_| is_trace_whole) {
            trace.finish(&[])?;
        }
        output.finish(bytes)
    }

    /// Writes `_SUCCESS` into each folder and syncs it, the output's last; not for a trace with gaps. All parts must be
    /// synced before.
    ///
    /// # Errors
    ///
    /// Returns the system's error, with the name of the file.
    pub fn succeed(&mut self, is_trace_whole: bool) -> io::Result<()> {
        let given_up = if is_trace_whole { 0 } else { self.folders.len() - 1 };
        for folder in &self.folders[given_up..] {
            let path = folder.join(SUCCESS);
            let written = (OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path))
                .and_then(|file| file.sync_all())
                .and_then(|()| sync_folder(folder));
            written.map_err(|error| unwritable(&path, &error))?;
        }
        self.is_complete = true;
        Ok(())
    }
}

/// Checks that a folder, if it exists, holds only parts.
fn check(folder: &Path) -> Result<(), OpenPartsError> {
    let failed = |cause| OpenPartsError::Io { folder: folder.to_owned(), cause };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.is_symlink() => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(OpenPartsError::NotAFolder { path: folder.to_owned() });
        }
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // Another process of the run may have removed it since.
        let is_file =
            entry.file_type().map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |it| it.is_file());
        if !is_file || (name != SUCCESS && worker_of(&name).is_none()) {
            return Err(OpenPartsError::NotOnlyParts { folder: folder.to_owned(), name });
        }
    }
    Ok(())
}

/// Makes the parts of this process in a folder, after removing those of earlier runs.
fn make(
    folder: &Path,
    kind: PartsKind,
    of: &PartsOf,
    fsync_every_n: Option<NonZeroU64>,
) -> Result<Vec<PartWriter>, OpenPartsError> {
    let failed = |cause| OpenPartsError::Io { folder: folder.to_owned(), cause };
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    remove(&folder.join(SUCCESS)).and_then(|()| sync_folder(folder)).map_err(failed)?;
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // An earlier run may have had more workers.
        if worker_of(&entry.file_name().to_string_lossy()).is_some_and(|worker| worker >= of.all) {
            remove(&entry.path()).map_err(failed)?;
        }
    }
    let mut writers = Vec::new();
    for worker in of.workers.clone() {
        let header = Header { kind, run: of.run, worker, workers: of.all };
        writers.push(PartWriter::create(folder, header, fsync_every_n)?);
    }
    sync_folder(folder).map_err(failed)?;
    Ok(writers)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn unwritable(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}` cannot be written: {error}", path.display()))
}

/// A part and its index, open for writing. The part is locked for as long as it is open.
#[derive(Debug)]
pub struct PartWriter {
    worker: usize,
    path: PathBuf,
    part: File,
    index: File,
    bytes: u64,
    index_bytes: u64,
    /// The number of records between two syncs.
    fsync_every_n: Option<NonZeroU64>,
    records: u64,
}

impl PartWriter {
    fn create(
        folder: &Path,
        header: Header,
        fsync_every_n: Option<NonZeroU64>,
    ) -> Result<Self, OpenPartsError> {
        let path = part_path(folder, header.worker);
        // In append mode, so that a clone goes on after existing bytes.
        let part = create_locked(&path, OpenOptions::new().append(true))?;
        let index = create_locked(&index_path(folder, header.worker), OpenOptions::new().append(true))?;
        let mut writer = Self {
            worker: header.worker,
            path,
            part,
            index,
            bytes: 0,
            index_bytes: 0,
            fsync_every_n,
            records: 0,
        };
        let failed = |cause| OpenPartsError::Io { folder: folder.to_owned(), cause };
        writer.write_index(&header.line()).map_err(failed)?;
        Ok(writer)
    }

    /// Returns another handle to the same part, which goes on after all bytes written.
    fn try_clone(&self) -> io::Result<Self> {
        let (path, part, index) = (self.path.clone(), self.part.try_clone()?, self.index.try_clone()?);
        Ok(Self { path, part, index, ..*self })
    }

    /// Appends the bytes of the worker's lines of the next epoch; of a trace, these are lines. Syncs once the
    /// configured number of records is written.
    ///
    /// # Errors
    ///
    /// Returns the system's error, with the name of the part.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.part.write_all(bytes).map_err(|error| unwritable(&self.path, &error))?;
        self.bytes += bytes.len() as u64;
        self.write_index(&format!("{}\n", bytes.len())).map_err(|error| unwritable(&self.path, &error))?;
        if let Some(every_n) = self.fsync_every_n {
            self.records += memchr::memchr_iter(b'\n', bytes).count() as u64;
            if self.records >= every_n.get() {
                self.records = 0;
                self.part.sync_data().map_err(|error| unwritable(&self.path, &error))?;
            }
        }
        Ok(())
    }

    fn write_index(&mut self, line: &str) -> io::Result<()> {
        self.index.write_all(line.as_bytes())?;
        self.index_bytes += line.len() as u64;
        Ok(())
    }

    /// Syncs everything written.
    ///
    /// # Errors
    ///
    /// Returns the system's error, or that another process has changed the part; the error names it.
    pub fn sync(&mut self) -> io::Result<()> {
        let has = |file: &File| file.sync_all().and_then(|()| Ok(file.metadata()?.len()));
        let (part, index) = has(&self.part)
            .and_then(|part| Ok((part, has(&self.index)?)))
            .map_err(|error| unwritable(&self.path, &error))?;
        for (has, written, ending) in [(part, self.bytes, ""), (index, self.index_bytes, super::INDEX_ENDING)]
        {
            if has != written {
                let path = self.path.display();
                return Err(io::Error::other(format!(
                    "somebody else has changed `{path}{ending}`: it has {has} bytes, and {written} were written (run it again)"
                )));
            }
        }
        Ok(())
    }

    /// Appends the output after the last line of the input, and syncs it.
    fn finish(&mut self, bytes: &[u8]) -> io::Result<()> {
        // The worker has checked these at its end.
        let has = |file: &File| Ok::<_, io::Error>(file.metadata()?.len());
        (self.bytes, self.index_bytes) = (has(&self.part)?, has(&self.index)?);
        self.write(bytes)?;
        self.sync()
    }
}

#[cfg(test)]
pub(super) mod tests {
    //! Parts of an output `out` and a trace `trace` in a folder.

    use tempfile::TempDir;

    use super::*;

    pub(in crate::parts) fn run_of() -> u64 {
        0xabcd
    }

    pub(in crate::parts) fn open(
        dir: &TempDir,
        workers: Range<usize>,
        all: usize,
    ) -> Result<RunParts, OpenPartsError> {
        open_with(dir, workers, all, false)
    }

    pub(in crate::parts) fn open_with(
        dir: &TempDir,
        workers: Range<usize>,
        all: usize,
        has_trace: bool,
    ) -> Result<RunParts, OpenPartsError> {
        let [output, trace] = ["out", "trace"].map(|name| parts_folder(&dir.path().join(name)));
        let trace = has_trace.then_some((trace, NonZeroU64::new(1)));
        RunParts::open_folders(&output, trace.as_ref(), &PartsOf { workers, all, run: run_of() })
    }
}
