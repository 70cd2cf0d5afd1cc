#![doc = include_str!("../README.md")]

mod back_off;
mod batch;
mod client;
mod delivery;
mod endpoint;
mod exporter;
mod messages;
mod queue;
mod report;
mod settings;
mod sink;

pub use batch::MAX_BATCH_BYTES;
pub use client::NoCertificates;
pub use endpoint::{DEFAULT_ENDPOINT, Endpoint, Headers, InvalidEndpoint, InvalidHeader, TRACES_PATH};
pub use exporter::SpanSender;
pub use queue::MAX_QUEUE_BYTES;
pub use report::ExportReport;
pub use settings::{
    Configured, DEFAULT_BATCH, DEFAULT_DELAY, DEFAULT_QUEUE, DEFAULT_TIMEOUT, Resolved, Sample, Settings,
    resolve,
};
pub use sink::{MAX_INPUT_BYTES, OtlpSink, ReportHandle};
