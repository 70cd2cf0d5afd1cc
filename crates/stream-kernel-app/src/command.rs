//! Commands of an application, beside the kernel's.

use std::io::{self, Write};
use std::marker::PhantomData;

use clap::{ArgMatches, Args};
use stream_kernel_run::{Application, Job};

use crate::cli::Options as KernelOptions;
use crate::commands::{Environment, prepare};
use crate::failure::Failure;
use crate::trace_commands::to_standard_output;

/// A command of an application: its name, its options, and its function.
///
/// ```
/// use stream_kernel_app::{Command, CommandFailure};
///
/// /// Greet somebody.
/// #[derive(clap::Args)]
/// struct Greet {
///     name: String,
/// }
///
/// # fn of<MyApp: stream_kernel_run::Application>() -> Command<MyApp> {
/// Command::new("greet", |greet: &Greet, out| {
///     writeln!(out, "Hello, {}", greet.name).map_err(CommandFailure::print)?;
///     Ok(0)
/// })
/// # }
/// ```
pub struct Command<A> {
    definition: clap::Command,
    run: Box<RunCommand>,
    application: PhantomData<fn() -> A>,
}

type RunCommand = dyn Fn(&ArgMatches, Environment, &mut dyn Write) -> Result<u8, CommandFailure>;

/// The result of the kernel's options, for a command that takes them.
pub struct Prepared<A: Application> {
    /// The job: its configuration is valid, and its warnings are printed.
    pub job: Job<A>,
    /// The name of the run: `--run-id`.
    pub run_id: String,
}

impl<A: Application> Command<A> {
    /// Returns the command `name` with these `Options`, whose doc comment is its help. `run` writes its results to the
    /// writer, which is standard output, and returns the exit code.
    pub fn new<Options: Args + 'static>(
        name: &'static str,
        run: impl Fn(&Options, &mut dyn Write) -> Result<u8, CommandFailure> + 'static,
    ) -> Self {
        Self {
            definition: Options::augment_args(clap::Command::new(name)),
            run: Box::new(move |matches, _, out| run(&parsed(matches)?, out)),
            application: PhantomData,
        }
    }

    /// Returns a command that also takes the kernel's options, such as `--config` and `--set`, and gets the job made
    /// from them.
    pub fn with_job<Options: Args + 'static>(
        name: &'static str,
        run: impl Fn(&Options, Prepared<A>, &mut dyn Write) -> Result<u8, CommandFailure> + 'static,
    ) -> Self {
        let definition = KernelOptions::augment_args(Options::augment_args(clap::Command::new(name)));
        let run = move |matches: &ArgMatches, environment, out: &mut dyn Write| {
            let (own, kernel): (Options, KernelOptions) = (parsed(matches)?, parsed(matches)?);
            let job = prepare::<A>(&kernel, environment)?;
            run(&own, Prepared { job, run_id: kernel.run_id }, out)
        };
        Self { definition, run: Box::new(run), application: PhantomData }
    }

    pub(crate) fn definition(&self) -> &clap::Command {
        &self.definition
    }

    pub(crate) fn run(&self, matches: &ArgMatches, environment: Environment) -> Result<u8, Failure> {
        to_standard_output(|out| (self.run)(matches, environment, out).map_err(|failure| failure.0))
    }
}

fn parsed<Options: Args>(matches: &ArgMatches) -> Result<Options, CommandFailure> {
    Options::from_arg_matches(matches).map_err(|error| CommandFailure::new(2, error.to_string()))
}

/// The failure of an application's command, printed on standard error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct CommandFailure(Failure);

impl CommandFailure {
    /// Returns a failure that ends the program with `exit_code`: 1 if there is nothing to find or to do, 2 if usage or
    /// a file is wrong.
    pub fn new(exit_code: u8, text: impl Into<String>) -> Self {
        Self(Failure::told(exit_code, text))
    }

    /// Returns the failure of writing results. If nobody reads them any more, the program ends as if all were written.
    pub fn print(cause: io::Error) -> Self {
        Self(Failure::Print(cause))
    }

    /// Returns the exit code of the program.
    pub fn exit_code(&self) -> u8 {
        self.0.exit_code()
    }
}

impl From<Failure> for CommandFailure {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}
