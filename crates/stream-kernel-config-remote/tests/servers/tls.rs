//! Real servers over TLS, with certificates of the test's own authority.
//!
//! The trusted authorities of a program come from its environment, so another run of this program reads each source.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::process::{Server, find, free_port, listens, run};
use super::{assert_says, postgres};

/// The variable that names the source for [`child`].
const SOURCE_URL: &str = "STREAM_KERNEL_TEST_SOURCE_URL";

#[test]
#[ignore = "it is run by the other tests of this module"]
#[expect(clippy::disallowed_methods, reason = "it is how the test that runs this one says what to do")]
fn child() {
    let Ok(url) = std::env::var(SOURCE_URL) else { return };
    match super::open(&url).rows() {
        Ok(rows) => panic!("read {}", rows.len()),
        Err(problem) => panic!("refused: {problem:?}"),
    }
}

/// Returns the result of reading a source that trusts only the authority in a file.
fn read_by_child(url: &str, authority: &Path) -> String {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.args(["--exact", "tls::child", "--ignored", "--nocapture"]);
    let Output { stdout, stderr, .. } = command
        .env(SOURCE_URL, url)
        .env("SSL_CERT_FILE", authority)
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr))
}

/// Makes two authorities, `ca.pem` and `other.pem`, and a certificate for 127.0.0.1 of the first.
fn certificates(folder: &Path) -> Option<()> {
    let openssl = find("openssl", "openssl")?;
    let run = |arguments: &str| run(Command::new(&openssl).current_dir(folder).args(arguments.split(' ')));
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for name in ["ca", "other"] {
        run(&format!("req -x509 {key} -keyout {name}.key -out {name}.pem -subj /CN={name} -days 2"));
    }
    run(&format!("req {key} -keyout server.key -out server.csr -subj /CN=server"));
    std::fs::write(folder.join("extensions"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        .unwrap();
    run(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile extensions",
    );
    Some(())
}

fn assert_checked(server: &Server, url: &str, rows: usize) {
    let folder = server.folder.path();
    assert_says(&read_by_child(url, &folder.join("ca.pem")), &[&format!("read {rows}")]);
    let shown = read_by_child(url, &folder.join("other.pem"));
    assert_says(&shown, &["Unusable", "is not to be trusted", "certificate"]);
    let shown = read_by_child(&url.replace("127.0.0.1", "localhost"), &folder.join("ca.pem"));
    assert_says(&shown, &["Unusable", "is not to be trusted", "certificate not valid for name"]);
    let shown = read_by_child(url, &folder.join("nothing.pem"));
    assert_says(&shown, &["this machine trusts no certificates", "SSL_CERT_FILE"]);
}

fn prepared() -> Option<TempDir> {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path()).map(|()| folder)
}

#[test]
fn redis_is_read_over_tls() {
    let (Some(redis), Some(folder)) = (find("redis-server", "redis-server"), prepared()) else { return };
    let command = |folder: &Path, port: u16| {
        let mut command = Command::new(&redis);
        command.args(["--port", "0", "--tls-port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args([
            "--tls-cert-file",
            "server.pem",
            "--tls-key-file",
            "server.key",
            "--tls-ca-cert-file",
            "ca.pem",
        ]);
        command.args(["--tls-auth-clients", "no"]).arg("--dir").arg(folder).current_dir(folder);
        command
    };
    let server = Server::start(folder, "TERM", command, listens);
    assert_checked(&server, &format!("rediss://127.0.0.1:{}?hash=nothing&timeout_ms=20000", server.port), 0);
}

#[test]
fn etcd_is_read_over_tls() {
    let (Some(etcd), Some(folder)) = (find("etcd", "etcd-server"), prepared()) else { return };
    let command = |folder: &Path, port: u16| {
        let (client, peer) =
            (format!("https://127.0.0.1:{port}"), format!("http://127.0.0.1:{}", free_port()));
        let mut command = Command::new(&etcd);
        command.args(["--data-dir", "data", "--log-level", "error"]).current_dir(folder);
        command.args(["--cert-file", "server.pem", "--key-file", "server.key"]);
        command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &format!("default={peer}")]);
        command
    };
    let is_ready = |port| {
        let mut probe = Command::new("openssl");
        listens(port)
            && probe
                .args(["s_client", "-connect", &format!("127.0.0.1:{port}")])
                .stdin(std::process::Stdio::null())
                .output()
                .is_ok()
    };
    let server = Server::start(folder, "TERM", command, is_ready);
    assert_checked(&server, &format!("etcds://127.0.0.1:{}/nothing?timeout_ms=30000", server.port), 0);
}

#[test]
fn postgresql_is_read_over_tls() {
    let Some(folder) = prepared() else { return };
    let path = |name: &str| folder.path().join(name);
    for name in ["server.pem", "server.key"] {
        postgres::give(&path(name));
    }
    let settings = [
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", path("server.pem").display()),
        format!("ssl_key_file={}", path("server.key").display()),
    ];
    let Some(server) = postgres::started(folder, &settings) else { return };
    postgres::sql(
        server.port,
        "CREATE TABLE config (key text, value text); INSERT INTO config VALUES ('a', '1');",
    )
    .unwrap();
    let url = format!(
        "postgres://fund:s3cret@127.0.0.1:{}/postgres?table=config&sslmode=require&timeout_ms=20000",
        server.port
    );
    assert_checked(&server, &url, 1);
}
