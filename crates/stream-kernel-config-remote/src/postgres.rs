//! A table in PostgreSQL.

mod bounded;

use std::error::Error as _;
use std::io;

use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_postgres::tls::{MakeTlsConnect, NoTls, TlsConnect};
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Config, Error, Row as TableRow};
use tokio_postgres_rustls::MakeRustlsConnect;

use stream_kernel_config::{MAX_SOURCE_BYTES, MAX_SOURCE_ROWS, Problem, Row, Source, SourceError};

use crate::address::{Address, Form};
use crate::connection;
use crate::deadline::Deadline;
use crate::rows::{self, Rows};
use crate::tls;
use bounded::{Bounded, MAX_ANSWER_BYTES};

static FORM: Form = Form {
    server: "PostgreSQL",
    schemes: &[("postgres", false), ("postgresql", false)],
    port: 5432,
    example: "postgres://user:password@host[:5432]/database?table=schema.table",
    parameters: &["table", "key_column", "value_column", "sslmode"],
};

type Stream = tokio::io::Join<Bounded<OwnedReadHalf>, OwnedWriteHalf>;

/// The rows of a table in PostgreSQL: one column holds key paths, another one values.
///
/// Names of tables and columns are case-sensitive and taken as written; a point separates a schema from a table, so
/// neither name can contain one. Keys and values are read as PostgreSQL's text for them. NULL is a mistake, as a key
/// and as a value: for a key that accepts null, write the text `null`.
///
/// Without the parameter `sslmode`, or with `sslmode=disable`, nothing is encrypted. `sslmode=require` and
/// `sslmode=verify-full` both mean TLS with a checked certificate; other programs check it only with the second.
#[derive(Debug, Clone)]
pub struct Postgres {
    address: Address,
    table: Vec<String>,
    key_column: String,
    value_column: String,
}

impl Postgres {
    /// Returns the source of `postgres://user:password@host[:5432]/database?table=schema.table`, not read yet.
    ///
    /// The parameters `key_column` and `value_column` name the columns, by default `key` and `value`.
    ///
    /// # Errors
    ///
    /// Returns the problem of the URL, without its credentials.
    pub fn parse(url: &str) -> Result<Self, Problem> {
        let mut address = Address::parse(url, &FORM)?;
        if address.user.is_none() {
            return Err(FORM.wrong("the URL names no user", "put the user's name before the host"));
        }
        if address.path.is_empty() || address.path.contains('/') {
            return Err(
                FORM.wrong("the URL names no database, or more than one", "write its name behind the host")
            );
        }
        address.is_tls = match address.parameter("sslmode") {
            None | Some("disable") => false,
            Some("require" | "verify-full") => true,
            Some(_) => {
                let what =
                    "the parameter `sslmode` in the URL is none of `disable`, `require` and `verify-full`";
                let hint =
                    "write `sslmode=require` for TLS with a checked certificate; there is nothing in between";
                return Err(FORM.wrong(what, hint));
            }
        };
        let table: Vec<_> =
            address.parameter("table").unwrap_or_default().split('.').map(str::to_owned).collect();
        if table.len() > 2 || table.iter().any(String::is_empty) {
            return Err(FORM.wrong(
                "the URL names no table",
                "add the parameter `table`, with `schema.table` or `table`",
            ));
        }
        let column = |parameter, default: &str| match address.parameter(parameter) {
            Some("") => Err(FORM.wrong(
                format!("the parameter `{parameter}` in the URL is empty"),
                format!("leave it out for `{default}`"),
            )),
            name => Ok(name.unwrap_or(default).to_owned()),
        };
        let (key_column, value_column) = (column("key_column", "key")?, column("value_column", "value")?);
        Ok(Self { address, table, key_column, value_column })
    }

