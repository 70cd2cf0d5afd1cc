//! Tracing: builds the recorder and its sink from the configuration.

use std::path::Path;

use stream_kernel_config::{ContextDiffMode, SignatureMode as ConfiguredSignature, SinkKind, Tracing};
use stream_kernel_sinks::{Cadence, JsonlSink, OpenError, StdoutSink};
use stream_kernel_trace::{
    Clock, ContextField, FieldSet, Recorder, Redaction, SignatureMode, TraceSettings, TraceSink,
};

/// Returns the parts that records show.
///
/// An unknown context field was reported when the configuration was checked, and is left out here.
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

/// Returns the configured recorder; `None` if tracing is off. Its clock is made only if there is one.
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

/// Returns the file of the records, if there is one.
pub(crate) fn file(tracing: &Tracing) -> Option<(&Path, Cadence)> {
    let (path, jsonl) = tracing.sink.as_ref().filter(|_| tracing.enabled)?.jsonl_file()?;
    Some((path, Cadence { flush_every_n: jsonl.flush_every_n, fsync_every_n: jsonl.fsync_every_n }))
}

/// Returns whether records go to standard output.
pub(crate) fn goes_to_stdout(tracing: &Tracing) -> bool {
    tracing.enabled && tracing.sink.as_ref().is_some_and(|sink| sink.kind == SinkKind::Stdout)
}

/// Opens the configured sink, if there is one.
pub(crate) fn open_sink(tracing: &Tracing) -> Result<Option<Box<dyn TraceSink>>, OpenError> {
    Ok(match file(tracing) {
        Some((path, cadence)) => Some(Box::new(JsonlSink::open(path, cadence)?)),
        None if goes_to_stdout(tracing) => Some(Box::new(StdoutSink::new())),
        None => None,
    })
}
