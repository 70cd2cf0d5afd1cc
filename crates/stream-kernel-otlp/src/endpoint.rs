//! Endpoints of receivers, and the headers of requests.

use std::cmp::Reverse;
use std::fmt;

use ureq::http::uri::Authority;
use ureq::http::{HeaderName, HeaderValue, Uri};

/// The path of an endpoint whose URL has none.
pub const TRACES_PATH: &str = "/v1/traces";
/// The endpoint of a receiver on the same machine.
pub const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:4318/v1/traces";

/// What is shown in place of a secret.
const MASK: &str = "***";

/// The URL of a receiver.
///
/// ```
/// use stream_kernel_otlp::Endpoint;
///
/// assert_eq!(Endpoint::new("http://127.0.0.1:4318")?.url(), "http://127.0.0.1:4318/v1/traces");
/// assert_eq!(Endpoint::new("https://host/otlp/traces")?.url(), "https://host/otlp/traces");
/// assert!(Endpoint::new("grpc://host:4317").is_err());
/// # Ok::<(), stream_kernel_otlp::InvalidEndpoint>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

/// Why a text is not an endpoint. It does not repeat the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEndpoint {
    /// It is not a URL, or one of another scheme.
    #[error("not a URL that begins with `http://` or `https://` and a host")]
    NotHttp,
    /// It holds credentials.
    #[error("a URL with a user name or a password (credentials go into headers)")]
    Credentials,
}

impl Endpoint {
    /// Returns the endpoint; without a path, `/v1/traces` is its path.
    ///
    /// # Errors
    ///
    /// The URL has another scheme than `http` and `https`, no host, or credentials.
    pub fn new(url: &str) -> Result<Self, InvalidEndpoint> {
        let uri: Uri = url.parse().map_err(|_| InvalidEndpoint::NotHttp)?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().map_or("", Authority::as_str);
        if !is_http || uri.host().unwrap_or_default().is_empty() {
            return Err(InvalidEndpoint::NotHttp);
        }
        if authority.contains('@') {
            return Err(InvalidEndpoint::Credentials);
        }
        // A number that is too large is not a port.
        let has_port = uri.host().is_some_and(|host| host.len() < authority.len());
        if has_port && uri.port_u16().is_none() {
            return Err(InvalidEndpoint::NotHttp);
        }
        let url = url.split_once('#').map_or(url, |(url, _)| url);
        // The scheme in lower case, as `Uri` has it: whatever reads the URL compares it so.
        let url = match (uri.scheme_str(), url.split_once(':')) {
            (Some(scheme), Some((_, rest))) => format!("{scheme}:{rest}"),
            _ => return Err(InvalidEndpoint::NotHttp),
        };
        let is_bare = uri.path() == "/" && uri.query().is_none();
        Ok(Self(if is_bare { url.trim_end_matches('/').to_owned() + TRACES_PATH } else { url }))
    }

    /// Returns the endpoint for traces below this URL, with any path.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn below(url: &str) -> Result<Self, InvalidEndpoint> {
        Self::new(url)?;
        Self::new(&(url.trim_end_matches('/').to_owned() + TRACES_PATH))
    }

    /// Returns the URL.
    pub fn url(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.0.starts_with("https:")
    }
}

/// Headers of requests. Their values are secrets: `Debug` shows none of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(HeaderName, HeaderValue)>);

/// Why a header cannot be sent. It does not repeat the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header `{name}` has {fault}")]
#[non_exhaustive]
pub struct InvalidHeader {
    /// The name.
    pub name: String,
    /// What is wrong.
    pub fault: &'static str,
}

impl Headers {
    /// Adds a header.
    ///
    /// # Errors
    ///
    /// The name is not a name, or the value has characters that no header can have, such as a line end.
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), InvalidHeader> {
        let invalid = |fault| InvalidHeader { name: name.to_owned(), fault };
        let parsed =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid("a name that no header can have"))?;
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| invalid("a value with a line end, or another character that no header can have"))?;
        value.set_sensitive(true);
        self.0.retain(|(known, _)| *known != parsed);
        self.0.push((parsed, value));
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.0.iter()
    }

    /// Returns a text, such as a receiver's message, with `***` in place of each value, or of what follows a scheme in
    /// it.
    pub(crate) fn masked_in(&self, text: &str) -> String {
        let values = self.0.iter().filter_map(|(_, value)| value.to_str().ok());
        let mut secrets: Vec<_> = values
            .flat_map(|value| [value, value.rsplit_once(' ').map_or(value, |(_, secret)| secret)])
            .filter(|secret| !secret.is_empty())
            .collect();
        // The longest first: the rest of a secret must not stay behind a shorter one.
        secrets.sort_unstable_by_key(|secret| Reverse(secret.len()));
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if let Some(behind) = secrets.iter().find_map(|secret| rest.strip_prefix(secret)) {
                masked.push_str(MASK);
                rest = behind;
            } else {
                masked.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        masked
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| (name.as_str(), MASK));
        f.debug_map().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_of_receivers_are_endpoints() {
        let url = |url| Endpoint::new(url).map(|endpoint| endpoint.url().to_owned());
        assert_eq!(url("http://h:4318/"), Ok("http://h:4318/v1/traces".into()));
        assert_eq!(url("http://h/?a=b"), Ok("http://h/?a=b".into()));
        assert_eq!(url("HTTPS://H:4318"), Ok("https://H:4318/v1/traces".into()));
        assert!(Endpoint::new("hTTps://h").unwrap().is_tls() && !Endpoint::new("HTTP://h").unwrap().is_tls());
        assert_eq!(url("http://[::1]:4318"), Ok("http://[::1]:4318/v1/traces".into()));
        for wrong in [
            "",
            "h:4318",
            "/v1/traces",
            "ftp://h/",
            "http://",
            "http:///v1",
            "http://h h/",
            "http://h:99999999/",
        ] {
            assert_eq!(url(wrong), Err(InvalidEndpoint::NotHttp), "{wrong}");
        }
        assert_eq!(url("http://u:p@h/"), Err(InvalidEndpoint::Credentials));
        let below = |url| Endpoint::below(url).map(|endpoint| endpoint.url().to_owned());
        assert_eq!(below("http://h/otlp/"), Ok("http://h/otlp/v1/traces".into()));
    }

    #[test]
    fn headers_are_checked_and_never_shown() {
        let mut headers = Headers::default();
        headers.add("Authorization", "Bearer s3cret").unwrap();
        assert!(!format!("{headers:?}").contains("s3cret"));
        assert_eq!(headers.masked_in("no such token: s3cret"), "no such token: ***");
        assert_eq!(headers.masked_in("not 'Bearer s3cret', Bearer"), "not '***', Bearer");
        for (name, value) in [("a", "b\r\nc: d"), ("a", "b\n"), ("a\nb", "c"), ("a b", "c"), ("", "c")] {
            assert!(headers.add(name, value).is_err(), "{name:?}: {value:?}");
        }
        // Another value replaces it.
        headers.add("authorization", "Bearer other").unwrap();
        assert_eq!(headers.iter().count(), 1);
    }

    #[test]
    fn short_and_overlapping_values_hide_only_themselves() {
        let mut headers = Headers::default();
        for (name, value) in [("a", "1"), ("b", "12"), ("c", "*"), ("d", ""), ("e", "Basic ")] {
            headers.add(name, value).unwrap();
        }
        assert_eq!(headers.masked_in("tenant 1 of 12, größer: *"), "tenant *** of ***, größer: ***");
        assert_eq!(headers.masked_in(""), "");
    }
}