    /// Returns the only statement of the source: it keeps too long texts on the server.
    fn statement(&self) -> String {
        let (key, value) = (quoted(&self.key_column), quoted(&self.value_column));
        let table = self.table.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(".");
        format!(
            "SELECT left({key}::text, {key_chars}), octet_length({value}::text), \
             CASE WHEN octet_length({value}::text) <= {MAX_SOURCE_BYTES} THEN {value}::text END \
             FROM {table} LIMIT {limit}",
            key_chars = rows::MAX_KEY_BYTES + 1,
            limit = MAX_SOURCE_ROWS + 1,
        )
    }

    fn config(&self) -> Config {
        let mut config = Config::new();
        config.dbname(&self.address.path).application_name("stream-kernel-config");
        if self.address.is_tls {
            config.ssl_mode(tokio_postgres::config::SslMode::Require);
        }
        if let Some(user) = &self.address.user {
            config.user(user.expose());
        }
        if let Some(password) = &self.address.password {
            config.password(password.expose());
        }
        config
    }

    async fn read(&self, stream: std::net::TcpStream) -> Result<Vec<TableRow>, SourceError> {
        let stream = stream.set_nonblocking(true).and_then(|()| tokio::net::TcpStream::from_std(stream));
        let (reader, writer) = stream.map_err(|error| self.address.disconnected(&error))?.into_split();
        let stream = tokio::io::join(Bounded::new(reader), writer);
        if self.address.is_tls {
            let mut tls = MakeRustlsConnect::new(tls::client(&self.address)?);
            let Ok(tls) = MakeTlsConnect::<Stream>::make_tls_connect(&mut tls, self.address.bare_host());
            self.read_over(stream, tls).await
        } else {
            self.read_over(stream, NoTls).await
        }
    }

    async fn read_over<T>(&self, stream: Stream, tls: T) -> Result<Vec<TableRow>, SourceError>
    where
        T: TlsConnect<Stream>,
        T::Stream: Send + 'static,
    {
        let connected = self.config().connect_raw(stream, tls).await;
        let (client, connection) = connected.map_err(|error| self.failed(&error))?;
        let checks_nothing = connection.parameter("server_encoding") == Some("SQL_ASCII");
        let connection = tokio::spawn(connection);
        let result = self.select(&client, checks_nothing).await;
        drop(client);
        match result {
            // Only the connection knows why it closed.
            Err(error) if error.is_closed() => Err(match connection.await {
                Ok(Err(error)) => self.failed(&error),
                _ => self.address.unreachable_because("it hung up"),
            }),
            result => result.map_err(|error| self.failed(&error)),
        }
    }

    async fn select(&self, client: &Client, checks_nothing: bool) -> Result<Vec<TableRow>, Error> {
        if checks_nothing {
            // The server would refuse text that is not UTF-8 without saying where it is.
            client.batch_execute("SET client_encoding TO 'SQL_ASCII'").await?;
        }
        // Without parameters it is one round trip, and leaves nothing prepared on shared connections.
        client.query_typed(&self.statement(), &[]).await
    }

    fn collect(&self, table_rows: &[TableRow]) -> Result<Rows, SourceError> {
        if table_rows.len() > MAX_SOURCE_ROWS {
            return Err(rows::too_much(format!("more than {MAX_SOURCE_ROWS} rows")).into());
        }
        let mut fields = Vec::with_capacity(table_rows.len());
        for row in table_rows {
            let row = fields_of(row).map_err(|error| self.failed(&error))?;
            fields.push(row);
        }
        // A table has no order, and the first mistake must not depend on one.
        fields.sort();
        let mut rows = Rows::default();
        for (key, length, value) in fields {
            let Some(key) = key else {
                return Err(Problem::new(format!("a row's key is NULL in the column `{}`", self.key_column))
                    .expected("a key path, such as `runtime.strict`")
                    .hint("give it a key path, or delete it")
                    .into());
            };
            let key = rows::key_text("row", key)?;
            let place = rows::place("row", &key);
            let value = match (length, value) {
                (_, Some(value)) => value,
                (None, None) => {
                    return Err(Problem::new(format!("the value of {place} is NULL"))
                        .expected("a value, as text")
                        .hint("write `null` where the key takes it, or delete the row")
                        .into());
                }
                (Some(length), None) => {
                    return Err(rows::too_much(format!("{length} bytes in {place} alone")).into());
                }
            };
            rows.add(place, key, value)?;
        }
        Ok(rows)
    }

