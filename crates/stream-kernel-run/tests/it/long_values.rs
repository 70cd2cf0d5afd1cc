//! Values that do not fit into a snapshot end the run and never go missing from a checkpoint.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stream_kernel_disk::SimulatedDisk;
use stream_kernel_run::checkpoint::{MAX_BLOCK_BYTES, inspect};
use stream_kernel_run::exec::trace::{Context, ManualClock, Timestamp};
use stream_kernel_run::exec::{
    Declaration, Emitter, Entry, KeyedStep, Nothing, Registry, StepError, Table, messages,
};
use stream_kernel_run::{
    About, Application, CheckpointFailure, CheckpointOptions, CommitIn, ConfigOf, Ended, InputSource, Job,
    LineAdapters, LineContent, OutputSink, RawLine, run_checkpointed,
};

const CHECKPOINT: &str = "/ckpt";
/// The bytes beside a value in its record: the number of the table, and the length of the value.
const BESIDE_VALUE_BYTES: usize = 1 + 8;

messages! { enum Message { RawLine } }

/// The last line that was read.
struct LastLine;

impl Declaration for LastLine {
    const NAME: &'static str = "last_line";
    type Store = Table<(), String>;
}

struct RememberLine;

impl KeyedStep<Message> for RememberLine {
    type Takes = RawLine;
    type Emits = Nothing;
    type State = LastLine;

    fn key(&self, _: &RawLine) {}

    fn process(
        &self,
        line: RawLine,
        mut last: Entry<'_, (), String>,
        _: &mut Context,
        _: &mut Emitter<'_, Message, Nothing>,
    ) -> Result<(), StepError> {
        match line.content() {
            LineContent::Whole(text) => last.set(&String::from_utf8_lossy(text).into_owned()),
            LineContent::Overlong { .. } => Ok(()),
        }
    }
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Nodes {}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
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

struct LastLineApplication;

impl Application for LastLineApplication {
    type Message = Message;
    type Nodes = Nodes;
    type Adapters = Adapters;

    const ABOUT: About = About::new(
        "last-line",
        "1.0.0",
        "Remembers the last line",
        ("built-in", "version: 1\nscenario: {name: test}\n"),
    );

    fn registry() -> Registry<Message, ConfigOf<Self>> {
        Registry::new().memory::<LastLine>(|_| Table::new()).with_keyed("remember_line", |_| RememberLine)
    }
}

/// Runs over the present content of `/input`; a commit after every line, with a snapshot.
fn run(disk: &SimulatedDisk) -> Result<Ended, CheckpointFailure> {
    let settings = [
        "runtime.checkpoint={dir: /ckpt, every_lines: 1}",
        "adapters.input_source.settings={path: /input, max_line_bytes: 4194304}",
        "adapters.output_sink.settings.path=/output",
    ];
    let loader = Job::<LastLineApplication>::loader();
    let loader = settings.iter().fold(loader, |loader, setting| loader.set(*setting));
    let job = Job::<LastLineApplication>::prepare(loader).map_err(|mistakes| mistakes.to_string()).unwrap();
    let clock = || ManualClock::new(Timestamp::from_nanos(0), 1);
    let options = CheckpointOptions {
        disk: Arc::new(disk.clone()),
        now: Arc::new(|| Timestamp::from_nanos(0)),
        commit_in: CommitIn::Foreground,
        min_snapshot_bytes: 0,
        run_id: "run",
        restart: false,
        live_sinks: Vec::new(),
        between_lines: &mut |_| false,
        tell: &mut |_| {},
    };
    run_checkpointed(job, clock, options)
}

fn committed_lines(disk: &SimulatedDisk) -> u64 {
    inspect(disk, Path::new(CHECKPOINT)).unwrap().last.unwrap().committed.lines
}

#[test]
fn a_value_that_is_too_long_ends_the_run() {
    let longest = MAX_BLOCK_BYTES - BESIDE_VALUE_BYTES;
    let at_the_bound = ["a\n".to_owned(), "x".repeat(longest) + "\n"].concat();
    let disk = SimulatedDisk::new(1);
    disk.put(Path::new("/input"), at_the_bound.as_bytes());
    assert_eq!(run(&disk).unwrap().report.inputs, 2);
    assert_eq!(committed_lines(&disk), 2);

    let beyond = [at_the_bound, "x".repeat(longest + 1) + "\n", "b\n".to_owned()].concat();
    disk.put(Path::new("/input"), beyond.as_bytes());
    // However often it is tried, the checkpoint never covers a line whose value it does not hold.
    for _ in 0..2 {
        let failure = run(&disk).unwrap_err();
        assert!(!failure.is_refusal());
        let CheckpointFailure::Commit { line_no: 2, cause } = failure else { panic!("{failure}") };
        assert_eq!(
            cause.to_string(),
            "a record of 1048577 bytes is longer than the 1048576 that a block of a snapshot has room for"
        );
        assert_eq!(committed_lines(&disk), 2);
    }
}
