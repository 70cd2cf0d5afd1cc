//! The modes of tracing, as settings over a configuration.

use proptest::prelude::*;
use proptest::sample::select;
use stream_kernel_exec::trace::ContextField;

/// The contents of a run's records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TraceMode {
    pub(crate) signature: &'static str,
    pub(crate) context: ContextMode,
}

/// The part of the context that they show.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ContextMode {
    None,
    Whitelist(&'static [ContextField]),
    Full,
}

const SIGNATURES: [&str; 3] = ["type_only", "type_and_identity", "hash"];

/// Nothing, everything, and lists: an empty one, the usual one, all fields but two, and one out of order.
const CONTEXTS: [ContextMode; 6] = [
    ContextMode::None,
    ContextMode::Full,
    ContextMode::Whitelist(&[]),
    ContextMode::Whitelist(EXPLAINING),
    ContextMode::Whitelist(&[
        ContextField::TraceId,
        ContextField::RunId,
        ContextField::ScenarioId,
        ContextField::LineNo,
        ContextField::ReceivedAt,
        ContextField::Notes,
        ContextField::Flags,
        ContextField::Errors,
    ]),
    ContextMode::Whitelist(&[ContextField::Metrics, ContextField::LineNo, ContextField::Tags]),
];

const EXPLAINING: &[ContextField] = &[ContextField::Tags, ContextField::Metrics];

impl TraceMode {
    /// The mode in which a trace explains every decision and shows the hash of every message.
    pub(crate) const EXPLAINING: Self =
        Self { signature: "hash", context: ContextMode::Whitelist(EXPLAINING) };

    /// Returns every combination of a signature mode and a context mode.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        SIGNATURES.into_iter().flat_map(|signature| CONTEXTS.map(|context| Self { signature, context }))
    }

    /// Returns the settings that switch tracing on in this mode.
    pub(crate) fn settings(self) -> Vec<String> {
        let (mode, whitelist) = match self.context {
            ContextMode::None => ("none", &[][..]),
            ContextMode::Whitelist(fields) => ("whitelist", fields),
            ContextMode::Full => ("full", &[][..]),
        };
        let names: Vec<_> = whitelist.iter().map(ContextField::to_string).collect();
        vec![
            "runtime.tracing.enabled=true".to_owned(),
            format!("runtime.tracing.signature.mode={}", self.signature),
            format!("runtime.tracing.context_diff.mode={mode}"),
            format!("runtime.tracing.context_diff.whitelist=[{}]", names.join(", ")),
        ]
    }

    /// Returns the fields that snapshots show, in the contract's order; `None` if there are no snapshots.
    pub(crate) fn fields(self) -> Option<Vec<ContextField>> {
        match self.context {
            ContextMode::None => None,
            ContextMode::Whitelist(fields) => {
                Some(ContextField::ALL.into_iter().filter(|field| fields.contains(field)).collect())
            }
            ContextMode::Full => Some(ContextField::ALL.to_vec()),
        }
    }
}

/// Draws a mode.
pub(crate) fn trace_mode() -> impl Strategy<Value = TraceMode> {
    (select(&SIGNATURES), select(&CONTEXTS)).prop_map(|(signature, context)| TraceMode { signature, context })
}
