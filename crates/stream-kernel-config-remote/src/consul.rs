//! consul's store of keys and values, over HTTP.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use stream_kernel_config::{Problem, Row, Source, SourceError};

use crate::address::{Address, Form};
use crate::http::Server;
use crate::json;
use crate::rows::{self, Rows};

static FORM: Form = Form {
    server: "consul",
    schemes: &[("consul", false), ("consuls", true)],
    port: 8500,
    example: "consul://[:token@]host[:8500]/prefix",
    parameters: &[],
};

/// Characters of a path that need no escape.
const NOT_IN_PATHS: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// The keys below a prefix in consul's store of keys and values.
///
/// With the prefix `fund-load`, `fund-load/runtime/tracing/enabled` and `fund-load/runtime.tracing.enabled` both give
/// `runtime.tracing.enabled`; `fund-loader/x` and `fund-load` itself give nothing. Without a prefix every key counts.
/// Folders, which are keys without a value that end in a slash, give nothing. Nor do keys that the token may not read:
/// in most set-ups, consul leaves them out silently.
#[derive(Debug, Clone)]
pub struct Consul {
    /// Its path is the prefix.
    address: Address,
}

/// A key, and its value in base64, null if empty.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pair {
    key: String,
    value: Option<String>,
}

impl Consul {
    /// Returns the source of `consul://[:token@]host[:8500]/prefix`, not read yet; `consuls://` is the same over TLS.
    ///
    /// # Errors
    ///
    /// Returns the problem of the URL, without its token.
    pub fn parse(url: &str) -> Result<Self, Problem> {
        let mut address = Address::parse(url, &FORM)?;
        if address.user.is_some() {
            return Err(
                FORM.wrong("the URL has a user name", "consul knows only tokens: write a colon before it")
            );
        }
        address.path.truncate(address.path.trim_end_matches('/').len());
        Ok(Self { address })
    }

    /// Returns the path of the request.
    fn path(&self) -> String {
        let prefix = &self.address.path;
        let slash = if prefix.is_empty() { "" } else { "/" };
        format!("/v1/kv/{}{slash}?recurse=true", utf8_percent_encode(prefix, NOT_IN_PATHS))
    }

    fn add(&self, rows: &mut Rows, pair: Pair) -> Result<(), Problem> {
        let Pair { key, value } = pair;
        if value.is_none() && key.ends_with('/') {
            return Ok(());
        }
        let Some(value) = json::decoded(value.as_deref().unwrap_or_default()) else {
            let place = rows::place("key", &key);
            return Err(self.address.not_understood(format!("the value of {place} is not base64")));
        };
        rows.add_below(&self.address, &key, value)
    }
}

impl Source for Consul {
    fn name(&self) -> String {
        self.address.name()
    }

    fn rows(&self) -> Result<Vec<Row>, SourceError> {
        let server = Server::new(&self.address)?;
        let header = self.address.password.as_ref().map(|token| ("X-Consul-Token", token.expose()));
        let answer = server.get(&self.path(), header)?;
        match answer.status().as_u16() {
            200 => {}
            // consul's answer if there are no keys.
            404 => return Ok(Vec::new()),
            _ => return Err(server.unexpected(answer)),
        }
        let mut rows = Rows::default();
        server.read(answer, |reader| json::for_each(reader, None, |pair: Pair| self.add(&mut rows, pair)))?;
        Ok(rows.into_sorted())
    }

    fn is_optional(&self) -> bool {
        self.address.is_optional
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_stay_below_the_prefix() {
        let path = |url| Consul::parse(url).unwrap().path();
        assert_eq!(path("consul://h/fund-load"), "/v1/kv/fund-load/?recurse=true");
        assert_eq!(path("consul://:token@h/a/b%3F%20c%25/"), "/v1/kv/a/b%3F%20c%25/?recurse=true");
        assert_eq!(path("consul://h"), "/v1/kv/?recurse=true");
    }

    #[test]
    fn a_token_stands_behind_a_colon() {
        let problem = format!("{:?}", Consul::parse("consul://s3cret@h/x").unwrap_err());
        assert!(problem.contains("write a colon before it") && !problem.contains("s3cret"), "{problem}");
        let consul = Consul::parse("consuls://:s3cret@h/x?optional=true").unwrap();
        assert!(consul.is_optional() && !format!("{consul:?}").contains("s3cret"));
        assert_eq!(consul.name(), "consuls://h:8500/x");
    }
}
