//! The group `runtime.tracing.sink`: the target of records.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Records between flushes when `write_mode` is `batch` and `flush_every_n` is not given.
pub(crate) const BATCH_FLUSH_EVERY_N: u64 = 100;

/// Where records go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sink {
    /// The kind of sink.
    #[serde(default)]
    pub kind: SinkKind,
    /// The file; required when `kind` is `jsonl`, else ignored.
    #[serde(default)]
    pub jsonl: Option<Jsonl>,
    /// The receiver of spans, when `kind` is `otlp`, else ignored. What is null here, OpenTelemetry's environment
    /// variables may say.
    #[serde(default)]
    pub otlp: Option<Otlp>,
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
    /// A receiver of OpenTelemetry's protocol over HTTP, while the run goes on. It never delays the run: what it cannot
    /// take in time is dropped and counted.
    Otlp,
}

/// A file of records, one a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
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
    /// How what is written at a time is compressed; readers tell by the content.
    pub compress: Compress,
    /// How much time compressing takes: from 1, quick, to 19, small.
    #[schemars(range(min = 1, max = 19))]
    pub compress_level: u8,
    /// When the file gets another name, and how many such files are kept; null for never.
    pub rotate: Option<Rotate>,
}

impl Default for Jsonl {
    fn default() -> Self {
        Self {
            path: None,
            write_mode: WriteMode::default(),
            flush_every_n: NonZeroU64::MIN,
            fsync_every_n: None,
            compress: Compress::default(),
            compress_level: 1,
            rotate: None,
        }
    }
}

/// When a file of records gets another name, `.1` behind its own, and a new one takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rotate {
    /// How many bytes a file has at most; a record that is larger is alone in one.
    pub max_bytes: NonZeroU64,
    /// How many old files are kept, `.1` being the newest.
    #[schemars(range(min = 1, max = 1000))]
    pub keep: NonZeroU16,
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

/// How records are compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compress {
    /// Not at all.
    #[default]
    None,
    /// As zstd frames of whole records, each what is written at a time.
    Zstd,
}

/// A receiver of spans: a collector, Jaeger, Tempo, Phoenix or whatever else speaks OTLP over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Otlp {
    /// The URL; `/v1/traces` if it has no path. When it is null and the environment says nothing,
    /// `http://127.0.0.1:4318/v1/traces`.
    #[schemars(length(min = 1))]
    pub endpoint: Option<String>,
    /// The name of the service; when it is null and the environment says nothing, the program's.
    #[schemars(length(min = 1))]
    pub service_name: Option<String>,
    /// The headers of each request, such as `authorization`. Their values are secrets, and shown as `***`.
    pub headers: Option<BTreeMap<String, String>>,
    /// How many milliseconds a request may take, and the export at the end of a run; by default 10000.
    #[schemars(range(min = 1, max = 600_000))]
    pub timeout_ms: Option<NonZeroU32>,
    /// How many records may wait for the receiver; by default 16384.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub queue: Option<NonZeroU32>,
    /// How many spans a request has at most; by default 2048.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub batch: Option<NonZeroU32>,
    /// The inputs that are exported, each as a whole; by default all.
    pub sample: Option<Sample>,
}

/// The inputs that are exported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Sample {
    /// The share of inputs, chosen by their trace ids.
    pub ratio: Ratio,
    /// The inputs that are exported whatever the share.
    pub always: Vec<Always>,
}

/// A share, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Ratio(#[schemars(range(min = 0.0, max = 1.0))] pub f64);

/// The schema admits numbers only, and each equals itself.
impl Eq for Ratio {}

impl Default for Ratio {
    fn default() -> Self {
        Self(1.0)
    }
}

/// A kind of inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Always {
    /// Those with a failed step.
    Errors,
    /// Those that were declined, as the application says of their tags.
    Declined,
}
