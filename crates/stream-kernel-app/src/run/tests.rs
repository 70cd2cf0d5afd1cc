//! The command `run` shows the application the lines of the input before they come.

use std::{fs, io};

use clap::Parser;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stream_kernel_exec::{Emitter, Nothing, Registry, Step, StepError, messages};
use stream_kernel_run::config::Config;
use stream_kernel_run::{
    InputSource, LineAdapters, LineContent, LineOutput, OutputSink, RawLine, SharedOutput,
};

use super::*;
use crate::cli::{Cli, KernelCommand};
use crate::{Command, CommandFailure, Prepared};

messages! { enum Message { RawLine } }

/// Writes down each line that it is shown, and each that comes.
struct Noting;

impl Application for Noting {
    type Message = Message;
    type Nodes = Nodes;
    type Adapters = Adapters;
    type Resources = SharedOutput;

    const NAME: &'static str = "noting";
    const VERSION: &'static str = "1";
    const ABOUT: &'static str = "Notes lines";
    const PROFILE: (&'static str, &'static str) = ("noting", "version: 1\nscenario: {name: noting}\n");

    fn registry() -> Registry<Message, SharedOutput> {
        Registry::new().with("note", |output: &SharedOutput| Note(output.clone()))
    }

    fn resources(_: &Config<Nodes, Adapters>, output: &SharedOutput) -> SharedOutput {
        output.clone()
    }

    fn look_ahead(output: &SharedOutput, lines: &[&[u8]]) {
        write(&mut output.clone(), "shown", &lines.join(&b' ')).unwrap();
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nodes {}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Adapters {
    input_source: InputSource,
    output_sink: OutputSink,
}

impl LineAdapters for Adapters {
    fn input_source(&self) -> &InputSource {
        &self.input_source
    }

    fn output_sink(&self) -> &OutputSink {
        &self.output_sink
    }
}

struct Note(SharedOutput);

impl Step<Message> for Note {
    type Takes = RawLine;
    type Emits = Nothing;

    fn process(
        &mut self,
        line: RawLine,
        _: &mut stream_kernel_trace::Context,
        _: &mut Emitter<'_, Message, Nothing>,
    ) -> Result<(), StepError> {
        let LineContent::Whole(text) = line.into_content() else { unreachable!("every line is short") };
        write(&mut self.0, "came", &text).map_err(|error| StepError::new("OutputError", error))
    }
}

fn write(output: &mut SharedOutput, event: &str, text: &[u8]) -> io::Result<()> {
    output.write_line(format!("{event} {}\n", text.escape_ascii()).as_bytes())
}

/// All lines but the first, for which nothing was read yet, and the last, which has no LF, must be shown: each once, before it comes, and 16
/// at a time.
#[test]
fn lines_are_shown_once_and_before_they_come() {
    let folder = tempfile::tempdir().unwrap();
    let [input, output] = ["input", "output"].map(|name| folder.path().join(name));
    let last_without_lf = (1..=20).map(|line| line.to_string()).collect::<Vec<_>>().join("\r\n");
    fs::write(&input, last_without_lf).unwrap();
    let [input_flag, output_flag] =
        [("input", &input), ("output", &output)].map(|(flag, path)| format!("--{flag}={}", path.display()));
    let KernelCommand::Run { options, .. } =
        Cli::parse_from(["noting", "run", &input_flag, &output_flag]).command
    else {
        unreachable!("the command is `run`")
    };
    assert_eq!(run::<Noting>(&options, false, Environment::new()).unwrap(), 0);
    insta::assert_snapshot!(fs::read_to_string(output).unwrap(), @r"
    came 1
    shown 2\r 3\r 4\r 5\r 6\r 7\r 8\r 9\r 10\r 11\r 12\r 13\r 14\r 15\r 16\r 17\r
    came 2
    came 3
    came 4
    came 5
    came 6
    came 7
    came 8
    came 9
    came 10
    came 11
    came 12
    came 13
    came 14
    came 15
    came 16
    came 17
    shown 18\r 19\r
    came 18
    came 19
    came 20
    ");
}

#[test]
fn lost_lines_or_records_are_failures() {
    let abandoned = |abandoned| RunReport { inputs: 3, abandoned, ..RunReport::default() };
    assert_eq!((exit_code(&abandoned(0), true), exit_code(&abandoned(1), true)), (0, 1));
    assert_eq!((exit_code(&abandoned(0), false), exit_code(&abandoned(1), false)), (1, 1));
}

/// Lists the steps.
#[derive(clap::Args)]
struct ListSteps {
    #[arg(long)]
    separator: String,
}

#[test]
fn an_own_command_gets_options_and_a_job() {
    let list_steps = Command::with_job("list-steps", |own: &ListSteps, prepared: Prepared<Noting>, _| {
        let names: Vec<_> = prepared.job.scenario().wiring().map(|step| step.name.to_owned()).collect();
        Err(CommandFailure::new(7, format!("{}: {}", prepared.run_id, names.join(&own.separator))))
    });
    let definition = list_steps.definition().clone();
    assert_eq!(definition.get_about().unwrap().to_string(), "Lists the steps");
    let matches = |words: &[&str]| definition.clone().get_matches_from([&["list-steps"], words].concat());
    let run = |words: &[&str]| list_steps.run(&matches(words), Environment::new()).unwrap_err();
    let failure = run(&["--separator=+", "--run-id=r", "--set=scenario.name=other"]);
    assert_eq!((failure.to_string().as_str(), failure.exit_code()), ("r: note", 7));
    let failure = run(&["--separator=+", "--set=runtime.pipeline=[not]"]);
    assert!(matches!(&failure, Failure::Configuration(mistakes) if mistakes.len() > 0), "{failure}");
}
