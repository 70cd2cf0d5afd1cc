//! Traces as the commands read them: a file or standard input, record by record, run by run.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;

use rustix::fs::{FileType, fstat};
use stream_kernel_text::counted;
use stream_kernel_trace::TraceRecord;
use stream_kernel_trace_reader::reading::{
    RunSplitter, Tail, TornFrame, TornTail, TraceInput, TraceLine, TraceReader, WrongLine,
};

use super::wrong_lines::WrongLines;
use crate::failure::Failure;
use crate::progress::{Progress, now};
use stream_kernel_run::files::STANDARD_STREAM;
use stream_kernel_run::files::is_standard_output;

/// Traces are read in blocks of this size.
const BLOCK_BYTES: usize = 256 * 1024;

/// Where a trace is read from, decompressed if it has to be.
pub(crate) type Source = TraceInput<Box<dyn BufRead>>;

/// Opens a trace; `-` is standard input. How far a long file was read is shown on standard error, if that is a terminal
/// and `shows_progress`.
pub(crate) fn open(name: &str, shows_progress: bool) -> Result<Source, Failure> {
    let failed = Failure::unreadable(name);
    if name == STANDARD_STREAM {
        refuse_standard_output(name, io::stdin())?;
        return Ok(TraceInput::new(Box::new(BufReader::with_capacity(BLOCK_BYTES, io::stdin()))));
    }
    let file = File::open(name).map_err(&failed)?;
    refuse_standard_output(name, &file)?;
    let metadata = file.metadata().map_err(&failed)?;
    if metadata.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    let total_bytes = metadata.is_file().then_some(metadata.len());
    let progress = shows_progress.then(|| Progress::new(now(), total_bytes));
    let watched = Watched { file, bytes: 0, progress };
    Ok(TraceInput::new(Box::new(BufReader::with_capacity(BLOCK_BYTES, watched))))
}

/// Returns whether the trace `name` is a regular file, which can be read more than once.
pub(crate) fn is_regular_file(name: &str) -> Result<bool, Failure> {
    Ok(name != STANDARD_STREAM && fs::metadata(name).map_err(Failure::unreadable(name))?.is_file())
}

