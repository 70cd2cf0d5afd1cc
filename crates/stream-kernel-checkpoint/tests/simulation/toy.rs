//! A small program with a checkpoint: it adds up amounts by key, and writes each sum as output and two records of trace a line.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use stream_kernel_checkpoint::{
    Changes, Checkpoint, CommitError, Committed, CommittedConfiguration, CommittedFile, CommittedInput,
    CommittedOutput, CommittedTrace, NewFile, PrefixHash, Program, StateLog, Total, UncutFile,
};
use stream_kernel_disk::{Disk, OpenHow, SimulatedDisk};

pub(crate) const INPUT: &str = "/in/input";
pub(crate) const OUTPUT: &str = "/out/output";
pub(crate) const PARTIAL: &str = "/out/output.partial";
pub(crate) const TRACE: &str = "/trace/trace";
pub(crate) const CHECKPOINT: &str = "/run/ckpt";

/// Files are written in blocks of this size: small, so that there is something unsynced at most times.
const BLOCK_BYTES: usize = 16;
const COMMIT_EVERY_LINES: u64 = 3;
const COMPACT_EVERY_LINES: u64 = 6;
/// What was written when a commit comes may be all of it, or not.
const WRITE_EVERY_LINES: u64 = 2;

/// Longer than what a torn write may leave in one piece.
const CONFIGURATION: &str = "a configuration: of several words, which a resumed run must find as they were";

const MEANWHILE: &str = "meanwhile";

/// What was promised to whoever ran the program, and must never be taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Promise {
    /// The lines of the last commit that was reported as done.
    pub(crate) lines: Option<u64>,
    /// Whether the run ended well.
    pub(crate) is_complete: bool,
}

/// Comes before what differs from run to run in the trace: a duration.
pub(crate) const VOLATILE: &str = " took ";

/// A promise was broken: no fault excuses that.
pub(crate) const BROKEN: &str = "a commit is gone";

/// Runs the program, or resumes it, and returns how it failed.
pub(crate) fn run(disk: &SimulatedDisk, promise: &mut Promise) -> Result<(), String> {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let (checkpoint, committed) = Checkpoint::open(shared, Path::new(CHECKPOINT)).map_err(told)?;
    if promise.lines > committed.as_ref().map(|committed| committed.lines) {
        return Err(format!("{BROKEN}: {promise:?}"));
    }
    let run = match committed {
        None => Some(Run::begin(disk, checkpoint, promise)?),
        Some(committed) => Run::resume(disk, checkpoint, &committed)?,
    };
    if let Some(mut run) = run {
        // Another length each time: what an earlier run has traced is not simply written over.
        run.duration = "1".repeat(1 + (disk.seed() % 5) as usize);
        run.read_lines(promise)?;
    }
    promise.is_complete = true;
    Ok(())
}

fn told(error: impl std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

struct Run<'a> {
    disk: &'a SimulatedDisk,
    checkpoint: Checkpoint,
    configuration: CommittedConfiguration,
    output: CommittedFile,
    trace: CommittedFile,
    hash: PrefixHash,
    input_bytes: u64,
    lines: u64,
    sums: BTreeMap<String, u64>,
    changes: Changes,
    /// Where changes are written ahead of their commit, every other line.
    log: Option<StateLog>,
    /// What this run says that everything took.
    duration: String,
}

impl<'a> Run<'a> {
    fn begin(
        disk: &'a SimulatedDisk,
        mut checkpoint: Checkpoint,
        promise: &mut Promise,
    ) -> Result<Self, String> {
        let output = NewFile::at(disk, Path::new(PARTIAL)).and_then(|place| place.create(disk, BLOCK_BYTES));
        let output = output.map_err(told)?;
        let trace = CommittedFile::append_to(disk, Path::new(TRACE), BLOCK_BYTES).map_err(told)?;
        let (hash, sums, changes) = (PrefixHash::new(), BTreeMap::new(), Changes::new());
        let configuration = checkpoint.keep_configuration("00".to_owned(), CONFIGURATION).map_err(told)?;
        let mut run = Self {
            disk,
            checkpoint,
            configuration,
            output,
            trace,
            hash,
            input_bytes: 0,
            lines: 0,
            sums,
            changes,
            log: None,
            duration: String::new(),
        };
        run.commit(false, promise)?;
        Ok(run)
    }

    /// Returns nothing if nothing is left to do.
    fn resume(
        disk: &'a SimulatedDisk,
        mut checkpoint: Checkpoint,
        committed: &Committed,
    ) -> Result<Option<Self>, String> {
        let input = disk.open(Path::new(INPUT), OpenHow::ReadOnly).map_err(told)?;
        let hash = PrefixHash::of_committed(&*input, &committed.input).map_err(told)?;
        let output =
            UncutFile::open_output(disk, committed, Path::new(PARTIAL), Path::new(OUTPUT)).map_err(told)?;
        let trace = committed.trace.as_ref().ok_or("no trace was committed")?;
        let trace = UncutFile::open(disk, Path::new(&trace.path), trace.bytes).map_err(told)?;
        if checkpoint.configuration().map_err(told)? != CONFIGURATION {
            return Err(format!("{BROKEN}: the configuration is another one"));
        }
        let mut sums = BTreeMap::new();
        checkpoint.restore(&mut |records| restore(records, &mut sums)).map_err(told)?;
        if sums.remove(MEANWHILE).is_some_and(|ahead| ahead > 0) {
            return Err(format!("{BROKEN}: what it did not cover was taken in"));
        }
        if committed.complete && input.len().map_err(told)? == committed.input.bytes {
            checkpoint.rename(output.path(), Path::new(OUTPUT)).map_err(told)?;
            return Ok(None);
        }
        checkpoint.rename(output.path(), Path::new(PARTIAL)).map_err(told)?;
        let output = checkpoint.cut(output, BLOCK_BYTES).map_err(told)?;
        let trace = checkpoint.cut(trace, BLOCK_BYTES).map_err(told)?;
        let (input_bytes, lines) = (committed.input.bytes, committed.lines);
        Ok(Some(Self {
            disk,
            checkpoint,
            configuration: committed.configuration.clone(),
            output,
            trace,
            hash,
            input_bytes,
            lines,
            sums,
            changes: Changes::new(),
            log: None,
            duration: String::new(),
        }))
    }

