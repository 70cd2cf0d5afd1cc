//! The beginning of a run with a checkpoint: everything is looked at first, and touched only when all of it fits.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_kernel_checkpoint::{
    Checkpoint, Committed, CommittedConfiguration, CommittedFile, CommittedTrace, InputPrefix, NewFile,
    PrefixHash, ReplayFrom, UncutFile,
};
use stream_kernel_disk::{Disk, DiskFile, OpenHow};
use stream_kernel_exec::{RunReport, SyncRunner};
use stream_kernel_sinks::Cadence;
use stream_kernel_trace::{Clock, ContinuedClock, Timestamp};

use super::commits::{CommitCadence, Commits, WrittenOutput, rows};
use super::committer::{Committer, Synced};
use super::files::{CommittedOutput, OUTPUT_BLOCK_BYTES, Trace, text_of};
use super::hashed_input::{HashedInput, has_line_end};
use super::identity::{RunConfiguration, check_program, program};
use super::output_place::{EarlierOutput, missing};
use super::recovery::{Replayed, recover};
use super::{CheckpointFailure, CheckpointOptions, Event};
use crate::feed::Feed;
use crate::output::partial_path;
use crate::{
    Application, Job, LineAdapters, LineMessage, LineReader, OpenInputError, Position, Session, SummaryRow,
    UnterminatedLine, tracing,
};

/// A run that is ready to take lines in.
pub(super) struct Opened<A: Application> {
    pub(super) session: Session<A>,
    pub(super) feed: Feed<HashedInput, CommittedOutput>,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) final_path: PathBuf,
    pub(super) partial_path: PathBuf,
    pub(super) start: Start,
}

/// Where the run begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start {
    /// The last line that was committed, and where the next one begins.
    pub(super) position: Position,
    pub(super) report: RunReport,
    /// Where the trace ended before, if it could not be written.
    pub(super) trace_end: Option<TraceEnd>,
    /// Whether a commit comes before anything is written: nothing was committed yet, or that the run was complete, after which others may
    /// have appended to the trace.
    pub(super) commits_first: bool,
    /// The time at which the last record ended that was committed.
    pub(super) last_time: Timestamp,
    /// How much of the trace is committed, for a run that writes no more of it.
    pub(super) trace_bytes: u64,
    /// Whether the run was complete, and nothing was appended to the input since: nothing is left to do but to make certain of it.
    pub(super) is_finished: bool,
    /// How many bytes without LF the input has behind what was committed, if it is finished.
    pub(super) bytes_left: u64,
}

/// Where a trace ends that could not be written any further.
#[derive(Clone, Copy, Debug)]
pub(super) struct TraceEnd {
    pub(super) line_no: u64,
    /// The number of bytes in the file.
    pub(super) bytes: u64,
}

/// The names of what the kernel counts, among the totals.
pub(super) const ABANDONED: &str = "abandoned";
pub(super) const UNDELIVERABLE: &str = "undeliverable messages dropped";

struct Places {
    dir: PathBuf,
    input: PathBuf,
    max_line_bytes: usize,
    unterminated_line: UnterminatedLine,
    output: PathBuf,
    partial: PathBuf,
    trace: Option<(PathBuf, Cadence)>,
}

