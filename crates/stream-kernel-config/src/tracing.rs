//! The group `runtime.tracing`: what is recorded of a run.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::redact::Redact;
use crate::sink::{Jsonl, Sink, SinkKind};

/// What is recorded of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
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
    /// Further places where records go; of each kind of sink there is at most one. A failure of one leaves the others.
    pub sinks: Vec<Sink>,
}

impl Tracing {
    /// Returns the sinks with their key paths: none if tracing is off.
    pub fn all_sinks(&self) -> impl Iterator<Item = (String, &Sink)> {
        let first = self.sink.iter().map(|sink| (SINK_KEY.to_owned(), sink));
        let further = self.sinks.iter().enumerate();
        let further = further.map(|(index, sink)| (format!("{SINKS_KEY}.{index}"), sink));
        first.chain(further).filter(|_| self.enabled)
    }

    /// Returns the sink of this kind with its key path, if there is one.
    pub fn sink_of(&self, kind: SinkKind) -> Option<(String, &Sink)> {
        self.all_sinks().find(|(_, sink)| sink.kind == kind)
    }

    /// Returns the file of the records, if there is one; see [`Sink::jsonl_file`].
    pub fn jsonl_file(&self) -> Option<(&Path, &Jsonl)> {
        self.all_sinks().find_map(|(_, sink)| sink.jsonl_file())
    }
}

pub(crate) const SINK_KEY: &str = "runtime.tracing.sink";
pub(crate) const SINKS_KEY: &str = "runtime.tracing.sinks";

/// How a message is identified in a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
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
#[non_exhaustive]
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
