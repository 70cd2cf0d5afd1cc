//! The sink that hands the records of a run to an exporting thread, and never waits for it.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use stream_kernel_trace::{Record, RecordSerializer, Timestamp, TraceSink};
use stream_kernel_trace_reader::SpanIds;
use stream_kernel_trace_reader::spans::Service;

use crate::client::{Client, NoCertificates};
use crate::delivery::{NO_ANSWER, lock, now};
use crate::exporter::{Work, export_all, spans_of};
use crate::queue::{Block, InputRecords, Queue};
use crate::report::ExportReport;
use crate::settings::{Sample, Settings};

/// The most bytes of records of one input; a larger one is dropped.
pub const MAX_INPUT_BYTES: usize = 4 * 1024 * 1024;

/// The size in bytes, and the time, at which records are handed over.
const BLOCK_BYTES: usize = 64 * 1024;
const BLOCK_NS: u64 = 200_000_000;

/// How many refused inputs are remembered. A run asks for fewer ahead of their turn.
const MAX_REFUSED: usize = 64;

/// A sink that exports records while the run goes on.
///
/// It never fails, and only its end waits for the receiver, up to the time-out: what does not fit into its queue is
/// dropped and counted. While the queue is full, it [takes no inputs](TraceSink::takes_input), so that they run as fast
/// as without a trace.
pub struct OtlpSink {
    exporter: Arc<Exporter>,
    timeout: Duration,
    sample: Sample,
    max_block_records: usize,
    serializer: RecordSerializer,
    block: Block,
    /// The time of the block's first record.
    block_began: Timestamp,
    input: Option<OpenInput>,
    /// The lines of the last inputs that were refused. Their records still come if another sink takes them.
    refused: VecDeque<u64>,
    dropped_inputs: u64,
    unsampled_inputs: u64,
    has_finished: bool,
}

/// The input whose records are being taken.
struct OpenInput {
    line_no: u64,
    /// The beginning of its lines in the block.
    begin: usize,
    records: usize,
    is_chosen: bool,
    has_error: bool,
    fate: Fate,
}

/// What becomes of the records of an input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// They are in the block.
    Kept,
    /// They are left out: the input is not in the sample, whatever happens.
    Unsampled,
    /// They are left out: there are too many.
    TooLarge,
    /// They are left out: the input was refused.
    Refused,
}

/// The queue, and what became of its content.
struct Exporter {
    queue: Queue,
    report: Mutex<ExportReport>,
}

/// The report of a sink, to be read when the run has ended.
#[derive(Clone)]
pub struct ReportHandle(Arc<Exporter>);

impl ReportHandle {
    /// Returns the report so far. While the run goes on, spans on their way count as not delivered.
    pub fn report(&self) -> ExportReport {
        lock(&self.0.report).clone()
    }
}

impl OtlpSink {
    /// Starts the thread, and returns the sink. If no thread can be started, all inputs are dropped.
    ///
    /// # Errors
    ///
    /// The endpoint needs TLS, and this machine trusts no certificates.
    pub fn start(settings: &Settings, service: Service) -> Result<Self, NoCertificates> {
        let exporter = Arc::new(Exporter { queue: Queue::new(settings.queue), report: Mutex::default() });
        let client =
            Client::new(settings.endpoint.clone(), settings.headers.clone(), settings.is_compressed)?;
        let work = Work {
            client,
            timeout: settings.timeout,
            batch: settings.batch,
            delay: settings.delay,
            sample: settings.sample,
            service,
        };
        let of_thread = Arc::clone(&exporter);
        let spawned = thread::Builder::new().name("otlp".to_owned()).spawn(move || {
            // Even after a panic, the run must not wait for a thread that has ended.
            let _ends = EndsQueue(&of_thread);
            export_all(work, &of_thread.queue, &of_thread.report);
        });
        if let Err(error) = spawned {
            exporter.queue.end();
            lock(&exporter.report).note(format!("no thread can be started: {error}"));
        }
        Ok(Self {
            exporter,
            timeout: settings.timeout,
            sample: settings.sample,
            max_block_records: (settings.queue / 8).max(1),
            serializer: RecordSerializer::default(),
            block: Block::default(),
            block_began: Timestamp::default(),
            input: None,
            refused: VecDeque::new(),
            dropped_inputs: 0,
            unsampled_inputs: 0,
            has_finished: false,
        })
    }

    /// Returns a handle on the report.
    pub fn report_handle(&self) -> ReportHandle {
        ReportHandle(Arc::clone(&self.exporter))
    }

