//! OpenTelemetry: the program as a service, and the receivers of its spans.

#[cfg(not(feature = "otlp"))]
mod left_out;
#[cfg(feature = "otlp")]
mod receiver;

use serde_json::Value;
use stream_kernel_run::Application;
use stream_kernel_trace::TraceSink;
use stream_kernel_trace_reader::spans::Service;

use crate::commands::Environment;

#[cfg(not(feature = "otlp"))]
pub(crate) use left_out::{Live, Sending, send};
#[cfg(feature = "otlp")]
pub(crate) use receiver::{Live, Sending, send};

/// A sink, and the receiver behind it.
type LiveSink = (Box<dyn TraceSink>, Live);

/// What the program knows for OpenTelemetry.
pub(crate) struct Telemetry {
    /// The program under its own name.
    service: Service,
    /// The environment variables of OpenTelemetry.
    #[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "only a receiver needs them"))]
    variables: Vec<(String, String)>,
}

impl Telemetry {
    /// Returns what is known of an application in this environment.
    pub(crate) fn of<A: Application>(environment: &Environment) -> Self {
        let variable = |(name, value): &(std::ffi::OsString, std::ffi::OsString)| {
            let name = name.to_str().filter(|name| name.starts_with("OTEL_"))?;
            Some((name.to_owned(), value.to_string_lossy().into_owned()))
        };
        Self {
            service: Service::new(A::ABOUT.name, A::ABOUT.version, A::outcome),
            variables: environment.iter().filter_map(variable).collect(),
        }
    }

    #[cfg(test)]
    pub(crate) fn of_test() -> Self {
        Self { service: Service::new("a-program", "1.2.3", |_| None), variables: Vec::new() }
    }
}

/// The result of exporting a run's records.
#[derive(Clone, Debug)]
pub(crate) struct Exported {
    /// The receiver and the counts, for people.
    pub(crate) text: String,
    /// The same for programs.
    pub(crate) json: Value,
    /// Whether the receiver has taken everything that was to be exported.
    pub(crate) is_complete: bool,
}