/// Refuses a trace that standard output leads to: what is printed would be read again, without end.
pub(super) fn refuse_standard_output(name: &str, trace: impl AsFd) -> Result<(), Failure> {
    if is_standard_output(trace) {
        let text = format!("standard output is the same file as the trace `{name}` (print to another file)");
        return Err(Failure::usage(text));
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
    reader: TraceReader<Source>,
    runs: RunSplitter,
    /// The run of the last record, from 1; 0 before the first.
    run: u64,
    pub(super) only_run: Option<u64>,
    pub(crate) wrong_lines: WrongLines,
    /// More may come than there is.
    is_growing: bool,
    is_done: bool,
}

impl Records {
    /// Opens the trace `name`; with `only_run`, only that run's records are handed out.
    pub(crate) fn open(name: &str, only_run: Option<u64>) -> Result<Self, Failure> {
        Ok(Self::new(name, only_run, open(name, true)?))
    }

    /// Opens the trace for a command whose results people page through as they come: no progress is shown if they go
    /// to a pipe, since the pager at its end has the terminal for itself.
    pub(crate) fn open_to_page(name: &str, only_run: Option<u64>) -> Result<Self, Failure> {
        let is_pipe = fstat(io::stdout()).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_fifo());
        Ok(Self::new(name, only_run, open(name, !is_pipe)?))
    }

    /// Reads the trace `name` as far as `file` has grown.
    pub(super) fn growing(name: &str, only_run: Option<u64>, file: File) -> Self {
        let input = TraceInput::new(Box::new(BufReader::new(file)) as _);
        Self { is_growing: true, ..Self::new(name, only_run, input) }
    }

    fn new(name: &str, only_run: Option<u64>, input: Source) -> Self {
        Self {
            name: name.to_owned(),
            reader: TraceReader::new(input),
            runs: RunSplitter::default(),
            run: 0,
            only_run,
            wrong_lines: WrongLines::new(name, only_run),
            is_growing: false,
            is_done: false,
        }
    }

    /// Returns the next record and the number of its run, from 1. Fails if the trace holds wrong lines alone, or not
    /// the run asked for. A trace of no records, as that of an empty input, is said to be one.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, TraceRecord)>, Failure> {
        while let Some((run, record)) = self.next_of_any_run()? {
            match self.only_run {
                Some(only) if run < only => {}
                // The other runs are of no interest.
                Some(only) if run > only => self.is_done = true,
                _ => return Ok(Some((run, record))),
            }
        }
        self.settle()?;
        match self.only_run {
            Some(only) if only > self.run => Err(Failure::no_such_run(&self.name, only, self.run)),
            _ => Ok(None),
        }
    }

    /// Returns the next record, of whatever run.
    pub(super) fn next_of_any_run(&mut self) -> Result<Option<(u64, TraceRecord)>, Failure> {
        let Some(record) = self.next_record()? else { return Ok(None) };
        let run = self.runs.run_of_record(&record);
        self.wrong_lines.settle(Some(run).filter(|run| *run == self.run));
        self.run = run;
        Ok(Some((run, record)))
    }

    /// Names the wrong lines behind the last record. Fails if they are all there is.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        if self.run == 0 {
            self.wrong_lines.fail_without_record()?;
        }
        self.wrong_lines.settle(Some(self.run));
        Ok(())
    }

    /// Fails if there were wrong lines among what was read: to be called when everything else is done.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        self.wrong_lines.finish()
    }

    pub(crate) fn are_none(&self) -> bool {
        self.run == 0
    }

    /// Returns the failure that the line of the last record is wrong.
    pub(crate) fn wrong(&self, why: String) -> Failure {
        Failure::no_trace(&self.name, &WrongLine { line_no: self.line_no(), why })
    }

    /// Returns the number of the line, from 1, that the last record stands on.
    pub(crate) fn line_no(&self) -> u64 {
        self.reader.line_no()
    }

    /// Returns how many bytes of the file were read.
    pub(super) fn bytes_read(&self) -> u64 {
        self.reader.input().bytes_read()
    }

    fn next_record(&mut self) -> Result<Option<TraceRecord>, Failure> {
        while !self.is_done {
            match self.reader.next_line().map_err(Failure::unreadable(&self.name))? {
                Some(TraceLine::Record(record)) => return Ok(Some(*record)),
                Some(TraceLine::Wrong(wrong)) => self.wrong_lines.add(wrong),
                None if self.is_growing => break,
                None => {
                    self.is_done = true;
                    let last = self.record_without_line_end();
                    if last.is_none() && self.are_none() && !self.wrong_lines.are_waiting() {
                        self.wrong_lines.note("holds no records");
                    }
                    return Ok(last);
                }
            }
        }
        Ok(None)
    }

    /// Returns the record behind the last line end, if it is whole.
    fn record_without_line_end(&mut self) -> Option<TraceRecord> {
        if let Some(TornFrame { offset, bytes, .. }) = self.reader.input().torn_frame() {
            let bytes = counted(bytes, "byte");
            self.wrong_lines
                .note(&format!("ends in {bytes} of a torn frame, from byte {offset} on, which are left out"));
        }
        match self.reader.tail()? {
            Tail::Record(record) => return Some(*record),
            Tail::Wrong(wrong) => self.wrong_lines.add(wrong),
            Tail::Torn(TornTail { line_no, bytes, .. }) => {
                let bytes = counted(bytes, "byte");
                let text = format!("ends in {bytes} of a torn record, line {line_no}, which are left out");
                self.wrong_lines.note(&text);
            }
        }
        None
    }
}
