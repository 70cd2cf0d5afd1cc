//! OpenTelemetry's environment variables, as its specification names them.

use std::time::Duration;

use super::{Sample, Settings};
use crate::endpoint::{DEFAULT_ENDPOINT, Endpoint, Headers};

/// The variables of the environment, and remarks about those that are ignored.
struct Environment<'a> {
    variables: &'a [(String, String)],
    remarks: Vec<String>,
}

/// The configured settings; for `None` the environment counts, or else the default.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// Where spans go.
    pub endpoint: Option<Endpoint>,
    /// The headers of each request.
    pub headers: Option<Headers>,
    /// How long a request may take, and the export at the end of a run.
    pub timeout: Option<Duration>,
    /// The most records that wait.
    pub queue: Option<usize>,
    /// The most spans of a request.
    pub batch: Option<usize>,
    /// The inputs that are exported.
    pub sample: Option<Sample>,
    /// The name of the service.
    pub service_name: Option<String>,
}

/// The settings from configuration and environment together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Resolved {
    /// How spans are sent.
    pub settings: Settings,
    /// The name of the service, if one is given.
    pub service_name: Option<String>,
    /// Further attributes of the resource.
    pub resource_attributes: Vec<(String, String)>,
    /// Remarks for people about variables that are ignored. They repeat no value.
    pub remarks: Vec<String>,
}

/// Returns the settings: from the configuration, else from the environment, else the defaults.
///
/// A variable with an invalid value is ignored, as OpenTelemetry's specification demands, with a remark.
///
/// ```
/// use stream_kernel_otlp::{Configured, resolve};
///
/// let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), "https://collector:4318".to_owned())];
/// let resolved = resolve(&Configured::default(), &variables);
/// assert_eq!(resolved.settings.endpoint.url(), "https://collector:4318/v1/traces");
/// ```
pub fn resolve(configured: &Configured, variables: &[(String, String)]) -> Resolved {
    let mut environment = Environment { variables, remarks: Vec::new() };
    let env = &mut environment;
    let endpoint = configured.endpoint.clone().or_else(|| env.endpoint());
    let default = || Endpoint::new(DEFAULT_ENDPOINT).unwrap_or_else(|_| unreachable!("it is a URL"));
    let mut settings = Settings::new(endpoint.unwrap_or_else(default));
    if let Some(headers) = configured.headers.clone().or_else(|| env.headers()) {
        settings.headers = headers;
    }
    let timeout =
        ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_BSP_EXPORT_TIMEOUT"];
    if let Some(timeout) = configured.timeout.or_else(|| env.millis(&timeout)) {
        settings.timeout = timeout;
    }
    if let Some(queue) = configured.queue.or_else(|| env.count("OTEL_BSP_MAX_QUEUE_SIZE")) {
        settings.queue = queue;
    }
    if let Some(batch) = configured.batch.or_else(|| env.count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")) {
        settings.batch = batch;
    }
    if let Some(delay) = env.millis(&["OTEL_BSP_SCHEDULE_DELAY"]) {
        settings.delay = delay;
    }
    settings.is_compressed = env.is_compressed();
    if let Some(sample) = configured.sample.or_else(|| env.sample()) {
        settings.sample = sample;
    }
    env.check_protocol();
    let mut resource_attributes = env.resource_attributes();
    let named = resource_attributes.iter().find(|(key, _)| key == "service.name");
    let named = named.map(|(_, name)| name.clone());
    resource_attributes.retain(|(key, _)| key != "service.name");
    let service_name = configured
        .service_name
        .clone()
        .or_else(|| env.text("OTEL_SERVICE_NAME").map(str::to_owned))
        .or(named);
    Resolved { settings, service_name, resource_attributes, remarks: environment.remarks }
}

