//! Failures of a server, in words without credentials.

use std::io;

use stream_kernel_config::{Problem, SourceError, excerpt};

use crate::address::Address;
use crate::secret::Secret;

/// The remedy for a source that a run may do without.
const OR_OPTIONAL: &str = ", or add `optional=true` to the URL if a run may do without it";

impl Address {
    /// Returns the problem of a server that did not answer in time.
    pub(crate) fn timed_out(&self) -> SourceError {
        let milliseconds = self.timeout.as_millis();
        let tls = if self.is_tls { " and speaks TLS there" } else { "" };
        let or = self.or_optional();
        let hint = format!("look whether it is well{tls}, give it longer with `timeout_ms` in the URL{or}");
        SourceError::Unavailable(
            Problem::new(format!("{} did not answer in full within {milliseconds} ms", self.server()))
                .expected("its whole answer in that time")
                .hint(hint),
        )
    }

    /// Returns the problem of a connection that failed.
    pub(crate) fn disconnected(&self, error: &io::Error) -> SourceError {
        match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock, _) => self.timed_out(),
            (io::ErrorKind::UnexpectedEof, _) => self.unreachable_because("it hung up"),
            // TLS reports bytes that it refuses like this, above all a certificate.
            (io::ErrorKind::InvalidData, None) => self.untrusted(error).into(),
            // The system's own words contain no credentials, and a short user name may happen to be part of them.
            (_, Some(_)) => self.unreachable_because(&error.to_string()),
            (_, None) => self.unreachable(error),
        }
    }

    /// Returns the problem of a server that cannot be reached, or that closed the connection.
    pub(crate) fn unreachable(&self, why: impl std::fmt::Display) -> SourceError {
        self.unreachable_because(&self.harmless(&why.to_string()))
    }

    fn or_optional(&self) -> &'static str {
        if self.is_optional { "" } else { OR_OPTIONAL }
    }

    /// Like [`unreachable`](Self::unreachable), for words without credentials: a short user name may happen to be part
    /// of them.
    pub(crate) fn unreachable_because(&self, why: &str) -> SourceError {
        let hint =
            format!("look whether it runs and whether the host and the port are right{}", self.or_optional());
        SourceError::Unavailable(
            Problem::new(format!("{} cannot be reached: {why}", self.server()))
                .expected("a server that answers there")
                .hint(hint),
        )
    }

    /// Returns the problem of a server that asks for a later attempt.
    pub(crate) fn not_ready(&self, message: impl std::fmt::Display) -> SourceError {
        let hint = format!("look into the server's log; try again when it is well{}", self.or_optional());
        SourceError::Unavailable(self.declined(message, hint))
    }

    /// Returns the problem of a failed TLS session.
    pub(crate) fn untrusted(&self, why: impl std::fmt::Display) -> Problem {
        Problem::new(format!("{} is not to be trusted: {}", self.server(), self.harmless(&why.to_string())))
            .expected(
                "a TLS session with a certificate for that host from an authority that this machine trusts",
            )
            .hint(
                "look whether the host is named as in its certificate and the server speaks TLS there; \
                `SSL_CERT_FILE` names a file of authorities to trust",
            )
    }

    /// Returns the problem of an invalid answer.
    pub(crate) fn not_understood(&self, what: impl std::fmt::Display) -> Problem {
        Problem::new(format!("what answers is not {}: {}", self.server(), self.harmless(&what.to_string())))
            .expected(format!("an answer of {}", self.form.server))
            .hint("look whether the host and the port are right, and whether the server is to be spoken to over TLS")
    }

    /// Returns the problem of credentials that are missing, or that a server refuses.
    pub(crate) fn refused(&self, code: impl std::fmt::Display) -> Problem {
        let (what, hint) = if self.user.is_none() && self.password.is_none() {
            ("wants credentials, and the URL has none", "put them before the host")
        } else {
            (
                "does not take the credentials in the URL, or they do not suffice",
                "look whether they are right and may read there",
            )
        };
        Problem::new(format!("{} {what} ({})", self.server(), self.harmless(&code.to_string())))
            .expected("credentials that may read")
            .hint(format!("{hint}: `{}`", self.form.example))
    }

    /// Returns the problem of a request that the server declined with a message of its own.
    pub(crate) fn declined(&self, message: impl std::fmt::Display, hint: impl Into<String>) -> Problem {
        let message = self.harmless(&message.to_string());
        Problem::new(format!("{} says: {message}", self.server()))
            .expected("the keys and values that the URL names")
            .hint(hint)
    }

    /// Returns the beginning of a message from a server or a client, unless it repeats a credential.
    fn harmless(&self, text: &str) -> String {
        let repeats = |secret: &Option<Secret>| secret.as_ref().is_some_and(|secret| secret.is_in(text));
        if repeats(&self.user) || repeats(&self.password) {
            return "left out, since it repeats credentials".to_owned();
        }
        excerpt(text.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Form;

    static FORM: Form = Form {
        server: "the store",
        schemes: &[("store", false)],
        port: 77,
        example: "store://[user:password@]host",
        parameters: &[],
    };

    #[test]
    fn no_message_repeats_credentials() {
        let address = Address::parse("store://hunter:s3cret@host", &FORM).unwrap();
        for said in ["user hunter is unknown", "no such key: xs3cretx", "hunter:s3cret"] {
            let problems = [
                address.unreachable(said),
                address.not_ready(said),
                address.untrusted(said).into(),
                address.not_understood(said).into(),
                address.refused(said).into(),
                address.declined(said, "none").into(),
            ];
            for problem in problems {
                let shown = format!("{problem:?}");
                assert!(!shown.contains("hunter") && !shown.contains("s3cret"), "{shown}");
                assert!(shown.contains("left out, since it repeats credentials"), "{shown}");
            }
        }
        let shown = format!("{:?}", address.unreachable("connection refused"));
        assert!(shown.contains("the store at `host:77` cannot be reached: connection refused"), "{shown}");
    }

    #[test]
    fn a_servers_message_is_cut() {
        let address = Address::parse("store://host", &FORM).unwrap();
        let shown = format!("{:?}", address.declined("x".repeat(1000), "none"));
        assert!(shown.contains("xxx...") && shown.len() < 500, "{shown}");
    }
}
