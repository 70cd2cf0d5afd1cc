//! The command `run` where the configuration has a checkpoint.

use std::sync::Arc;

use stream_kernel_checkpoint::{CommitError, FileError, MIN_COMPACTION_BYTES, OpenError, PrefixError};
use stream_kernel_disk::OsDisk;
use stream_kernel_exec::RunReport;
use stream_kernel_text::{escaped, grouped, with_causes};
use stream_kernel_trace::{Clock, MonotonicClock, SystemClock};

use super::{CheckpointFailure, CommitIn, Ended, Event, Reached, Surroundings, run_checkpointed};
use crate::cli::Options;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::report::{Summary, say};
use crate::run::{ResultPlaces, note_missing_sink};
use crate::signals::Signals;
use crate::stopwatch::Stopwatch;
use crate::{Application, Job, LineAdapters};

/// Runs the job and returns the exit code.
pub(crate) fn run<A: Application>(job: Job<A>, options: &Options, restart: bool) -> Result<u8, Failure> {
    note_missing_sink(&job.config().runtime.tracing);
    let signals = Signals::install().map_err(Failure::Signals)?;
    let stopwatch = Stopwatch::start();
    let places = ResultPlaces::of(job.config());
    let configuration = job.effective().digest();
    let rules = A::rules(job.config());
    let input = &job.config().adapters.input_source().settings.path;
    let bytes = std::fs::metadata(input).ok().map(|metadata| metadata.len());
    let mut progress = Progress::new(stopwatch, bytes);
    let clock = MonotonicClock::new();
    let mut tell = |event: Event<'_>| match event {
        Event::Resumed { line_no, was_complete } => {
            let remark = if was_complete { ", the last one of a complete run" } else { "" };
            say(format!("{}: resuming after line {}{remark}", A::NAME, grouped(line_no)));
        }
        Event::OutputMoved { from, to } => {
            let text =
                format!("{}: the output so far, `{}`, is `{}` now", A::NAME, from.display(), to.display());
            say(escaped(&text));
        }
        Event::TraceEnds { path, line_no, cause } => {
            let cause =
                cause.map_or_else(|| "what followed could not be written".to_owned(), ToString::to_string);
            let text = format!(
                "error: the trace `{path}` is certain up to line {} only: {cause}; decisions go on without it \
                 (--restart makes a whole one)",
                grouped(line_no)
            );
            say(escaped(&text));
        }
        Event::Notice(notice) => say(format!("note: {}", escaped(notice))),
        Event::Abandoned(failure) => say(format!("abandoned: {failure}")),
    };
    let ended = run_checkpointed(
        job,
        SystemClock::new,
        Surroundings {
            disk: Arc::new(OsDisk),
            now: &|| clock.now(),
            commit_in: CommitIn::Background,
            min_compaction_bytes: MIN_COMPACTION_BYTES,
            run_id: &options.run_id,
            restart,
            between_lines: &mut |Reached { line_no, bytes }| {
                progress.update(line_no, bytes);
                signals.received()
            },
            tell: &mut tell,
        },
    );
    drop(progress);
    match ended {
        Err(failure) => Err(Failure::Checkpointed(failure)),
        Ok(Ended { stopped: Some(exit_code), report, .. }) => {
            let line_no = grouped(report.inputs);
            let name = A::NAME;
            say(format!(
                "{name}: stopped by a signal; line {line_no} is the last that is committed (run it again to go on)"
            ));
            Ok(exit_code)
        }
        Ok(Ended { stopped: None, report, resumed_after, trace_ends_after, bytes_left, summary }) => {
            let places = [
                ("output", Some(places.output)),
                ("trace", places.trace),
                ("configuration", Some(configuration)),
            ];
            let summary = Summary {
                program: A::NAME,
                elapsed: stopwatch.elapsed(),
                report,
                resumed_after,
                rules,
                bytes_left,
                rows: summary,
                places,
            };
            say(summary.render());
            Ok(exit_code(&report, trace_ends_after))
        }
    }
}

