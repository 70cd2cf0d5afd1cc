//! Exports of spans: from steps to spans, whatever encoding they are written in.

use std::io;

use super::{Format, SpanReceiver, Step};
use crate::spans::{InputSpans, Service};

/// Makes a span of each step, and a root span of each input.
pub(super) struct SpanExport<R> {
    service: Service,
    receiver: R,
    run: Option<u64>,
    input: Option<InputSpans>,
}

impl<R: SpanReceiver> SpanExport<R> {
    pub(super) fn new(service: Service, receiver: R) -> Self {
        Self { service, receiver, run: None, input: None }
    }
}

impl<R: SpanReceiver> Format for SpanExport<R> {
    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        let input = self.input.get_or_insert_with(|| InputSpans::new(step));
        if self.run != Some(step.run) {
            self.run = Some(step.run);
            self.receiver.begin_run(input.resource(&self.service, step))?;
        }
        self.receiver.span(input.step(&self.service, step))
    }

    fn end_input(&mut self) -> io::Result<()> {
        let Some(input) = self.input.take() else { return Ok(()) };
        self.receiver.span(input.root(&self.service))?;
        self.receiver.end_input()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.receiver.finish()
    }
}
