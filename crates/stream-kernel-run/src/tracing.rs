//! Tracing: builds the recorder and its sink from the configuration.

use std::path::Path;
use std::sync::Arc;

use stream_kernel_config::{
    Compress, ContextDiffMode, Rotate, SignatureMode as ConfiguredSignature, SinkKind, Tracing, WriteMode,
};
use stream_kernel_sinks::{Cadence, Compression, JsonlSink, OpenError, Rotation, StdoutSink};
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
        let recorder = Recorder::new(settings(tracing), clock()).with_redaction(redaction);
        match (sink, meter) {
            (sink, Some(meter)) => {
                let keeps_tape = sink.is_none();
                let recorder = recorder.with_sink(Box::new(MeteredSink { meter: Arc::clone(meter), sink }));
                if keeps_tape { recorder.with_tape() } else { recorder }
            }
            (Some(sink), None) => recorder.with_sink(sink),
            (None, None) => recorder,
        }
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
    let (path, jsonl) = tracing.sink.as_ref().filter(|_| tracing.enabled)?.jsonl_file()?;
    let compression = match jsonl.compress {
        Compress::None => Compression::None,
        Compress::Zstd => Compression::Zstd { level: jsonl.compress_level },
    };
    let cadence = Cadence { flush_every_n: jsonl.flush_every_n, fsync_every_n: jsonl.fsync_every_n };
    let is_beside = jsonl.write_mode == WriteMode::Batch;
    let rotation = jsonl.rotate.map(|Rotate { max_bytes, keep }| Rotation { max_bytes, keep });
    Some((path, Writing { cadence, compression, is_beside, rotation }))
}

/// Returns whether records go to standard output.
pub(crate) fn goes_to_stdout(tracing: &Tracing) -> bool {
    tracing.enabled && tracing.sink.as_ref().is_some_and(|sink| sink.kind == SinkKind::Stdout)
}

/// Opens the configured sink, if there is one.
pub(crate) fn open_sink(tracing: &Tracing) -> Result<Option<Box<dyn TraceSink>>, OpenError> {
    Ok(match file(tracing) {
        Some((path, Writing { cadence, compression, is_beside, rotation })) => {
            let sink = JsonlSink::open_rotated(path, cadence, compression, rotation)?;
            Some(Box::new(if is_beside { sink.beside_the_run() } else { sink }))
        }
        None if goes_to_stdout(tracing) => Some(Box::new(StdoutSink::new())),
        None => None,
    })
}
