//! etcd, over the JSON gateway of its version 3.

use serde::Deserialize;

use stream_kernel_config::{MAX_SOURCE_ROWS, Problem, Row, Source, SourceError};

use crate::address::{Address, Form};
use crate::http::Server;
use crate::json;
use crate::rows::{self, Rows};
use crate::secret::Secret;

static FORM: Form = Form {
    server: "etcd",
    schemes: &[("etcd", false), ("etcds", true)],
    port: 2379,
    example: "etcd://[user:password@]host[:2379]/prefix",
    parameters: &[],
};

/// The keys below a prefix in etcd, read through the JSON gateway of its version 3 (etcd 3.4 and later have it at
/// `/v3/`).
///
/// With the prefix `fund-load`, `fund-load/runtime/tracing/enabled` and `fund-load/runtime.tracing.enabled` both give
/// `runtime.tracing.enabled`; `fund-loader/x` and `fund-load` itself give nothing. Without a prefix every key counts.
/// A prefix that begins with a slash comes behind two of them: `etcd://host//fund-load`.
#[derive(Debug, Clone)]
pub struct Etcd {
    /// Its path is the prefix.
    address: Address,
}

/// A key and its value, both in base64. Empty ones are left out.
#[derive(Deserialize)]
struct Pair {
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct Authenticated {
    token: String,
}

impl Etcd {
    /// Returns the source of `etcd://[user:password@]host[:2379]/prefix`, not read yet; `etcds://` is the same over
    /// TLS.
    ///
    /// # Errors
    ///
    /// Returns the problem of the URL, without its credentials.
    pub fn parse(url: &str) -> Result<Self, Problem> {
        let mut address = Address::parse(url, &FORM)?;
        if address.user.is_some() != address.password.is_some() {
            return Err(
                FORM.wrong("the URL has only one of user and password", "etcd wants both, or neither")
            );
        }
        address.path.truncate(address.path.trim_end_matches('/').len());
        Ok(Self { address })
    }

    fn token(&self, server: &Server<'_>, user: &Secret, password: &Secret) -> Result<Secret, SourceError> {
        let body = serde_json::json!({ "name": user.expose(), "password": password.expose() });
        let answer = server.post("/v3/auth/authenticate", None, &body.to_string())?;
        match answer.status().as_u16() {
            200 => server.read(answer, |reader| {
                let read = serde_json::from_reader::<_, Authenticated>(std::io::BufReader::new(reader));
                read.map(|answer| Secret::new(answer.token)).map_err(crate::http::ReadError::Answer)
            }),
            // The codes for a wrong password, and of a server without authentication.
            400 | 412 => {
                let message = server.message(answer)?;
                if message.contains("not enabled") {
                    let hint = "leave user and password out of the URL";
                    return Err(self.address.declined("authentication is not enabled", hint).into());
                }
                Err(self.address.refused(message).into())
            }
            _ => Err(self.failed(server, answer)),
        }
    }

    fn failed(&self, server: &Server<'_>, answer: crate::http::Answer) -> SourceError {
        if answer.status() == 404 {
            let hint = "it takes etcd 3.4 or later, not started with `--enable-grpc-gateway=false`";
            return self.address.declined("HTTP status 404: there is no JSON gateway at `/v3/`", hint).into();
        }
        server.unexpected(answer)
    }

    /// Returns the first key of the range, and the first key after it.
    fn range(&self) -> (Vec<u8>, Vec<u8>) {
        let prefix = &self.address.path;
        if prefix.is_empty() {
            // etcd's notation for "from the first" and "to the last".
            return (vec![0], vec![0]);
        }
        // `0` is the character after the slash.
        (format!("{prefix}/").into(), format!("{prefix}0").into())
    }

    fn add(&self, rows: &mut Rows, pair: &Pair) -> Result<(), Problem> {
        let (Some(key), Some(value)) = (json::decoded(&pair.key), json::decoded(&pair.value)) else {
            return Err(self.address.not_understood("a key or a value is not base64"));
        };
        rows.add_below(&self.address, &rows::key_text("key", key)?, value)
    }
}

impl Source for Etcd {
    fn name(&self) -> String {
        self.address.name()
    }

    fn rows(&self) -> Result<Vec<Row>, SourceError> {
        let mut server = Server::new(&self.address)?;
        if let (Some(user), Some(password)) = (&self.address.user, &self.address.password) {
            server.token = Some(self.token(&server, user, password)?);
        }
        let header = server.token.as_ref().map(|token| ("Authorization", token.expose()));
        let (key, range_end) = self.range();
        let body = serde_json::json!({
            "key": json::encoded(&key),
            "range_end": json::encoded(&range_end),
            "limit": MAX_SOURCE_ROWS + 1,
        });
        let answer = server.post("/v3/kv/range", header, &body.to_string())?;
        match answer.status().as_u16() {
            200 => {}
            400 => {
                let message = server.message(answer)?;
                // etcd's answer to a request without a token when it wants one.
                let wants_user = message.contains("user name is empty");
                let problem = if wants_user {
                    self.address.refused(message)
                } else {
                    self.address.declined(message, "look into the server's log")
                };
                return Err(problem.into());
            }
            _ => return Err(self.failed(&server, answer)),
        }
        let mut rows = Rows::default();
        server.read(answer, |reader| {
            json::for_each(reader, Some(("kvs", "header")), |pair: Pair| self.add(&mut rows, &pair))
        })?;
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
    fn the_prefix_is_the_path() {
        let prefix = |url| Etcd::parse(url).map(|etcd| (etcd.address.path.clone(), etcd.name()));
        assert_eq!(prefix("etcd://h/fund-load"), Ok(("fund-load".into(), "etcd://h:2379/fund-load".into())));
        assert_eq!(
            prefix("etcds://u:p@h:1/fund-load/"),
            Ok(("fund-load".into(), "etcds://h:1/fund-load".into()))
        );
        assert_eq!(prefix("etcd://h//a/b"), Ok(("/a/b".into(), "etcd://h:2379//a/b".into())));
        assert_eq!(prefix("etcd://h"), Ok((String::new(), "etcd://h:2379/".into())));
    }

    #[test]
    fn a_range_covers_the_prefix() {
        let range = |url| Etcd::parse(url).unwrap().range();
        assert_eq!(range("etcd://h/fund-load"), (b"fund-load/".to_vec(), b"fund-load0".to_vec()));
        assert_eq!(range("etcd://h"), (vec![0], vec![0]));
    }

    #[test]
    fn half_of_the_credentials_are_refused() {
        for url in ["etcd://s3cret@h/x", "etcd://:s3cret@h/x"] {
            let problem = format!("{:?}", Etcd::parse(url).unwrap_err());
            assert!(
                problem.contains("only one of user and password") && !problem.contains("s3cret"),
                "{problem}"
            );
        }
    }
}