pub(super) fn open<A: Application, C: Clock + 'static>(
    job: Job<A>,
    clock: impl FnOnce() -> C,
    options: &mut CheckpointOptions<'_>,
) -> Result<Opened<A>, CheckpointFailure> {
    let Some(settings) = job.config().runtime.checkpoint.clone() else {
        unreachable!("a run without a checkpoint is another one")
    };
    let places = Places::of(&job);
    let disk = Arc::clone(&options.disk);
    let configuration = RunConfiguration::of(&job, options.run_id);
    let unopened = |cause| OpenInputError { path: places.input.clone(), cause };
    let input: Arc<dyn DiskFile> = disk.open(&places.input, OpenHow::ReadOnly).map_err(unopened)?.into();
    let input_bytes = input.len().map_err(unopened)?;
    let (mut checkpoint, last) = if options.restart {
        (Checkpoint::start_over(Arc::clone(&disk), &places.dir)?, None)
    } else {
        Checkpoint::open(Arc::clone(&disk), &places.dir)?
    };
    let redaction = job.redaction().clone();
    let (runner, config) = job.into_runner(options.run_id);
    let begun = match last {
        None => begin(&*disk, &places, checkpoint, &configuration, options.restart, runner)?,
        Some(committed) => {
            check_program::<A>(&places.dir, &committed)?;
            configuration.check_same(&places.dir, &mut checkpoint)?;
            resume(&*disk, &places, checkpoint, &committed, &input, runner, options.between_lines)?
        }
    };
    if let Some((line_no, was_complete)) = begun.resumed {
        (options.tell)(Event::Resumed { line_no, was_complete });
    }
    if let Some(from) = &begun.moved_from {
        (options.tell)(Event::OutputMoved { from, to: &places.partial });
    }
    let mut template = template::<A>(&places, begun.configuration, &input);
    template.replay = begun.replay;
    template.output.is_named = begun.output_path == places.output;
    let Begun { mut runner, checkpoint, prefix, output, written, trace, start, output_path, .. } = begun;
    let trace = trace.zip(places.trace).map(|(file, (_, cadence))| Trace::new(file, cadence));
    let synced = Synced { output: output.file(), trace: trace.as_ref().map(Trace::file) };
    let committer = Committer::new(checkpoint, synced, options.commit_in);
    if start.trace_end.is_none() {
        let clock = || ContinuedClock::new(clock(), start.last_time);
        let sink = trace.clone().map(|trace| Box::new(trace) as _);
        if let Some(recorder) = tracing::recorder(&config.runtime.tracing, redaction, clock, sink) {
            runner = runner.with_recorder(recorder);
        }
    }
    let cadence = CommitCadence {
        every_lines: settings.every_lines.get(),
        every_ms: settings.every_ms.get(),
        min_snapshot_bytes: options.min_snapshot_bytes,
    };
    let now = Arc::clone(&options.now);
    let mut commits = Commits::new(committer, template, start, trace, written, cadence, now);
    commits.finished_rows = begun.finished_rows;
    let lines = HashedInput::new(input, prefix).with_bytes_at_first(input_bytes);
    let lines = LineReader::new(lines, places.max_line_bytes).unterminated_line(places.unterminated_line);
    let Position { line_no, bytes } = start.position;
    Ok(Opened {
        session: Session::new(runner, config).with_commits(start.position, commits),
        feed: Feed { lines: lines.after(line_no, bytes), output: CommittedOutput(output) },
        disk,
        final_path: places.output,
        partial_path: output_path,
        start,
    })
}

/// Files, checkpoint and memory of a run that begins or goes on.
struct Begun<M> {
    runner: SyncRunner<M>,
    checkpoint: Checkpoint,
    configuration: CommittedConfiguration,
    prefix: InputPrefix,
    output: CommittedFile,
    written: WrittenOutput,
    replay: ReplayFrom,
    trace: Option<CommittedFile>,
    start: Start,
    finished_rows: Option<Vec<SummaryRow>>,
    /// The last line committed, and whether that was the last of the input.
    resumed: Option<(u64, bool)>,
    /// The name that the output has until the run is complete.
    output_path: PathBuf,
    /// Where the output was, if the configuration has since given it another name.
    moved_from: Option<PathBuf>,
}

