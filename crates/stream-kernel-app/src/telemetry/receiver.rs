//! Exports to receivers over OTLP/HTTP: of a run's records while it goes on, and of an existing trace.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;
use stream_kernel_otlp::{
    Configured, Endpoint, ExportReport, Headers, OtlpSink, ReportHandle, Resolved, Sample, SpanSender,
    resolve,
};
use stream_kernel_run::config::{Always, Otlp, SinkKind, Tracing, without_credentials};
use stream_kernel_text::escaped;
use stream_kernel_trace_reader::export::Export;
use stream_kernel_trace_reader::spans::Service;

use super::{Exported, LiveSink, Telemetry};
use crate::failure::Failure;
use crate::report::say;

impl Telemetry {
    /// Returns the service, under this name if there is one, else as the environment says.
    pub(crate) fn service(&self, name: Option<&str>) -> Service {
        let configured = Configured { service_name: name.map(str::to_owned), ..Configured::default() };
        self.service_of(&resolve(&configured, &self.variables))
    }

    fn service_of(&self, resolved: &Resolved) -> Service {
        let name = resolved.service_name.clone().unwrap_or_else(|| self.service.name.clone());
        let attributes = resolved.resource_attributes.clone();
        Service { name, attributes, ..self.service.clone() }
    }

    /// Returns the settings, and prints remarks about variables that are ignored.
    fn resolve(&self, configured: &Configured) -> Resolved {
        let resolved = resolve(configured, &self.variables);
        resolved.remarks.iter().for_each(|remark| say(format!("note: {}", escaped(remark))));
        resolved
    }
}

/// The receiver of a run's records.
pub(crate) struct Live {
    endpoint: Endpoint,
    report: ReportHandle,
}

impl Live {
    /// Starts the configured export of records, if there is one, and returns its sink.
    pub(crate) fn start(telemetry: &Telemetry, tracing: &Tracing) -> Result<Option<LiveSink>, Failure> {
        let Some((key, sink)) = tracing.sink_of(SinkKind::Otlp) else { return Ok(None) };
        let otlp = sink.otlp.clone().unwrap_or_default();
        let configured =
            configured(otlp).map_err(|error| Failure::usage(format!("`{key}.otlp`: {error}")))?;
        let resolved = telemetry.resolve(&configured);
        let (service, settings) = (telemetry.service_of(&resolved), resolved.settings);
        let sink =
            OtlpSink::start(&settings, service).map_err(|error| Failure::told(1, error.to_string()))?;
        let live = Self { endpoint: settings.endpoint, report: sink.report_handle() };
        Ok(Some((Box::new(sink), live)))
    }

    /// Returns what became of the records, when the run has ended.
    pub(crate) fn exported(&self) -> Exported {
        let report = self.report.report();
        let endpoint = shown(&self.endpoint);
        let ExportReport { exported_spans, rejected_spans, undelivered_spans, .. } = report;
        let ExportReport { dropped_inputs, unsampled_inputs, reason, .. } = &report;
        Exported {
            text: format!("{endpoint}, {report}"),
            json: json!({
                "endpoint": endpoint,
                "exported_spans": exported_spans,
                "rejected_spans": rejected_spans,
                "undelivered_spans": undelivered_spans,
                "dropped_inputs": dropped_inputs,
                "unsampled_inputs": unsampled_inputs,
                "reason": reason,
            }),
            is_complete: report.is_complete(),
        }
    }
}

/// Returns an endpoint for people, without passwords in its query.
fn shown(endpoint: &Endpoint) -> String {
    without_credentials(endpoint.url()).into_owned()
}

/// Returns what the configuration says. It was checked; what its checks let through is an error.
fn configured(otlp: Otlp) -> Result<Configured, String> {
    let Otlp { endpoint, service_name, headers, timeout_ms, queue, batch, sample, .. } = otlp;
    let endpoint = endpoint.map(|url| Endpoint::new(&url)).transpose();
    let headers = headers.map(|given| {
        let mut headers = Headers::default();
        given.iter().try_for_each(|(name, value)| headers.add(name, value)).map(|()| headers)
    });
    let count = |count: std::num::NonZeroU32| usize::try_from(count.get()).unwrap_or(usize::MAX);
    Ok(Configured {
        endpoint: endpoint.map_err(|error| format!("the endpoint is {error}"))?,
        headers: headers.transpose().map_err(|error| error.to_string())?,
        timeout: timeout_ms.map(|millis| Duration::from_millis(millis.get().into())),
        queue: queue.map(count),
        batch: batch.map(count),
        sample: sample.map(|sample| Sample {
            ratio: sample.ratio.0,
            always_errors: sample.always.contains(&Always::Errors),
            always_declined: sample.always.contains(&Always::Declined),
        }),
        service_name,
    })
}

/// The export of a trace to a receiver.
pub(crate) struct Sending<'a> {
    pub(crate) telemetry: &'a Telemetry,
    pub(crate) url: &'a str,
    pub(crate) service_name: Option<&'a str>,
}

/// Lets `write` write to an export that sends spans; then says what has arrived.
///
/// # Errors
///
/// The URL is not one of a receiver; or the receiver has not taken everything.
pub(crate) fn send(
    sending: &Sending<'_>,
    write: impl FnOnce(Export<'_>, &dyn Fn(std::io::Error) -> Failure) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Sending { telemetry, url, service_name } = sending;
    let endpoint =
        Endpoint::new(url).map_err(|error| Failure::usage(format!("the value of `--to` is {error}")))?;
    let configured = Configured {
        endpoint: Some(endpoint),
        service_name: service_name.map(str::to_owned),
        ..Configured::default()
    };
    let resolved = telemetry.resolve(&configured);
    let (service, settings) = (telemetry.service_of(&resolved), resolved.settings);
    let report = Mutex::default();
    let sender = SpanSender::new(&settings, &report).map_err(|error| Failure::told(1, error.to_string()))?;
    let result = || {
        let report: ExportReport = report.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        (format!("{}: {report}", shown(&settings.endpoint)), report.is_complete())
    };
    // The report names the error.
    let stopped =
        |_| Failure::told(1, result().0 + "; the export stopped at the first batch that was not delivered");
    write(Export::spans(service, sender), &stopped)?;
    match result() {
        (text, true) => say(escaped(&text)),
        (text, false) => return Err(Failure::told(1, text)),
    }
    Ok(())
}
