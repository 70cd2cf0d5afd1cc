//! The beginning of a run with a checkpoint: it checks everything first, and changes files only if all of it fits.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_kernel_checkpoint::{
    Checkpoint, Committed, CommittedFile, CommittedTrace, FileError, InputPrefix, NewFile, UncutFile,
};
use stream_kernel_disk::{Disk, DiskFile, OpenHow, dir_of};
use stream_kernel_trace::{Clock, ContinuedClock, Recorder, Timestamp};

use super::commits::{Commits, CommittedFeed, Mark, report_of};
use super::committer::{CommitIn, Committer};
use super::files::{CommittedOutput, OUTPUT_BLOCK_BYTES, Trace, WrittenOutput, check_appendable, text_of};
use super::hashed_input::{HashedInput, has_line_end};
use super::identity::{RunConfiguration, check_program, program};
use super::recovery::{decide_again, restore};
use super::{CheckpointFailure, CheckpointOptions, Event};
use crate::feed::Feed;
use crate::output::partial_path;
use crate::tracing::Writing;
use crate::{
    Application, InputSettings, Job, LineAdapters, LineReader, OpenInputError, Position, Session,
    UnterminatedLine, tracing,
};

/// A run that is ready to take lines.
pub(super) struct Opened<A: Application> {
    pub(super) session: Session<A>,
    pub(super) feed: CommittedFeed,
    pub(super) commits: Commits,
    pub(super) files: Names,
    /// The last line that earlier runs have committed.
    pub(super) resumed_after: u64,
    /// Whether to commit before anything is written: nothing is committed yet, or the run was complete, and others may
    /// have appended to the trace since.
    pub(super) commits_first: bool,
    /// The number of bytes without LF after the committed input, if the run is finished.
    pub(super) bytes_left: u64,
}

/// The names of the output, and the present one.
pub(super) struct Names {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) final_path: PathBuf,
    /// The output's name until the run is complete.
    pub(super) output_path: PathBuf,
}

struct Places {
    dir: PathBuf,
    input: InputSettings,
    output: PathBuf,
    partial: PathBuf,
    trace: Option<(PathBuf, Writing)>,
}

pub(super) fn open<A: Application, C: Clock + 'static>(
    job: Job<A>,
    clock: impl FnOnce() -> C,
    options: &mut CheckpointOptions<'_>,
) -> Result<Opened<A>, CheckpointFailure> {
    let config = job.config();
    let Some(settings) = config.runtime.checkpoint.clone() else {
        unreachable!("a run without a checkpoint is another one")
    };
    let output = config.adapters.output_sink().settings.path.clone();
    let places = Places {
        dir: settings.dir.clone(),
        input: config.adapters.input_source().settings.clone(),
        partial: partial_path(&output),
        output,
        trace: tracing::file(&config.runtime.tracing).map(|(path, writing)| (path.to_owned(), writing)),
    };
    let disk = Arc::clone(&options.disk);
    let configuration = RunConfiguration::of(&job, options.run_id);
    let unopened = |cause| OpenInputError { path: places.input.path.clone(), cause };
    let input: Arc<dyn DiskFile> = disk.open(&places.input.path, OpenHow::ReadOnly).map_err(unopened)?.into();
    let input_bytes = input.len().map_err(unopened)?;
    let (mut checkpoint, last) = if options.restart {
        (Checkpoint::start_over(Arc::clone(&disk), &places.dir)?, None)
    } else {
        Checkpoint::open(Arc::clone(&disk), &places.dir)?
    };
    let redaction = job.redaction().clone();
    let meter = job.meter();
    let session = job.start(options.run_id, None);
    let begun = match last {
        None => begin(&*disk, &places, checkpoint, &configuration, options.restart, session)?,
        Some(committed) => {
            check_program::<A>(&places.dir, &committed)?;
            configuration.check_same(&places.dir, &mut checkpoint)?;
            resume(&places, checkpoint, committed, &input, session, options)?
        }
    };
    let Begun { mut session, checkpoint, mut last, prefix, output, trace, is_finished, .. } = begun;
    let resumed_after = last.lines;
    if let (Some(committed), Some((path, _))) = (&mut last.trace, &places.trace) {
        committed.path = text_of(path);
    }
    // Where commits are not made beside the run, nothing is.
    let commits_beside = options.commit_in == CommitIn::Background;
    let trace = trace.zip(places.trace).map(|(file, (_, writing))| {
        Trace::new(file, Writing { is_beside: writing.is_beside && commits_beside, ..writing })
    });
    last.input.path = text_of(input.path());
    last.output.path = text_of(&places.output);
    last.output.partial = text_of(&places.partial);
    last.output.is_named = begun.output_path == places.output;
    if let (Some(committed), Some(trace)) = (&mut last.trace, &trace) {
        committed.bytes = trace.bytes();
    }
    if last.trace.as_ref().is_none_or(|trace| trace.ends_after_line.is_none()) {
        let last_time = last.trace.as_ref().map_or(0, |trace| trace.last_time_ns);
        let clock = || ContinuedClock::new(clock(), Timestamp::from_nanos(last_time));
        let sink = trace.clone().map(|trace| Box::new(trace) as _);
        let recorder =
            tracing::recorder(&session.config.runtime.tracing, redaction, clock, sink, meter.as_ref());
        if let Some(recorder) = recorder {
            let recorder = options.live_sinks.drain(..).fold(recorder, Recorder::with_sink);
            session = session.with_recorder(recorder);
        }
    }
    let position = Position { line_no: last.lines, bytes: prefix.bytes() };
    let session = session.after(report_of(&last), position).with_meter(meter.clone());
    let lines = LineReader::new(HashedInput::new(input, prefix, input_bytes), places.input.max_line_bytes)
        .unterminated_line(places.input.unterminated_line)
        .after(position.line_no, position.bytes);
    let commits = Commits {
        committer: Committer::new(checkpoint, options.commit_in, meter),
        last,
        begun_at: (options.now)(),
        safe_line_no: resumed_after,
        mark: Mark {
            position,
            report: session.report(),
            output: output.written.bytes,
            trace: trace.as_ref().map_or(0, Trace::bytes),
        },
        trace,
        tail_bytes: 0,
        is_finished,
        settings,
        min_snapshot_bytes: options.min_snapshot_bytes,
        now: Arc::clone(&options.now),
    };
    Ok(Opened {
        session,
        feed: Feed { lines, output },
        commits,
        files: Names { disk, final_path: places.output, output_path: begun.output_path },
        resumed_after,
        commits_first: begun.commits_first,
        bytes_left: begun.bytes_left,
    })
}

