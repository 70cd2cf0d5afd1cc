//! The command line.

use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use stream_kernel_config_remote::STORES;
use stream_kernel_run::config::Loader;
use stream_kernel_run::hosts::read_hosts_file;
use stream_kernel_run::{Application, InputSettings, Job, OutputSettings};
use stream_kernel_text::{escaped, with_causes};

use crate::commands::Environment;
use crate::failure::Failure;
use crate::trace_commands::TraceCommand;

#[derive(Debug, Parser)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: KernelCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KernelCommand {
    /// Take every line of the input through the pipeline.
    Run {
        /// Forget what the checkpoint holds, and begin with the first line.
        #[arg(long)]
        restart: bool,
        /// Print the summary as a line of JSON if it is `json`, or write it as JSON to FILE once the run has ended.
        #[arg(long, value_name = "json|FILE")]
        summary: Option<PathBuf>,
        #[command(flatten)]
        options: Options,
    },
    /// Check the configuration and print what would run; write nothing.
    Check(Options),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write the single file that the parts of several workers come to.
    ///
    /// The parts are those of an output or of a trace, of a run that has come to its end
    /// (`adapters.output_sink.settings.parts`). An output that is there is replaced, as a run does; a trace is not.
    /// Exits with 0 once the file is whole and durable, with 2 if the folder is not whole, with 1 if the file cannot be
    /// written.
    Merge {
        /// The folder: `OUTPUT.parts`.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// Write to FILE, or to standard output if it is `-`; by default to the folder's name without `.parts`.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Look at how far a run has come.
    #[command(subcommand)]
    Checkpoint(CheckpointCommand),
    /// Read traces.
    #[command(subcommand)]
    Trace(TraceCommand),
    /// Print a script that lets a shell complete commands and flags.
    ///
    /// Put it where the shell looks for completions: for bash the folder
    /// `~/.local/share/bash-completion/completions`, for fish `~/.config/fish/completions`, for zsh a folder in
    /// `$fpath`.
    Completions {
        /// The shell.
        #[arg(value_enum, value_name = "SHELL")]
        shell: Shell,
    },
    /// Write the manual pages, one for each command, into a folder.
    Manual {
        /// The folder: `man -M` wants it to be `man1` in another one.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CheckpointCommand {
    /// Print what is committed: of which input, how far, when, and how large everything is.
    Show {
        /// The checkpoint: `runtime.checkpoint.dir`.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check every checksum, and the files against what is committed of them.
    Verify {
        /// The checkpoint: `runtime.checkpoint.dir`.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the effective configuration.
    Show {
        /// Print one line a key: path, value, and where the value came from.
        #[arg(long)]
        origin: bool,
        /// Print JSON instead of YAML.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: Options,
    },
    /// Print every environment variable that would be heeded.
    Env {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: Options,
    },
    /// Print the JSON Schema of the configuration, for editors.
    Schema(Options),
    /// Print in which values two configurations differ, wherever they come from; exit 1 if they do.
    Diff {
        /// The one: a SOURCE as `--config` takes it.
        #[arg(value_name = "A")]
        a: String,
        /// The other.
        #[arg(value_name = "B")]
        b: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        options: Options,
    },
}

// What `run` takes, and every other command as well. A doc comment would be the help of an application's own command.
#[derive(Debug, Args)]
pub(crate) struct Options {
    // Its help names the stores that are built in.
    #[arg(long, help = config_help(), value_name = "SOURCE", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) config: Vec<String>,
    /// Let what the sources hold below `profiles.NAME` go over the rest of them.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    profile: Option<String>,
    /// Read lines from FILE, or from standard input if it is `-`.
    #[arg(long, value_name = "FILE")]
    input: Option<String>,
    /// Write lines to FILE, or to standard output if it is `-`.
    #[arg(long, value_name = "FILE")]
    output: Option<String>,
    /// Switch tracing on or off, whatever the configuration says.
    #[arg(long, value_name = "enable|disable", hide_possible_values = true, value_parser = ["enable", "disable"])]
    tracing: Option<String>,
    /// Append trace records to PATH; switches tracing on unless `--tracing disable` is given.
    #[arg(long, value_name = "PATH")]
    trace_path: Option<String>,
    /// Run the pipeline on N threads; in a cluster, on N threads of each process.
    #[arg(long, value_name = "N")]
    workers: Option<String>,
    /// Run the pipeline in a cluster, whose processes FILE lists: `host:port` of each, one a line.
    #[arg(long, value_name = "FILE")]
    hosts: Option<String>,
    /// Be process N of the cluster: its place in the list of hosts, counted from 0.
    #[arg(long, value_name = "N")]
    process: Option<String>,
    /// Set one value of the configuration, such as `runtime.strict=false`; may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Name the run in its trace.
    #[arg(long, value_name = "ID", default_value = "run", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) run_id: String,
}

/// The longest name of a run, in characters.
const MAX_RUN_ID_CHARS: usize = 128;

impl Options {
    /// Returns the loader with every layer that the command line names, and the environment.
    pub(crate) fn loader<A: Application>(&self, environment: Environment) -> Result<Loader, Failure> {
        let mut loader = Job::<A>::loader().stores(STORES).environment(environment);
        loader = self.config.iter().fold(loader, |loader, source| loader.location(source));
        if let Some(name) = &self.profile {
            loader = loader.profile(name, as_typed("--profile", name));
        }
        loader = self.set.iter().fold(loader, Loader::set);
        for (flag, key, value) in [
            ("--input", InputSettings::PATH_KEY, &self.input),
            ("--output", OutputSettings::PATH_KEY, &self.output),
            ("--workers", "runtime.workers", &self.workers),
            ("--process", "runtime.cluster.process", &self.process),
        ] {
            if let Some(value) = value {
                loader = loader.flag(as_typed(flag, value), key, value);
            }
        }
        if let Some(path) = &self.hosts {
            let list = serde_json::Value::from(hosts_of(path)?).to_string();
            loader = loader.flag(as_typed("--hosts", path), "runtime.cluster.hosts", list);
        }
        if let Some(path) = &self.trace_path {
            let flag = as_typed("--trace-path", path);
            loader = loader
                .flag(&flag, "runtime.tracing.sink.kind", "jsonl")
                .flag(&flag, "runtime.tracing.sink.jsonl.path", path)
                .flag(&flag, "runtime.tracing.enabled", "true");
        }
        if let Some(switch) = &self.tracing {
            let is_enabled = (switch == "enable").to_string();
            loader = loader.flag(as_typed("--tracing", switch), "runtime.tracing.enabled", is_enabled);
        }
        Ok(loader)
    }

    /// Checks conditions that clap cannot.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let characters = self.run_id.chars().count();
        if characters > MAX_RUN_ID_CHARS {
            let text =
                format!("--run-id has {characters} characters (at most {MAX_RUN_ID_CHARS} are possible)");
            return Err(Failure::usage(text));
        }
        let from_standard_input = self.config.iter().filter(|source| *source == "-").count();
        if from_standard_input > 1 {
            return Err(Failure::usage("`--config -` is given twice, and standard input can be read once"));
        }
        if self.run_id.chars().any(char::is_control) {
            return Err(Failure::usage("--run-id holds a control character (use letters, digits and signs)"));
        }
        Ok(())
    }
}

/// Returns the help of `--config`, with the stores that this program was built with.
fn config_help() -> String {
    let stores: Vec<_> = STORES.built_in.iter().map(|scheme| format!("`{scheme}://`")).collect();
    let last = match stores.as_slice() {
        [] => "or standard input if it is `-`".to_owned(),
        stores => format!("standard input if it is `-`, or a store ({})", stores.join(", ")),
    };
    format!(
        "Read the configuration from SOURCE: a file, a directory of files, {last}; given several times, later ones go over earlier ones"
    )
}

/// Returns the hosts that a file lists.
fn hosts_of(path: &str) -> Result<Vec<String>, Failure> {
    let unusable = |error| format!("--hosts: the file `{}` {}", escaped(path), with_causes(&error));
    read_hosts_file(Path::new(path)).map_err(|error| Failure::usage(unusable(error)))
}

/// Returns a flag with its value, as it may have been typed.
fn as_typed(flag: &str, value: &str) -> String {
    if value.is_empty() { format!("{flag} ''") } else { format!("{flag} {value}") }
}

#[cfg(test)]
mod tests {
    use super::config_help;

    #[test]
    fn help_offers_only_stores_that_are_built_in() {
        let help = config_help();
        for (is_built_in, scheme) in [
            (cfg!(feature = "consul"), "`consul://`"),
            (cfg!(feature = "etcd"), "`etcd://`"),
            (cfg!(feature = "postgres"), "`postgres://`"),
            (cfg!(feature = "redis"), "`redis://`"),
        ] {
            assert_eq!(help.contains(scheme), is_built_in, "{scheme}: {help}");
        }
        assert_eq!(help.contains("a store"), help.contains("://"), "{help}");
    }
}
