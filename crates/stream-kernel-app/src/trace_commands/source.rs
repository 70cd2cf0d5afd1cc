//! Traces as the commands read them: a file, a folder of parts or standard input, record by record, run by run.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::mem;
use std::os::fd::AsFd;
use std::path::Path;
use std::thread::available_parallelism;

use rustix::fs::{FileType, fstat};
use stream_kernel_run::files::{STANDARD_STREAM, is_standard_output};
use stream_kernel_run::parts::{PartsFolder, PartsKind, ReadPartsError, is_parts_folder};
use stream_kernel_text::{counted, with_causes};
use stream_kernel_trace::TraceRecord;
use stream_kernel_trace_reader::reading::{
    AsStep, Digest, LineDigests, MAX_THREADS, PART_BYTES, RunSplitter, Tail, TornFrame, TornTail, Whole,
    WrongLine,
};

use super::rotated::Earlier;
use super::wrong_lines::WrongLines;
use crate::failure::Failure;
use crate::progress::{Progress, now};

/// Traces are read in blocks of this size.
const BLOCK_BYTES: usize = PART_BYTES;

/// A file with fewer bytes is read before threads could start.
const MIN_BYTES_FOR_ALL_CORES: u64 = 1024 * 1024;

/// An open trace.
struct Opened {
    input: Box<dyn BufRead>,
    /// Its length, if it is a file or a folder of parts.
    bytes: Option<u64>,
    state: State,
}

/// How much of a trace is there.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Whether its run has not come to its end: it is a folder of parts without `_SUCCESS`.
    pub(super) is_unfinished: bool,
    /// What is missing among its earlier files, those before it was rotated.
    pub(super) gaps: Vec<String>,
    /// The length in bytes of its earlier files.
    pub(super) earlier_bytes: u64,
    /// Whether it has earlier files. There may have been others before, so it may begin anywhere in a run.
    pub(super) is_rotated: bool,
}

/// Opens a trace; `-` is standard input. The progress through a long one is shown on standard error, if that is a
/// terminal and `shows_progress`.
fn open(name: &str, shows_progress: bool) -> Result<Opened, Failure> {
    let failed = Failure::unreadable(name);
    if name == STANDARD_STREAM {
        refuse_standard_output(name, io::stdin())?;
        let input = Box::new(BufReader::with_capacity(BLOCK_BYTES, io::stdin()));
        return Ok(Opened { input, bytes: None, state: State::default() });
    }
    if is_folder_of_parts(name) {
        return open_parts(name, shows_progress);
    }
    let file = File::open(name).map_err(&failed)?;
    refuse_standard_output(name, &file)?;
    let metadata = file.metadata().map_err(&failed)?;
    if metadata.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        let input = watched(file, None, shows_progress);
        return Ok(Opened { input, bytes: None, state: State::default() });
    }
    let mut earlier = Earlier::of(name, &file)?;
    let state = State {
        gaps: mem::take(&mut earlier.gaps),
        earlier_bytes: earlier.bytes,
        is_rotated: !earlier.are_none(),
        is_unfinished: false,
    };
    let bytes = Some(earlier.bytes + metadata.len());
    let input = if earlier.are_none() {
        watched(file, bytes, shows_progress)
    } else {
        watched(earlier.followed_by(file, name), bytes, shows_progress)
    };
    Ok(Opened { input, bytes, state })
}

/// Opens a folder of parts as a trace.
fn open_parts(name: &str, shows_progress: bool) -> Result<Opened, Failure> {
    let unreadable = |error: ReadPartsError| {
        Failure::told(2, format!("the trace `{name}` cannot be read: {}", with_causes(&error)))
    };
    let parts = PartsFolder::open(Path::new(name)).map_err(unreadable)?;
    if parts.kind() != PartsKind::Trace {
        let text =
            format!("`{name}` holds the parts of an output, not of a trace (name the folder of the trace)");
        return Err(Failure::usage(text));
    }
    let (reader, bytes) = (parts.reader().map_err(unreadable)?, Some(parts.bytes()));
    let state = State { is_unfinished: !parts.is_complete(), ..State::default() };
    Ok(Opened { input: watched(reader, bytes, shows_progress), bytes, state })
}

fn watched(from: impl Read + 'static, total_bytes: Option<u64>, shows_progress: bool) -> Box<dyn BufRead> {
    let progress = shows_progress.then(|| Progress::new(now(), total_bytes));
    Box::new(BufReader::with_capacity(BLOCK_BYTES, Watched { from, bytes: 0, progress }))
}

/// The lines of a trace.
pub(super) struct Lines<G: Digest> {
    pub(super) digests: LineDigests<G>,
    pub(super) state: State,
}

/// The warning about a folder of parts without `_SUCCESS`.
pub(super) const UNFINISHED: &str = "has no `_SUCCESS`: its run still writes, was stopped, or has failed; what is there without a gap is read \
     (wait for the run's end, or run it again)";

