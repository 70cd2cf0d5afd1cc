//! Traces as the commands read them: a file or standard input, record by record, run by run.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;

use rustix::fs::{FileType, fstat};
use stream_kernel_text::{counted, escaped};
use stream_kernel_trace::TraceRecord;
use stream_kernel_trace_reader::reading::{RunSplitter, Tail, TornTail, TraceLine, TraceReader, WrongLine};

use super::wrong_lines::WrongLines;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::report::say;
use crate::stopwatch::Stopwatch;
use stream_kernel_run::files::STANDARD_STREAM;
use stream_kernel_run::files::is_standard_output;

/// Traces are read in blocks of this size.
const BLOCK_BYTES: usize = 256 * 1024;

/// Opens a trace; `-` is standard input. How far a long file was read is shown on standard error, if that is a terminal
/// and `shows_progress`.
pub(crate) fn open(name: &str, shows_progress: bool) -> Result<Box<dyn BufRead>, Failure> {
    let failed = |cause| Failure::ReadTrace { name: name.to_owned(), cause };
    if name == STANDARD_STREAM {
        refuse_standard_output(name, io::stdin())?;
        return Ok(Box::new(BufReader::with_capacity(BLOCK_BYTES, io::stdin())));
    }
    let file = File::open(name).map_err(failed)?;
    refuse_standard_output(name, &file)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    let total_bytes = metadata.is_file().then_some(metadata.len());
    let progress = shows_progress.then(|| Progress::new(Stopwatch::start(), total_bytes));
    let watched = Watched { file, bytes: 0, progress };
    Ok(Box::new(BufReader::with_capacity(BLOCK_BYTES, watched)))
}

/// Refuses a trace that standard output leads to: what is printed would be read again, without end.
pub(super) fn refuse_standard_output(name: &str, trace: impl AsFd) -> Result<(), Failure> {
    if is_standard_output(trace) {
        let text = format!("standard output is the same file as the trace `{name}` (print to another file)");
        return Err(Failure::Usage(text));
    }
    Ok(())
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
            finished => *finished = None,
        }
        Ok(read)
    }
}

/// The records of a trace, each with the number of its run. Lines that hold none are named on standard error and left out,
/// and so is a torn end.
pub(crate) struct Records {
    name: String,
    reader: TraceReader<Box<dyn BufRead>>,
    runs: RunSplitter,
    /// The run of the last record, from 1; 0 before the first.
    run: u64,
    only_run: Option<u64>,
    wrong_lines: WrongLines,
    /// What is wrong with the trace was said before.
    is_silent: bool,
    is_done: bool,
}

impl Records {
    /// Opens the trace `name`; with `only_run`, only that run's records are handed out.
    pub(crate) fn open(name: &str, only_run: Option<u64>) -> Result<Self, Failure> {
        Self::open_with(name, only_run, true)
    }

    /// Opens the trace once more: what is wrong with it was said.
    pub(crate) fn open_again(name: &str, only_run: Option<u64>) -> Result<Self, Failure> {
        let records = Self::open(name, only_run)?;
        Ok(Self { is_silent: true, wrong_lines: records.wrong_lines.silent(), ..records })
    }

    /// Opens the trace for a command whose results people page through as they come: no progress is shown if they go
    /// to a pipe, since the pager at its end has the terminal for itself.
    pub(crate) fn open_to_page(name: &str, only_run: Option<u64>) -> Result<Self, Failure> {
        let is_pipe = fstat(io::stdout()).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_fifo());
        Self::open_with(name, only_run, !is_pipe)
    }

    fn open_with(name: &str, only_run: Option<u64>, shows_progress: bool) -> Result<Self, Failure> {
        Ok(Self {
            name: name.to_owned(),
            reader: TraceReader::new(open(name, shows_progress)?),
            runs: RunSplitter::default(),
            run: 0,
            only_run,
            wrong_lines: WrongLines::new(name, only_run),
            is_silent: false,
            is_done: false,
        })
    }

    /// Returns the next record and the number of its run, from 1. Fails if the trace holds wrong lines alone, or not
    /// the run asked for. A trace of no records, as that of an empty input, is said to be one.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, TraceRecord)>, Failure> {
        while let Some(record) = self.next_of_any_run()? {
            let run = self.runs.run_of_record(&record);
            self.wrong_lines.settle(Some(run).filter(|run| *run == self.run));
            self.run = run;
            match self.only_run {
                Some(only) if run < only => {}
                // The other runs are of no interest.
                Some(only) if run > only => self.is_done = true,
                _ => return Ok(Some((run, record))),
            }
        }
        if self.run == 0 {
            self.wrong_lines.fail_without_record()?;
        }
        self.wrong_lines.settle(Some(self.run));
        match self.only_run {
            Some(only) if only > self.run => {
                Err(Failure::NoSuchRun { name: self.name.clone(), run: only, runs: self.run })
            }
            _ => Ok(None),
        }
    }

    /// Fails if there were wrong lines among what was read: to be called when everything else is done.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        self.wrong_lines.finish()
    }

    /// Returns whether no record was read.
    pub(crate) fn are_none(&self) -> bool {
        self.run == 0
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
        while !self.is_done {
            let line = self.reader.next_line();
            match line.map_err(|cause| Failure::ReadTrace { name: self.name.clone(), cause })? {
                Some(TraceLine::Record(record)) => return Ok(Some(*record)),
                Some(TraceLine::Wrong(wrong)) => self.wrong_lines.add(wrong),
                None => {
                    self.is_done = true;
                    let last = self.record_without_line_end();
                    if last.is_none() && self.run == 0 && !self.is_silent && !self.wrong_lines.are_waiting() {
                        say(format!("note: `{}` holds no records", escaped(&self.name)));
                    }
                    return Ok(last);
                }
            }
        }
        Ok(None)
    }

    /// Returns the record behind the last line end, if it is whole.
    fn record_without_line_end(&mut self) -> Option<TraceRecord> {
        match self.reader.tail()? {
            Tail::Record(record) => return Some(*record),
            Tail::Wrong(wrong) => self.wrong_lines.add(wrong),
            Tail::Torn(TornTail { line_no, bytes, .. }) if !self.is_silent => {
                let name = escaped(&self.name);
                say(format!(
                    "note: `{name}` ends in {} of a torn record, line {line_no}, which are left out",
                    counted(bytes, "byte")
                ));
            }
            Tail::Torn(_) => {}
        }
        None
    }
}
