//! speedscope's own format: a profile for each run, in which steps open and close within their inputs.
//!
//! Its form is <https://www.speedscope.app/file-format-schema.json>, type `evented`.

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Format, Step};
use crate::write_json;

/// The number of distinct step names; further names share one frame.
pub(super) const MAX_NAMES: usize = 1_024;

/// The frames before any step's, by position.
const FIRST_FRAMES: [&str; 2] = ["input", "further steps"];
const INPUT: usize = 0;
const FURTHER: usize = 1;

/// Writes a profile for each run, with time in nanoseconds since the run began.
///
/// Times in a record are cut to the microsecond, durations are exact, so consecutive steps may seem to overlap. A step
/// is moved behind its predecessor, by less than a microsecond, and keeps its duration.
pub(super) struct Speedscope<W> {
    out: W,
    /// The number of the present run; 0 before the first.
    run: u64,
    /// When the present run began, in nanoseconds since the Unix epoch.
    run_began_ns: u64,
    /// The end of the present profile so far, in nanoseconds since the run began.
    at: u64,
    is_in_input: bool,
    has_events: bool,
    frames: HashMap<String, usize>,
}

impl<W: Write> Speedscope<W> {
    /// Returns a writer that begins with the first step, or at the end if there is none: for an unreadable trace,
    /// nothing is written.
    pub(super) fn new(out: W) -> Self {
        let (is_in_input, has_events, frames) = (false, false, HashMap::new());
        Self { out, run: 0, run_began_ns: 0, at: 0, is_in_input, has_events, frames }
    }

    fn begin(&mut self) -> io::Result<()> {
        self.out.write_all(br#"{"$schema":"https://www.speedscope.app/file-format-schema.json","profiles":["#)
    }

    fn begin_run(&mut self, step: &Step<'_>) -> io::Result<()> {
        if self.run == 0 {
            self.begin()?;
        } else {
            self.end_run()?;
            self.out.write_all(b",")?;
        }
        (self.run, self.run_began_ns, self.at, self.has_events) = (step.run, step.begin_ns, 0, false);
        self.out.write_all(b"\n{\"type\":\"evented\",\"unit\":\"nanoseconds\",\"startValue\":0,\"name\":")?;
        let name = format!("run {} `{}`, {}", step.run, step.record.run_id(), step.record.scenario);
        write_json(&mut self.out, &name)?;
        self.out.write_all(b",\"events\":[\n")
    }

    fn end_run(&mut self) -> io::Result<()> {
        write!(self.out, "\n],\"endValue\":{}}}", self.at)
    }

    /// Writes an event at the present time: a frame opens (`O`) or closes (`C`).
    fn event(&mut self, kind: char, frame: usize) -> io::Result<()> {
        let comma = if self.has_events { ",\n" } else { "" };
        self.has_events = true;
        write!(self.out, r#"{comma}{{"type":"{kind}","frame":{frame},"at":{}}}"#, self.at)
    }

    /// Returns the frame of a step; failed steps have frames of their own.
    fn frame(&mut self, step: &Step<'_>) -> usize {
        let name = &step.record.step_name;
        let name = if step.record.error.is_some() { format!("{name} (error)") } else { name.clone() };
        let next = FIRST_FRAMES.len() + self.frames.len();
        if self.frames.len() < MAX_NAMES {
            return *self.frames.entry(name).or_insert(next);
        }
        self.frames.get(&name).copied().unwrap_or(FURTHER)
    }
}

impl<W: Write> Format for Speedscope<W> {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        if step.run != self.run {
            self.begin_run(step)?;
        }
        self.at = self.at.max(step.begin_ns.saturating_sub(self.run_began_ns));
        if !self.is_in_input {
            self.is_in_input = true;
            self.event('O', INPUT)?;
        }
        let frame = self.frame(step);
        self.event('O', frame)?;
        self.at = self.at.saturating_add(step.duration_ns);
        self.event('C', frame)
    }

    fn end_input(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.is_in_input) {
            return Ok(());
        }
        self.event('C', INPUT)
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.run == 0 {
            self.begin()?;
        } else {
            self.end_run()?;
        }
        let mut frames = FIRST_FRAMES.map(str::to_owned).to_vec();
        frames.resize(FIRST_FRAMES.len() + self.frames.len(), String::new());
        for (name, at) in self.frames.drain() {
            frames[at] = name;
        }
        let frames: Vec<Value> = frames.into_iter().map(|name| json!({"name": name})).collect();
        self.out.write_all(b"],\n\"shared\":")?;
        write_json(&mut self.out, &json!({"frames": frames}))?;
        self.out.write_all(b"}\n")
    }
}
