//! The program's entry: the one place that reads arguments and environment.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ContextValue;
use clap::{CommandFactory, FromArgMatches};
use stream_kernel_run::Application;
use stream_kernel_run::config::without_credentials;
use stream_kernel_text::with_causes;
use stream_kernel_trace_reader::view::Wording;

use crate::cli::{Cli, KernelCommand};
use crate::commands::{self, Environment};
use crate::failure::Failure;
use crate::report::say;
use crate::telemetry::Telemetry;
use crate::{Command, checkpoint_commands, merge_command, run, shell_support, trace_commands};

/// An application as a program: the kernel's commands, and its own.
///
/// ```no_run
/// # fn main_of<MyApp: stream_kernel_run::Application>() -> std::process::ExitCode {
/// use stream_kernel_app::App;
///
/// App::<MyApp>::new().main()
/// # }
/// ```
pub struct App<A> {
    commands: Vec<Command<A>>,
    wording: Wording,
}

impl<A: Application> Default for App<A> {
    fn default() -> Self {
        Self { commands: Vec::new(), wording: Wording::default() }
    }
}

impl<A: Application> App<A> {
    /// Returns the program with the kernel's commands.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a command.
    pub fn command(mut self, command: Command<A>) -> Self {
        self.commands.push(command);
        self
    }

    /// Sets the words in which `trace view` shows inputs: sentences that explain them, and values for people.
    pub fn wording(mut self, wording: Wording) -> Self {
        self.wording = wording;
        self
    }

    /// Returns the definition of the command line, for instance to test it.
    pub fn definition(&self) -> clap::Command {
        let own = self.commands.iter().map(Command::definition).cloned();
        Cli::command().name(A::ABOUT.name).version(A::ABOUT.version).about(A::ABOUT.about).subcommands(own)
    }

    /// Runs the program: reads arguments and environment, does what they ask, and returns the exit code.
    ///
    /// 0: every line was processed. 1: the run failed. 2: usage or configuration. 129, 130 and 143: a signal ended the
    /// run.
    pub fn main(&self) -> ExitCode {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let environment = std::env::vars_os().collect();
        match self.dispatch(std::env::args_os(), environment) {
            Ok(exit_code) => exit_code.into(),
            Err(failure) => {
                match &failure {
                    Failure::Configuration(mistakes) => {
                        // Each of them prints `error:` itself.
                        say(mistakes);
                        let count = mistakes.len();
                        let noun = if count == 1 { "mistake" } else { "mistakes" };
                        say(format!(
                            "\n{}: {count} {noun} in the configuration; no input was read and no file was touched",
                            A::ABOUT.name
                        ));
                    }
                    other => say(format!("error: {}", with_causes(other))),
                }
                failure.exit_code().into()
            }
        }
    }

    fn dispatch(
        &self,
        arguments: impl IntoIterator<Item = OsString>,
        environment: Environment,
    ) -> Result<u8, Failure> {
        let matches = match self.definition().try_get_matches_from(arguments) {
            Ok(matches) => matches,
            Err(error) => return Ok(explain_usage(&error)),
        };
        if let Some((name, matches)) = matches.subcommand()
            && let Some(own) = self.commands.iter().find(|own| own.definition().get_name() == name)
        {
            return own.run(matches, environment);
        }
        let cli = match Cli::from_arg_matches(&matches) {
            Ok(cli) => cli,
            Err(error) => return Ok(explain_usage(&error)),
        };
        match &cli.command {
            KernelCommand::Run { restart, summary, options } => {
                run::run::<A>(options, *restart, summary.as_deref(), environment)
            }
            KernelCommand::Checkpoint(command) => checkpoint_commands::run::<A>(command),
            KernelCommand::Merge { folder, output } => {
                merge_command::run(A::ABOUT.name, folder, output.as_deref())
            }
            KernelCommand::Check(options) => commands::check::<A>(options, environment),
            KernelCommand::Trace(command) => {
                trace_commands::run(command, &Telemetry::of::<A>(&environment), self.wording)
            }
            KernelCommand::Config(command) => commands::config::<A>(command, environment),
            KernelCommand::Completions { shell } => {
                shell_support::print_completions(self.definition(), *shell)
            }
            KernelCommand::Manual { folder } => shell_support::write_manual(self.definition(), folder),
        }
    }
}

/// Masks credentials in each word of a text; words may be quoted.
fn without_credentials_in_words(text: &str) -> String {
    text.split_inclusive(|c: char| c.is_whitespace() || c == '\'').map(without_credentials).collect()
}

/// Prints help to standard output, which is a success, or an error in the arguments to standard error.
fn explain_usage(error: &clap::Error) -> u8 {
    let text = error.render().to_string();
    let given = error.context().filter_map(|(_, value)| match value {
        ContextValue::String(given) => Some(given.as_str()),
        _ => None,
    });
    // The given value is masked as a whole: blanks and quotes may be part of a password.
    let masked = given.fold(text.clone(), |text, given| text.replace(given, &without_credentials(given)));
    let masked = without_credentials_in_words(&masked);
    if masked == text {
        let _ = error.print();
    } else {
        say(masked.trim_end());
    }
    u8::try_from(error.exit_code()).unwrap_or(2)
}

#[cfg(test)]
mod tests {
    use super::without_credentials_in_words;

    #[test]
    fn credentials_in_a_url_are_not_repeated() {
        for (text, shown) in [
            (
                "unexpected argument 'redis://u:p@w@h/0?hash=x' found",
                "unexpected argument 'redis://***@h/0?hash=x' found",
            ),
            ("a://u@h and b://v:w@i\n", "a://***@h and b://***@i\n"),
            ("'redis:/u:p@h/0' 'redis//u:p@h'", "'redis:/***@h/0' 'redis//***@h'"),
            ("see https://docs.rs/clap, a@b", "see https://docs.rs/clap, a@b"),
            ("no URL", "no URL"),
        ] {
            assert_eq!(without_credentials_in_words(text), shown);
        }
    }
}
