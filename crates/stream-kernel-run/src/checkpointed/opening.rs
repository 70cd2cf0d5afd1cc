//! The beginning of a run with a checkpoint: everything is looked at first, and touched only when all of it fits.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_kernel_checkpoint::{
    Checkpoint, Committed, CommittedConfiguration, CommittedFile, CommittedOutput, CommittedTrace,
    InputPrefix, NewFile, UncutFile,
};
use stream_kernel_disk::{Disk, DiskFile, OpenHow};
use stream_kernel_exec::RunReport;
use stream_kernel_sinks::Cadence;
use stream_kernel_trace::{Clock, ContinuedClock, Timestamp};

use super::committer::{Committer, Synced};
use super::files::{OUTPUT_BLOCK_BYTES, Output, Trace, text_of};
use super::hashed_input::has_line_end;
use super::identity::{RunConfiguration, check_program, program};
use super::output_place::{EarlierOutput, missing};
use super::{CheckpointFailure, Event, Reached, Surroundings};
use crate::output::partial_path;
use crate::{
    Application, CommittedLines, Job, LineAdapters, NotRestored, OpenInputError, Run, State, UnterminatedLine,
};

/// A run that is ready to take lines in.
pub(super) struct Opened<'a, A: Application> {
    pub(super) run: Run<A>,
    pub(super) state: Box<dyn State>,
    pub(super) input: Arc<dyn DiskFile>,
    /// Its length when it was opened.
    pub(super) input_bytes: u64,
    /// What earlier runs have read of it.
    pub(super) prefix: InputPrefix,
    pub(super) files: Files,
    pub(super) committer: Committer,
    pub(super) start: Start,
    pub(super) every_lines: u64,
    pub(super) every_ms: u64,
    pub(super) max_line_bytes: usize,
    pub(super) unterminated_line: UnterminatedLine,
    /// What every commit says alike.
    pub(super) template: Committed,
    pub(super) surroundings: Surroundings<'a>,
}

/// What the run writes.
pub(super) struct Files {
    pub(super) output: Output,
    pub(super) trace: Option<Trace>,
    pub(super) final_path: PathBuf,
    pub(super) partial_path: PathBuf,
}

/// Where the run begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start {
    /// The last line that was committed.
    pub(super) line_no: u64,
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
    surroundings: Surroundings<'_>,
) -> Result<Opened<'_, A>, CheckpointFailure> {
    let Some(settings) = job.config().runtime.checkpoint.clone() else {
        unreachable!("a run without a checkpoint is another one")
    };
    let places = Places::of(&job);
    let disk = Arc::clone(&surroundings.disk);
    let configuration = RunConfiguration::of(&job, surroundings.run_id);
    let input: Arc<dyn DiskFile> = disk
        .open(&places.input, OpenHow::ReadOnly)
        .map_err(|cause| OpenInputError { path: places.input.clone(), cause })?
        .into();
    let input_bytes = input.len().map_err(|cause| OpenInputError { path: places.input.clone(), cause })?;
    let (mut checkpoint, last) = if surroundings.restart {
        (Checkpoint::start_over(Arc::clone(&disk), &places.dir)?, None)
    } else {
        Checkpoint::open(Arc::clone(&disk), &places.dir)?
    };
    let Some(mut state) = job.state() else { unreachable!("checks report an application without state") };
    let begun = match last {
        None => begin(&*disk, &places, checkpoint, &configuration, surroundings.restart)?,
        Some(committed) => {
            check_program::<A>(&places.dir, &committed)?;
            configuration.check_same(&places.dir, &mut checkpoint)?;
            resume(&*disk, &places, checkpoint, &committed, &input, &mut *state)?
        }
    };
    if let Some((line_no, was_complete)) = begun.resumed {
        (surroundings.tell)(Event::Resumed { line_no, was_complete });
    }
    if let Some(from) = &begun.moved_from {
        (surroundings.tell)(Event::OutputMoved { from, to: &places.partial });
    }
    let template = template::<A>(&places, begun.configuration, &input);
    let Begun { checkpoint, prefix, output, trace, start, output_path, .. } = begun;
    let files = Files {
        output: Output::new(output),
        trace: trace.zip(places.trace).map(|(file, (_, cadence))| Trace::new(file, cadence)),
        final_path: places.output,
        partial_path: output_path,
    };
    let synced = Synced {
        output: files.output.file().file(),
        trace: files.trace.as_ref().map(|trace| trace.file().file()),
    };
    let (commit_in, min_compaction_bytes) = (surroundings.commit_in, surroundings.min_compaction_bytes);
    let committer = Committer::new(checkpoint, synced, commit_in, min_compaction_bytes);
    let recorder = if start.trace_end.is_some() {
        None
    } else {
        let clock = || ContinuedClock::new(clock(), start.last_time);
        job.recorder(clock, files.trace.clone().map(|trace| Box::new(trace) as _))
    };
    let run = job.start_after(surroundings.run_id, recorder, files.output.clone(), start.report);
    Ok(Opened {
        run,
        state,
        input,
        input_bytes,
        prefix,
        files,
        committer,
        start,
        every_lines: settings.every_lines.get(),
        every_ms: settings.every_ms.get(),
        max_line_bytes: places.max_line_bytes,
        unterminated_line: places.unterminated_line,
        template,
        surroundings,
    })
}

