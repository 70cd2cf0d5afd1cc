//! Runs of the toy as text: the messages of each step, the errors, the counts and the tape.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use stream_kernel_exec::trace::{Context, ManualClock, Recorder, Timestamp, TraceSettings};
use stream_kernel_exec::{InputOutcome, SyncRunner};

use crate::toy::{Line, Log, Rig, Toy};

impl Rig {
    /// Takes each input through the pipeline, untraced, and returns the events as text.
    pub(crate) fn story(self, inputs: &[&str]) -> String {
        let (mut runner, log) = self.runner();
        drive(&mut runner, &log, inputs);
        log.lock().unwrap().join("\n")
    }

    /// Takes each input through the pipeline, traced, and returns each tape from the observer.
    pub(crate) fn tapes(self, inputs: &[&str]) -> String {
        let (runner, log) = self.runner();
        let tapes = Arc::new(Mutex::new(String::new()));
        let seen = Arc::clone(&tapes);
        let mut runner = runner
            .with_recorder(recorder(TraceSettings::default()))
            .with_observer(move |context| seen.lock().unwrap().push_str(&tape(context)));
        drive(&mut runner, &log, inputs);
        runner.finish().unwrap();
        tapes.lock().unwrap().clone()
    }
}

/// Returns a recorder whose clock starts at the epoch and advances by a microsecond.
pub(crate) fn recorder(settings: TraceSettings) -> Recorder {
    Recorder::new(settings, ManualClock::new(Timestamp::from_nanos(0), 1_000))
}

/// Takes each input through the pipeline, up to the one that stops the run, and logs errors and counts.
pub(crate) fn drive(runner: &mut SyncRunner<Toy>, log: &Log, inputs: &[&str]) {
    for (line_no, input) in (1..).zip(inputs) {
        match runner.process(line_no, Line::from(*input)) {
            Ok(InputOutcome::Completed) => {}
            Ok(InputOutcome::Abandoned(failure)) => log.lock().unwrap().push(format!("abandoned: {failure}")),
            Err(failure) => {
                log.lock().unwrap().push(format!("stopped: {failure}"));
                break;
            }
        }
    }
    let report = runner.report();
    let mut counts = format!("inputs {}", report.inputs);
    for (name, count) in [("abandoned", report.abandoned), ("undeliverable", report.undeliverable)] {
        if count > 0 {
            write!(counts, ", {name} {count}").unwrap();
        }
    }
    log.lock().unwrap().push(counts);
}

/// Returns the tape of the context, one line per record: input, step, index among the step's messages, in, out, status.
fn tape(context: &Context) -> String {
    let mut lines = String::new();
    for record in context.trace() {
        let emitted: Vec<_> = record.msg_out.iter().map(|message| message.type_name.as_str()).collect();
        let (trace_id, index, name) = (&record.trace_id, record.step_index, &record.step_name);
        let (work_index, taken) = (record.work_index, &record.msg_in.type_name);
        write!(lines, "{trace_id} {index} {name} #{work_index}: {taken} -> {emitted:?}").unwrap();
        if let Some(error) = &record.error {
            let (status, error_type) = (record.status, &error.type_name);
            write!(lines, " {status:?} {error_type} {:?} at {}", error.message, error.step_name).unwrap();
        }
        lines.push('\n');
    }
    lines
}
