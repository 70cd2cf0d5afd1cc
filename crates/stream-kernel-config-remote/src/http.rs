//! Requests over HTTP, within a deadline and without leaving the server that the URL names.

use std::io::{self, Read};

use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body, RequestBuilder};

use stream_kernel_config::{MAX_SOURCE_BYTES, Problem, SourceError};

use crate::address::Address;
use crate::deadline::Deadline;
use crate::tls;

/// The most bytes of an answer that are read: base64 takes four for three, and each row has some around it.
pub(crate) const MAX_ANSWER_BYTES: usize = 4 * MAX_SOURCE_BYTES;

/// The most bytes of a text within an answer: `MAX_SOURCE_BYTES` in base64, and a little more.
const MAX_TEXT_BYTES: usize = MAX_SOURCE_BYTES / 2 * 3;

/// The most bytes of an error answer that are read.
const MAX_MESSAGE_BYTES: u64 = 4096;

/// A server, and the time left for all requests to it.
pub(crate) struct Server<'a> {
    address: &'a Address,
    agent: Agent,
    deadline: Deadline,
    /// The server's token for the credentials.
    #[cfg(feature = "etcd")]
    pub(crate) token: Option<crate::secret::Secret>,
}

/// An answer whose body is not read yet.
pub(crate) type Answer = ureq::http::Response<Body>;

impl<'a> Server<'a> {
    pub(crate) fn new(address: &'a Address) -> Result<Self, SourceError> {
        let deadline = Deadline::after(address.timeout);
        // No proxies, not even from the environment; no redirects, because they would take credentials elsewhere.
        let config = Agent::config_builder().proxy(None).max_redirects(0).http_status_as_error(false);
        let config = if address.is_tls { config.tls_config(tls_config(address)?) } else { config };
        Ok(Self {
            address,
            agent: config.build().new_agent(),
            deadline,
            #[cfg(feature = "etcd")]
            token: None,
        })
    }

    /// Requests a path.
    #[cfg(feature = "consul")]
    pub(crate) fn get(&self, path: &str, header: Option<(&str, &str)>) -> Result<Answer, SourceError> {
        let request = self.prepared(self.agent.get(self.url(path)), header)?;
        request.call().map_err(|error| self.unreachable(&error))
    }

    /// Sends JSON to a path.
    #[cfg(feature = "etcd")]
    pub(crate) fn post(
        &self,
        path: &str,
        header: Option<(&str, &str)>,
        body: &str,
    ) -> Result<Answer, SourceError> {
        let request = self.prepared(self.agent.post(self.url(path)), header)?;
        request.content_type("application/json").send(body).map_err(|error| self.unreachable(&error))
    }

    fn prepared<B>(
        &self,
        request: RequestBuilder<B>,
        header: Option<(&str, &str)>,
    ) -> Result<RequestBuilder<B>, SourceError> {
        let left = self.deadline.remaining().ok_or_else(|| self.address.timed_out())?;
        let request = request.config().timeout_global(Some(left)).build();
        Ok(match header {
            Some((name, value)) => request.header(name, value),
            None => request,
        })
    }

    /// Reads an answer with `read`; a failed connection and an invalid answer are different problems.
    pub(crate) fn read<T>(
        &self,
        answer: Answer,
        read: impl FnOnce(&mut dyn Read) -> Result<T, ReadError>,
    ) -> Result<T, SourceError> {
        let mut reader = Bounded::new(answer.into_body().into_reader());
        let result = read(&mut reader);
        if let Some(problem) = reader.beyond {
            return Err(problem.into());
        }
        result.map_err(|error| match error {
            ReadError::Problem(problem) => problem.into(),
            ReadError::Answer(_) if self.deadline.has_passed() => self.address.timed_out(),
            ReadError::Answer(error) if error.is_io() => self.unreachable(&io::Error::from(error).into()),
            ReadError::Answer(error) => {
                self.address.not_understood(format!("not the expected JSON ({error})")).into()
            }
        })
    }

    /// Returns the content of an error answer: its status and the beginning of its text.
    pub(crate) fn message(&self, answer: Answer) -> Result<String, SourceError> {
        let mut text = Vec::new();
        let status = format!("HTTP status {}", answer.status().as_u16());
        let read = answer.into_body().into_reader().take(MAX_MESSAGE_BYTES).read_to_end(&mut text);
        if read.is_err() && self.deadline.has_passed() {
            return Err(self.address.timed_out());
        }
        let text = String::from_utf8_lossy(&text);
        let text = text.trim();
        #[cfg(feature = "etcd")]
        if self.token.as_ref().is_some_and(|token| token.is_in(text)) {
            return Ok(status);
        }
        Ok(if text.is_empty() { status } else { format!("{status}, {text}") })
    }

