//! Failures of a command, and their exit codes.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

/// The reasons that end a command early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line is wrong.
    #[error("{problem}")]
    Usage { problem: String },
    /// A program could not be started.
    #[error("cannot start `{program}`: {source} (is it installed and on the PATH?)")]
    Start { program: String, source: io::Error },
    /// A program ran and failed.
    #[error("`{command}` failed ({status})")]
    Command { command: String, status: ExitStatus },
    /// A program succeeded but did not give a needed result.
    #[error("`{command}` did not give {missing}")]
    Output { command: String, missing: String },
    /// A file could not be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    /// Generated files differ from the generators' output.
    #[error("not what its generator gives: {} (run `cargo xtask gen` and commit the result)", quoted(files))]
    Stale { files: Vec<&'static str> },
    /// Inline snapshots were recorded beside the sources; only cargo-insta can apply them.
    #[error(
        "inline snapshots wait in {} (run `cargo install --locked cargo-insta`, then `cargo insta accept`)",
        quoted(files)
    )]
    Pending { files: Vec<String> },
    /// Two programs decided differently.
    #[error("`{}` and `{}` differ: what was to be compared does not do the same", one.display(), other.display())]
    Unequal { one: PathBuf, other: PathBuf },
    /// A page lacks the markers for generated text.
    #[error("`{}` does not have its markers `<!-- measured: ... -->`, once each", path.display())]
    Unmarked { path: PathBuf },
    /// No tool to count instructions.
    #[error("cannot start `valgrind` (install it: `apt-get install valgrind`)")]
    NoValgrind,
    /// No tool to fuzz.
    #[error(
        "fuzzing needs a nightly compiler and cargo-fuzz (`rustup toolchain install nightly` and `cargo install --locked cargo-fuzz`)"
    )]
    NoFuzzer,
    /// No tool to make mutants.
    #[error("cargo-mutants is not installed (`cargo install --locked cargo-mutants`)")]
    NoMutants,
    /// No tool to count lines.
    #[error(
        "cargo-llvm-cov is not installed (`rustup component add llvm-tools` and `cargo install --locked cargo-llvm-cov`)"
    )]
    NoCoverage,
    /// There are bugs that no test notices.
    #[error(
        "no test notices these changes:\n  {}\n  (write one that does; what can neither change a decision nor lose a byte goes into `.cargo/mutants.toml`, with its reason)",
        mutants.join("\n  ")
    )]
    Survivors { mutants: Vec<String> },
    /// Workloads take more instructions than recorded.
    #[error(
        "more instructions than recorded, by over 5 %: {} (mend it, or accept it with `cargo xtask bench --instructions --record`)",
        quoted(workloads)
    )]
    MoreInstructions { workloads: Vec<String> },
    /// A run that was killed gave a different result from one that was not.
    #[error(
        "{what} (to repeat it: `cargo xtask torture --hours 0 --seed {seed}`; its files are left in `{}`)\n  {history}",
        folder.display()
    )]
    Torture { what: String, seed: u64, folder: PathBuf, history: String },
    /// A step of `check` failed.
    #[error("check stopped at the step `{step}`: {source}\n  to mend it: {remedy}")]
    Step { step: &'static str, remedy: &'static str, source: Box<Failure> },
}

impl Failure {
    pub(crate) fn usage(problem: impl Into<String>) -> Self {
        Self::Usage { problem: problem.into() }
    }

    pub(crate) fn start(command: &Command, source: io::Error) -> Self {
        Self::Start { program: command.get_program().to_string_lossy().into_owned(), source }
    }

    pub(crate) fn command(command: &Command, status: ExitStatus) -> Self {
        Self::Command { command: shown(command), status }
    }

    pub(crate) fn output(command: &Command, missing: impl Into<String>) -> Self {
        Self::Output { command: shown(command), missing: missing.into() }
    }

    pub(crate) fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File { action, path: path.to_owned(), source }
    }

    /// Returns the exit code of the program that failed; 2 for wrong usage, 1 for the rest.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage { .. } => ExitCode::from(2),
            Self::Command { status, .. } => ExitCode::from(code_of(*status)),
            Self::Step { source, .. } => source.exit_code(),
            Self::Start { .. }
            | Self::Output { .. }
            | Self::File { .. }
            | Self::Stale { .. }
            | Self::Pending { .. }
            | Self::Unequal { .. }
            | Self::Unmarked { .. }
            | Self::NoValgrind
            | Self::NoFuzzer
            | Self::NoMutants
            | Self::NoCoverage
            | Self::Survivors { .. }
            | Self::Torture { .. }
            | Self::MoreInstructions { .. } => ExitCode::FAILURE,
        }
    }
}

/// Returns the status as a shell would: the code, or 128 plus the signal that ended the program.
fn code_of(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Returns the command as somebody would type it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn quoted(files: &[impl Display]) -> String {
    files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::code_of;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    #[test]
    fn a_status_is_passed_on_as_a_shell_would() {
        // A wait status has the exit code in its second byte, the signal in its first.
        assert_eq!(code_of(ExitStatus::from_raw(101 << 8)), 101);
        assert_eq!(code_of(ExitStatus::from_raw(9)), 137);
    }
}