    fn read_lines(mut self, promise: &mut Promise) -> Result<(), String> {
        let input = self.disk.open(Path::new(INPUT), OpenHow::ReadOnly).map_err(told)?;
        let left = input.len().map_err(told)? - self.input_bytes;
        let mut text = vec![0; usize::try_from(left).map_err(told)?];
        input.read_exact_at(&mut text, self.input_bytes).map_err(told)?;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            self.process(line)?;
            if self.lines.is_multiple_of(WRITE_EVERY_LINES) {
                self.write().map_err(told)?;
            }
            if self.lines.is_multiple_of(COMMIT_EVERY_LINES) {
                self.commit(false, promise)?;
            }
        }
        self.commit(true, promise)?;
        self.checkpoint.rename(Path::new(PARTIAL), Path::new(OUTPUT)).map_err(told)
    }

    fn process(&mut self, line: &[u8]) -> Result<(), String> {
        let text = str::from_utf8(line).map_err(told)?;
        let (key, amount) = text.trim_end().split_once(' ').ok_or("a line has no amount")?;
        self.lines += 1;
        self.input_bytes += line.len() as u64;
        self.hash.update(line);
        let sum = self.sums.entry(key.to_owned()).or_default();
        let before = *sum;
        *sum += amount.parse::<u64>().map_err(told)?;
        self.changes.push(format!("{key} {sum}\n").as_bytes());
        let (line, duration) = (self.lines, &self.duration);
        let trace = format!("line {line} enter {before}\nline {line} exit {sum}{VOLATILE}{duration}\n");
        let output = format!("{} {key}={sum}\n", self.lines);
        self.trace.append(trace.as_bytes()).map_err(told)?;
        self.output.append(output.as_bytes()).map_err(told)
    }

    fn commit(&mut self, complete: bool, promise: &mut Promise) -> Result<(), String> {
        self.output.flush().map_err(told)?;
        self.trace.flush().map_err(told)?;
        // A careless program tries again. That must not succeed.
        self.try_to_commit(complete).or_else(|_| self.try_to_commit(complete)).map_err(told)?;
        promise.lines = Some(self.lines);
        Ok(())
    }

    fn try_to_commit(&mut self, complete: bool) -> Result<(), CommitError> {
        let committed = self.committed(complete);
        let (output, trace) = (self.output.file(), self.trace.file());
        let sync_first = [&*output, &*trace];
        if self.lines == 0 || !self.lines.is_multiple_of(COMPACT_EVERY_LINES) {
            self.changes.push(meanwhile(0).as_bytes());
            let written = self.write()?.end_commit()?;
            // As a run does while another thread makes the commit.
            self.changes.push(meanwhile(self.lines + 1).as_bytes());
            self.write()?;
            return self.checkpoint.commit_written(committed, written, &sync_first);
        }
        let sums = &self.sums;
        let mut all = |writer: &mut stream_kernel_checkpoint::StateWriter<'_>| {
            sums.iter().try_for_each(|(key, sum)| writer.push(format!("{key} {sum}\n").as_bytes()))
        };
        self.checkpoint.commit_all(committed, &mut all, &sync_first)?;
        self.log = None;
        self.changes.clear();
        Ok(())
    }

    /// Writes what has changed to the log, and returns that.
    fn write(&mut self) -> Result<&mut StateLog, CommitError> {
        let log = match self.log.take() {
            Some(log) => log,
            None => self.checkpoint.state_log()?,
        };
        let log = self.log.insert(log);
        log.append(&mut self.changes)?;
        Ok(log)
    }

    fn committed(&self, complete: bool) -> Committed {
        Committed {
            program: Program { name: "toy".to_owned(), version: "1".to_owned() },
            configuration: self.configuration.clone(),
            input: CommittedInput {
                path: INPUT.to_owned(),
                bytes: self.input_bytes,
                prefix: self.hash.digest(),
                ends_in_lf: true,
            },
            lines: self.lines,
            output: CommittedOutput {
                path: OUTPUT.to_owned(),
                partial: PARTIAL.to_owned(),
                bytes: self.output.bytes(),
                is_named: false,
            },
            trace: Some(CommittedTrace {
                path: TRACE.to_owned(),
                bytes: self.trace.bytes(),
                last_time_ns: 0,
                ends_after_line: None,
            }),
            totals: vec![Total { name: "keys".to_owned(), count: self.sums.len() as u64 }],
            committed_at_ms: self.lines,
            complete,
        }
    }
}

/// Returns a record of what is written while a commit is made, which the next commit takes back: it must never be taken in.
fn meanwhile(ahead: u64) -> String {
    format!("{MEANWHILE} {ahead}\n")
}

fn restore(records: &[u8], sums: &mut BTreeMap<String, u64>) -> Result<(), String> {
    for record in str::from_utf8(records).map_err(told)?.lines() {
        let (key, sum) = record.split_once(' ').ok_or("a record has no sum")?;
        sums.insert(key.to_owned(), sum.parse().map_err(told)?);
    }
    Ok(())
}
