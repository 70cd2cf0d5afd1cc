//! The group `runtime.tracing`: what is recorded of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::redact::Redact;
use crate::sink::Sink;

/// What is recorded of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tracing {
    /// Whether anything is recorded.
    pub enabled: bool,
    /// How a message is identified in a record.
    pub signature: Signature,
    /// What is recorded of the context of an input.
    pub context_diff: ContextDiff,
    /// What records hide of customers' data.
    pub redact: Redact,
    /// Where records go; without it they stay in memory only.
    pub sink: Option<Sink>,
}

/// How a message is identified in a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Signature {
    /// How much of a message is recorded.
    pub mode: SignatureMode,
}

/// How much of a message is recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureMode {
    /// Its kind.
    #[default]
    TypeOnly,
    /// Its kind and its identity.
    TypeAndIdentity,
    /// Its kind, its identity and a hash of its content.
    Hash,
}

/// What is recorded of the context of an input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContextDiff {
    /// Which context fields are recorded before and after a step.
    pub mode: ContextDiffMode,
    /// The fields that mode `whitelist` records.
    pub whitelist: Vec<String>,
}

/// Which context fields are recorded before and after a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContextDiffMode {
    /// None.
    #[default]
    None,
    /// Those named in `whitelist`.
    Whitelist,
    /// All but the trace itself.
    Full,
}