    fn begin_input(&mut self, record: &Record<'_>) {
        let Sample { ratio, always_errors, always_declined } = self.sample;
        let is_chosen = ratio >= 1.0 || {
            let ids = SpanIds::new(record.run_id, record.line_no, record.t_enter);
            self.sample.chooses(ids.trace_id())
        };
        if self.block.lines.is_empty() {
            self.block_began = record.t_enter;
        }
        self.input = Some(OpenInput {
            line_no: record.line_no,
            begin: self.block.lines.len(),
            records: 0,
            is_chosen,
            has_error: false,
            fate: match is_chosen || always_errors || always_declined {
                _ if self.refused.contains(&record.line_no) => Fate::Refused,
                true => Fate::Kept,
                false => Fate::Unsampled,
            },
        });
    }

    fn end_input(&mut self) {
        let Some(input) = self.input.take() else { return };
        let is_chosen = input.is_chosen || input.has_error && self.sample.always_errors;
        if input.fate == Fate::TooLarge {
            self.dropped_inputs += 1;
        } else if input.fate == Fate::Refused {
            // It is counted already.
        } else if !is_chosen && !self.sample.always_declined {
            self.unsampled_inputs += 1;
        } else {
            self.block.records += input.records;
            self.block.inputs.push(InputRecords { end: self.block.lines.len(), is_chosen });
            return;
        }
        self.block.lines.truncate(input.begin);
    }

    /// Hands over the block, or drops it if the queue is full.
    fn hand_over(&mut self) {
        let block = mem::take(&mut self.block);
        if block.inputs.is_empty() {
            return;
        }
        if let Err(block) = self.exporter.queue.push(block) {
            self.dropped_inputs += block.inputs.len() as u64;
        }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.block.lines.len() >= BLOCK_BYTES
            || self.block.records >= self.max_block_records
            || now.as_nanos().saturating_sub(self.block_began.as_nanos()) >= BLOCK_NS
    }
}

impl TraceSink for OtlpSink {
    fn takes_input(&mut self, line_no: u64) -> bool {
        let takes = !self.exporter.queue.is_full();
        if !takes {
            self.dropped_inputs += 1;
            if self.refused.len() == MAX_REFUSED {
                self.refused.pop_front();
            }
            self.refused.push_back(line_no);
        }
        takes
    }

    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        if self.input.as_ref().is_none_or(|input| input.line_no != record.line_no) {
            self.end_input();
            if self.is_due(record.t_enter) {
                self.hand_over();
            }
            self.begin_input(record);
        }
        let Some(input) = &mut self.input else { return Ok(()) };
        input.has_error |= record.error.is_some();
        if input.fate != Fate::Kept {
            return Ok(());
        }
        input.records += 1;
        self.serializer.write_json(record, &mut self.block.lines);
        self.block.lines.push(b'\n');
        if self.block.lines.len() - input.begin > MAX_INPUT_BYTES {
            self.block.lines.truncate(input.begin);
            input.fate = Fate::TooLarge;
        }
        Ok(())
    }

    fn idle(&mut self) -> io::Result<()> {
        self.end_input();
        self.hand_over();
        self.exporter.queue.flush();
        Ok(())
    }

    fn dropped(&self) -> u64 {
        self.dropped_inputs
    }

    fn finish(&mut self) -> io::Result<()> {
        self.has_finished = true;
        self.end_input();
        self.hand_over();
        let left = self.exporter.queue.close(now() + self.timeout);
        let mut report = lock(&self.exporter.report);
        report.undelivered_spans += left.iter().map(spans_of).sum::<u64>();
        report.dropped_inputs += self.dropped_inputs;
        report.unsampled_inputs += self.unsampled_inputs;
        if report.undelivered_spans > 0 {
            let trouble = report.trouble.take();
            report.note(trouble.unwrap_or_else(|| NO_ANSWER.to_owned()));
        }
        Ok(())
    }
}

impl Drop for OtlpSink {
    /// A run that unwinds, or whose commits flush its trace, still exports its records.
    fn drop(&mut self) {
        if !self.has_finished {
            let _ = self.finish();
        }
    }
}

/// Ends the queue when it is dropped, and says so if a panic is the reason.
struct EndsQueue<'a>(&'a Exporter);

impl Drop for EndsQueue<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.0.report).note("the exporting thread has ended");
        }
        self.0.queue.end();
    }
}

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    #[test]
    fn a_thread_that_ends_too_early_is_told() {
        let exporter = || Exporter { queue: Queue::new(1), report: Mutex::default() };
        let ended = exporter();
        drop(EndsQueue(&ended));
        assert_eq!(lock(&ended.report).reason, None, "the end of a run is no failure");
        let panicked = exporter();
        let result = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            let _ends = EndsQueue(&panicked);
            panic::resume_unwind(Box::new(()));
        }));
        assert!(result.is_err());
        assert_eq!(lock(&panicked.report).reason.as_deref(), Some("the exporting thread has ended"));
        assert!(panicked.queue.is_full(), "the run must not wait for it");
    }
}