/// Begins with the first line. What an earlier run has committed is forgotten only once it is certain that this one can write.
fn begin<M>(
    disk: &dyn Disk,
    places: &Places,
    mut checkpoint: Checkpoint,
    configuration: &RunConfiguration,
    restart: bool,
    runner: SyncRunner<M>,
) -> Result<Begun<M>, CheckpointFailure> {
    let failed = CheckpointFailure::Begin;
    let trace = places.trace.as_ref();
    let trace = trace.map(|(path, _)| CommittedFile::append_to(disk, path, 1)).transpose().map_err(failed)?;
    let output = NewFile::at(disk, &places.partial).map_err(failed)?;
    if restart {
        checkpoint.forget()?;
    }
    let output = output.create(disk, OUTPUT_BLOCK_BYTES).map_err(failed)?;
    let configuration = configuration.keep_in(&mut checkpoint)?;
    Ok(Begun {
        runner,
        checkpoint,
        configuration,
        prefix: InputPrefix::new(),
        output,
        written: WrittenOutput::default(),
        replay: ReplayFrom::default(),
        trace,
        start: Start { commits_first: true, ..Start::default() },
        finished_rows: None,
        resumed: None,
        output_path: places.partial.clone(),
        moved_from: None,
    })
}

fn resume<M: LineMessage>(
    disk: &dyn Disk,
    places: &Places,
    mut checkpoint: Checkpoint,
    committed: &Committed,
    input: &Arc<dyn DiskFile>,
    runner: SyncRunner<M>,
    between_lines: &mut dyn FnMut(Position) -> bool,
) -> Result<Begun<M>, CheckpointFailure> {
    let prefix = InputPrefix::of_committed(&**input, committed)?;
    let output = EarlierOutput::find(disk, committed, &places.output, &places.partial)?;
    let trace_end =
        committed.trace.as_ref().and_then(|&CommittedTrace { bytes, ends_after_line, .. }| {
            ends_after_line.map(|line_no| TraceEnd { line_no, bytes })
        });
    let bytes_left = input_bytes(&**input, committed)?.saturating_sub(committed.input.bytes);
    let leaves = places.unterminated_line == UnterminatedLine::Leave;
    let has_more = || if leaves { has_line_end(&**input, committed.input.bytes) } else { Ok(bytes_left > 0) };
    let is_finished =
        committed.complete && !has_more().map_err(|cause| unreadable(&**input, committed, cause))?;
    let trace = committed.trace.as_ref().filter(|_| trace_end.is_none());
    // Under the name that it has now: a relative path may begin elsewhere by now.
    let trace = trace
        .zip(places.trace.as_ref())
        .map(|(trace, (path, _))| earlier_trace(disk, path, trace.bytes, is_finished));
    let trace = trace.transpose()?.flatten();
    let (runner, written) = if is_finished {
        // What it remembers is asked for by no line any more.
        let written = WrittenOutput::known(committed.output.bytes, committed.output.since_snapshot);
        (runner.after(report_of(committed)), written)
    } else {
        let replayed = Replayed { input, max_line_bytes: places.max_line_bytes, dir: &places.dir };
        recover(runner, &checkpoint, committed, replayed, between_lines)?
    };
    // A finished output keeps its name if there is nothing to add to it: somebody may be reading it.
    let keeps_name = is_finished && output.path() == places.output;
    let output_path = if keeps_name { places.output.clone() } else { places.partial.clone() };
    // All of it fits: from here on files are changed.
    let (output, moved_from) = output.take_up(&mut checkpoint, &places.output, &output_path)?;
    let failed = |cause| CheckpointFailure::Commit { line_no: committed.lines, cause };
    let trace = match trace {
        // All of a complete run's own records are committed: what follows them is of others.
        Some(trace) if committed.complete => Some(trace.append(1)),
        trace => trace.map(|trace| checkpoint.cut(trace, 1)).transpose().map_err(failed)?,
    };
    let mut replay = committed.replay;
    if replay.lines == committed.lines {
        // The last line may have got its line end since.
        replay.input_bytes = prefix.bytes();
    }
    let start = Start {
        position: Position { line_no: committed.lines, bytes: prefix.bytes() },
        report: report_of(committed),
        trace_end,
        commits_first: committed.complete && !is_finished,
        trace_bytes: committed.trace.as_ref().map_or(0, |trace| trace.bytes),
        last_time: committed
            .trace
            .as_ref()
            .map_or_else(Timestamp::default, |trace| Timestamp::from_nanos(trace.last_time_ns)),
        is_finished,
        bytes_left,
    };
    Ok(Begun {
        runner,
        checkpoint,
        configuration: committed.configuration.clone(),
        prefix,
        output,
        written,
        replay,
        trace,
        start,
        finished_rows: is_finished.then(|| rows(&committed.totals)),
        resumed: Some((committed.lines, committed.complete)),
        output_path,
        moved_from,
    })
}

