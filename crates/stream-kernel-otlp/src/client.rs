//! Requests over HTTP, one for each batch, and the receiver's answers.

use std::io::{self, Read, Write};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use ureq::http::{Response, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use crate::delivery::NO_ANSWER;
use crate::endpoint::{Endpoint, Headers};
use crate::messages::{ExportResponse, RpcStatus};

/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;
/// The most characters of a receiver's message that are shown.
const MAX_MESSAGE_CHARS: usize = 200;
const USER_AGENT: &str = concat!("stream-kernel-otlp/", env!("CARGO_PKG_VERSION"));
const PROTOBUF: &str = "application/x-protobuf";

const NOBODY_LISTENS: &str = "is a receiver of OTLP/HTTP running there? Its port is usually 4318";
const NOT_HTTP: &str = "port 4317 is for gRPC; OTLP over HTTP is usually at port 4318";

/// A receiver.
pub(crate) struct Client {
    agent: Agent,
    endpoint: Endpoint,
    headers: Headers,
    is_compressed: bool,
}

/// The result of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The receiver has taken the spans, apart from the rejected ones.
    Taken { rejected: u64, reason: Option<String> },
    /// The same request may succeed later.
    Again { after: Option<Duration>, why: String },
    /// The same request would fail again.
    Refused(String),
}

/// The error of making a client: this machine trusts no certificates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this machine trusts no certificates{because} (install them, such as Debian's package ca-certificates, or name a file of \
     them in the environment variable `SSL_CERT_FILE`)"
)]
pub struct NoCertificates {
    because: String,
}

impl Client {
    pub(crate) fn new(
        endpoint: Endpoint,
        headers: Headers,
        is_compressed: bool,
    ) -> Result<Self, NoCertificates> {
        // No proxies, not even from the environment; no redirects, because they would take headers elsewhere.
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(USER_AGENT);
        let config = if endpoint.is_tls() { config.tls_config(tls_config()?) } else { config };
        Ok(Self { agent: config.build().new_agent(), endpoint, headers, is_compressed })
    }

    /// Sends a request and waits for the answer, at most for `timeout`.
    pub(crate) fn send(&self, request: &[u8], timeout: Duration) -> Answer {
        let mut builder = self.agent.post(self.endpoint.url()).config().timeout_global(Some(timeout)).build();
        for (name, value) in self.headers.iter() {
            builder = builder.header(name, value);
        }
        builder = builder.header(header::CONTENT_TYPE, PROTOBUF);
        let answer = if self.is_compressed {
            match gzip(request) {
                Ok(compressed) => builder.header(header::CONTENT_ENCODING, "gzip").send(&compressed),
                Err(error) => return Answer::Refused(format!("cannot compress the request: {error}")),
            }
        } else {
            builder.send(request)
        };
        match answer {
            Ok(answer) => self.read(answer),
            Err(error) => failed(&error),
        }
    }

    fn read(&self, answer: Response<Body>) -> Answer {
        let status = answer.status().as_u16();
        let media_type = media_type(&answer);
        let after =
            answer.headers().get(header::RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?));
        let mut body = Vec::new();
        let read = answer.into_body().into_reader().take(MAX_ANSWER_BYTES).read_to_end(&mut body);
        if (200..300).contains(&status) {
            // A cut answer does not tell what the receiver has taken, but it is an answer.
            if let Err(error) = read {
                return Answer::Refused(format!("an answer that breaks off: {error}"));
            }
            return self.taken(status, &media_type, &body);
        }
        let mut why = format!("HTTP status {status}");
        for (before, text) in
            [(", ", self.message(&media_type, &body)), ("; ", remedy(status).map(str::to_owned))]
        {
            why.extend(text.into_iter().flat_map(|text| [before.to_owned(), text]));
        }
        match status {
            429 | 502..=504 => Answer::Again { after, why },
            _ => Answer::Refused(why),
        }
    }

    /// Reads the answer to a request that succeeded: a partial success, if there is a body.
    fn taken(&self, status: u16, media_type: &str, body: &[u8]) -> Answer {
        let (rejected, message) = match partial_success(media_type, body) {
            Some(partial) => partial,
            // A web server at the wrong endpoint answers 200 with a page; any other success is meant.
            None if body.is_empty() || status != 200 => (0, String::new()),
            None => return Answer::Refused("an answer that is not OTLP; is the endpoint right?".to_owned()),
        };
        let reason = self.shown(&message);
        Answer::Taken { rejected: rejected.try_into().unwrap_or_default(), reason }
    }

    /// Returns the message in the body of an error.
    fn message(&self, media_type: &str, body: &[u8]) -> Option<String> {
        match media_type {
            PROTOBUF | "application/protobuf" => self.shown(&RpcStatus::decode(body).ok()?.message),
            "application/json" => {
                let json: serde_json::Value = serde_json::from_slice(body).ok()?;
                self.shown(json["message"].as_str().unwrap_or_default())
            }
            _ => self.shown(&String::from_utf8_lossy(body)),
        }
    }

    /// Returns the beginning of a receiver's message, without secrets; none if it is empty.
    fn shown(&self, message: &str) -> Option<String> {
        let message = self.headers.masked_in(message.trim());
        (!message.is_empty()).then(|| message.chars().take(MAX_MESSAGE_CHARS).collect())
    }
}