/// Session, checkpoint and files of a run that begins or goes on.
struct Begun<A: Application> {
    session: Session<A>,
    checkpoint: Checkpoint,
    /// The commit that the run goes on from.
    last: Committed,
    prefix: InputPrefix,
    output: CommittedOutput,
    trace: Option<CommittedFile>,
    output_path: PathBuf,
    commits_first: bool,
    is_finished: bool,
    bytes_left: u64,
}

/// Begins with the first line. An earlier run's checkpoint is discarded only once this run can surely write.
fn begin<A: Application>(
    disk: &dyn Disk,
    places: &Places,
    mut checkpoint: Checkpoint,
    configuration: &RunConfiguration,
    restart: bool,
    session: Session<A>,
) -> Result<Begun<A>, CheckpointFailure> {
    let failed = CheckpointFailure::Begin;
    let append = |(path, writing): &(PathBuf, Writing)| {
        let trace = CommittedFile::append_to(disk, path, 1)?;
        check_appendable(&*trace.file(), trace.bytes(), *writing).map(|()| trace)
    };
    let trace = places.trace.as_ref().map(append).transpose().map_err(failed)?;
    let output = NewFile::at(disk, &places.partial).map_err(failed)?;
    if restart {
        checkpoint.forget()?;
    }
    let file = output.create(disk, OUTPUT_BLOCK_BYTES).map_err(failed)?;
    let configuration = configuration.keep_in(&mut checkpoint)?;
    let committed_trace = trace.as_ref().map(|_| CommittedTrace::default());
    Ok(Begun {
        session,
        checkpoint,
        last: Committed {
            program: program::<A>(),
            configuration,
            trace: committed_trace,
            ..Committed::default()
        },
        prefix: InputPrefix::new(),
        output: CommittedOutput { file, written: WrittenOutput::default() },
        trace,
        output_path: places.partial.clone(),
        commits_first: true,
        is_finished: false,
        bytes_left: 0,
    })
}

