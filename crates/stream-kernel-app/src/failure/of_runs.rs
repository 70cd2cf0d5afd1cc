//! Errors of runs in words for people: the fault, the state of the files, the remedy; and their exit codes.

use std::io;

use stream_kernel_run::checkpoint::{CommitError, FileError, OpenCheckpointError, PrefixError};
use stream_kernel_run::parts::OpenPartsError;
use stream_kernel_run::{CheckpointFailure, OpenInputError, OpenOutputError, RunError};
use stream_kernel_text::with_causes;

use super::Failure;

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::OpenOutput(error) => error.into(),
            RunError::OpenParts(error) => error.into(),
            RunError::OpenInput(error) => {
                let text = unopened(&error, "name it with --input FILE, or - for standard input");
                Self::told(1, text)
            }
            error => Self::told(1, with_causes(&error)),
        }
    }
}

#[cfg(feature = "workers")]
impl From<stream_kernel_timely::WorkersError> for Failure {
    fn from(error: stream_kernel_timely::WorkersError) -> Self {
        use stream_kernel_timely::WorkersError;
        match error {
            WorkersError::Run(error) => error.into(),
            WorkersError::Checkpoint(failure) => failure.into(),
            WorkersError::NotShared(_) | WorkersError::Differs(_) => Self::told(2, with_causes(&error)),
            error => Self::told(1, with_causes(&error)),
        }
    }
}

impl From<OpenOutputError> for Failure {
    fn from(error: OpenOutputError) -> Self {
        let exit_code = if matches!(error, OpenOutputError::InUse { .. }) { 2 } else { 1 };
        Self::told(exit_code, with_causes(&error))
    }
}

impl From<OpenPartsError> for Failure {
    fn from(error: OpenPartsError) -> Self {
        match error {
            OpenPartsError::Part(error) => error.into(),
            OpenPartsError::Io { .. } => Self::told(1, with_causes(&error)),
            // People have to move the existing file.
            error => Self::told(2, with_causes(&error)),
        }
    }
}

impl From<CheckpointFailure> for Failure {
    fn from(failure: CheckpointFailure) -> Self {
        let exit_code = if failure.is_refusal() { 2 } else { 1 };
        Self::told(exit_code, told(&failure))
    }
}

/// Returns why an input cannot be opened, with a hint if it does not exist.
fn unopened(error: &OpenInputError, hint: &str) -> String {
    let hint =
        if error.cause.kind() == io::ErrorKind::NotFound { format!(" ({hint})") } else { String::new() };
    format!("{error}{hint}: {}", error.cause)
}

/// Returns the failure for people: the fault, the state of the files, and the remedy.
fn told(failure: &CheckpointFailure) -> String {
    if let CheckpointFailure::OpenInput(error) = failure {
        return unopened(error, "name it with --input FILE");
    }
    let text = with_causes(failure);
    if let Some(hint) = failure.hint_at_obstacle() {
        return format!("{text} ({hint}); nothing was touched");
    }
    let hint = match failure {
        CheckpointFailure::Open(OpenCheckpointError::InUse { .. })
        | CheckpointFailure::File(FileError::InUse { .. })
        | CheckpointFailure::Refused { restart_helps: false, .. } => "; nothing was touched",
        // There may be no commit to go on from.
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
        | CheckpointFailure::Commit { cause: CommitError::File(FileError::Shortened { .. }), .. } => {
            "; what was committed before stays (--restart starts over)"
        }
        CheckpointFailure::OutputGone { .. } => {
            " (put it back and run it again, or start over with --restart)"
        }
        failure if failure.is_refusal() => "; nothing was touched (--restart starts over)",
        // Nothing has begun, or the error has its own remedy.
        CheckpointFailure::Open(_) | CheckpointFailure::Move { .. } => "",
        CheckpointFailure::FinalName { .. } => " (see to it that it can, and run it again)",
        CheckpointFailure::Step(_) => return with_way_on(&text),
        _ => return format!("{text} ({WAY_ON})"),
    };
    text + hint
}

const WAY_ON: &str = "run it again to go on from the last commit";

/// Adds the way on to a step's message, which may end in a remedy in brackets.
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
    use super::with_way_on;

    #[test]
    fn one_bracket_holds_both_remedies() {
        let told = ["it is full (raise it)", "no space (os error 28)", "no reason"].map(with_way_on);
        insta::assert_snapshot!(told.join("\n"), @"
        it is full (raise it, and run it again to go on from the last commit)
        no space (os error 28) (run it again to go on from the last commit)
        no reason (run it again to go on from the last commit)
        ");
    }
}
