//! PostgreSQL: a real one, and invalid messages.
//!
//! It refuses to run as root. As root, the tests give its folder to the user nobody and start it as that user, with
//! `setpriv`.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::Command;

use super::process::{Server, find, run};
use super::stand_in::{Answer, StandIn};
use super::{assert_says, open, pairs, places, read, refused, unavailable};

/// The numbers of the user nobody and its group, in every Linux.
const NOBODY: u32 = 65534;

fn is_root() -> bool {
    // The creator of a folder owns it.
    std::fs::metadata(tempfile::tempdir().unwrap().path()).unwrap().uid() == 0
}

/// Returns a command that runs a program as a user other than root.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    let nobody = NOBODY.to_string();
    command.args(["--reuid", &nobody, "--regid", &nobody, "--clear-groups", "--"]).arg(program);
    command
}

/// Gives a file or a folder to the server's user.
pub(crate) fn give(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give it away");
    }
}

/// Starts a server whose only user is `fund`, with more settings.
pub(crate) fn started(folder: tempfile::TempDir, settings: &[String]) -> Option<Server> {
    let (postgres, initdb) = (find("postgres", "postgresql")?, find("initdb", "postgresql")?);
    give(folder.path());
    let data = folder.path().join("data");
    let password = folder.path().join("password");
    std::fs::write(&password, super::PASSWORD).unwrap();
    give(&password);
    run(unprivileged(&initdb).current_dir("/").arg("-D").arg(&data).arg("--pwfile").arg(&password).args([
        "-U",
        "fund",
        "-E",
        "SQL_ASCII",
        "--locale=C",
        "--auth=scram-sha-256",
        "--no-sync",
        "--no-instructions",
    ]));
    let command = |folder: &Path, port: u16| {
        let mut command = unprivileged(&postgres);
        command.current_dir("/").arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
        command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "fsync=off"]);
        command.args(settings.iter().flat_map(|setting| ["-c", setting]));
        command
    };
    let is_ready = |port| sql(port, "SELECT 1").is_ok();
    // The signal for an immediate end.
    Some(Server::start(folder, "QUIT", command, is_ready))
}

