//! Runs of several workers that are saved, cut off, and gone on with by others: each commit holds what one worker would have come to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stream_kernel_exec::trace::ManualClock;
use stream_kernel_exec::{Memory, RunReport, Stage};
use stream_kernel_run::{Application, Job, LineAdapters, LineReader, Position, Reached, SummaryRow};

use super::{InMemory, NOW, Random, Results, Setting, simulate};
use crate::owners::Owners;
use crate::worker::{Begin, Places, RecordBuffer, Saved, SavedBy, Worker};

/// A commit of what workers have saved.
struct Commit {
    reached: Reached,
    /// The records of the snapshot, if there is one.
    snapshot: Option<Vec<u8>>,
    rows: Vec<SummaryRow>,
    /// Output and trace as they were committed.
    files: [Vec<u8>; 2],
}

/// A checkpoint without files.
pub(super) struct SimulatedCheckpoint {
    every_lines: u64,
    min_snapshot_bytes: u64,
    is_committing: Arc<AtomicBool>,
    begins_at: Reached,
    begins_with: Vec<u8>,
    pub(super) files: [Vec<u8>; 2],
    commits: Vec<Commit>,
}

impl SimulatedCheckpoint {
    fn new(every_lines: u64, min_snapshot_bytes: u64) -> Self {
        Self {
            every_lines,
            min_snapshot_bytes,
            is_committing: Arc::default(),
            begins_at: Reached::default(),
            begins_with: Vec::new(),
            files: Default::default(),
            commits: Vec::new(),
        }
    }

    pub(super) fn saved_by(&self) -> SavedBy {
        SavedBy {
            every_lines: self.every_lines,
            every_ms: u64::MAX,
            min_snapshot_bytes: self.min_snapshot_bytes,
            now: Arc::new(|| NOW),
            is_committing: Arc::clone(&self.is_committing),
            not_before: Arc::default(),
        }
    }

    /// Has worker 0 tell all where to begin.
    pub(super) fn begin<A: Application, P: Places>(
        &self,
        job: &Job<A>,
        stages: &[Stage],
        owners: &Owners,
        worker: &mut Worker<A, InMemory<'_>, P>,
    ) -> Result<(), String> {
        let mut memory = new_memory(job);
        memory.restore(&self.begins_with).map_err(|error| format!("{error:?}"))?;
        let begin = Begin { reached: self.begins_at, has_trace: true, snapshot_line_no: 0, over: None };
        let dealt = memory.deal(stages, owners.workers(), &|key| owners.of(key));
        worker.begin_run(&begin, &dealt, &memory.tallies());
        Ok(())
    }

    /// Commits what was saved, if anything was; then, or later, the next commit may come.
    pub(super) fn look<A: Application>(
        &mut self,
        job: &Job<A>,
        saved: Option<Saved>,
        files: &[Vec<u8>; 2],
        is_made: bool,
    ) -> Result<(), String> {
        if is_made {
            self.is_committing.store(false, Ordering::Relaxed);
        }
        let Some(Saved { reached, parts, has_all }) = saved else { return Ok(()) };
        let mut memory = new_memory(job);
        let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
        memory.gather(&parts).ok_or("what was saved cannot be read")?;
        let rows = A::summary(job.config(), &mut memory);
        let mut files = files.clone();
        for (file, bytes) in files.iter_mut().zip([reached.output_bytes, reached.trace_bytes]) {
            file.truncate(usize::try_from(bytes).map_err(|error| error.to_string())?);
        }
        let snapshot = has_all.then(|| records(&memory));
        self.commits.push(Commit { reached, snapshot, rows, files });
        Ok(())
    }
}

fn new_memory<A: Application>(job: &Job<A>) -> Memory {
    A::registry().build_memory(job.config())
}

fn records(memory: &Memory) -> Vec<u8> {
    let mut records = Vec::new();
    let done: Result<(), std::convert::Infallible> = memory.snapshot(&mut |record| {
        records.extend_from_slice(record);
        Ok(())
    });
    match done {
        Ok(()) => records,
    }
}