fn resume<A: Application>(
    places: &Places,
    mut checkpoint: Checkpoint,
    mut committed: Committed,
    input: &Arc<dyn DiskFile>,
    mut session: Session<A>,
    options: &mut CheckpointOptions<'_>,
) -> Result<Begun<A>, CheckpointFailure> {
    let Places { dir, output, partial, .. } = places;
    let (line_no, disk) = (committed.lines, &*options.disk);
    let prefix = InputPrefix::of_committed(&**input, &committed)?;
    let found = UncutFile::open_output(disk, &committed, partial, output)
        .map_err(|error| missing("output", committed.output_place(), committed.output.bytes, error))?;
    let unreadable = |cause| CheckpointFailure::ReadInput { path: input.path().to_owned(), line_no, cause };
    let bytes_left = input.len().map_err(unreadable)?.saturating_sub(committed.input.bytes);
    let leaves = places.input.unterminated_line == UnterminatedLine::Leave;
    let has_more = || if leaves { has_line_end(&**input, committed.input.bytes) } else { Ok(bytes_left > 0) };
    let is_finished = committed.complete && !has_more().map_err(unreadable)?;
    let trace = committed.trace.as_ref().filter(|trace| trace.ends_after_line.is_none());
    // Under its present name: the base of a relative path may have changed.
    let trace = trace.zip(places.trace.as_ref());
    let trace = trace.map(|(trace, (path, _))| earlier_trace(disk, path, trace.bytes, is_finished));
    let trace = trace.transpose()?.flatten();
    if let (Some(trace), Some((_, writing)), true) = (&trace, &places.trace, committed.complete) {
        check_appendable(trace.file(), trace.bytes(), *writing)?;
    }
    if !is_finished {
        restore(&mut session, &checkpoint, dir)?;
    }
    (options.tell)(Event::Resumed { line_no, was_complete: committed.complete });
    let (session, written) = if is_finished {
        // No line will ask for the memory.
        (session, WrittenOutput::after(committed.output.bytes))
    } else {
        let max_line_bytes = places.input.max_line_bytes;
        decide_again(session, &committed, input, max_line_bytes, dir, options.between_lines)?
    };
    // A finished output keeps its name if there is nothing to add to it: others may be reading it.
    let keeps_name = is_finished && found.path() == output;
    let output_path = if keeps_name { output } else { partial };
    // All of it fits; from here on, files are changed.
    let found_at = found.path().to_owned();
    let file = take_up(found, &mut checkpoint, &committed, output_path)?;
    if found_at != *output_path && found_at != *output {
        (options.tell)(Event::OutputMoved { from: &found_at, to: partial });
    }
    let trace = match trace {
        // All records of a complete run are committed, so later records belong to others.
        Some(trace) if committed.complete => Some(trace.append(1)),
        trace => trace
            .map(|trace| checkpoint.cut(trace, 1))
            .transpose()
            .map_err(|cause| CheckpointFailure::Commit { line_no, cause })?,
    };
    if committed.replay.lines == line_no {
        // The last line may have got its line end since.
        committed.replay.input_bytes = prefix.bytes();
    }
    Ok(Begun {
        session,
        checkpoint,
        commits_first: committed.complete && !is_finished,
        last: committed,
        prefix,
        output: CommittedOutput { file, written },
        trace,
        output_path: output_path.clone(),
        is_finished,
        bytes_left,
    })
}

/// Renames the output of an earlier run to `path` and cuts it to the committed length.
fn take_up(
    output: UncutFile,
    checkpoint: &mut Checkpoint,
    committed: &Committed,
    path: &Path,
) -> Result<CommittedFile, CheckpointFailure> {
    let found = output.path().to_owned();
    if found != path {
        let failed = |cause| CheckpointFailure::Move { from: found.clone(), to: path.to_owned(), cause };
        checkpoint.rename(&found, path).map_err(failed)?;
    }
    let failed = |cause| CheckpointFailure::Commit { line_no: committed.lines, cause };
    // It may be missing at its committed place: a killed run may have moved it already, or somebody else has.
    let left: BTreeSet<_> = [&*found, committed.output_place()].into_iter().map(dir_of).collect();
    for dir in left.into_iter().filter(|dir| *dir != dir_of(path)) {
        checkpoint.sync_left(dir).map_err(failed)?;
    }
    checkpoint.cut(output, OUTPUT_BLOCK_BYTES).map_err(failed)
}

/// Opens the trace of an earlier run. A finished run only checks that it exists, because others may be writing to it.
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

/// Returns the failure to open a file of an earlier run; a missing file is a failure of its own.
fn missing(what: &str, path: &Path, committed: u64, error: FileError) -> CheckpointFailure {
    match error {
        FileError::Io { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
            let path = path.display();
            CheckpointFailure::refused(format!(
                "the {what} `{path}`, of which {committed} bytes were committed, is not there (put it back)"
            ))
        }
        error => error.into(),
    }
}
