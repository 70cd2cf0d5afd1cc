//! etcd: its documented answers, and a real one.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

use super::process::{Server, find, free_port};
use super::stand_in::{Answer, StandIn};
use super::{assert_says, open, pairs, places, read, refused, unavailable};

const HEADER: &str = r#""header":{"cluster_id":"14841639068965178418","member_id":"10276657743932975437","revision":"9","raft_term":"2"}"#;

/// Returns text in base64, without the library that the code under test uses.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let group = (at(0) << 16) | (at(1) << 8) | at(2);
        for digit in 0..4 {
            let index = (group >> (18 - 6 * digit)) & 63;
            text.push(if digit <= chunk.len() { char::from(DIGITS[index as usize]) } else { '=' });
        }
    }
    text
}

fn kvs(entries: &[(&[u8], &[u8])]) -> String {
    let pair = |(key, value): &(&[u8], &[u8])| {
        let value = if value.is_empty() { String::new() } else { format!(r#","value":"{}""#, base64(value)) };
        format!(
            r#"{{"key":"{}","create_revision":"5","mod_revision":"9","version":"1"{value}}}"#,
            base64(key)
        )
    };
    let list: Vec<_> = entries.iter().map(pair).collect();
    format!(r#"{{{HEADER},"kvs":[{}],"count":"{}"}}"#, list.join(","), list.len())
}

fn stand_in(status: u16, body: impl Into<String>) -> StandIn {
    let answer = Answer::Http(status, body.into());
    StandIn::http(move |_| answer.clone())
}

fn url(port: u16) -> String {
    format!("etcd://127.0.0.1:{port}/fund-load?timeout_ms=20000")
}

#[test]
fn a_documented_answer_gives_rows_by_key_path() {
    let server = stand_in(
        200,
        kvs(&[
            (b"fund-load/runtime/tracing.enabled", b"true"),
            (b"fund-load/runtime/strict", b""),
            (b"fund-load/nodes.x/y", "é\n".as_bytes()),
        ]),
    );
    let url = url(server.port);
    let expected = [("nodes.x.y", "é\n"), ("runtime.strict", ""), ("runtime.tracing.enabled", "true")];
    assert_eq!(read(&url), pairs(&expected));
    assert_eq!(places(&url)[2], "key `fund-load/runtime/tracing.enabled`");
    let request = server.requests.lock().unwrap()[0].clone();
    assert_says(
        &request,
        &[
            "POST /v3/kv/range HTTP/1.1\r\n",
            "\"key\":\"ZnVuZC1sb2FkLw==\"",
            "\"range_end\":\"ZnVuZC1sb2FkMA==\"",
            "\"limit\":10001",
        ],
    );
    assert!(!request.to_lowercase().contains("authorization"));
}

#[test]
fn no_keys_are_no_rows() {
    assert_eq!(read(&url(stand_in(200, format!("{{{HEADER}}}")).port)), []);
}

#[test]
fn a_user_asks_for_a_token_first() {
    let server = StandIn::http(|request| {
        if request.starts_with("POST /v3/auth/authenticate ") {
            assert!(request.ends_with(r#"{"name":"hunter","password":"s3cret"}"#), "{request}");
            return Answer::Http(200, format!(r#"{{{HEADER},"token":"nonsense.9"}}"#));
        }
        let has_token = request.to_lowercase().contains("\r\nauthorization: nonsense.9\r\n");
        if has_token {
            Answer::Http(200, kvs(&[(b"fund-load/a", b"1")]))
        } else {
            Answer::Http(401, String::new())
        }
    });
    let url = format!("etcd://hunter:s3cret@127.0.0.1:{}/fund-load", server.port);
    assert_eq!(read(&url), pairs(&[("a", "1")]));
    assert_eq!(open(&url).name(), format!("etcd://127.0.0.1:{}/fund-load", server.port));
}

#[test]
fn a_token_is_not_repeated_either() {
    for status in [400, 401, 403, 500] {
        let server = StandIn::http(move |request| {
            if request.starts_with("POST /v3/auth/authenticate ") {
                return Answer::Http(200, format!(r#"{{{HEADER},"token":"nonsense.9"}}"#));
            }
            Answer::Http(status, r#"{"error":"invalid token nonsense.9"}"#.to_owned())
        });
        let why = if status >= 500 { unavailable } else { refused };
        let shown = why(&format!("etcd://hunter:s3cret@127.0.0.1:{}/x", server.port));
        assert!(shown.contains(&format!("HTTP status {status}")) && !shown.contains("nonsense"), "{shown}");
    }
}

#[test]
fn statuses_have_meanings() {
    for (status, part) in [
        (401, "wants credentials"),
        (403, "wants credentials"),
        (404, "no JSON gateway"),
        (418, "what answers is not"),
    ] {
        assert_says(&refused(&url(stand_in(status, "{\"error\":\"oh no\"}").port)), &[part]);
    }
    // An unhealthy server may recover.
    assert_says(&unavailable(&url(stand_in(500, "{\"error\":\"oh no\"}").port)), &["HTTP status 500"]);
    let with_user = |port| format!("etcd://hunter:s3cret@127.0.0.1:{port}/x");
    let echo = r#"{"error":"user hunter with s3cret is unknown"}"#;
    for status in [400, 401, 403, 404, 500, 418] {
        let why = if status >= 500 { unavailable } else { refused };
        let shown = why(&with_user(stand_in(status, echo).port));
        assert!(!shown.contains("hunter"), "{shown}");
    }
    assert_says(
        &refused(&with_user(stand_in(400, echo).port)),
        &["does not take the credentials", "left out"],
    );
}

#[test]
fn redirects_are_not_followed() {
    let elsewhere = StandIn::http(|_| Answer::Http(200, kvs(&[(b"fund-load/a", b"1")])));
    for status in [301, 302, 307, 308] {
        let location = format!("http://127.0.0.1:{}/v3/kv/range", elsewhere.port);
        let server = StandIn::http(move |_| Answer::Redirect(status, location.clone()));
        assert_says(&refused(&url(server.port)), &["redirects are not followed"]);
    }
    assert!(elsewhere.requests.lock().unwrap().is_empty());
}

#[test]
fn an_invalid_answer_is_refused() {
    let outside = kvs(&[(b"fund-loader/a", b"1")]);
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "{\"header\":{}",
        "{\"header\":{},\"kvs\":1}",
        "<html>",
        "{\"header\":{},\"kvs\":[{\"key\":\"?\"}]}",
        &outside,
        &deep,
    ] {
        let shown = refused(&url(stand_in(200, body).port));
        assert_says(&shown, &["what answers is not etcd"]);
    }
}

#[test]
fn keys_and_values_that_are_wrong_are_named() {
    let refused = |entries: &[(&[u8], &[u8])]| refused(&url(stand_in(200, kvs(entries)).port));
    assert_says(&refused(&[(b"fund-load/a", b"\xff")]), &["the value of key `fund-load/a` is not UTF-8"]);
    assert_says(&refused(&[(b"fund-load/\xff", b"")]), &["key `fund-load/\u{fffd}` is not UTF-8"]);
    let wrong: [(&[u8], &[u8]); 3] = [(b"fund-load/a/b", b""), (b"fund-load/a.b", b""), (b"fund-load/", b"")];
    let rows = read(&url(stand_in(200, kvs(&wrong)).port));
    assert_eq!(rows, pairs(&[("", ""), ("a.b", ""), ("a.b", "")]), "which is told among all mistakes");
    let long = format!("fund-load/{}", "k".repeat(257));
    assert_says(&refused(&[(long.as_bytes(), b"")]), &["the key path of key `fund-load/kkk", "too long"]);
    let at_bound = format!("fund-load/{}", "k".repeat(256));
    assert_eq!(read(&url(stand_in(200, kvs(&[(at_bound.as_bytes(), b"")])).port)).len(), 1);
}

#[test]
fn too_much_is_refused_and_the_bound_is_not() {
    let values = |bytes: usize| kvs(&[(b"fund-load/a", &vec![b'x'; bytes - 1])]);
    assert_eq!(read(&url(stand_in(200, values(1 << 20)).port))[0].1.len(), (1 << 20) - 1);
    assert_says(&refused(&url(stand_in(200, values((1 << 20) + 1)).port)), &["more than 1048576 bytes"]);
    let rows = |count: usize| {
        let keys: Vec<_> = (0..count).map(|number| format!("fund-load/{number:090}")).collect();
        kvs(&keys.iter().map(|key| (key.as_bytes(), &b"12345678901234"[..])).collect::<Vec<_>>())
    };
    assert_eq!(read(&url(stand_in(200, rows(10_000)).port)).len(), 10_000);
    assert_says(&refused(&url(stand_in(200, rows(10_001)).port)), &["more than 10000 rows"]);
}

#[test]
fn an_answer_without_an_end_is_cut() {
    let (one_text, many) = ("x".repeat(8 << 20), "\"x\",".repeat(2 << 20));
    for body in [format!("{{\"header\":\"{one_text}\"}}"), format!("{{\"header\":[{many}1]}}")] {
        assert_says(&refused(&url(stand_in(200, body).port)), &["the source holds more than 1048576 bytes"]);
    }
}

/// A real etcd, and requests to it over its gateway.
fn started() -> Option<Server> {
    let etcd = find("etcd", "etcd-server")?;
    let command = |folder: &std::path::Path, port: u16| {
        let (client, peer) =
            (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{}", free_port()));
        let mut command = Command::new(&etcd);
        command.arg("--data-dir").arg(folder.join("data")).args(["--log-level", "error"]);
        command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &format!("default={peer}")]);
        command
    };
    let is_ready = |port| {
        post(port, "/v3/kv/range", r#"{"key":"YQ=="}"#).is_some_and(|answer| answer.contains("header"))
    };
    Some(Server::start(tempfile::tempdir().unwrap(), "TERM", command, is_ready))
}

fn post(port: u16, path: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.contains(" 200 OK").then_some(answer)
}

fn put(server: &Server, key: &[u8], value: &[u8]) {
    let body = format!(r#"{{"key":"{}","value":"{}"}}"#, base64(key), base64(value));
    post(server.port, "/v3/kv/put", &body).expect("etcd takes it");
}

#[test]
fn a_real_etcd_is_read() {
    let Some(server) = started() else { return };
    let at = |rest: &str| format!("etcd://127.0.0.1:{}/{rest}?timeout_ms=20000", server.port);
    assert_eq!(read(&at("")), [], "an empty store");
    for (key, value) in [
        ("fund-load/runtime/tracing/enabled", "true"),
        ("fund-load/runtime.strict", "not a boolean"),
        ("fund-load/scenario/name", ""),
        ("fund-load", "the prefix itself"),
        ("fund-loader/x", "another one's"),
        ("/slash/a", "1"),
    ] {
        put(&server, key.as_bytes(), value.as_bytes());
    }
    let expected =
        [("runtime.strict", "not a boolean"), ("runtime.tracing.enabled", "true"), ("scenario.name", "")];
    assert_eq!(read(&at("fund-load")), pairs(&expected));
    assert_eq!(read(&at("fund-load/")), pairs(&expected));
    assert_eq!(read(&at("/slash")), pairs(&[("a", "1")]));
    assert_eq!(read(&at("nothing-here")), []);
    let all = read(&at(""));
    assert_eq!(all.len(), 6, "without a prefix every key counts: {all:?}");
}

#[test]
fn a_real_etcd_wants_the_right_password() {
    let Some(server) = started() else { return };
    put(&server, b"p/a", b"1");
    let at = |credentials: &str| format!("etcd://{credentials}127.0.0.1:{}/p?timeout_ms=20000", server.port);
    assert_says(
        &refused(&at("root:s3cret@")),
        &["authentication is not enabled", "leave user and password out"],
    );
    for (path, body) in [
        ("user/add", r#"{"name":"root","password":"s3cret"}"#),
        ("user/add", r#"{"name":"guest","password":"s3cret"}"#),
        ("role/add", r#"{"name":"root"}"#),
        ("user/grant", r#"{"user":"root","role":"root"}"#),
        ("enable", "{}"),
    ] {
        post(server.port, &format!("/v3/auth/{path}"), body).expect(path);
    }
    assert_eq!(read(&at("root:s3cret@")), pairs(&[("a", "1")]));
    assert_says(&refused(&at("root:s3cret2@")), &["does not take the credentials"]);
    assert_says(&refused(&at("nobody:s3cret@")), &["does not take the credentials"]);
    assert_says(&refused(&at("guest:s3cret@")), &["does not take the credentials"]);
    assert_says(&refused(&at("")), &["wants credentials"]);
}
