//! The group `runtime.tracing.redact`: the redaction of customers' data in records.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What records hide of customers' data. Decisions and output stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Redact {
    /// How the identities of messages are shown.
    pub identity: RedactIdentity,
    /// The tags whose values are hidden: masked, or hashed if identities are.
    pub tags: Vec<String>,
    /// A file whose content, of 1 to 4,096 bytes, is the key of all hashes in the trace. Required when `identity` is `hash`.
    #[schemars(length(min = 1))]
    pub key_file: Option<PathBuf>,
}

/// How the identities of messages are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RedactIdentity {
    /// As they are.
    #[default]
    None,
    /// As `***`.
    Mask,
    /// As hashes, keyed by the content of `key_file`.
    Hash,
}
