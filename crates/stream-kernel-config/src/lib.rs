#![doc = include_str!("../README.md")]

mod checkpoint;
mod config;
mod metrics;
mod redact;
mod runtime;
mod sink;
mod tracing;
mod workers;

pub mod decimal;
mod effective;
mod loaded;
mod loader;
mod mistake;
mod nearest;
mod origin;
mod rule;
mod source;
mod stores;
mod variable;

mod check;
mod excerpt;
mod key_path;
mod layer;
mod masking;
mod place;
mod quoted_line;
mod schema;
mod sink_rules;
mod yaml;
mod yaml_text;

pub use checkpoint::Checkpoint;
pub use config::{Config, ScenarioLabel};
pub use effective::{Effective, Entry};
pub use excerpt::excerpt;
pub use loaded::Loaded;
pub use loader::Loader;
pub use masking::without_credentials;
pub use metrics::{Metrics, Textfile};
pub use mistake::{MAX_MISTAKES, Mistake, Mistakes, Problem, Warning};
pub use nearest::nearest;
pub use origin::Origin;
pub use redact::{Redact, RedactIdentity};
pub use rule::Rule;
pub use runtime::{OnStepError, Runtime};
pub use sink::{Always, Compress, Jsonl, Otlp, Ratio, Rotate, Sample, Sink, SinkKind, WriteMode};
pub use source::{MAX_SOURCE_BYTES, MAX_SOURCE_ROWS, Row, Source, SourceError};
pub use stores::Stores;
pub use tracing::{ContextDiff, ContextDiffMode, Signature, SignatureMode, Tracing};
pub use variable::Variable;
pub use workers::{Cluster, MAX_EPOCH_BYTES, MAX_WORKERS};
