//! From the tracing configuration to a recorder and its sink.

use stream_kernel_config::{ContextDiffMode, SignatureMode as ConfiguredSignature, Tracing};
use stream_kernel_sinks::{Cadence, JsonlSink, OpenError, StdoutSink};
use stream_kernel_trace::{
    Clock, ContextField, FieldSet, Recorder, Redaction, SignatureMode, TraceSettings, TraceSink,
};

/// Returns what records show.
///
/// A name that is no context field was reported when the configuration was checked, and is left out here.
fn settings(tracing: &Tracing) -> TraceSettings {
    let signature = match tracing.signature.mode {
        ConfiguredSignature::TypeOnly => SignatureMode::TypeOnly,
        ConfiguredSignature::TypeAndIdentity => SignatureMode::TypeAndIdentity,
        ConfiguredSignature::Hash => SignatureMode::Hash,
    };
    let named_fields = || tracing.context_diff.whitelist.iter().filter_map(|name| ContextField::named(name));
    let context_diff = match tracing.context_diff.mode {
        ContextDiffMode::None => None,
        ContextDiffMode::Whitelist => Some(FieldSet::of(named_fields())),
        ContextDiffMode::Full => Some(FieldSet::ALL),
    };
    TraceSettings { signature, context_diff }
}

/// Returns the recorder that the configuration asks for, `None` if tracing is off. Its clock is made only if there is one.
pub(crate) fn recorder<C: Clock + 'static>(
    tracing: &Tracing,
    redaction: Redaction,
    clock: impl FnOnce() -> C,
    sink: Option<Box<dyn TraceSink>>,
) -> Option<Recorder> {
    tracing.enabled.then(|| {
        let recorder = Recorder::new(settings(tracing), clock()).with_redaction(redaction);
        match sink {
            Some(sink) => recorder.with_sink(sink),
            None => recorder,
        }
    })
}

/// Opens the sink that is configured, if any is.
pub(crate) fn open_sink(tracing: &Tracing) -> Result<Option<Box<dyn TraceSink>>, OpenError> {
    let Some(sink) = &tracing.sink else { return Ok(None) };
    let Some((path, jsonl)) = sink.jsonl_file() else { return Ok(Some(Box::new(StdoutSink::new()))) };
    let cadence = Cadence { flush_every_n: jsonl.flush_every_n, fsync_every_n: jsonl.fsync_every_n };
    Ok(Some(Box::new(JsonlSink::open(path, cadence)?)))
}
