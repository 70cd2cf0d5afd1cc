//! Tests of the command `run`, and of commands with a job.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stream_kernel_exec::{Emitter, Nothing, Registry, Step, StepError, messages};
use stream_kernel_run::{About, ConfigOf, InputSource, LineAdapters, OutputSink, RawLine};

use super::*;
use crate::{Command, CommandFailure, Prepared};

messages! { enum Message { RawLine } }

struct Idle;

impl Application for Idle {
    type Message = Message;
    type Nodes = Nodes;
    type Adapters = Adapters;

    const ABOUT: About =
        About::new("idle", "1", "Does nothing", ("idle", "version: 1\nscenario: {name: idle}\n"));

    fn registry() -> Registry<Message, ConfigOf<Self>> {
        Registry::new().with("drop_line", |_| DropLine)
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

struct DropLine;

impl Step<Message> for DropLine {
    type Takes = RawLine;
    type Emits = Nothing;

    fn process(
        &self,
        _: RawLine,
        _: &mut stream_kernel_trace::Context,
        _: &mut Emitter<'_, Message, Nothing>,
    ) -> Result<(), StepError> {
        Ok(())
    }
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
    let list_steps = Command::with_job("list-steps", |own: &ListSteps, prepared: Prepared<Idle>, _| {
        let names: Vec<_> = prepared.job.scenario().wiring().map(|step| step.name.to_owned()).collect();
        Err(CommandFailure::new(7, format!("{}: {}", prepared.run_id, names.join(&own.separator))))
    });
    let definition = list_steps.definition().clone();
    assert_eq!(definition.get_about().unwrap().to_string(), "Lists the steps");
    let matches = |words: &[&str]| definition.clone().get_matches_from([&["list-steps"], words].concat());
    let run = |words: &[&str]| list_steps.run(&matches(words), Environment::new()).unwrap_err();
    let failure = run(&["--separator=+", "--run-id=r", "--set=scenario.name=other"]);
    assert_eq!((failure.to_string().as_str(), failure.exit_code()), ("r: drop_line", 7));
    let failure = run(&["--separator=+", "--set=runtime.pipeline=[not]"]);
    assert!(matches!(&failure, Failure::Configuration(mistakes) if mistakes.len() > 0), "{failure}");
}
