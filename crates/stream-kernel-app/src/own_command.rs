//! Commands that an application has beside the kernel's.

use std::io::{self, Write};

use clap::{ArgMatches, Args};

use crate::failure::Failure;

/// A command of the application's own: its name, what it takes, and what it does.
///
/// ```
/// use stream_kernel_app::{CommandFailure, OwnCommand};
///
/// /// Greet somebody.
/// #[derive(clap::Args)]
/// struct Greet {
///     name: String,
/// }
///
/// let command = OwnCommand::new("greet", |greet: &Greet, out| {
///     writeln!(out, "Hello, {}", greet.name).map_err(CommandFailure::print)?;
///     Ok(0)
/// });
/// # let _ = command;
/// ```
pub struct OwnCommand {
    definition: clap::Command,
    run: Box<RunCommand>,
}

type RunCommand = dyn Fn(&ArgMatches, &mut dyn Write) -> Result<u8, CommandFailure>;

impl OwnCommand {
    /// Returns the command `name` that takes what `Options` say, whose doc comment is its help. `run` writes its results to
    /// the writer, which is standard output, and returns the exit code.
    pub fn new<Options: Args + 'static>(
        name: &'static str,
        run: impl Fn(&Options, &mut dyn Write) -> Result<u8, CommandFailure> + 'static,
    ) -> Self {
        Self {
            definition: Options::augment_args(clap::Command::new(name)),
            run: Box::new(move |matches, out| {
                let options = Options::from_arg_matches(matches);
                run(&options.map_err(|error| CommandFailure::new(2, error.to_string()))?, out)
            }),
        }
    }

    pub(crate) fn definition(&self) -> &clap::Command {
        &self.definition
    }

    pub(crate) fn run(&self, matches: &ArgMatches, out: &mut dyn Write) -> Result<u8, Failure> {
        (self.run)(matches, out).map_err(|failure| failure.0)
    }
}

/// Why a command of the application's own ends without success. It is said on standard error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct CommandFailure(Failure);

impl CommandFailure {
    /// Returns a failure that ends the program with `exit_code`: 1 if there is nothing to be found or done, 2 if usage or a
    /// file is wrong.
    pub fn new(exit_code: u8, text: impl Into<String>) -> Self {
        Self(Failure::Command { exit_code, text: text.into() })
    }

    /// Returns the failure of writing results. If nobody reads them any more, the program ends as if all were written.
    pub fn print(cause: io::Error) -> Self {
        Self(Failure::Print(cause))
    }

    /// Returns the exit code that it ends the program with.
    pub fn exit_code(&self) -> u8 {
        self.0.exit_code()
    }
}

impl From<Failure> for CommandFailure {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}