/// Runs a job on several workers that save what they have come to every so many lines, and goes on with one of the commits on another number
/// of workers. Returns what the first run has come to, and what both together have, each with what one worker has come to that did the same;
/// nothing of the second if there was no commit with a snapshot.
///
/// # Errors
///
/// Workers cannot run it, or a commit is not what one worker would have come to by then.
pub fn resumed<A: Application>(
    job: &Job<A>,
    input: &[u8],
    setting: Setting,
) -> Result<(Results, Option<(Results, Results)>), String> {
    let mut random = Random(setting.seed ^ 0x5eed);
    let every_lines = 1 + random.below(8) as u64;
    let min_snapshot_bytes = if random.below(4) == 0 { 1_000 } else { 0 };
    let mut checkpoint = SimulatedCheckpoint::new(every_lines, min_snapshot_bytes);
    let first = simulate(job, input, setting, Some(&mut checkpoint))?;
    for commit in &checkpoint.commits {
        check(job, input, commit)?;
    }
    let mut commits: Vec<_> =
        checkpoint.commits.into_iter().filter(|commit| commit.snapshot.is_some()).collect();
    if commits.is_empty() {
        return Ok((first, None));
    }
    let Commit { reached, snapshot, files, .. } = commits.swap_remove(random.below(commits.len()));
    let snapshot = snapshot.unwrap_or_default();
    let mut expected = resumed_alone(job, input, &reached, &snapshot)?;
    let [output, trace] = files.each_ref().map(|file| String::from_utf8_lossy(file).into_owned());
    expected.output.insert_str(0, &output);
    expected.trace.insert_str(0, &trace);
    let mut checkpoint = SimulatedCheckpoint::new(every_lines, min_snapshot_bytes);
    (checkpoint.begins_at, checkpoint.begins_with, checkpoint.files) = (reached, snapshot, files);
    let setting = Setting { workers: 1 + random.below(5), seed: setting.seed ^ 0xabc, ..setting };
    let second = simulate(job, input, setting, Some(&mut checkpoint))?;
    for commit in &checkpoint.commits {
        check(job, input, commit)?;
    }
    Ok((first, Some((second, expected))))
}

/// Checks that a commit holds what one worker has come to by its line.
fn check<A: Application>(job: &Job<A>, input: &[u8], commit: &Commit) -> Result<(), String> {
    let settings = &job.config().adapters.input_source().settings;
    let mut lines =
        LineReader::new(input, settings.max_line_bytes).unterminated_line(settings.unterminated_line);
    let mut session = job.again().map_err(|faults| faults.to_string())?.start("run", None);
    let Reached { position: Position { line_no, bytes }, report, output_bytes, .. } = commit.reached;
    let mut output = Vec::new();
    while lines.line_no() < line_no
        && let Ok(Some(line)) = lines.next_line()
    {
        session.take(line, lines.bytes_read()).map_err(|failure| format!("committed: {failure}"))?;
        output.extend_from_slice(session.written());
    }
    let found = (bytes, report, &commit.files[0], &commit.rows, output_bytes);
    let rows = session.summary();
    let expected = (lines.bytes_read(), session.report(), &output, &rows, output.len() as u64);
    if found != expected {
        return Err(format!("committed after line {line_no}: {found:?}, one worker: {expected:?}"));
    }
    let expected = records(session.memory());
    match &commit.snapshot {
        Some(found) if *found != expected => {
            Err(format!("the snapshot after line {line_no}: {found:?}, of one worker: {expected:?}"))
        }
        _ => Ok(()),
    }
}

/// Returns what a run on one worker comes to that goes on from a snapshot.
fn resumed_alone<A: Application>(
    job: &Job<A>,
    input: &[u8],
    reached: &Reached,
    snapshot: &[u8],
) -> Result<Results, String> {
    let Position { line_no, bytes } = reached.position;
    let offset = usize::try_from(bytes).map_err(|error| error.to_string())?;
    let settings = &job.config().adapters.input_source().settings;
    let lines = LineReader::new(input.get(offset..).unwrap_or_default(), settings.max_line_bytes)
        .unterminated_line(settings.unterminated_line)
        .after(line_no, bytes);
    let records = RecordBuffer::default();
    let recorder = job.recorder(|| ManualClock::new(NOW, 0), Some(Box::new(records.clone())));
    let mut session = job.again().map_err(|faults| faults.to_string())?.start("run", recorder);
    session.memory().restore(snapshot).map_err(|error| format!("{error:?}"))?;
    let mut results = super::take_lines(session, lines, &records);
    let RunReport { inputs, abandoned, undeliverable } = &mut results.report;
    *inputs += reached.report.inputs;
    *abandoned += reached.report.abandoned;
    *undeliverable += reached.report.undeliverable;
    Ok(results)
}
