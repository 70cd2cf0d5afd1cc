//! Starts the program like a user, with arguments, environment and standard input.

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use super::folder::Folder;
use super::running::{Outcome, Running};

/// The program before its start. Its environment holds only the test's variables.
pub(super) struct Program<'a> {
    folder: &'a Folder,
    command: Command,
    stdin: Option<Vec<u8>>,
    stdout: Stdio,
    stderr: Stdio,
}

impl<'a> Program<'a> {
    /// Returns the program with `folder` as its working directory.
    pub(super) fn new(folder: &'a Folder) -> Self {
        Self::of(folder, Command::new(executable()))
    }

    /// Returns the program in a shell that first runs `preparation`, such as setting a limit.
    pub(super) fn after(folder: &'a Folder, preparation: &str) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(format!("{preparation} && exec \"$0\" \"$@\"")).arg(executable());
        Self::of(folder, shell)
    }

    fn of(folder: &'a Folder, mut command: Command) -> Self {
        command.env_clear().current_dir(folder.path());
        Self { folder, command, stdin: None, stdout: Stdio::piped(), stderr: Stdio::piped() }
    }

    pub(super) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Adds `--set` before each assignment.
    pub(super) fn set<S: AsRef<OsStr>>(mut self, assignments: impl IntoIterator<Item = S>) -> Self {
        for assignment in assignments {
            self.command.arg("--set").arg(assignment);
        }
        self
    }

    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets its standard input, which is empty otherwise.
    pub(super) fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(input.into());
        self
    }

    /// Redirects standard output; the outcome then has none.
    pub(super) fn stdout(mut self, place: impl Into<Stdio>) -> Self {
        self.stdout = place.into();
        self
    }

    /// Redirects standard error; the outcome then has none.
    pub(super) fn stderr(mut self, place: impl Into<Stdio>) -> Self {
        self.stderr = place.into();
        self
    }

    /// Runs the program to its end.
    #[track_caller]
    pub(super) fn run(mut self) -> Outcome {
        let Some(input) = self.stdin.take() else { return self.start_with(Stdio::null()).wait() };
        let mut running = self.start_with(Stdio::piped());
        let mut pipe = running.take_stdin();
        // A program may stop reading before the end.
        let feeder = thread::spawn(move || drop(pipe.write_all(&input)));
        let outcome = running.wait();
        feeder.join().unwrap();
        outcome
    }

    /// Runs the program to its end, which must have this exit code.
    #[track_caller]
    pub(super) fn exits_with(self, exit: i32) -> Outcome {
        let outcome = self.run();
        assert_eq!(outcome.exit, exit, "{}", outcome.stderr);
        outcome
    }

    /// Starts the program and leaves its standard input open.
    pub(super) fn start(self) -> Running {
        self.start_with(Stdio::piped())
    }

    fn start_with(mut self, stdin: Stdio) -> Running {
        self.command.stdin(stdin).stdout(self.stdout).stderr(self.stderr);
        Running::new(self.command.spawn().unwrap(), self.folder.path())
    }
}

/// Returns the path of the program: the one that `cargo xtask test` has built and names, or the one that cargo has
/// built beside the tests.
pub(super) fn executable() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the one place that learns where the program is")]
    let path = std::env::var_os("FUND_LOAD_BIN");
    path.unwrap_or_else(|| env!("CARGO_BIN_EXE_tested-fund-load").into()).into()
}