impl<'a> Environment<'a> {
    /// Returns the value of a variable; an empty one counts as absent.
    fn text(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.variables.iter().find(|(known, _)| known == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// Returns the value of the first of these variables that is there, read by `read`.
    fn read<T>(&mut self, names: &[&str], expected: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (name, text) = names.iter().find_map(|name| Some((*name, self.text(name)?)))?;
        let value = read(text);
        if value.is_none() {
            self.remarks
                .push(format!("the environment variable `{name}` is not heeded: it is not {expected}"));
        }
        value
    }

    fn endpoint(&mut self) -> Option<Endpoint> {
        let expected = "a URL of a receiver without credentials";
        let own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        if self.text(own).is_some() {
            return self.read(&[own], expected, |url| Endpoint::new(url).ok());
        }
        self.read(&["OTEL_EXPORTER_OTLP_ENDPOINT"], expected, |url| Endpoint::below(url).ok())
    }

    fn headers(&mut self) -> Option<Headers> {
        let names = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
        self.read(&names, "a list of headers (`name=value,name=value`)", |text| {
            let mut headers = Headers::default();
            for (name, value) in pairs(text)? {
                headers.add(&name, &value).ok()?;
            }
            Some(headers)
        })
    }

    fn millis(&mut self, names: &[&str]) -> Option<Duration> {
        let read = |text: &str| text.parse().ok().filter(|millis| (1..=MAX_MILLIS).contains(millis));
        self.read(names, "a number of milliseconds, from 1 to 600000", read).map(Duration::from_millis)
    }

    fn count(&mut self, name: &str) -> Option<usize> {
        let read = |text: &str| text.parse().ok().filter(|count| (1..=MAX_COUNT).contains(count));
        self.read(&[name], "a whole number from 1 to 1000000", read)
    }

    fn is_compressed(&mut self) -> bool {
        let names = ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"];
        let read = |text: &str| match text {
            "gzip" => Some(true),
            "none" => Some(false),
            _ => None,
        };
        self.read(&names, "`gzip` or `none`", read).unwrap_or(true)
    }

    fn sample(&mut self) -> Option<Sample> {
        let ratio = |ratio| Some(Sample { ratio, ..Sample::ALL });
        let name = ["OTEL_TRACES_SAMPLER"];
        let read = |text: &str| Some(text.strip_prefix("parentbased_").unwrap_or(text).to_owned());
        match self.read(&name, "", read)?.as_str() {
            "always_on" => ratio(1.0),
            "always_off" => ratio(0.0),
            "traceidratio" => {
                let read = |text: &str| text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
                ratio(self.read(&["OTEL_TRACES_SAMPLER_ARG"], "a number from 0 to 1", read).unwrap_or(1.0))
            }
            _ => self.read(&name, "`always_on`, `always_off` or `traceidratio`", |_| None),
        }
    }

    fn check_protocol(&mut self) {
        let names = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
        self.read(&names, "`http/protobuf`, the only protocol here", |text| {
            (text == "http/protobuf").then_some(())
        });
    }

    fn resource_attributes(&mut self) -> Vec<(String, String)> {
        let name = ["OTEL_RESOURCE_ATTRIBUTES"];
        self.read(&name, "a list of attributes (`key=value,key=value`)", pairs).unwrap_or_default()
    }
}

const MAX_MILLIS: u64 = 600_000;
const MAX_COUNT: usize = 1_000_000;

/// Returns the pairs of a list such as `a=b,c=d`, in which values may be percent-encoded.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let key = key.trim();
        (!key.is_empty()).then_some(())?;
        Some((key.to_owned(), percent_decoded(value.trim())?))
    });
    pairs.collect()
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let byte = if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            u8::try_from(digit()? * 16 + digit()?).ok()?
        } else {
            byte
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(configured: &Configured, variables: &[(&str, &str)]) -> Resolved {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        resolve(configured, &variables)
    }

    #[test]
    fn variables_fill_in_what_is_not_configured() {
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a/base/"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x, b = c"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "9"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "7"),
            ("OTEL_BSP_SCHEDULE_DELAY", "30"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=b,deployment.environment.name=te%2Cst"),
        ];
        let Resolved { settings, service_name, resource_attributes, remarks } =
            resolved(&Configured::default(), &variables);
        let mut headers = Headers::default();
        headers.add("authorization", "Bearer x").unwrap();
        headers.add("b", "c").unwrap();
        let expected = Settings {
            endpoint: Endpoint::new("http://a/base/v1/traces").unwrap(),
            headers,
            is_compressed: false,
            timeout: Duration::from_millis(1_500),
            queue: 9,
            batch: 7,
            delay: Duration::from_millis(30),
            sample: Sample { ratio: 0.5, ..Sample::ALL },
        };
        assert_eq!((settings, remarks), (expected, Vec::new()));
        assert_eq!(service_name.as_deref(), Some("b"));
        assert_eq!(resource_attributes, [("deployment.environment.name".into(), "te,st".into())]);

        let configured = Configured {
            endpoint: Endpoint::new("http://mine").ok(),
            queue: Some(3),
            service_name: Some("mine".into()),
            sample: Some(Sample::ALL),
            ..Configured::default()
        };
        let mine = resolved(&configured, &variables);
        assert_eq!(mine.settings.endpoint.url(), "http://mine/v1/traces");
        assert_eq!((mine.settings.queue, mine.settings.batch), (3, 7));
        assert_eq!((mine.settings.sample, mine.service_name.as_deref()), (Sample::ALL, Some("mine")));
    }

    #[test]
    fn the_variables_of_traces_count_over_the_general_ones() {
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://b/as/it/is"),
            ("OTEL_SERVICE_NAME", "x"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=y"),
        ];
        let resolved = resolved(&Configured::default(), &variables);
        assert_eq!(resolved.settings.endpoint.url(), "http://b/as/it/is");
        assert_eq!(resolved.service_name.as_deref(), Some("x"));
    }

    #[test]
    fn invalid_variables_are_remarked_on_without_their_values() {
        let invalid = [
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:s3cret@h/"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization: s3cret"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            ("OTEL_RESOURCE_ATTRIBUTES", "a"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ];
        let resolved = resolved(&Configured::default(), &invalid);
        let default = Settings::new(Endpoint::new(DEFAULT_ENDPOINT).unwrap());
        assert_eq!(resolved.settings, default);
        for (name, value) in invalid {
            let remarks = resolved.remarks.iter().filter(|remark| remark.contains(&format!("`{name}`")));
            assert_eq!(remarks.clone().count(), 1, "{name}: {:?}", resolved.remarks);
            assert!(value == "0" || value == "a" || !remarks.clone().any(|remark| remark.contains(value)));
        }
        // Empty ones count as absent.
        let empty = invalid.map(|(name, _)| (name, ""));
        assert!(super::tests::resolved(&Configured::default(), &empty).remarks.is_empty());
    }
}
