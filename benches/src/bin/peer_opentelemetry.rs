//! A peer: the OpenTelemetry SDK, a span per step, written as lines of OTLP JSON, 512 spans per line.
//!
//! Equivalent: the facts of the kernel's record, in OTLP's own form: times as nanoseconds, the constant parts once per
//! line. In its favour: the trace id holds the line number, so that no root span is needed; finished spans are gathered
//! and exported on the thread that makes them, because the SDK's batch processor drops spans at this rate, and its
//! simple one exports each alone.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor};
use stream_kernel_benches::program;
use stream_kernel_benches::steps::{SCENARIO, Step, StepRecorder};

/// The SDK's default for batches.
const BATCH_SPANS: usize = 512;

fn main() -> ExitCode {
    program::run_traced(|trace| {
        let resource = Resource::builder_empty().with_attribute(KeyValue::new("scenario", SCENARIO)).build();
        let export = Arc::new(Mutex::new(Export {
            trace,
            resource: ResourceAttributesWithSchema::from(&resource),
            spans: Vec::new(),
            written: 0,
            failure: None,
        }));
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_span_processor(Gathering(Arc::clone(&export)))
            .build();
        let tracer = provider.tracer("plain_loop");
        Recorder { export, _provider: provider, tracer, line: Context::new(), line_no: 0 }
    })
}

/// The waiting spans, and their file.
struct Export {
    trace: BufWriter<File>,
    resource: ResourceAttributesWithSchema,
    spans: Vec<SpanData>,
    written: u64,
    failure: Option<io::Error>,
}

impl Export {
    fn push(&mut self, span: SpanData) {
        self.spans.push(span);
        if self.spans.len() >= BATCH_SPANS
            && let Err(error) = self.write()
        {
            self.failure.get_or_insert(error);
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let spans = std::mem::replace(&mut self.spans, Vec::with_capacity(BATCH_SPANS));
        let count = spans.len() as u64;
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        serde_json::to_writer(&mut self.trace, &TracesData { resource_spans })?;
        self.trace.write_all(b"\n")?;
        self.written += count;
        Ok(())
    }
}

/// A span processor that loses nothing and needs no thread.
struct Gathering(Arc<Mutex<Export>>);

impl std::fmt::Debug for Gathering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gathering")
    }
}

impl SpanProcessor for Gathering {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

struct Recorder {
    export: Arc<Mutex<Export>>,
    /// Ends tracing when it is dropped.
    _provider: SdkTracerProvider,
    tracer: SdkTracer,
    line: Context,
    line_no: u64,
}

impl StepRecorder for Recorder {
    fn begin_line(&mut self, line_no: u64) {
        let trace_id = TraceId::from(u128::from(line_no));
        let parent =
            SpanContext::new(trace_id, SpanId::from(line_no), TraceFlags::SAMPLED, true, TraceState::NONE);
        self.line = Context::new().with_remote_span_context(parent);
        self.line_no = line_no;
    }

    fn record<T>(&mut self, step: &'static Step, work: impl FnOnce() -> T) -> T {
        let attributes = [
            KeyValue::new("line_no", self.line_no.cast_signed()),
            KeyValue::new("step_index", step.index.cast_signed() as i64),
            KeyValue::new("work_index", 0),
            KeyValue::new("msg_in", step.takes),
            KeyValue::new("msg_out", step.emits.unwrap_or_default()),
            KeyValue::new("msg_out_count", i64::from(step.emits.is_some())),
        ];
        let builder = self.tracer.span_builder(step.name).with_attributes(attributes);
        let mut span = builder.start_with_context(&self.tracer, &self.line);
        let result = work();
        span.set_status(Status::Ok);
        span.end();
        result
    }

    fn finish(self) -> io::Result<u64> {
        let mut export = self.export.lock().unwrap_or_else(PoisonError::into_inner);
        export.write()?;
        export.trace.flush()?;
        export.failure.take().map_or(Ok(export.written), Err)
    }
}
