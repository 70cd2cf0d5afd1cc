//! Marks readings that jump: the program of the first chapter of the book.

use std::process::ExitCode;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stream_kernel_app::App;
use stream_kernel_run::prelude::*;

#[derive(Payload)]
struct Reading {
    #[payload(identity)]
    sensor: String,
    value: i64,
}

#[derive(Payload)]
struct Marked {
    #[payload(identity)]
    sensor: String,
    value: i64,
    jumps: bool,
}

#[derive(Payload)]
struct BadLine {
    #[payload(identity)]
    line_no: u64,
}

messages! { enum Message { RawLine, Reading, Marked, BadLine } }
outputs! { enum Parsed of Message { Reading, BadLine } }

/// The last value of each sensor.
struct LastValues;

impl Declaration for LastValues {
    const NAME: &'static str = "last_values";
    type Store = Table<String, i64>;
}

struct ParseReading;

impl Step<Message> for ParseReading {
    type Takes = RawLine;
    type Emits = Parsed;

    fn process(&self, line: RawLine, _: &mut Context, out: &mut Emitter<'_, Message, Parsed>) -> StepResult {
        let parts = line.text().and_then(|text| text.split_once(' '));
        match parts.and_then(|(sensor, value)| Some((sensor.to_owned(), value.parse().ok()?))) {
            Some((sensor, value)) => out.emit(Reading { sensor, value }),
            None => out.emit(BadLine { line_no: line.line_no() }),
        }
        Ok(())
    }
}

/// A reading jumps if it differs from the sensor's last one by more than `by`. (A step may be its own parameters.)
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct MarkJumps {
    /// By how much.
    by: u64,
}

impl Default for MarkJumps {
    fn default() -> Self {
        Self { by: 5 }
    }
}

impl KeyedStep<Message> for MarkJumps {
    type Takes = Reading;
    type Emits = Marked;
    type State = LastValues;

    fn key(&self, reading: &Reading) -> String {
        reading.sensor.clone()
    }

    fn process(
        &self,
        Reading { sensor, value }: Reading,
        mut last: Entry<'_, String, i64>,
        context: &mut Context,
        out: &mut Emitter<'_, Message, Marked>,
    ) -> StepResult {
        let before = last.get();
        let jumps = before.is_some_and(|before| value.abs_diff(before) > self.by);
        if let Some(before) = before {
            context.metrics.set("value_before", before);
        }
        out.emit(Marked { sensor, value, jumps });
        last.set(&value)
    }
}

struct WriteMarked;

impl Step<Message> for WriteMarked {
    type Takes = Marked;
    type Emits = Nothing;

    fn process(
        &self,
        marked: Marked,
        _: &mut Context,
        out: &mut Emitter<'_, Message, Nothing>,
    ) -> StepResult {
        let Marked { sensor, value, jumps } = marked;
        out.write(format!("{sensor} {value} {}\n", if jumps { "jumps" } else { "steady" }).as_bytes());
        Ok(())
    }
}

struct WriteBadLine;

impl Step<Message> for WriteBadLine {
    type Takes = BadLine;
    type Emits = Nothing;

    fn process(&self, bad: BadLine, _: &mut Context, out: &mut Emitter<'_, Message, Nothing>) -> StepResult {
        out.write(format!("line {} is not a reading\n", bad.line_no).as_bytes());
        Ok(())
    }
}

/// The parameters of the steps, by step name.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Nodes {
    mark_jumps: MarkJumps,
}

struct Jumps;

impl Application for Jumps {
    type Message = Message;
    type Nodes = Nodes;
    type Adapters = LineFiles;

    const ABOUT: About = About::new(
        "jumps",
        env!("CARGO_PKG_VERSION"),
        "Marks readings that jump",
        ("built-in jumps", "version: 1\nscenario: {name: jumps}\n"),
    );

    fn registry() -> Registry<Message, ConfigOf<Self>> {
        Registry::new()
            .memory::<LastValues>(|_| Table::new())
            .with("parse_reading", |_| ParseReading)
            .with_keyed("mark_jumps", |config: &ConfigOf<Self>| config.nodes.mark_jumps.clone())
            .with("write_marked", |_| WriteMarked)
            .with("write_bad_line", |_| WriteBadLine)
    }
}

fn main() -> ExitCode {
    App::<Jumps>::new().main()
}
