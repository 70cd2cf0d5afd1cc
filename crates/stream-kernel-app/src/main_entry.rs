//! Where a program begins: the one place that reads arguments and environment.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::cli::{Cli, Command, command};
use crate::commands::{self, Environment};
use crate::failure::{Failure, with_causes};
use crate::report::say;
use crate::{Application, checkpoint_commands, run, trace_commands};

/// Runs the application as a program: reads arguments and environment, does what they ask, and returns the exit code.
///
/// 0: every line was processed. 1: the run failed. 2: usage or configuration. 130 and 143: a signal ended the run.
pub fn main<A: Application>() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let environment = std::env::vars_os().collect();
    match dispatch::<A>(std::env::args_os(), environment) {
        Ok(exit_code) => exit_code.into(),
        Err(failure) => {
            match &failure {
                Failure::Configuration(mistakes) => {
                    // Each of them says `error:` itself.
                    say(mistakes);
                    let count = mistakes.len();
                    let noun = if count == 1 { "mistake" } else { "mistakes" };
                    say(format!(
                        "\n{}: {count} {noun} in the configuration; no input was read and no file was touched",
                        A::NAME
                    ));
                }
                other => say(format!("error: {}", with_causes(other))),
            }
            failure.exit_code().into()
        }
    }
}

fn dispatch<A: Application>(
    arguments: impl IntoIterator<Item = OsString>,
    environment: Environment,
) -> Result<u8, Failure> {
    let matches = match command::<A>().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return Ok(explain_usage(&error)),
    };
    if let Some((name, matches)) = matches.subcommand()
        && let Some(own) = A::commands().iter().find(|own| own.definition().get_name() == name)
    {
        return trace_commands::to_standard_output(|out| own.run(matches, out));
    }
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return Ok(explain_usage(&error)),
    };
    match &cli.command {
        Command::Run { restart, options } => run::run::<A>(options, *restart, environment),
        Command::Checkpoint(command) => checkpoint_commands::run::<A>(command),
        Command::Check(options) => commands::check::<A>(options, environment).map(|()| 0),
        Command::Trace(command) => trace_commands::run(command),
        Command::Config(command) => commands::config::<A>(command, environment),
    }
}

/// Prints help to standard output, which is a success, or what is wrong with the arguments to standard error.
fn explain_usage(error: &clap::Error) -> u8 {
    let _ = error.print();
    u8::try_from(error.exit_code()).unwrap_or(2)
}