/// Runs statements as `fund`.
pub(crate) fn sql(port: u16, statements: &str) -> Result<(), String> {
    let psql = find("psql", "postgresql-client").ok_or("no psql")?;
    let mut command = Command::new(psql);
    command.args(["-h", "127.0.0.1", "-U", "fund", "-d", "postgres", "-p", &port.to_string()]);
    command
        .args(["-v", "ON_ERROR_STOP=1", "-q", "-c", statements])
        .env("PGPASSWORD", super::PASSWORD)
        .env("PGCLIENTENCODING", "UTF8");
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn a_real_postgresql_is_read() {
    let Some(server) = started(tempfile::tempdir().unwrap(), &[]) else { return };
    let at = |table: &str| {
        format!("postgres://fund:s3cret@127.0.0.1:{}/postgres?timeout_ms=20000&table={table}", server.port)
    };
    sql(server.port, r#"
        CREATE TABLE config (key text PRIMARY KEY, value text);
        INSERT INTO config VALUES ('runtime.strict', 'not a boolean'), ('scenario.name', ''), ('a/b', E'é\n');
        CREATE SCHEMA "App"; CREATE TABLE "App"."my ""config" (k varchar(10), "V" jsonb);
        INSERT INTO "App"."my ""config" VALUES ('b', '[1, "x"]'), ('a', 'true'), ('n', 'null');
        CREATE TABLE empty (key text, value text);
        CREATE TABLE numbers (key int, value numeric); INSERT INTO numbers VALUES (1, 1.50);
        CREATE TABLE nameless (key text, value text); INSERT INTO nameless VALUES ('a', '1'), (NULL, '1');
        CREATE TABLE valueless (key text, value text); INSERT INTO valueless VALUES ('a', NULL), ('b', '1');
        CREATE TABLE doubled (key text, value text); INSERT INTO doubled VALUES ('a', '1'), ('b', '1'), ('a', '1');
        CREATE TABLE bytes (key text, value text); INSERT INTO bytes VALUES ('a', E'\xff');
        CREATE TABLE byte_keys (key text, value text); INSERT INTO byte_keys VALUES (E'\xff', '');
        CREATE TABLE long_keys (key text, value text); INSERT INTO long_keys VALUES (repeat('k', 256), '');
        CREATE TABLE full_rows AS SELECT n::text AS key, '1'::text AS value FROM generate_series(1, 10000) n;
        CREATE TABLE full_bytes AS SELECT 'a'::text AS key, repeat('x', 1048575) AS value;
        CREATE TABLE big_value AS SELECT 'a'::text AS key, repeat('x', 100000000) AS value;
        CREATE TABLE wide AS SELECT n::text AS key, repeat('x', 1000) AS value FROM generate_series(1, 9000) n;
    "#).unwrap();

    let expected = [("a/b", "é\n"), ("runtime.strict", "not a boolean"), ("scenario.name", "")];
    assert_eq!(read(&at("config")), pairs(&expected));
    assert_eq!(read(&at("public.config")), pairs(&expected));
    assert_eq!(places(&at("config"))[1], "row `runtime.strict`");
    let name = format!("postgres://127.0.0.1:{}/postgres?table=public.config", server.port);
    assert_eq!(open(&at("public.config")).name(), name);
    let expected = [("a", "true"), ("b", "[1, \"x\"]"), ("n", "null")];
    assert_eq!(read(&at("App.my%20%22config&key_column=k&value_column=V")), pairs(&expected));
    assert_eq!(read(&at("empty")), []);
    assert_eq!(read(&at("numbers")), pairs(&[("1", "1.50")]));

    assert_says(&refused(&at("nothing")), &["42P01, there is no table `nothing`"]);
    assert_says(&refused(&at("nowhere.config")), &["there is no table `nowhere.config`"]);
    assert_says(
        &refused(&at("config&value_column=VALUE")),
        &["42703, `config` has no column `key`, or none `VALUE`"],
    );
    assert_says(&refused(&at("nameless")), &["a row's key is NULL"]);
    assert_says(&refused(&at("valueless")), &["the value of row `a` is NULL", "write `null`"]);
    let doubled = [("a", "1"), ("a", "1"), ("b", "1")];
    assert_eq!(read(&at("doubled")), pairs(&doubled), "which is told among all mistakes");
    assert_says(&refused(&at("bytes")), &["the value of row `a` is not UTF-8"]);
    assert_says(&refused(&at("byte_keys")), &["row `\u{fffd}` is not UTF-8"]);

    assert_eq!(read(&at("long_keys")).len(), 1);
    assert_eq!(read(&at("full_rows")).len(), 10_000);
    assert_eq!(read(&at("full_bytes"))[0].1.len(), (1 << 20) - 1);
    assert_says(&refused(&at("big_value")), &["100000000 bytes in row `a` alone"]);
    assert_says(&refused(&at("wide")), &["the source holds more than 2097152 bytes"]);
    sql(
        server.port,
        "
        INSERT INTO long_keys VALUES (repeat('k', 257), ''); INSERT INTO full_rows VALUES ('x', '1');
        UPDATE full_bytes SET value = value || 'x';
    ",
    )
    .unwrap();
    assert_says(&refused(&at("long_keys")), &["the key path of row `kkk", "too long"]);
    assert_says(&refused(&at("full_rows")), &["more than 10000 rows"]);
    assert_says(&refused(&at("full_bytes")), &["more than 1048576 bytes"]);
}

#[test]
fn a_real_postgresql_wants_the_right_credentials() {
    let Some(server) = started(tempfile::tempdir().unwrap(), &[]) else { return };
    sql(server.port, "
        CREATE TABLE config (key text, value text); INSERT INTO config VALUES ('a', '1');
        CREATE ROLE guest LOGIN PASSWORD 's3cret'; CREATE VIEW slow AS SELECT 'a' AS key, pg_sleep(60)::text AS value;
    ").unwrap();
    let at = |credentials: &str, rest: &str| {
        format!("postgres://{credentials}@127.0.0.1:{}/{rest}&timeout_ms=20000", server.port)
    };
    assert_eq!(read(&at("fund:s3cret", "postgres?table=config")), pairs(&[("a", "1")]));
    assert_says(
        &refused(&at("fund:s3cret2", "postgres?table=config")),
        &["does not take the credentials", "28P01"],
    );
    assert_says(
        &refused(&at("nobody:s3cret", "postgres?table=config")),
        &["does not take the credentials", "28P01"],
    );
    assert_says(
        &refused(&at("fund", "postgres?table=config")),
        &["does not take the credentials", "password missing"],
    );
    assert_says(
        &refused(&at("guest:s3cret", "postgres?table=config")),
        &["42501", "may not read `config`", "grant"],
    );
    assert_says(&refused(&at("fund:s3cret", "nothing?table=config")), &["3D000, there is no such database"]);
    assert_says(
        &refused(&at("fund:s3cret", "postgres?table=config&sslmode=require")),
        &["server does not support TLS"],
    );
    assert_says(
        &unavailable(&at("fund:s3cret", "postgres?table=slow").replace("=20000", "=500")),
        &["did not answer in full within 500 ms"],
    );
}

#[test]
fn an_invalid_message_is_refused() {
    // A message that announces two gigabytes, then a large part of it.
    let mut endless = b"R\x7f\xff\xff\xff".to_vec();
    endless.resize(4 << 20, 0);
    for said in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"R\0\0\0\0",
        b"R\0\0\0\x08\0\0\0\x63",
        b"Z\0\0\0\x05I",
        &endless,
    ] {
        let server = StandIn::raw(Answer::Bytes(said.to_vec()));
        refused(&format!("postgres://fund:s3cret@127.0.0.1:{}/db?table=t", server.port));
    }
    let server = StandIn::raw(Answer::Bytes(Vec::new()));
    let shown = unavailable(&format!("postgres://fund:s3cret@127.0.0.1:{}/db?table=t", server.port));
    assert_says(&shown, &["cannot be reached: it hung up"]);
}

/// It starts, stops, or has no connection left: it may accept one later.
#[test]
fn a_server_that_is_not_ready_may_be_done_without() {
    for code in ["57P01", "57P03", "53300"] {
        let mut said = format!("E\0\0\0\0SFATAL\0C{code}\0Mnot now\0\0").into_bytes();
        said[4] = u8::try_from(said.len() - 1).unwrap();
        let server = StandIn::raw(Answer::Bytes(said));
        let shown = unavailable(&format!("postgres://fund:s3cret@127.0.0.1:{}/db?table=t", server.port));
        assert_says(&shown, &[&format!("says: {code}, not now"), "try again", "optional=true"]);
    }
}

#[test]
fn an_error_that_repeats_credentials_is_left_out() {
    let mut said = b"E\0\0\0\0SFATAL\0CXX000\0Mhunter has the password s3cret\0\0".to_vec();
    said[4] = u8::try_from(said.len() - 1).unwrap();
    let server = StandIn::raw(Answer::Bytes(said));
    let shown = refused(&format!("postgres://hunter:s3cret@127.0.0.1:{}/db?table=t", server.port));
    assert!(shown.contains("left out, since it repeats credentials") && !shown.contains("hunter"), "{shown}");
}
