//! The group `runtime.tracing.sink`: the target of records.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Records between flushes when `write_mode` is `batch` and `flush_every_n` is not given.
pub(crate) const BATCH_FLUSH_EVERY_N: u64 = 100;

/// Where records go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sink {
    /// The kind of sink.
    #[serde(default)]
    pub kind: SinkKind,
    /// The file; required when `kind` is `jsonl`, else ignored.
    #[serde(default)]
    pub jsonl: Option<Jsonl>,
}

impl Sink {
    /// Returns the file of the records, if `kind` is `jsonl`.
    ///
    /// A configuration from [`Loaded::finish`](crate::Loaded::finish) has a path there; during checks, a missing path
    /// is empty.
    pub fn jsonl_file(&self) -> Option<(&Path, &Jsonl)> {
        let jsonl = self.jsonl.as_ref().filter(|_| self.kind == SinkKind::Jsonl)?;
        Some((jsonl.path.as_deref().unwrap_or(Path::new("")), jsonl))
    }
}

/// The kind of sink.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SinkKind {
    /// A file, one record a line, appended.
    #[default]
    Jsonl,
    /// Standard output, one record a line.
    Stdout,
}

/// A file of records, one a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Jsonl {
    /// The file, relative to the working directory. Required when the sink's `kind` is `jsonl`.
    #[schemars(length(min = 1))]
    pub path: Option<PathBuf>,
    /// Whether records are written one by one or in batches.
    pub write_mode: WriteMode,
    /// Records between writes to the file. When `write_mode` is `batch` and this is not given: 100.
    pub flush_every_n: NonZeroU64,
    /// Records between making the file durable; null for never.
    pub fsync_every_n: Option<NonZeroU64>,
}

impl Default for Jsonl {
    fn default() -> Self {
        Self {
            path: None,
            write_mode: WriteMode::default(),
            flush_every_n: NonZeroU64::MIN,
            fsync_every_n: None,
        }
    }
}

/// Whether records are written one by one or in batches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WriteMode {
    /// One by one, unless `flush_every_n` says otherwise.
    #[default]
    Line,
    /// Many at a time.
    Batch,
}
