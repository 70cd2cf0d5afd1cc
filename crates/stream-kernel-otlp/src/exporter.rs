//! Exports to a receiver: of an existing trace, and of the records that a run hands over.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;

use stream_kernel_trace::{OutcomeOf, TraceRecord};
use stream_kernel_trace_reader::export::{Export, SpanReceiver};
use stream_kernel_trace_reader::spans::{Resource, Service, Span, outcome_after};

use crate::back_off::MAX_RETRY_TIME;
use crate::batch::Batch;
use crate::client::{Client, NoCertificates};
use crate::delivery::{Delivery, Endless, Patience, lock};
use crate::queue::{Block, Next, Queue};
use crate::report::ExportReport;
use crate::settings::{Sample, Settings};

/// Sends spans to a receiver, batch by batch, and waits for each answer.
pub struct SpanSender<'a> {
    batches: Batches<'a>,
}

impl<'a> SpanSender<'a> {
    /// Returns a sender that counts in `report`. Give it to [`Export::spans`].
    ///
    /// # Errors
    ///
    /// The endpoint needs TLS, and this machine trusts no certificates.
    pub fn new(settings: &Settings, report: &'a Mutex<ExportReport>) -> Result<Self, NoCertificates> {
        let client =
            Client::new(settings.endpoint.clone(), settings.headers.clone(), settings.is_compressed)?;
        let timeout = settings.timeout;
        let delivery = Delivery { client, timeout, repeated_for: timeout, report, are_counted: false };
        Ok(Self {
            batches: Batches {
                delivery,
                patience: &Endless,
                max_spans: settings.batch,
                batch: Batch::default(),
            },
        })
    }

    /// Returns the error of a batch that could not be delivered.
    fn check(&self, is_delivered: bool) -> io::Result<()> {
        if is_delivered {
            return Ok(());
        }
        let why = lock(self.batches.delivery.report).reason.clone().unwrap_or_default();
        Err(io::Error::other(why))
    }
}

/// Its errors say why a batch could not be delivered; the export is then over.
impl SpanReceiver for SpanSender<'_> {
    fn begin_run(&mut self, resource: Resource) -> io::Result<()> {
        let is_delivered = self.batches.begin_run(resource);
        self.check(is_delivered)
    }

    fn span(&mut self, span: Span) -> io::Result<()> {
        let is_delivered = self.batches.push(span);
        self.check(is_delivered)
    }

    fn finish(&mut self) -> io::Result<()> {
        let is_delivered = self.batches.flush();
        self.check(is_delivered)
    }
}

/// Collects spans in batches, and delivers them.
struct Batches<'a> {
    delivery: Delivery<'a>,
    patience: &'a dyn Patience,
    max_spans: usize,
    batch: Batch,
}

impl Batches<'_> {
    /// Begins a run, which has a resource of its own; returns whether everything before it was delivered.
    fn begin_run(&mut self, resource: Resource) -> bool {
        let is_delivered = self.flush();
        self.batch.set_resource(resource);
        is_delivered
    }

    fn push(&mut self, span: Span) -> bool {
        self.batch.push(span);
        !self.batch.is_full(self.max_spans) || self.flush()
    }

    fn flush(&mut self) -> bool {
        if self.batch.is_empty() {
            return true;
        }
        let is_delivered = self.delivery.deliver(&self.batch, self.patience);
        self.batch.clear();
        is_delivered
    }
}

/// The batches of a run: shared by the export that fills them and the thread that flushes them.
struct SharedBatches<'a>(Rc<RefCell<Batches<'a>>>);

/// What cannot be delivered is counted, and the export goes on.
impl SpanReceiver for SharedBatches<'_> {
    fn begin_run(&mut self, resource: Resource) -> io::Result<()> {
        self.0.borrow_mut().begin_run(resource);
        Ok(())
    }

    fn span(&mut self, span: Span) -> io::Result<()> {
        self.0.borrow_mut().push(span);
        Ok(())
    }
}

/// What the thread of a run works with.
pub(crate) struct Work {
    pub(crate) client: Client,
    pub(crate) timeout: Duration,
    pub(crate) batch: usize,
    pub(crate) delay: Duration,
    pub(crate) sample: Sample,
    pub(crate) service: Service,
}

/// Exports the blocks of the queue until the run has ended and nothing is left.
pub(crate) fn export_all(work: Work, queue: &Queue, report: &Mutex<ExportReport>) {
    let Work { client, timeout, batch: max_spans, delay, sample, service } = work;
    let delivery = Delivery { client, timeout, repeated_for: MAX_RETRY_TIME, report, are_counted: true };
    let batches = Batches { delivery, patience: queue, max_spans, batch: Batch::default() };
    let batches = Rc::new(RefCell::new(batches));
    let outcome = service.outcome;
    let export = Export::spans(service, SharedBatches(Rc::clone(&batches)));
    let mut live = LiveExport { export, outcome, sample, report };
    let mut flushes = 0;
    loop {
        let waits = !batches.borrow().batch.is_empty();
        match queue.next(waits.then_some(delay), &mut flushes) {
            Next::Block(block) => live.block(&block),
            Next::Flush => drop(batches.borrow_mut().flush()),
            Next::End => break,
        }
    }
    batches.borrow_mut().flush();
}

/// The export of the inputs in blocks.
struct LiveExport<'a> {
    export: Export<'a>,
    outcome: OutcomeOf,
    sample: Sample,
    report: &'a Mutex<ExportReport>,
}

impl LiveExport<'_> {
    fn block(&mut self, block: &Block) {
        // They count as undelivered until they have arrived.
        lock(self.report).undelivered_spans += spans_of(block);
        let mut begin = 0;
        for input in &block.inputs {
            self.input(&block.lines[begin..input.end], input.is_chosen);
            begin = input.end;
        }
    }

    /// Exports an input, if it is in the sample.
    fn input(&mut self, lines: &[u8], is_chosen: bool) {
        let records = || lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let is_sampled = is_chosen
            || self.sample.always_declined
                && records().next_back().is_some_and(|last| self.is_declined(last));
        if !is_sampled {
            let mut report = lock(self.report);
            report.unsampled_inputs += 1;
            report.undelivered_spans -= records().count() as u64 + 1;
            return;
        }
        for line in records() {
            let record = serde_json::from_slice::<TraceRecord>(line).map_err(|error| error.to_string());
            let exported =
                record.and_then(|record| self.export.record(1, &record).map_err(|error| error.to_string()));
            if let Err(error) = exported {
                lock(self.report).note(format!("a record cannot be exported: {error}"));
            }
        }
        // The batches count what cannot be delivered.
        let _ = self.export.end_input();
    }

    /// Returns whether an input was declined, by its last record.
    fn is_declined(&self, last: &[u8]) -> bool {
        let last = serde_json::from_slice::<TraceRecord>(last).ok();
        last.and_then(|last| outcome_after(&last, self.outcome)).is_some_and(|outcome| outcome.is_declined)
    }
}

/// Returns the number of spans that a block becomes: one a record, and one an input.
pub(crate) fn spans_of(block: &Block) -> u64 {
    (block.records + block.inputs.len()) as u64
}
