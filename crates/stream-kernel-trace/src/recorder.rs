//! The recorder: it makes a record of each step's handling of a message.

use crate::snapshot::Snapshots;
use crate::{
    CanonicalContent, Clock, Context, FieldSet, Message, Record, RecordSerializer, Redaction, Signature,
    SignatureMode, SinkFailure, StepFault, Timestamp, TraceRecord, TraceSink,
};

/// The contents of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceSettings {
    /// How much they show of each message.
    pub signature: SignatureMode,
    /// The fields of the context that they show; `None` for no snapshots at all.
    pub context_diff: Option<FieldSet>,
}

/// A step, as records name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepRef<'a> {
    /// Its position in the pipeline, from 0.
    pub index: usize,
    /// Its name.
    pub name: &'a str,
}

/// Makes one record per step and message, and hands it to a sink, to the context's tape, or to both.
///
/// For each input, call [`begin_input`](Self::begin_input), then [`enter`](Self::enter) and [`exit`](Self::exit) around
/// each step; after the last input, call [`finish`](Self::finish). Failures of the sink never reach the caller in
/// between.
pub struct Recorder {
    settings: TraceSettings,
    redaction: Redaction,
    clock: Box<dyn Clock>,
    sinks: Vec<Box<dyn TraceSink>>,
    /// The first failure of a sink.
    sink_failure: Option<SinkFailure>,
    keeps_tape: bool,
    /// Serializes the records on the tape.
    serializer: RecordSerializer,
    content: CanonicalContent,
    snapshots: Snapshots,
    /// By step: the number of messages handled for the present input.
    handled: Vec<u32>,
    entered_at: Timestamp,
    last_time: Timestamp,
    /// The number of messages that the last step emitted.
    emitted_count: usize,
    /// Whether the next message is the only one that was emitted last.
    is_handed_on: bool,
    msg_in: Signature,
    /// Only the first ones belong to the present record; the others keep their allocations.
    msg_out: Vec<Signature>,
}

impl Recorder {
    /// Returns a recorder without a sink: it keeps records on the context's tape.
    pub fn new(settings: TraceSettings, clock: impl Clock + 'static) -> Self {
        Self {
            settings,
            redaction: Redaction::default(),
            clock: Box::new(clock),
            sinks: Vec::new(),
            sink_failure: None,
            keeps_tape: true,
            serializer: RecordSerializer::default(),
            content: CanonicalContent::default(),
            snapshots: Snapshots::new(settings.context_diff.unwrap_or_default()),
            handled: Vec::new(),
            entered_at: Timestamp::default(),
            last_time: Timestamp::default(),
            emitted_count: 0,
            is_handed_on: false,
            msg_in: Signature::default(),
            msg_out: Vec::new(),
        }
    }

    /// Sends records to `sink` instead of the tape, and to any other sink that it has. A failure of one leaves the
    /// others.
    pub fn with_sink(mut self, sink: Box<dyn TraceSink>) -> Self {
        self.sinks.push(sink);
        self.keeps_tape = false;
        self
    }

    /// Keeps records on the tape as well.
    pub fn with_tape(mut self) -> Self {
        self.keeps_tape = true;
        self
    }

    /// Hides the values that `redaction` names, in records for the sink and on the tape.
    pub fn with_redaction(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
        self
    }

    /// Returns the contents of records.
    pub fn settings(&self) -> TraceSettings {
        self.settings
    }

    /// Returns the end time of the last record, the epoch before the first one. No record has a later time.
    pub fn last_time(&self) -> Timestamp {
        self.last_time
    }

    /// Returns whether the input at line `line_no` is to be recorded: the tape takes every one, sinks say so
    /// themselves.
    pub fn takes_input(&mut self, line_no: u64) -> bool {
        let mut takes = self.keeps_tape || self.sinks.is_empty();
        // Each is asked.
        for sink in &mut self.sinks {
            takes |= sink.takes_input(line_no);
        }
        takes
    }

    /// Clears the earlier input.
    pub fn begin_input(&mut self) {
        self.handled.clear();
        (self.emitted_count, self.is_handed_on) = (0, false);
    }

