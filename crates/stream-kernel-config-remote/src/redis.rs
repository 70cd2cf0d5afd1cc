//! A hash in Redis.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use stream_kernel_config::{MAX_SOURCE_BYTES, MAX_SOURCE_ROWS, Problem, Row, Source, SourceError, excerpt};

use crate::address::{Address, Form, whole_number};
use crate::connection;
use crate::deadline::Deadline;
use crate::resp::{self, Failure, Reply};
use crate::rows::{self, Rows};
use crate::tls;

static FORM: Form = Form {
    server: "Redis",
    schemes: &[("redis", false), ("rediss", true)],
    port: 6379,
    example: "redis://[user:password@]host[:6379]/[db]?hash=NAME",
    parameters: &["hash"],
};

/// The fields of a hash in Redis, or in a compatible server: each is a key path.
///
/// The requests are `AUTH` and `SELECT`, if the URL asks for them, and `HGETALL`. They are so few that this speaks
/// Redis's protocol (version 2) itself: so it can stop at the first row beyond the bounds, and keep one deadline over
/// everything. It does not follow a cluster from one server to another.
#[derive(Debug, Clone)]
pub struct Redis {
    address: Address,
    database: u32,
    hash: String,
}

impl Redis {
    /// Returns the source of `redis://[user:password@]host[:6379]/[db]?hash=NAME`, not read yet; `rediss://` is the
    /// same over TLS.
    ///
    /// # Errors
    ///
    /// Returns the problem of the URL, without its credentials.
    pub fn parse(url: &str) -> Result<Self, Problem> {
        let mut address = Address::parse(url, &FORM)?;
        if address.user.is_some() && address.password.is_none() {
            return Err(FORM
                .wrong("the URL has a user name and no password", "write a password alone behind a colon"));
        }
        let database = if address.path.is_empty() { "0" } else { &address.path };
        let Some(database) = whole_number::<u32>(database) else {
            return Err(
                FORM.wrong("the database in the URL is not a whole number", "leave it out for database 0")
            );
        };
        let Some(hash) = address.parameter("hash").filter(|hash| !hash.is_empty()).map(str::to_owned) else {
            return Err(FORM.wrong("the URL names no hash", "add the parameter `hash`"));
        };
        address.path = database.to_string();
        Ok(Self { address, database, hash })
    }

    fn read(&self, connection: impl Read + Write, deadline: Deadline) -> Result<Rows, SourceError> {
        let mut replies = resp::Replies::new(io::BufReader::new(connection));
        let fail = |failure| self.failed(failure, deadline);
        if let Some(password) = &self.address.password {
            let user = self.address.user.as_ref().map(crate::secret::Secret::expose);
            let words: Vec<_> = ["AUTH"].into_iter().chain(user).chain([password.expose()]).collect();
            self.expect_ok(replies.ask(&words).map_err(fail)?)?;
        }
        if self.database != 0 {
            self.expect_ok(replies.ask(&["SELECT", &self.database.to_string()]).map_err(fail)?)?;
        }
        let fields = match replies.ask(&["HGETALL", &self.hash]).map_err(fail)? {
            Reply::Array(length) => length,
            Reply::Error(error) => return Err(self.declined(&error)),
            other => {
                let what = format!("it answers HGETALL with {}", other.kind());
                return Err(self.address.not_understood(what).into());
            }
        };
        if fields > 2 * MAX_SOURCE_ROWS {
            return Err(rows::too_much(format!("more than {MAX_SOURCE_ROWS} rows")).into());
        }
        let mut pairs = Vec::new();
        for _ in 0..fields / 2 {
            pairs.push((replies.bulk().map_err(fail)?, replies.bulk().map_err(fail)?));
        }
        // Redis keeps no order, and the first mistake must not depend on one.
        pairs.sort();
        let mut rows = Rows::default();
        for (field, value) in pairs {
            let field = rows::key_text("field", field)?;
            rows.add(rows::place("field", &field), field, value)?;
        }
        Ok(rows)
    }

    fn expect_ok(&self, reply: Reply) -> Result<(), SourceError> {
        match reply {
            Reply::Simple => Ok(()),
            Reply::Error(error) => Err(self.declined(&error)),
            other => Err(self.address.not_understood(format!("it answers with {}", other.kind())).into()),
        }
    }