/// Returns the counts of what was committed.
pub(super) fn report_of(committed: &Committed) -> RunReport {
    let total =
        |name| committed.totals.iter().find(|total| total.name == name).map_or(0, |total| total.count);
    RunReport { inputs: committed.lines, abandoned: total(ABANDONED), undeliverable: total(UNDELIVERABLE) }
}

/// Opens the trace of an earlier run. One that is finished only looks whether it is there: others may be writing to it.
fn earlier_trace(
    disk: &dyn Disk,
    at: &Path,
    bytes: u64,
    is_finished: bool,
) -> Result<Option<UncutFile>, CheckpointFailure> {
    let found = if is_finished {
        UncutFile::check(disk, at, bytes).map(|()| None)
    } else {
        UncutFile::open(disk, at, bytes).map(Some)
    };
    found.map_err(|error| missing("trace", at, bytes, error))
}

/// Returns the length of the input.
fn input_bytes(input: &dyn DiskFile, committed: &Committed) -> Result<u64, CheckpointFailure> {
    input.len().map_err(|cause| unreadable(input, committed, cause))
}

fn unreadable(input: &dyn DiskFile, committed: &Committed, cause: io::Error) -> CheckpointFailure {
    CheckpointFailure::ReadInput { path: input.path().to_owned(), line_no: committed.lines, cause }
}

impl Places {
    fn of<A: Application>(job: &Job<A>) -> Self {
        let config = job.config();
        let input = &config.adapters.input_source().settings;
        let output = config.adapters.output_sink().settings.path.clone();
        let tracing = &config.runtime.tracing;
        let sink = tracing.sink.as_ref().filter(|_| tracing.enabled);
        let trace = sink.and_then(|sink| sink.jsonl_file()).map(|(path, jsonl)| {
            let cadence = Cadence { flush_every_n: jsonl.flush_every_n, fsync_every_n: jsonl.fsync_every_n };
            (path.to_owned(), cadence)
        });
        Self {
            dir: config.runtime.checkpoint.as_ref().map(|settings| settings.dir.clone()).unwrap_or_default(),
            input: input.path.clone(),
            max_line_bytes: input.max_line_bytes,
            unterminated_line: input.unterminated_line,
            partial: partial_path(&output),
            output,
            trace,
        }
    }
}

/// Returns a commit of nothing.
fn template<A: Application>(
    places: &Places,
    configuration: CommittedConfiguration,
    input: &Arc<dyn DiskFile>,
) -> Committed {
    Committed {
        program: program::<A>(),
        configuration,
        input: InputPrefix::new().committed(text_of(input.path())),
        lines: 0,
        output: stream_kernel_checkpoint::CommittedOutput {
            path: text_of(&places.output),
            partial: text_of(&places.partial),
            bytes: 0,
            since_snapshot: PrefixHash::new().digest(),
            is_named: false,
        },
        trace: places.trace.as_ref().map(|(path, _)| CommittedTrace {
            path: text_of(path),
            bytes: 0,
            last_time_ns: 0,
            ends_after_line: None,
        }),
        totals: Vec::new(),
        replay: ReplayFrom::default(),
        committed_at_ms: 0,
        complete: false,
    }
}