/// Opens a trace like [`open`]. Threads read the lines of a long file; for a stream, they would wait for more.
pub(super) fn open_for_all_cores<G: Digest>(name: &str, digest: G) -> Result<Lines<G>, Failure> {
    let Opened { input, bytes, state } = open(name, true)?;
    let threads = available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    let digests = if threads > 1 && bytes.is_some_and(|bytes| bytes >= MIN_BYTES_FOR_ALL_CORES) {
        LineDigests::by_threads(threads, PART_BYTES, input, digest)
    } else {
        LineDigests::new(input, digest)
    };
    Ok(Lines { digests, state })
}

/// Returns whether the trace `name` is a regular file.
pub(crate) fn is_regular_file(name: &str) -> Result<bool, Failure> {
    Ok(name != STANDARD_STREAM && fs::metadata(name).map_err(Failure::unreadable(name))?.is_file())
}

/// Returns whether the trace `name` is a folder of parts.
pub(crate) fn is_folder_of_parts(name: &str) -> bool {
    name != STANDARD_STREAM && is_parts_folder(Path::new(name))
}

/// Returns whether the trace `name` can be read more than once: it is a regular file or a folder of parts.
pub(crate) fn is_lasting(name: &str) -> Result<bool, Failure> {
    Ok(is_folder_of_parts(name) || is_regular_file(name)?)
}

/// Refuses a trace that standard output leads to: the output would be read again, without end.
pub(super) fn refuse_standard_output(name: &str, trace: impl AsFd) -> Result<(), Failure> {
    if is_standard_output(trace) {
        let text = format!("standard output is the same file as the trace `{name}` (print to another file)");
        return Err(Failure::usage(text));
    }
    Ok(())
}

/// The progress bar, until the trace was read to its end.
struct Watched<R> {
    from: R,
    bytes: u64,
    progress: Option<Progress>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.bytes += read as u64;
        match &mut self.progress {
            Some(progress) if read > 0 => progress.update_bytes(self.bytes),
            finished => *finished = None,
        }
        Ok(read)
    }
}

/// The records of a trace, each with the number of its run. Lines without a record are named on standard error and left
/// out, and so is a torn end. `G` decides what is kept of each record.
pub(crate) struct Records<G: Digest = Whole> {
    name: String,
    lines: LineDigests<G>,
    runs: RunSplitter,
    /// The run of the last record, from 1; 0 before the first.
    run: u64,
    pub(super) only_run: Option<u64>,
    pub(crate) wrong_lines: WrongLines,
    /// The source may deliver more than its length.
    is_growing: bool,
    state: State,
    is_done: bool,
}

impl Records {
    /// Opens the trace `name`; with `only_run`, only that run's records are returned.
    pub(crate) fn open(name: &str, only_run: Option<u64>) -> Result<Self, Failure> {
        Self::keeping(Whole, name, only_run)
    }

    /// Opens the trace for a command whose results people page through as they come: no progress is shown if they go to
    /// a pipe, because the pager has the terminal for itself.
    pub(crate) fn open_to_page(name: &str, only_run: Option<u64>) -> Result<Self, Failure> {
        let is_pipe = fstat(io::stdout()).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_fifo());
        let Opened { input, state, .. } = open(name, !is_pipe)?;
        Ok(Self::new(name, only_run, Lines { digests: LineDigests::new(input, Whole), state }))
    }

    /// Reads the trace `name` up to the present end of `file`.
    pub(super) fn growing(name: &str, only_run: Option<u64>, file: impl Read + 'static) -> Self {
        let digests = LineDigests::new(Box::new(BufReader::new(file)), Whole);
        let lines = Lines { digests, state: State::default() };
        Self { is_growing: true, ..Self::new(name, only_run, lines) }
    }

    /// Returns the next record, like [`next_into`](Self::next_into).
    pub(crate) fn next(&mut self) -> Result<Option<(u64, TraceRecord)>, Failure> {
        let mut record = TraceRecord::default();
        Ok(self.next_into(&mut record)?.map(|run| (run, record)))
    }

    /// Returns the next record, of any run.
    pub(super) fn next_of_any_run(&mut self) -> Result<Option<(u64, TraceRecord)>, Failure> {
        let mut record = TraceRecord::default();
        Ok(self.next_of_any_run_into(&mut record)?.map(|run| (run, record)))
    }
}

impl<G: Digest<Kept: AsStep>> Records<G> {
    /// Opens the trace `name`; `digest` decides what is kept of its records, or with `only_run` of that run's records.
    pub(super) fn keeping(digest: G, name: &str, only_run: Option<u64>) -> Result<Self, Failure> {
        Ok(Self::new(name, only_run, open_for_all_cores(name, digest)?))
    }

