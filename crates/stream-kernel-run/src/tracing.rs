//! Tracing: builds the recorder and its sink from the configuration.

use std::path::Path;
use std::sync::Arc;

use stream_kernel_config::{
    Compress, ContextDiffMode, Rotate, SignatureMode as ConfiguredSignature, SinkKind, Tracing, WriteMode,
};
use stream_kernel_sinks::{Cadence, Compression, JsonlSink, OpenTraceError, Rotation, StdoutSink};
use stream_kernel_trace::{
    Clock, ContextField, FieldSet, Recorder, Redaction, SignatureMode, TraceSettings, TraceSink,
};

use crate::Meter;
use crate::meter::MeteredSink;

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
    meter: Option<&Arc<Meter>>,
) -> Option<Recorder> {
    tracing.enabled.then(|| {
        let keeps_tape = sink.is_none();
        let recorder = Recorder::new(settings(tracing), clock()).with_redaction(redaction);
        let metered = meter.map(|meter| Box::new(MeteredSink(Arc::clone(meter))) as _);
        let recorder = metered.into_iter().chain(sink).fold(recorder, Recorder::with_sink);
        // Without a sink that keeps records they stay on the tape.
        if keeps_tape { recorder.with_tape() } else { recorder }
    })
}

/// How records are written to their file.
#[derive(Clone, Copy)]
pub(crate) struct Writing {
    pub(crate) cadence: Cadence,
    pub(crate) compression: Compression,
    /// Whether a thread writes while the run goes on.
    pub(crate) is_beside: bool,
    pub(crate) rotation: Option<Rotation>,
}

/// Returns the file of the records, if there is one.
pub(crate) fn file(tracing: &Tracing) -> Option<(&Path, Writing)> {
    let (path, jsonl) = tracing.jsonl_file()?;
    let compression = match jsonl.compress {
        Compress::None => Compression::None,
        Compress::Zstd => Compression::Zstd { level: jsonl.compress_level },
    };
    let cadence = Cadence { flush_every_n: jsonl.flush_every_n, fsync_every_n: jsonl.fsync_every_n };
    let is_beside = jsonl.write_mode == WriteMode::Batch;
    let rotation = jsonl.rotate.map(|Rotate { max_bytes, keep, .. }| Rotation { max_bytes, keep });
    Some((path, Writing { cadence, compression, is_beside, rotation }))
}

/// Returns the path of a key of the sink of this kind; if there is none, where the first sink would have it.
pub(crate) fn key_of(tracing: &Tracing, kind: SinkKind, key: &str) -> String {
    let sink = tracing.sink_of(kind).map_or_else(|| "runtime.tracing.sink".to_owned(), |(key, _)| key);
    format!("{sink}.{key}")
}

/// Returns whether records go to standard output.
pub(crate) fn goes_to_stdout(tracing: &Tracing) -> bool {
    tracing.sink_of(SinkKind::Stdout).is_some()
}

/// Opens the configured sinks: the file, and standard output.
pub(crate) fn open_sinks(tracing: &Tracing) -> Result<Vec<Box<dyn TraceSink>>, OpenTraceError> {
    let mut sinks: Vec<Box<dyn TraceSink>> = Vec::new();
    if let Some((path, Writing { cadence, compression, is_beside, rotation })) = file(tracing) {
        let sink = JsonlSink::open_rotated(path, cadence, compression, rotation)?;
        sinks.push(Box::new(if is_beside { sink.beside_the_run() } else { sink }));
    }
    if goes_to_stdout(tracing) {
        sinks.push(Box::new(StdoutSink::new()));
    }
    Ok(sinks)
}
