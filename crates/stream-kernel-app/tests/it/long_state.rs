//! State that does not fit into the state log: it must end the run, never go missing from a checkpoint.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stream_kernel_disk::SimulatedDisk;
use stream_kernel_exec::trace::{Context, ManualClock, Timestamp};
use stream_kernel_exec::{Emitter, Nothing, Registry, Step, StepError};
use stream_kernel_run::checkpoint::{Changes, CommitError, MAX_BLOCK_BYTES, StateWriter, inspect};
use stream_kernel_run::config::Config;
use stream_kernel_run::{
    Application, CheckpointFailure, CommitIn, CommittedLines, Ended, InputSource, Job, LineAdapters,
    LineContent, NotRestored, OutputSink, RawLine, Reached, SharedOutput, State, Surroundings,
    run_checkpointed,
};

const CHECKPOINT: &str = "/ckpt";

stream_kernel_exec::messages! { enum Message { RawLine } }

/// The last line that was read: all that this application remembers, in one record.
type LastLine = Rc<RefCell<Vec<u8>>>;

struct RememberLine(LastLine);

impl Step<Message> for RememberLine {
    type Takes = RawLine;
    type Emits = Nothing;

    fn process(
        &mut self,
        line: RawLine,
        _: &mut Context,
        _: &mut Emitter<'_, Message, Nothing>,
    ) -> Result<(), StepError> {
        if let LineContent::Whole(text) = line.content() {
            self.0.replace(text.to_vec());
        }
        Ok(())
    }
}

struct Remembered(LastLine);

impl State for Remembered {
    fn begin_line(&mut self, _: Reached) {}

    fn take_back_line(&mut self) {}

    fn take_changes(&mut self, changes: &mut Changes) {
        changes.push(&self.0.borrow());
    }

    fn write_all(&self, writer: &mut StateWriter<'_>) -> Result<(), CommitError> {
        writer.push(&self.0.borrow())
    }

    fn bytes(&self) -> u64 {
        self.0.borrow().len() as u64
    }

    fn restore(&mut self, records: &[u8], _: &mut CommittedLines) -> Result<(), NotRestored> {
        self.0.replace(records.to_vec());
        Ok(())
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
    type Resources = LastLine;

    const NAME: &'static str = "last-line";
    const VERSION: &'static str = "1.0.0";
    const ABOUT: &'static str = "Remembers the last line";
    const PROFILE: (&'static str, &'static str) = ("built-in", "version: 1\nscenario: {name: test}\n");

    fn registry() -> Registry<Message, LastLine> {
        Registry::new().with("remember_line", |last: &LastLine| RememberLine(Rc::clone(last)))
    }

    fn resources(_: &Config<Nodes, Adapters>, _: &SharedOutput) -> LastLine {
        LastLine::default()
    }

    fn state(resources: &LastLine) -> Option<Box<dyn State>> {
        Some(Box::new(Remembered(Rc::clone(resources))))
    }
}

/// Runs over what `/input` holds by now; a commit after every line.
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
    let surroundings = Surroundings {
        disk: Arc::new(disk.clone()),
        now: &|| Timestamp::from_nanos(0),
        commit_in: CommitIn::Foreground,
        // Never: the whole state is not written in the place of its changes.
        min_compaction_bytes: u64::MAX,
        run_id: "run",
        restart: false,
        between_lines: &mut |_| false,
        tell: &mut |_| {},
    };
    run_checkpointed(job, clock, surroundings)
}

fn committed_lines(disk: &SimulatedDisk) -> u64 {
    inspect(disk, Path::new(CHECKPOINT)).unwrap().last.unwrap().committed.lines
}

#[test]
fn a_record_of_state_that_is_too_long_ends_the_run() {
    let at_the_bound = ["a\n".to_owned(), "x".repeat(MAX_BLOCK_BYTES) + "\n"].concat();
    let disk = SimulatedDisk::new(1);
    disk.put(Path::new("/input"), at_the_bound.as_bytes());
    assert_eq!(run(&disk).unwrap().report.inputs, 2);
    assert_eq!(committed_lines(&disk), 2);

    let beyond = [at_the_bound, "x".repeat(MAX_BLOCK_BYTES + 1) + "\n", "b\n".to_owned()].concat();
    disk.put(Path::new("/input"), beyond.as_bytes());
    // However often it is tried, the checkpoint says nothing of a line whose state it does not hold.
    for _ in 0..2 {
        let failure = run(&disk).unwrap_err();
        assert!(!failure.is_refusal());
        let CheckpointFailure::Commit { line_no: 2, cause } = failure else { panic!("{failure}") };
        assert_eq!(
            cause.to_string(),
            "a state record of 1048577 bytes is longer than the 1048576 that a block has room for"
        );
        assert_eq!(committed_lines(&disk), 2);
    }
}