/// Files and checkpoint of a run that begins or goes on.
struct Begun {
    checkpoint: Checkpoint,
    configuration: CommittedConfiguration,
    prefix: InputPrefix,
    output: CommittedFile,
    trace: Option<CommittedFile>,
    start: Start,
    /// The last line committed, and whether that was the last of the input.
    resumed: Option<(u64, bool)>,
    /// The name that the output has until the run is complete.
    output_path: PathBuf,
    /// Where the output was, if the configuration has since given it another name.
    moved_from: Option<PathBuf>,
}

/// Begins with the first line. What an earlier run has committed is forgotten only once it is certain that this one can write.
fn begin(
    disk: &dyn Disk,
    places: &Places,
    mut checkpoint: Checkpoint,
    configuration: &RunConfiguration,
    restart: bool,
) -> Result<Begun, CheckpointFailure> {
    let failed = CheckpointFailure::Begin;
    let trace = places.trace.as_ref();
    let trace = trace.map(|(path, _)| CommittedFile::append_to(disk, path, 1)).transpose().map_err(failed)?;
    let output = NewFile::at(disk, &places.partial).map_err(failed)?;
    if restart {
        checkpoint.forget()?;
    }
    let output = output.create(disk, OUTPUT_BLOCK_BYTES).map_err(failed)?;
    let configuration = configuration.keep_in(&mut checkpoint)?;
    let (prefix, start) = (InputPrefix::new(), Start { commits_first: true, ..Start::default() });
    let output_path = places.partial.clone();
    Ok(Begun {
        checkpoint,
        configuration,
        prefix,
        output,
        trace,
        start,
        resumed: None,
        output_path,
        moved_from: None,
    })
}

fn resume(
    disk: &dyn Disk,
    places: &Places,
    mut checkpoint: Checkpoint,
    committed: &Committed,
    input: &Arc<dyn DiskFile>,
    state: &mut dyn State,
) -> Result<Begun, CheckpointFailure> {
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
    let mut lines = CommittedLines::new(Arc::clone(input), places.max_line_bytes, committed.input.bytes);
    let reached = Reached { line_no: committed.lines, bytes: committed.input.bytes };
    restore(&mut checkpoint, state, &mut lines, reached, places)?;
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
    let total =
        |name| committed.totals.iter().find(|total| total.name == name).map_or(0, |total| total.count);
    let report = RunReport {
        inputs: committed.lines,
        abandoned: total(ABANDONED),
        undeliverable: total(UNDELIVERABLE),
    };
    let start = Start {
        line_no: committed.lines,
        report,
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
    let resumed = Some((committed.lines, committed.complete));
    let configuration = committed.configuration.clone();
    Ok(Begun { checkpoint, configuration, prefix, output, trace, start, resumed, output_path, moved_from })
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

/// Takes in what was committed of the state.
fn restore(
    checkpoint: &mut Checkpoint,
    state: &mut dyn State,
    lines: &mut CommittedLines,
    reached: Reached,
    places: &Places,
) -> Result<(), CheckpointFailure> {
    let mut refusal = None;
    let restored = checkpoint.restore(&mut |records| {
        state.restore(records, lines).map_err(|error| refusal.insert(error).to_string())
    });
    match refusal {
        Some(NotRestored::BeyondLimit(what)) => {
            Err(CheckpointFailure::BeyondLimit { dir: places.dir.clone(), what })
        }
        Some(NotRestored::Unreadable(cause)) => {
            let line_no = lines.reached().line_no;
            Err(CheckpointFailure::ReadInput { path: places.input.clone(), line_no, cause })
        }
        Some(NotRestored::Senseless(_)) | None => {
            restored?;
            let ended = state.end_restore(reached);
            ended.map_err(|why| CheckpointFailure::Incomplete { dir: places.dir.clone(), why })
        }
    }
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
        output: CommittedOutput {
            path: text_of(&places.output),
            partial: text_of(&places.partial),
            bytes: 0,
            is_named: false,
        },
        trace: places.trace.as_ref().map(|(path, _)| CommittedTrace {
            path: text_of(path),
            bytes: 0,
            last_time_ns: 0,
            ends_after_line: None,
        }),
        totals: Vec::new(),
        committed_at_ms: 0,
        complete: false,
    }
}