/// Returns the exit code of a run that came to the end of its input: 1 if a line has no decision, or the trace is not whole.
fn exit_code(report: &RunReport, trace_ends_after: Option<u64>) -> u8 {
    u8::from(report.abandoned > 0 || trace_ends_after.is_some())
}

/// Returns the failure for people: what is wrong, what became of the files, and what can be done.
pub(crate) fn told(failure: &CheckpointFailure) -> String {
    let text = with_causes(failure);
    if let Some(hint) = failure.hint_at_obstacle() {
        return format!("{text} ({hint}); nothing was touched");
    }
    let hint = match failure {
        CheckpointFailure::Open(OpenError::InUse { .. })
        | CheckpointFailure::File(FileError::InUse { .. })
        | CheckpointFailure::BeyondLimit { .. } => "; nothing was touched",
        // There may be nothing to go on from.
        CheckpointFailure::Begin(_) => "",
        CheckpointFailure::Commit { line_no: 0, .. } => " (run it again)",
        CheckpointFailure::Input(PrefixError::Shorter { .. } | PrefixError::Differs { .. }) => {
            " (name the input of the checkpoint, or use another `runtime.checkpoint.dir`); nothing was touched \
             (--restart starts over)"
        }
        CheckpointFailure::Input(PrefixError::Joined { .. }) => {
            "; nothing was touched (--restart starts over; for an input that grows there is \
             `adapters.input_source.settings.unterminated_line: leave`)"
        }
        CheckpointFailure::File(FileError::Shortened { .. })
        | CheckpointFailure::Commit { cause: CommitError::Shortened { .. }, .. } => {
            "; what was committed before stays (--restart starts over)"
        }
        CheckpointFailure::OutputGone { .. } => {
            " (put it back and run it again, or start over with --restart)"
        }
        failure if failure.is_refusal() => "; nothing was touched (--restart starts over)",
        // Nothing has begun, or its error says what to do.
        CheckpointFailure::Open(_) | CheckpointFailure::OpenInput { .. } | CheckpointFailure::Move { .. } => {
            ""
        }
        CheckpointFailure::FinalName { .. } => " (see to it that it can, and run it again)",
        CheckpointFailure::Step(_) => return with_way_on(&text),
        _ => return format!("{text} ({WAY_ON})"),
    };
    text + hint
}

const WAY_ON: &str = "run it again to go on from the last commit";

/// Adds the way on to what a step has said, which may end in what has to be done before, in brackets.
fn with_way_on(text: &str) -> String {
    let bracket = text.strip_suffix(')').and_then(|rest| Some((rest, rest.rsplit_once(" (")?.1)));
    match bracket {
        // The system's errors end in their number.
        Some((rest, within)) if !within.starts_with("os error ") => format!("{rest}, and {WAY_ON})"),
        _ => format!("{text} ({WAY_ON})"),
    }
}

#[cfg(test)]
mod tests {
    use super::{exit_code, with_way_on};
    use stream_kernel_exec::RunReport;

    #[test]
    fn a_run_that_abandoned_lines_or_its_trace_has_failed() {
        let abandoned = |abandoned| RunReport { inputs: 3, abandoned, ..RunReport::default() };
        assert_eq!((exit_code(&abandoned(0), None), exit_code(&abandoned(1), None)), (0, 1));
        assert_eq!((exit_code(&abandoned(0), Some(0)), exit_code(&abandoned(1), Some(7))), (1, 1));
    }

    #[test]
    fn what_has_to_be_done_before_and_the_way_on_stand_in_one_bracket() {
        let told = ["it is full (raise it)", "no space (os error 28)", "no reason"].map(with_way_on);
        insta::assert_snapshot!(told.join("\n"), @"
        it is full (raise it, and run it again to go on from the last commit)
        no space (os error 28) (run it again to go on from the last commit)
        no reason (run it again to go on from the last commit)
        ");
    }
}
