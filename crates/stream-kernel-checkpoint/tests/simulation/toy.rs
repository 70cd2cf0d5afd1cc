//! A small program with a checkpoint: it adds up amounts by key, and writes each sum as output and two trace records
//! per line.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use stream_kernel_checkpoint::{
    Checkpoint, CommitError, Committed, CommittedConfiguration, CommittedFile, CommittedOutput,
    CommittedTrace, InputPrefix, NewFile, PrefixHash, Program, ReplayFrom, SnapshotWriter, Total, UncutFile,
};
use stream_kernel_disk::{Disk, DiskFile, OpenHow, SimulatedDisk};

pub(crate) const INPUT: &str = "/in/input";
pub(crate) const OUTPUT: &str = "/out/output";
pub(crate) const PARTIAL: &str = "/out/output.partial";
pub(crate) const TRACE: &str = "/trace/trace";
pub(crate) const CHECKPOINT: &str = "/run/ckpt";

/// A small block size, so that there is unsynced data at most times.
const BLOCK_BYTES: usize = 16;
const COMMIT_EVERY_LINES: u64 = 2;
/// Every third commit, and the last one, has a snapshot.
const SNAPSHOT_EVERY_LINES: u64 = 6;

/// Longer than a torn write can leave in one piece.
const CONFIGURATION: &str = "a configuration: of several words, which a resumed run must find as they were";

/// The promises to the program's user, which must never be broken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Promise {
    /// The lines of the last reported commit.
    pub(crate) lines: Option<u64>,
    /// Whether the run ended well.
    pub(crate) is_complete: bool,
}

/// The prefix of the part of a trace that differs from run to run: a duration.
pub(crate) const VOLATILE: &str = " took ";

/// A broken promise, which no fault excuses.
pub(crate) const BROKEN: &str = "a commit is gone";

/// Runs the program, or resumes it, and returns its failure.
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
        // A different length each time, so that an earlier run's trace is not simply overwritten.
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
    read: InputPrefix,
    memory: Memory,
    replay: ReplayFrom,
    /// The duration that this run reports everywhere.
    duration: String,
}

/// The memory of the program, and its progress.
#[derive(Default)]
struct Memory {
    sums: BTreeMap<String, u64>,
    lines: u64,
    input_bytes: u64,
    output_bytes: u64,
    /// The hash of the output since the snapshot.
    since_snapshot: PrefixHash,
}

/// The results of a line.
struct Decided {
    output: String,
    before: u64,
    sum: u64,
}

impl Memory {
    /// Returns the memory at a commit: the snapshot, and the lines after it, decided again.
    fn restored(
        checkpoint: &Checkpoint,
        input: &dyn DiskFile,
        committed: &Committed,
    ) -> Result<Self, String> {
        let ReplayFrom { lines, input_bytes, output_bytes, .. } = committed.replay;
        let mut memory = Self { lines, input_bytes, output_bytes, ..Self::default() };
        checkpoint.restore(&mut |records| restore(records, &mut memory.sums)).map_err(told)?;
        for line in read(input, input_bytes, committed.input.bytes)?.split_inclusive(|byte| *byte == b'\n') {
            memory.decide(line)?;
        }
        let reached = (memory.lines, memory.output_bytes, memory.since_snapshot.digest());
        let is_same = reached == (committed.lines, committed.output.bytes, committed.output.since_snapshot);
        if is_same { Ok(memory) } else { Err(format!("{BROKEN}: decided again, it comes to {reached:?}")) }
    }

    fn decide(&mut self, line: &[u8]) -> Result<Decided, String> {
        let text = str::from_utf8(line).map_err(told)?;
        let (key, amount) = text.trim_end().split_once(' ').ok_or("a line has no amount")?;
        let entry = self.sums.entry(key.to_owned()).or_default();
        let before = *entry;
        *entry += amount.parse::<u64>().map_err(told)?;
        let sum = *entry;
        self.lines += 1;
        self.input_bytes += line.len() as u64;
        let output = format!("{} {key}={sum}\n", self.lines);
        self.output_bytes += output.len() as u64;
        self.since_snapshot.update(output.as_bytes());
        Ok(Decided { output, before, sum })
    }
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
        let configuration = checkpoint.keep_configuration("00".to_owned(), CONFIGURATION).map_err(told)?;
        let mut run = Self {
            disk,
            checkpoint,
            configuration,
            output,
            trace,
            read: InputPrefix::new(),
            memory: Memory::default(),
            replay: ReplayFrom::default(),
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
        let read = InputPrefix::of_committed(&*input, committed).map_err(told)?;
        let output =
            UncutFile::open_output(disk, committed, Path::new(PARTIAL), Path::new(OUTPUT)).map_err(told)?;
        let trace = committed.trace.as_ref().ok_or("no trace was committed")?;
        let trace = UncutFile::open(disk, Path::new(&trace.path), trace.bytes).map_err(told)?;
        if checkpoint.configuration().map_err(told)? != CONFIGURATION {
            return Err(format!("{BROKEN}: the configuration is another one"));
        }
        let memory = Memory::restored(&checkpoint, &*input, committed)?;
        if committed.complete && input.len().map_err(told)? == committed.input.bytes {
            checkpoint.rename(output.path(), Path::new(OUTPUT)).map_err(told)?;
            return Ok(None);
        }
        checkpoint.rename(output.path(), Path::new(PARTIAL)).map_err(told)?;
        let output = checkpoint.cut(output, BLOCK_BYTES).map_err(told)?;
        let trace = checkpoint.cut(trace, BLOCK_BYTES).map_err(told)?;
        Ok(Some(Self {
            disk,
            checkpoint,
            configuration: committed.configuration.clone(),
            output,
            trace,
            read,
            memory,
            replay: committed.replay,
            duration: String::new(),
        }))
    }

