//! Stand-ins for a program that was built without OpenTelemetry.

use stream_kernel_run::config::{SinkKind, Tracing};
use stream_kernel_trace_reader::export::Export;
use stream_kernel_trace_reader::spans::Service;

use super::{Exported, LiveSink, Telemetry};
use crate::failure::Failure;

impl Telemetry {
    /// Returns the service, under this name if there is one.
    pub(crate) fn service(&self, name: Option<&str>) -> Service {
        let mut service = self.service.clone();
        if let Some(name) = name {
            name.clone_into(&mut service.name);
        }
        service
    }
}

/// The receiver of a run's records: there is none.
pub(crate) enum Live {}

impl Live {
    /// Refuses a receiver.
    pub(crate) fn start(_: &Telemetry, tracing: &Tracing) -> Result<Option<LiveSink>, Failure> {
        if tracing.sink_of(SinkKind::Otlp).is_none() { Ok(None) } else { Err(left_out()) }
    }

    pub(crate) fn exported(&self) -> Exported {
        match *self {}
    }
}

fn left_out() -> Failure {
    Failure::usage(
        "this program was built without receivers of OpenTelemetry (build it with the feature `otlp`)",
    )
}

/// The export of a trace to a receiver.
#[expect(dead_code, reason = "nothing is sent")]
pub(crate) struct Sending<'a> {
    pub(crate) telemetry: &'a Telemetry,
    pub(crate) url: &'a str,
    pub(crate) service_name: Option<&'a str>,
}

/// Refuses to send.
pub(crate) fn send(
    _: &Sending<'_>,
    _: impl FnOnce(Export<'_>, &dyn Fn(std::io::Error) -> Failure) -> Result<(), Failure>,
) -> Result<(), Failure> {
    Err(left_out())
}
