//! Traces as the commands read them: a file or standard input, record by record, run by run.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};

use stream_kernel_trace::TraceRecord;
use stream_kernel_trace::reading::{RunSplitter, Tail, TraceLine, TraceReader, WrongLine};

use crate::adapters::STANDARD_STREAM;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::report::say;
use crate::stopwatch::Stopwatch;

/// Traces are read in blocks of this size.
const BLOCK_BYTES: usize = 256 * 1024;

/// Opens a trace; `-` is standard input. How far a long file was read is shown on standard error, if that is a terminal
/// and `shows_progress`.
pub(crate) fn open(name: &str, shows_progress: bool) -> Result<Box<dyn BufRead>, Failure> {
    let failed = |cause| Failure::ReadTrace { name: name.to_owned(), cause };
    if name == STANDARD_STREAM {
        return Ok(Box::new(BufReader::with_capacity(BLOCK_BYTES, io::stdin())));
    }
    let file = File::open(name).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    let total_bytes = metadata.is_file().then_some(metadata.len());
    let progress = shows_progress.then(|| Progress::new(Stopwatch::start(), total_bytes));
    let watched = Watched { file, bytes: 0, progress };
    Ok(Box::new(BufReader::with_capacity(BLOCK_BYTES, watched)))
}

/// A file that shows how far it was read, until it was read to its end.
struct Watched {
    file: File,
    bytes: u64,
    progress: Option<Progress>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.bytes += read as u64;
        match &mut self.progress {
            Some(progress) if read > 0 => progress.update_bytes(self.bytes),
            finished => drop(finished.take().map(Progress::finish)),
        }
        Ok(read)
    }
}

/// The records of a trace, each with the number of its run. A line that holds no record is a failure; a torn end is
/// said on standard error.
pub(crate) struct Records {
    name: String,
    reader: TraceReader<Box<dyn BufRead>>,
    runs: RunSplitter,
    only_run: Option<u64>,
    is_done: bool,
    is_empty: bool,
}

impl Records {
    /// Opens the trace `name`; with `only_run`, only that run's records are handed out.
    pub(crate) fn open(name: &str, only_run: Option<u64>) -> Result<Self, Failure> {
        Self::open_with(name, only_run, true)
    }

    /// Opens the trace for a command that prints as it reads: on the terminal that it prints to, no progress is shown.
    pub(crate) fn open_to_print(name: &str, only_run: Option<u64>) -> Result<Self, Failure> {
        Self::open_with(name, only_run, !io::stdout().is_terminal())
    }

    fn open_with(name: &str, only_run: Option<u64>, shows_progress: bool) -> Result<Self, Failure> {
        let reader = TraceReader::new(open(name, shows_progress)?);
        let (runs, is_done, is_empty) = (RunSplitter::default(), false, true);
        Ok(Self { name: name.to_owned(), reader, runs, only_run, is_done, is_empty })
    }

    /// Returns the next record and the number of its run, from 1.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, TraceRecord)>, Failure> {
        while let Some(record) = self.next_of_any_run()? {
            self.is_empty = false;
            let run = self.runs.run_of_record(&record);
            if self.only_run.is_none_or(|only| only == run) {
                return Ok(Some((run, record)));
            }
        }
        match self.only_run {
            _ if self.is_empty => Err(Failure::EmptyTrace { name: self.name.clone() }),
            _ => Ok(None),
        }
    }

    /// Returns the failure that the line of the last record is wrong.
    pub(crate) fn wrong(&self, why: String) -> Failure {
        let wrong = WrongLine { line_no: self.reader.line_no(), why };
        Failure::WrongTrace { name: self.name.clone(), wrong }
    }

    /// Returns the number of the line, from 1, that the last record stands on.
    pub(crate) fn line_no(&self) -> u64 {
        self.reader.line_no()
    }

    fn next_of_any_run(&mut self) -> Result<Option<TraceRecord>, Failure> {
        if self.is_done {
            return Ok(None);
        }
        let line = self.reader.next_line();
        match line.map_err(|cause| Failure::ReadTrace { name: self.name.clone(), cause })? {
            Some(TraceLine::Record(record)) => return Ok(Some(*record)),
            Some(TraceLine::Wrong(wrong)) => {
                return Err(Failure::WrongTrace { name: self.name.clone(), wrong });
            }
            None => self.is_done = true,
        }
        match self.reader.tail() {
            None => Ok(None),
            Some(Tail::Record(record)) => Ok(Some(*record)),
            Some(Tail::Torn { line_no, bytes, .. }) => {
                let name = &self.name;
                say(format!(
                    "note: `{name}` ends in {bytes} bytes of a torn record, line {line_no}, which are left out"
                ));
                Ok(None)
            }
        }
    }
}
