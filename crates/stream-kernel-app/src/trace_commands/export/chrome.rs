//! Chrome trace events, as Perfetto opens them: one JSON object, a track a run, an event an input around one a step.

mod event;

use std::io::{self, Write};

use serde::Serialize;
use stream_kernel_trace::write_json;

use super::step::Step;
use super::{Format, MAX_PART_BYTES};
use event::{Complete, InputArguments, Metadata, Micros, NameArguments, StepArguments};

/// What lies between the ends of two events at least, in nanoseconds.
///
/// Perfetto reads microseconds as a float and cuts them to nanoseconds, so a beginning and a duration may each lose one, and
/// it drops an event that then reaches beyond the event around it or into the next. It loses no more than that in a run of up
/// to 26 days, for which a float is precise enough.
const GAP_NS: u64 = 3;

/// The beginning of the object, up to the first event.
const HEAD: &[u8] = b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";

/// Writes the events of each run to a track of its own, on which time begins with the run.
///
/// Times in a record are cut to the microsecond, durations are exact, so what was one after the other may seem to overlap.
/// An event is moved behind the one before it, by less than a microsecond, and keeps its duration.
pub(super) struct Chrome<W> {
    out: W,
    wrote_event: bool,
    /// The number of the present run; 0 before the first.
    run: u64,
    /// When the present run began, in nanoseconds since the Unix epoch.
    run_began_ns: u64,
    /// Up to where the present run's track is taken, in nanoseconds since the run began.
    free_from_ns: u64,
    input: Option<OpenInput>,
}

/// The input whose steps are being read.
struct OpenInput {
    line_no: u64,
    trace_id: String,
    /// Which part of it this is, from 1, if it is too long for one.
    part: u64,
    begin_ns: u64,
    records: u64,
    /// The events of its steps, with commas between them.
    steps: Vec<u8>,
}

impl<W: Write> Chrome<W> {
    /// Returns a writer that begins the object with the first event, or at the end if there is none: of a trace that
    /// cannot be read, nothing is written.
    pub(super) fn new(out: W) -> Self {
        Self { out, wrote_event: false, run: 0, run_began_ns: 0, free_from_ns: 0, input: None }
    }

    fn begin_run(&mut self, step: &Step<'_>) -> io::Result<()> {
        (self.run, self.run_began_ns, self.free_from_ns) = (step.run, step.begin_ns, 0);
        let name = format!("run {} `{}`, {}", step.run, step.record.run_id(), step.record.scenario);
        for (key, name) in [("process_name", name.as_str()), ("thread_name", "inputs")] {
            let event =
                Metadata { name: key, ph: "M", pid: self.run, tid: self.run, args: NameArguments { name } };
            self.write_event(&event)?;
        }
        Ok(())
    }

    /// Writes what there is of the input: an event around its steps, then theirs.
    ///
    /// Of two events that begin together, Perfetto takes the first to be around the second.
    fn write_input(&mut self, input: &OpenInput) -> io::Result<()> {
        let part = if input.part > 1 { format!(", part {}", input.part) } else { String::new() };
        let event = Complete {
            name: &format!("line {}{part}", input.line_no),
            cat: "input",
            ph: "X",
            ts: Micros(input.begin_ns),
            dur: Micros(self.free_from_ns - input.begin_ns),
            pid: self.run,
            tid: self.run,
            args: InputArguments {
                trace_id: &input.trace_id,
                line_no: input.line_no,
                records: input.records,
            },
        };
        self.write_event(&event)?;
        self.out.write_all(b",\n")?;
        self.out.write_all(&input.steps)?;
        self.free_from_ns = self.free_from_ns.saturating_add(GAP_NS);
        Ok(())
    }

    fn write_event(&mut self, event: &impl Serialize) -> io::Result<()> {
        let before: &[u8] = if self.wrote_event { b",\n" } else { HEAD };
        self.out.write_all(before)?;
        self.wrote_event = true;
        Ok(write_json(&mut self.out, event)?)
    }
}

impl<W: Write> Format for Chrome<W> {
    fn begin_input(&mut self, step: &Step<'_>) -> io::Result<()> {
        if step.run != self.run {
            self.begin_run(step)?;
        }
        self.input = Some(OpenInput {
            line_no: step.record.line_no,
            trace_id: step.record.trace_id.clone(),
            part: 1,
            begin_ns: 0,
            records: 0,
            steps: Vec::new(),
        });
        Ok(())
    }

    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        let Some(mut input) = self.input.take() else { return Ok(()) };
        if input.steps.len() > MAX_PART_BYTES {
            self.write_input(&input)?;
            input.steps.clear();
            (input.part, input.records) = (input.part + 1, 0);
        }
        let begin_ns = step.begin_ns.saturating_sub(self.run_began_ns).max(self.free_from_ns);
        self.free_from_ns = begin_ns.saturating_add(step.duration_ns).saturating_add(GAP_NS);
        if input.records == 0 {
            input.begin_ns = begin_ns;
        } else {
            input.steps.extend_from_slice(b",\n");
        }
        input.records += 1;
        let event = Complete {
            name: &step.record.step_name,
            cat: "step",
            ph: "X",
            ts: Micros(begin_ns),
            dur: Micros(step.duration_ns),
            pid: self.run,
            tid: self.run,
            args: StepArguments::of(step),
        };
        write_json(&mut input.steps, &event)?;
        self.input = Some(input);
        Ok(())
    }

    fn end_input(&mut self) -> io::Result<()> {
        match self.input.take() {
            Some(input) => self.write_input(&input),
            None => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        if !self.wrote_event {
            self.out.write_all(HEAD)?;
        }
        self.out.write_all(b"\n]}\n")
    }
}