    /// Notes that the next message is the only one that the last step emitted: its signature is known already, which
    /// saves one of two hashes per record. Does nothing if the last step emitted none or several.
    pub fn hand_on(&mut self) {
        self.is_handed_on = self.emitted_count == 1;
    }

    /// Notes that a step takes `message`.
    pub fn enter(&mut self, message: &impl Message, context: &mut Context) {
        match self.msg_out.first_mut() {
            Some(emitted) if self.is_handed_on => std::mem::swap(&mut self.msg_in, emitted),
            _ => {
                self.msg_in.describe(message, self.settings.signature, &self.redaction, &mut self.content);
            }
        }
        self.is_handed_on = false;
        let is_first = context.received_at.is_none();
        if is_first {
            self.snapshots.begin(context, &self.redaction);
        }
        // Read last, so that the step's time excludes the recorder's work, except for storing the time itself.
        self.entered_at = self.clock.now();
        if is_first {
            context.received_at = Some(self.entered_at);
            self.snapshots.render_received_at(context);
        }
    }

    /// Notes that `step` is done with its last message, and records it.
    ///
    /// `emitted` are its outputs, in order; those of a failed step are discarded.
    pub fn exit<'m, M: Message + 'm>(
        &mut self,
        step: StepRef<'_>,
        emitted: impl IntoIterator<Item = &'m M>,
        context: &mut Context,
        outcome: Result<(), &StepFault>,
    ) {
        // Read first, for the same reason.
        let exited_at = self.clock.now();
        self.last_time = exited_at;
        let emitted_count = self.describe_emitted(emitted);
        self.emitted_count = emitted_count;
        self.snapshots.advance(context, &self.redaction);
        let work_index = self.next_work_index(step.index);
        let record = Record {
            run_id: context.run_id(),
            line_no: context.line_no(),
            scenario: context.scenario_id(),
            step_index: step.index,
            step_name: step.name,
            work_index,
            t_enter: self.entered_at,
            t_exit: exited_at,
            msg_in: &self.msg_in,
            msg_out: &self.msg_out[..emitted_count],
            context: self.settings.context_diff.map(|_| &self.snapshots),
            error: outcome.err(),
        };
        let kept = self.keeps_tape.then(|| TraceRecord::of(&record, &mut self.serializer));
        self.sinks.retain_mut(|sink| {
            let Err(cause) = sink.write(&record) else { return true };
            let (line_no, step_name) = (record.line_no, step.name.to_owned());
            self.sink_failure.get_or_insert(SinkFailure::Refused { line_no, step_name, cause });
            false
        });
        context.trace.extend(kept);
    }

    /// Returns the number of inputs that the sinks have dropped.
    pub fn dropped(&self) -> u64 {
        self.sinks.iter().map(|sink| sink.dropped()).sum()
    }

    /// Tells the sink that the run goes idle.
    pub fn idle(&mut self, context: &Context) {
        self.sinks.retain_mut(|sink| {
            let Err(cause) = sink.idle() else { return true };
            self.sink_failure.get_or_insert(SinkFailure::Idle { line_no: context.line_no(), cause });
            false
        });
    }

    /// Flushes the sinks.
    ///
    /// # Errors
    ///
    /// Returns the first failure of a sink, earlier in the run or now.
    pub fn finish(&mut self) -> Result<(), SinkFailure> {
        for sink in &mut self.sinks {
            if let Err(cause) = sink.finish() {
                self.sink_failure.get_or_insert(SinkFailure::Unfinished { cause });
            }
        }
        self.sink_failure.take().map_or(Ok(()), Err)
    }

    fn describe_emitted<'m, M: Message + 'm>(&mut self, emitted: impl IntoIterator<Item = &'m M>) -> usize {
        let mut count = 0;
        for message in emitted {
            if count == self.msg_out.len() {
                self.msg_out.push(Signature::default());
            }
            let signature = &mut self.msg_out[count];
            signature.describe(message, self.settings.signature, &self.redaction, &mut self.content);
            count += 1;
        }
        count
    }

    fn next_work_index(&mut self, step_index: usize) -> u32 {
        if self.handled.len() <= step_index {
            self.handled.resize(step_index + 1, 0);
        }
        let work_index = self.handled[step_index];
        self.handled[step_index] += 1;
        work_index
    }
}
