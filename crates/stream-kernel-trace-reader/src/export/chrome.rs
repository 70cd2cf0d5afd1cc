//! Chrome trace events for Perfetto: one JSON object, a track for each run, an event for each input around one for each
//! step.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Format, MAX_PART_BYTES, Step};
use crate::write_json;

/// The least distance between the ends of two events, in nanoseconds.
///
/// Perfetto reads microseconds as a float and cuts them to nanoseconds, so a beginning and a duration may each lose
/// one, and it drops an event that then overlaps the end of the event around it or the next one. It loses no more than
/// that in a run of up to 26 days, for which a float is precise enough.
const GAP_NS: u64 = 3;

/// The beginning of the object, up to the first event.
const HEAD: &[u8] = b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";

/// Writes the events of each run to a track of its own, with time counted from the beginning of the run.
///
/// Times in a record are cut to the microsecond, durations are exact, so consecutive steps may seem to overlap. An
/// event is moved behind its predecessor, by less than a microsecond, and keeps its duration.
pub(super) struct Chrome<W> {
    out: W,
    /// The number of the present run; 0 before the first.
    run: u64,
    /// When the present run began, in nanoseconds since the Unix epoch.
    run_began_ns: u64,
    /// The end of the present run's track so far, in nanoseconds since the run began.
    free_from_ns: u64,
    input: Option<OpenInput>,
}

/// The input whose steps are being read.
#[derive(Default)]
struct OpenInput {
    line_no: u64,
    trace_id: String,
    /// The number of this part, from 1, if the input is too long for one part.
    part: u64,
    begin_ns: u64,
    records: u64,
    /// The events of its steps, with commas between them.
    steps: Vec<u8>,
}

impl<W: Write> Chrome<W> {
    /// Returns a writer that begins the object with the first event, or at the end if there is none: for an unreadable
    /// trace, nothing is written.
    pub(super) fn new(out: W) -> Self {
        Self { out, run: 0, run_began_ns: 0, free_from_ns: 0, input: None }
    }

    fn begin_run(&mut self, step: &Step<'_>) -> io::Result<()> {
        self.out.write_all(if self.run == 0 { HEAD } else { b",\n" })?;
        (self.run, self.run_began_ns, self.free_from_ns) = (step.run, step.begin_ns, 0);
        let name = format!("run {} `{}`, {}", step.run, step.record.run_id(), step.record.scenario);
        let event = |key, name| json!({"name": key, "ph": "M", "pid": step.run, "tid": step.run, "args": {"name": name}});
        write_json(&mut self.out, &event("process_name", &*name))?;
        self.out.write_all(b",\n")?;
        Ok(write_json(&mut self.out, &event("thread_name", "inputs"))?)
    }

    /// Writes the input so far: an event around its steps, then theirs.
    ///
    /// Of two events with the same beginning, Perfetto takes the first as the outer one.
    fn write_input(&mut self, input: &OpenInput) -> io::Result<()> {
        let part = if input.part > 1 { format!(", part {}", input.part) } else { String::new() };
        let name = format!("line {}{part}", input.line_no);
        let args = json!({"trace_id": input.trace_id, "line_no": input.line_no, "records": input.records});
        self.out.write_all(b",\n")?;
        let times = [input.begin_ns, self.free_from_ns - input.begin_ns];
        write_complete(&mut self.out, &name, "input", times, self.run, &args)?;
        self.out.write_all(b",\n")?;
        self.out.write_all(&input.steps)?;
        self.free_from_ns = self.free_from_ns.saturating_add(GAP_NS);
        Ok(())
    }
}

impl<W: Write> Format for Chrome<W> {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        if step.run != self.run {
            self.begin_run(step)?;
        }
        let mut input = self.input.take().unwrap_or_else(|| {
            let (line_no, trace_id) = (step.record.line_no, step.record.trace_id.clone());
            OpenInput { line_no, trace_id, part: 1, ..OpenInput::default() }
        });
        if input.steps.len() > MAX_PART_BYTES {
            self.write_input(&input)?;
            input.steps.clear();
            (input.part, input.records) = (input.part + 1, 0);
        }
        let begin_ns = step.begin_ns.saturating_sub(self.run_began_ns).max(self.free_from_ns);
        // In speedscope, an event of zero duration swallows the following ones.
        let duration_ns = step.duration_ns.max(1);
        self.free_from_ns = begin_ns.saturating_add(duration_ns).saturating_add(GAP_NS);
        if input.records == 0 {
            input.begin_ns = begin_ns;
        } else {
            input.steps.extend_from_slice(b",\n");
        }
        input.records += 1;
        let (name, times) = (&step.record.step_name, [begin_ns, duration_ns]);
        write_complete(&mut input.steps, name, "step", times, self.run, &arguments_of(step))?;
        self.input = Some(input);
        Ok(())
    }

    fn end_input(&mut self) -> io::Result<()> {
        self.input.take().map_or(Ok(()), |input| self.write_input(&input))
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.run == 0 {
            self.out.write_all(HEAD)?;
        }
        self.out.write_all(b"\n]}\n")
    }
}

/// Writes a complete event, with a beginning and a duration in nanoseconds, on the track of a run.
fn write_complete(
    out: &mut impl Write,
    name: &str,
    category: &str,
    times_ns: [u64; 2],
    run: u64,
    args: &impl Serialize,
) -> io::Result<()> {
    let [begin, duration] = times_ns.map(|ns| format!("{}.{:03}", ns / 1_000, ns % 1_000));
    out.write_all(b"{\"name\":")?;
    write_json(&mut *out, &name)?;
    write!(
        out,
        r#","cat":"{category}","ph":"X","ts":{begin},"dur":{duration},"pid":{run},"tid":{run},"args":"#
    )?;
    write_json(&mut *out, args)?;
    out.write_all(b"}")
}

/// Returns the rest of a record, besides name and duration, under its own field names.
///
/// The context's changes are listed by path, each as `before -> after`: the viewer shows one line for each.
fn arguments_of(step: &Step<'_>) -> Value {
    let record = step.record;
    let mut arguments = json!({
        "line_no": record.line_no,
        "step_index": record.step_index,
        "work_index": record.work_index,
        "t_enter": record.t_enter,
        "msg_in": record.msg_in,
        "msg_out": record.msg_out,
    });
    if !step.changes.is_empty() {
        let changes = step.changes.iter().map(|change| {
            let [before, after] =
                [&change.before, &change.after].map(|value| value.as_deref().unwrap_or("-"));
            (change.path.clone(), format!("{before} -> {after}").into())
        });
        arguments["ctx_diff"] = changes.collect::<Map<_, _>>().into();
    }
    if let Some(error) = &record.error {
        arguments["error"] = json!(error);
    }
    arguments
}