    /// Returns the problem of an error that the server named by a word and described.
    fn declined(&self, error: &str) -> SourceError {
        let code = error.split(' ').next().unwrap_or_default();
        let problem = match code {
            "LOADING" => return self.address.not_ready(error),
            "NOAUTH" | "WRONGPASS" | "NOPERM" => self.address.refused(code),
            "WRONGTYPE" => {
                Problem::new(format!("`{}` in {} is no hash", excerpt(&self.hash), self.address.server()))
                    .expected("a hash whose fields are key paths")
                    .hint("make one with `HSET NAME runtime.strict false`, or name another one with `hash`")
            }
            "MOVED" | "ASK" => {
                self.address.declined(error, "clusters are not followed: name the server that has the hash")
            }
            "ERR" if error.to_ascii_uppercase().contains("AUTH") => self.address.declined(
                "ERR: it takes no password, or no user name",
                "leave the credentials, or the user name, out of the URL",
            ),
            "ERR" if error.contains("DB index") => {
                self.address.declined(error, "name a database that the server has; without one it is 0")
            }
            _ => self.address.declined(error, "look into the server's log"),
        };
        problem.into()
    }

    fn failed(&self, failure: Failure, deadline: Deadline) -> SourceError {
        match failure {
            Failure::Io(_) if deadline.has_passed() => self.address.timed_out(),
            Failure::Io(error) => self.address.disconnected(&error),
            Failure::Protocol(what) => self.address.not_understood(what).into(),
            Failure::TooMuch => rows::too_much(format!("more than {MAX_SOURCE_BYTES} bytes")).into(),
        }
    }
}

impl Source for Redis {
    fn name(&self) -> String {
        format!("{}?hash={}", self.address.name(), self.hash)
    }

    fn rows(&self) -> Result<Vec<Row>, SourceError> {
        let deadline = Deadline::after(self.address.timeout);
        let stream = Timed { stream: connection::connect(&self.address, deadline)?, deadline };
        let rows = if self.address.is_tls {
            let name = ServerName::try_from(self.address.bare_host().to_owned())
                .map_err(|error| self.address.untrusted(error))?;
            let session = ClientConnection::new(Arc::new(tls::client(&self.address)?), name)
                .map_err(|error| self.address.untrusted(error))?;
            self.read(StreamOwned::new(session, stream), deadline)?
        } else {
            self.read(stream, deadline)?
        };
        Ok(rows.into_sorted())
    }

    fn is_optional(&self) -> bool {
        self.address.is_optional
    }
}

/// A connection that waits until its deadline only, however few bytes come at a time.
struct Timed {
    stream: TcpStream,
    deadline: Deadline,
}

impl Timed {
    fn remaining(&self) -> io::Result<std::time::Duration> {
        self.deadline.remaining().ok_or_else(|| io::ErrorKind::TimedOut.into())
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.remaining()?))?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.remaining()?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_database_and_a_hash() {
        let redis = Redis::parse("rediss://u:s3cret@h/3?hash=fund-load&optional=true").unwrap();
        assert_eq!((redis.database, redis.hash.as_str(), redis.is_optional()), (3, "fund-load", true));
        assert_eq!(redis.name(), "rediss://h:6379/3?hash=fund-load");
        assert!(!format!("{redis:?}").contains("s3cret"));
        assert_eq!(Redis::parse("redis://h?hash=x").unwrap().name(), "redis://h:6379/0?hash=x");
    }

    #[test]
    fn missing_parts_of_a_url_are_named() {
        let problem = |url| format!("{:?}", Redis::parse(url).unwrap_err());
        assert!(problem("redis://h/0").contains("names no hash"));
        assert!(problem("redis://h/0?hash=").contains("names no hash"));
        assert!(problem("redis://h/0?hsah=x").contains("did you mean `hash`?"));
        assert!(problem("redis://h/one?hash=x").contains("not a whole number"));
        assert!(problem("redis://h/+1?hash=x").contains("not a whole number"));
        assert!(problem("redis://h/4294967296?hash=x").contains("not a whole number"));
        assert!(problem("redis://u@h/0?hash=x").contains("no password"));
    }
}