    fn failed(&self, error: &Error) -> SourceError {
        if let Some(error) = error.as_db_error() {
            return self.declined(error.code().code(), error.message());
        }
        let io_error = std::iter::successors(error.source(), |&cause| cause.source())
            .find_map(|cause| cause.downcast_ref::<io::Error>());
        let what = match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        };
        let problem = match io_error {
            Some(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                rows::too_much(format!("more than {MAX_ANSWER_BYTES} bytes with what belongs to them"))
            }
            // The bytes are not a message, or an unfinished one.
            Some(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Other) => {
                self.address.not_understood(what)
            }
            Some(error) => return self.address.disconnected(error),
            None if error.is_closed() => return self.address.unreachable_because("it hung up"),
            None if what.starts_with("authentication error") || what.starts_with("invalid configuration") => {
                self.address.refused(what)
            }
            None if what.starts_with("error performing TLS handshake") => self.address.untrusted(what),
            None => self.address.not_understood(what),
        };
        problem.into()
    }

    /// Returns the problem of an error that the server named by a code.
    fn declined(&self, code: &str, message: &str) -> SourceError {
        let table = self.table.join(".");
        let address = &self.address;
        let problem = match code {
            // It starts, stops, or has no connection left.
            "57P01" | "57P02" | "57P03" | "53300" => return address.not_ready(format!("{code}, {message}")),
            "28P01" => address.refused("28P01, wrong password"),
            "28000" => {
                address.refused("28000, no such role, or pg_hba.conf lets it in from nowhere like this")
            }
            "3D000" => address
                .declined("3D000, there is no such database", "look whether the URL names the right one"),
            "42P01" | "3F000" => address.declined(
                format!("{code}, there is no table `{table}`"),
                "look whether it is in that schema and database; upper and lower case count",
            ),
            "42703" => address.declined(
                format!(
                    "{code}, `{table}` has no column `{}`, or none `{}`",
                    self.key_column, self.value_column
                ),
                "name the columns with `key_column` and `value_column`; upper and lower case count",
            ),
            "42501" => address.declined(
                format!("{code}, the role in the URL may not read `{table}`"),
                "grant it SELECT on the table and USAGE on the schema",
            ),
            _ => address.declined(format!("{code}, {message}"), "look into the server's log"),
        };
        problem.into()
    }
}

impl Source for Postgres {
    fn name(&self) -> String {
        format!("{}?table={}", self.address.name(), self.table.join("."))
    }

    /// As the trait says. It waits with a runtime of its own, and so panics in asynchronous code.
    fn rows(&self) -> Result<Vec<Row>, SourceError> {
        let deadline = Deadline::after(self.address.timeout);
        let stream = connection::connect(&self.address, deadline)?;
        let wait = deadline.remaining().ok_or_else(|| self.address.timed_out())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(|error| self.address.disconnected(&error))?;
        let read = runtime.block_on(async { tokio::time::timeout(wait, self.read(stream)).await });
        let table_rows = read.unwrap_or_else(|_| Err(self.address.timed_out()))?;
        Ok(self.collect(&table_rows)?.into_sorted())
    }

    fn is_optional(&self) -> bool {
        self.address.is_optional
    }
}

/// Returns a name as an identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A row: its key, the length of its value in bytes, and the value, unless it is too long.
type Fields = (Option<Vec<u8>>, Option<i32>, Option<Vec<u8>>);

fn fields_of(row: &TableRow) -> Result<Fields, Error> {
    let text = |column| row.try_get::<_, Option<Bytes>>(column).map(|text| text.map(|Bytes(bytes)| bytes));
    Ok((text(0)?, row.try_get(1)?, text(2)?))
}

/// A text that need not be UTF-8: a database may have an encoding without checks.
struct Bytes(Vec<u8>);

impl<'a> FromSql<'a> for Bytes {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TEXT
    }
}

#[cfg(test)]
mod tests;