    fn new(name: &str, only_run: Option<u64>, Lines { digests, state }: Lines<G>) -> Self {
        Self {
            name: name.to_owned(),
            lines: digests,
            runs: RunSplitter::default(),
            run: 0,
            only_run,
            wrong_lines: WrongLines::new(name, only_run),
            is_growing: false,
            state,
            is_done: false,
        }
    }

    /// Puts the kept part of the next record into `record`, and returns the number of its run, from 1. Fails if the
    /// trace holds only wrong lines, or lacks the requested run. A trace without records, as that of an empty input, is
    /// reported as such.
    pub(super) fn next_into(&mut self, record: &mut G::Kept) -> Result<Option<u64>, Failure> {
        while let Some(run) = self.next_of_any_run_into(record)? {
            match self.only_run {
                Some(only) if run < only => {}
                // The other runs are not needed.
                Some(only) if run > only => self.is_done = true,
                _ => return Ok(Some(run)),
            }
        }
        self.settle()?;
        match self.only_run {
            Some(only) if only > self.run => Err(Failure::no_such_run(&self.name, only, self.run)),
            _ => Ok(None),
        }
    }

    fn next_of_any_run_into(&mut self, record: &mut G::Kept) -> Result<Option<u64>, Failure> {
        if !self.next_record(record)? {
            return Ok(None);
        }
        let run = self.runs.run_of(&record.as_step());
        self.wrong_lines.settle(Some(run).filter(|run| *run == self.run));
        self.run = run;
        Ok(Some(run))
    }

    /// Names the wrong lines after the last record. Fails if there are only wrong lines.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        if self.run == 0 {
            self.wrong_lines.fail_without_record()?;
        }
        self.wrong_lines.settle(Some(self.run));
        Ok(())
    }

    /// Fails if any line read was wrong: call it when everything else is done.
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

    /// Returns the line number of the last record, from 1.
    pub(crate) fn line_no(&self) -> u64 {
        self.lines.line_no()
    }

    /// Returns how many bytes of the file were read.
    pub(super) fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }

    /// Returns whether there is a next record.
    fn next_record(&mut self, record: &mut G::Kept) -> Result<bool, Failure> {
        while !self.is_done {
            match self.lines.next_line(record).map_err(Failure::unreadable(&self.name))? {
                Some(Ok(())) => return Ok(true),
                Some(Err(wrong)) => self.wrong_lines.add(wrong),
                None if self.is_growing => break,
                None => {
                    self.is_done = true;
                    let has_last = self.is_record_without_line_end(record);
                    let unfinished = self.state.is_unfinished.then_some(UNFINISHED);
                    for note in self.state.gaps.iter().map(String::as_str).chain(unfinished) {
                        self.wrong_lines.note(note);
                    }
                    if !has_last && self.are_none() && !self.wrong_lines.are_waiting() {
                        self.wrong_lines.note("holds no records");
                    }
                    return Ok(has_last);
                }
            }
        }
        Ok(false)
    }

    /// Returns whether a whole record follows the last line end.
    fn is_record_without_line_end(&mut self, record: &mut G::Kept) -> bool {
        if let Some(TornFrame { offset, bytes, .. }) = self.lines.torn_frame() {
            let bytes = counted(bytes, "byte");
            self.wrong_lines
                .note(&format!("ends in {bytes} of a torn frame, from byte {offset} on, which are left out"));
        }
        match self.lines.tail(record) {
            None => (),
            Some(Tail::Record(_)) => return true,
            Some(Tail::Wrong(wrong)) => self.wrong_lines.add(wrong),
            Some(Tail::Torn(TornTail { line_no, bytes, .. })) => {
                let bytes = counted(bytes, "byte");
                let text = format!("ends in {bytes} of a torn record, line {line_no}, which are left out");
                self.wrong_lines.note(&text);
            }
        }
        false
    }
}

#[cfg(test)]
pub(super) mod testing {
    //! Comparison of a trace read on all cores and by one thread.

    use std::{fs, thread};

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::MIN_BYTES_FOR_ALL_CORES;

    /// Checks that `command`, given a path, gives the same output for `trace` in a file and from a pipe, and returns
    /// that.
    #[track_caller]
    pub(in crate::trace_commands) fn check_file_and_pipe(
        trace: &str,
        command: impl Fn(&str) -> String,
    ) -> String {
        assert!(trace.len() as u64 >= MIN_BYTES_FOR_ALL_CORES, "it is read by one thread");
        let folder = tempfile::tempdir().unwrap();
        let [file, pipe] = ["file", "pipe"].map(|name| folder.path().join(name));
        fs::write(&file, trace).unwrap();
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let told = |path: &std::path::Path| {
            let path = path.to_str().unwrap();
            command(path).replace(path, "trace")
        };
        let from_pipe = thread::scope(|scope| {
            scope.spawn(|| fs::write(&pipe, trace));
            told(&pipe)
        });
        assert_eq!(told(&file), from_pipe);
        from_pipe
    }
}