    fn read_lines(mut self, promise: &mut Promise) -> Result<(), String> {
        let input = self.disk.open(Path::new(INPUT), OpenHow::ReadOnly).map_err(told)?;
        let end = input.len().map_err(told)?;
        for line in read(&*input, self.memory.input_bytes, end)?.split_inclusive(|byte| *byte == b'\n') {
            self.process(line)?;
            if self.memory.lines.is_multiple_of(COMMIT_EVERY_LINES) {
                self.commit(false, promise)?;
            }
        }
        self.commit(true, promise)?;
        self.checkpoint.rename(Path::new(PARTIAL), Path::new(OUTPUT)).map_err(told)
    }

    fn process(&mut self, line: &[u8]) -> Result<(), String> {
        let Decided { output, before, sum } = self.memory.decide(line)?;
        self.read.update(line);
        let (line, duration) = (self.memory.lines, &self.duration);
        let trace = format!("line {line} enter {before}\nline {line} exit {sum}{VOLATILE}{duration}\n");
        self.trace.append(trace.as_bytes()).map_err(told)?;
        self.output.append(output.as_bytes()).map_err(told)
    }

    fn commit(&mut self, complete: bool, promise: &mut Promise) -> Result<(), String> {
        self.output.flush().map_err(told)?;
        self.trace.flush().map_err(told)?;
        // A careless program tries again. That must not succeed.
        self.try_to_commit(complete).or_else(|_| self.try_to_commit(complete)).map_err(told)?;
        promise.lines = Some(self.memory.lines);
        Ok(())
    }

    fn try_to_commit(&mut self, complete: bool) -> Result<(), CommitError> {
        let (output, trace) = (self.output.file(), self.trace.file());
        let sync_first = [&*output, &*trace];
        let Memory { lines, input_bytes, output_bytes, .. } = self.memory;
        if lines == 0 || !(complete || lines.is_multiple_of(SNAPSHOT_EVERY_LINES)) {
            return self.checkpoint.commit(self.committed(complete), &sync_first);
        }
        let replay = ReplayFrom { lines, input_bytes, output_bytes, ..ReplayFrom::default() };
        let mut committed = Committed { replay, ..self.committed(complete) };
        committed.output.since_snapshot = PrefixHash::new().digest();
        let sums = &self.memory.sums;
        let mut all = |writer: &mut SnapshotWriter<'_>| {
            sums.iter().try_for_each(|(key, sum)| writer.push(format!("{key} {sum}\n").as_bytes()))
        };
        self.checkpoint.commit_with_snapshot(committed, &mut all, &sync_first)?;
        (self.replay, self.memory.since_snapshot) = (replay, PrefixHash::new());
        Ok(())
    }

    fn committed(&self, complete: bool) -> Committed {
        Committed {
            program: Program { name: "toy".to_owned(), version: "1".to_owned() },
            configuration: self.configuration.clone(),
            input: self.read.committed(INPUT.to_owned()),
            lines: self.memory.lines,
            output: CommittedOutput {
                path: OUTPUT.to_owned(),
                partial: PARTIAL.to_owned(),
                bytes: self.output.bytes(),
                since_snapshot: self.memory.since_snapshot.digest(),
                is_named: false,
            },
            trace: Some(CommittedTrace {
                path: TRACE.to_owned(),
                bytes: self.trace.bytes(),
                last_time_ns: 0,
                ends_after_line: None,
            }),
            totals: vec![Total { name: "keys".to_owned(), count: self.memory.sums.len() as u64, level: 0 }],
            replay: self.replay,
            committed_at_ms: self.memory.lines,
            complete,
        }
    }
}

/// Reads the bytes of a file from `begin` to `end`.
fn read(file: &dyn DiskFile, begin: u64, end: u64) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; usize::try_from(end.saturating_sub(begin)).map_err(told)?];
    file.read_exact_at(&mut bytes, begin).map_err(told)?;
    Ok(bytes)
}

fn restore(records: &[u8], sums: &mut BTreeMap<String, u64>) -> Result<(), String> {
    for record in str::from_utf8(records).map_err(told)?.lines() {
        let (key, sum) = record.split_once(' ').ok_or("a record has no sum")?;
        sums.insert(key.to_owned(), sum.parse().map_err(told)?);
    }
    Ok(())
}