    /// Returns the problem of an answer with an unexpected status.
    pub(crate) fn unexpected(&self, answer: Answer) -> SourceError {
        let status = answer.status().as_u16();
        let message = match self.message(answer) {
            Ok(message) => message,
            Err(problem) => return problem,
        };
        let problem = match status {
            401 | 403 => self.address.refused(message),
            300..=399 => self.address.declined(
                message,
                "redirects are not followed: name the server that it points to, or speak to it over TLS",
            ),
            500.. => return self.address.not_ready(message),
            _ => self.address.not_understood(message),
        };
        problem.into()
    }

    fn url(&self, path: &str) -> String {
        let scheme = if self.address.is_tls { "https" } else { "http" };
        format!("{scheme}://{}:{}{path}", self.address.host, self.address.port)
    }

    fn unreachable(&self, error: &ureq::Error) -> SourceError {
        let problem = match error {
            ureq::Error::Timeout(_) => return self.address.timed_out(),
            _ if self.deadline.has_passed() => return self.address.timed_out(),
            ureq::Error::Http(_) => self.address.declined(
                "(not asked at all)",
                "credentials go into a line of text: leave out characters that are not visible ASCII",
            ),
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
                self.address.not_understood(error)
            }
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => self.address.untrusted(error),
            ureq::Error::Io(error) => return self.address.disconnected(error),
            _ => return self.address.unreachable(error),
        };
        problem.into()
    }
}

fn tls_config(address: &Address) -> Result<TlsConfig, Problem> {
    let roots = tls::roots(address)?;
    let roots: Vec<_> = roots.iter().map(|root| Certificate::from_der(root.as_ref()).to_owned()).collect();
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(tls::provider())
        .build())
}

/// Why an answer could not be read.
pub(crate) enum ReadError {
    /// Its content is unexpected or incomplete.
    Answer(serde_json::Error),
    /// Its content cannot be a configuration.
    Problem(Problem),
}

/// An answer that ends at its bounds.
struct Bounded<R> {
    inner: R,
    left: usize,
    /// The bytes left for the current text. A parser holds one text at a time.
    left_of_text: usize,
    beyond: Option<Problem>,
}

impl<R> Bounded<R> {
    fn new(inner: R) -> Self {
        Self { inner, left: MAX_ANSWER_BYTES, left_of_text: MAX_TEXT_BYTES, beyond: None }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let run = match buffer[..read].iter().rposition(|byte| *byte == b'"') {
            Some(quote) => {
                self.left_of_text = MAX_TEXT_BYTES;
                read - quote
            }
            None => read,
        };
        let left = (self.left.checked_sub(read), self.left_of_text.checked_sub(run));
        let (Some(left), Some(left_of_text)) = left else {
            self.beyond = Some(crate::rows::too_much(format!("more than {MAX_SOURCE_BYTES} bytes")));
            return Err(io::Error::other("more than a source may hold"));
        };
        (self.left, self.left_of_text) = (left, left_of_text);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(content: impl Read) -> (usize, bool) {
        let mut reader = Bounded::new(content);
        let mut all = Vec::new();
        let _ = reader.read_to_end(&mut all);
        (all.len(), reader.beyond.is_some())
    }

    #[test]
    fn an_answer_ends_at_its_bound() {
        let content = |bytes| io::Cursor::new(b"\"".repeat(bytes));
        assert_eq!(read_all(content(MAX_ANSWER_BYTES)), (MAX_ANSWER_BYTES, false));
        assert!(read_all(content(MAX_ANSWER_BYTES + 1)).1);
    }

    #[test]
    fn a_text_in_an_answer_ends_at_its_bound() {
        assert!(!read_all(io::repeat(b'x').take(MAX_TEXT_BYTES as u64)).1);
        let (read, is_beyond) = read_all(io::repeat(b'x').take(MAX_TEXT_BYTES as u64 + 1));
        assert!(is_beyond && read <= MAX_TEXT_BYTES, "{read}");
        let two_texts =
            io::repeat(b'x').take(MAX_TEXT_BYTES as u64).chain(&b"\""[..]).chain(io::repeat(b'x').take(1000));
        assert!(!read_all(two_texts).1);
    }
}