/// Returns the number of rejected spans and the message in the body of a success; `None` if it is not OTLP.
fn partial_success(media_type: &str, body: &[u8]) -> Option<(i64, String)> {
    match media_type {
        "application/json" => {
            let json: serde_json::Value = serde_json::from_slice(body).ok()?;
            let partial = &json["partialSuccess"];
            let rejected = &partial["rejectedSpans"];
            let rejected = rejected.as_i64().or_else(|| rejected.as_str()?.parse().ok()).unwrap_or_default();
            Some((rejected, partial["errorMessage"].as_str().unwrap_or_default().to_owned()))
        }
        PROTOBUF | "application/protobuf" | "" => {
            let partial = ExportResponse::decode(body).ok()?.partial_success.unwrap_or_default();
            Some((partial.rejected_spans, partial.error_message))
        }
        _ => None,
    }
}

/// Returns what a status says about its mending, if it says something.
fn remedy(status: u16) -> Option<&'static str> {
    match status {
        300..=399 => Some("redirects are not followed"),
        401 | 403 => Some("put the token into `OTEL_EXPORTER_OTLP_HEADERS`"),
        404 => Some("the path is usually `/v1/traces`"),
        413 => Some("lower `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`"),
        _ => None,
    }
}

fn media_type(answer: &Response<Body>) -> String {
    let value = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns what the failure of a request means.
fn failed(error: &ureq::Error) -> Answer {
    let why = match error {
        ureq::Error::Timeout(_) => NO_ANSWER.to_owned(),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            format!("cannot connect: {error}; {NOBODY_LISTENS}")
        }
        ureq::Error::Io(error) => format!("cannot connect: {error}"),
        other => other.to_string(),
    };
    match error {
        ureq::Error::Timeout(_)
        | ureq::Error::Io(_)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::BodyStalled => Answer::Again { after: None, why },
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
            Answer::Refused(format!("an answer that is not HTTP: {why}; {NOT_HTTP}"))
        }
        _ => Answer::Refused(why),
    }
}

/// Returns the delay that a receiver demands: a number of seconds, or a date.
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let at = SystemTime::from(at);
    #[expect(
        clippy::disallowed_methods,
        reason = "a receiver names a time of its clock; no record depends on it"
    )]
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn tls_config() -> Result<TlsConfig, NoCertificates> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let because = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(NoCertificates { because });
    }
    let roots: Vec<_> =
        found.certs.iter().map(|root| Certificate::from_der(root.as_ref()).to_owned()).collect();
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let far = retry_after("Thu, 31 Dec 2099 23:59:59 GMT").unwrap();
        assert!(far > Duration::from_hours(24));
        assert_eq!(retry_after("soon"), None);
    }

    /// Returns what a client makes of an answer with this status and body.
    fn answer(status: u16, media_type: &str, body: &str) -> Answer {
        let endpoint = Endpoint::new("http://h").unwrap();
        let mut headers = Headers::default();
        headers.add("x-tenant", "7").unwrap();
        let client = Client::new(endpoint, headers, false).unwrap();
        let body = Body::builder().data(body.as_bytes().to_vec());
        let answer = Response::builder().status(status).header(header::CONTENT_TYPE, media_type);
        client.read(answer.body(body).unwrap())
    }

    fn taken(rejected: u64, reason: Option<&str>) -> Answer {
        Answer::Taken { rejected, reason: reason.map(str::to_owned) }
    }

    #[test]
    fn any_status_of_success_is_one() {
        for media_type in [PROTOBUF, "application/json", "text/html", ""] {
            for status in [200, 202, 204, 299] {
                assert_eq!(answer(status, media_type, ""), taken(0, None), "{status} {media_type}");
            }
        }
        let partial = r#"{"partialSuccess": {"rejectedSpans": "3", "errorMessage": "late"}}"#;
        for status in [200, 202] {
            assert_eq!(answer(status, "application/json", partial), taken(3, Some("late")));
        }
        assert_eq!(answer(202, "text/plain", "queued"), taken(0, None));
        assert!(matches!(answer(200, "text/html", "<p>Welcome"), Answer::Refused(_)), "of a web server");
        assert!(matches!(answer(199, "", ""), Answer::Refused(_)));
    }

    #[test]
    fn a_refusal_has_its_message_and_its_remedy() {
        for (status, remedy) in [
            (400, ""),
            (401, "; put the token into `OTEL_EXPORTER_OTLP_HEADERS`"),
            (403, "; put the token into `OTEL_EXPORTER_OTLP_HEADERS`"),
            (404, "; the path is usually `/v1/traces`"),
            (413, "; lower `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`"),
        ] {
            let why = format!("HTTP status {status}, no tenant ***{remedy}");
            assert_eq!(answer(status, "text/plain", "no tenant 7"), Answer::Refused(why));
        }
    }

    #[test]
    fn a_wrong_port_is_told_by_what_happens_there() {
        let refused = ureq::Error::Io(io::ErrorKind::ConnectionRefused.into());
        let Answer::Again { why, .. } = failed(&refused) else { panic!("it may be there later") };
        assert!(why.ends_with(NOBODY_LISTENS), "{why}");
        let Answer::Again { why, .. } = failed(&ureq::Error::Io(io::ErrorKind::ConnectionReset.into()))
        else {
            panic!("it may be there later")
        };
        assert!(!why.contains(NOBODY_LISTENS), "{why}");
    }
}
