//! Redis: invalid replies, and a real server.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

use super::process::{Server, find};
use super::stand_in::{Answer, StandIn};
use super::{assert_says, open, pairs, places, read, refused, unavailable};

fn stand_in(said: impl Into<Vec<u8>>) -> String {
    let server = StandIn::raw(Answer::Bytes(said.into()));
    format!("redis://127.0.0.1:{}?hash=fund-load&timeout_ms=20000", server.port)
}

fn hash(fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut said = format!("*{}\r\n", 2 * fields.len()).into_bytes();
    for text in fields.iter().flat_map(|(field, value)| [field, value]) {
        said.extend_from_slice(format!("${}\r\n", text.len()).as_bytes());
        said.extend_from_slice(text);
        said.extend_from_slice(b"\r\n");
    }
    said
}

#[test]
fn an_invalid_reply_is_refused() {
    for said in [
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "+OK\r\n",
        ":1\r\n",
        "$2\r\nab\r\n",
        "*-1\r\n",
        "*2\r\n:1\r\n:2\r\n",
        "*99999999999999999999999\r\n",
        "\r\n",
    ] {
        assert_says(&refused(&stand_in(said)), &["what answers is not Redis"]);
    }
    for said in ["", "*2\r\n$1\r\na\r\n", "*2\r\n$100\r\na"] {
        assert_says(&unavailable(&stand_in(said)), &["cannot be reached: it hung up"]);
    }
    let loading = stand_in("-LOADING Redis is loading the dataset in memory\r\n");
    assert_says(&unavailable(&loading), &["LOADING", "try again"]);
    for (said, part) in [
        ("-MOVED 1 10.0.0.1:6379\r\n", "clusters are not followed"),
        ("-NOPERM this user has no permissions\r\n", "credentials"),
        ("-WHATEVER\r\n", "says: WHATEVER"),
    ] {
        assert_says(&refused(&stand_in(said)), &[part]);
    }
}

#[test]
fn an_error_that_repeats_credentials_is_left_out() {
    let server = StandIn::raw(Answer::Bytes(b"-OOPS hunter has the password s3cret\r\n".to_vec()));
    let shown = refused(&format!("redis://hunter:s3cret@127.0.0.1:{}?hash=h", server.port));
    assert!(shown.contains("left out, since it repeats credentials") && !shown.contains("hunter"), "{shown}");
}

#[test]
fn too_much_is_refused_and_the_bound_is_not() {
    let value = |bytes: usize| stand_in(hash(&[(b"a", &vec![b'x'; bytes - 1])]));
    assert_eq!(read(&value(1 << 20))[0].1.len(), (1 << 20) - 1);
    assert_says(&refused(&value((1 << 20) + 1)), &["more than 1048576 bytes"]);
    let rows = |count: usize| {
        let fields: Vec<_> = (0..count).map(|number| number.to_string()).collect();
        stand_in(hash(&fields.iter().map(|field| (field.as_bytes(), &b"1"[..])).collect::<Vec<_>>()))
    };
    assert_eq!(read(&rows(10_000)).len(), 10_000);
    assert_says(&refused(&rows(10_001)), &["more than 10000 rows"]);
    assert_says(&refused(&stand_in("*20000\r\n$9999999999\r\n")), &["more than 1048576 bytes"]);
    assert_says(&refused(&stand_in("*9999999999\r\n")), &["more than 10000 rows"]);
}

fn started(password: Option<&str>) -> Option<Server> {
    let redis = find("redis-server", "redis-server")?;
    let command = |folder: &std::path::Path, port: u16| {
        let mut command = Command::new(&redis);
        command.args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        command.arg("--dir").arg(folder);
        if let Some(password) = password {
            command.args(["--requirepass", password]);
        }
        command
    };
    let is_ready = |port| {
        ask(port, &[&[b"PING"]]).is_some_and(|reply| reply.contains("PONG") || reply.contains("NOAUTH"))
    };
    Some(Server::start(tempfile::tempdir().unwrap(), "TERM", command, is_ready))
}

/// Sends requests to a server, and returns the beginning of each of their replies.
fn ask(port: u16, requests: &[&[&[u8]]]) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    let mut replies = String::new();
    for words in requests {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in *words {
            request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        stream.write_all(&request).ok()?;
        let mut reply = [0; 256];
        let read = stream.read(&mut reply).ok()?;
        replies.push_str(&String::from_utf8_lossy(&reply[..read]));
    }
    Some(replies)
}

#[test]
fn a_real_redis_is_read() {
    let Some(server) = started(None) else { return };
    let at = |rest: &str| format!("redis://127.0.0.1:{}/{rest}&timeout_ms=20000", server.port);
    assert_eq!(read(&at("?hash=fund-load")), [], "a hash that does not exist");
    let requests: [&[&[u8]]; 8] = [
        &[b"HSET", b"fund-load", b"runtime.strict", b"not a boolean", b"scenario.name", b""],
        &[b"HSET", b"fund-load", b"nodes/x", "é\r\n".as_bytes()],
        &[b"SET", b"text", b"1"],
        &[b"HSET", b"binary", b"a", b"\xff"],
        &[b"HSET", b"binary-field", b"\xff", b""],
        &[b"HSET", b"empty-field", b"", b""],
        &[b"SELECT", b"3"],
        &[b"HSET", b"fund-load", b"runtime.strict", b"true"],
    ];
    ask(server.port, &requests).unwrap();
    let expected = [("nodes/x", "é\r\n"), ("runtime.strict", "not a boolean"), ("scenario.name", "")];
    assert_eq!(read(&at("?hash=fund-load")), pairs(&expected));
    assert_eq!(places(&at("0?hash=fund-load"))[1], "field `runtime.strict`");
    assert_eq!(read(&at("3?hash=fund-load")), pairs(&[("runtime.strict", "true")]));
    assert_says(&refused(&at("?hash=text")), &["`text` in Redis at", "is no hash", "HSET"]);
    assert_says(&refused(&at("?hash=binary")), &["the value of field `a` is not UTF-8"]);
    assert_says(&refused(&at("?hash=binary-field")), &["field `\u{fffd}` is not UTF-8"]);
    assert_eq!(read(&at("?hash=empty-field")), pairs(&[("", "")]), "which is told among all mistakes");
    assert_says(&refused(&at("99?hash=fund-load")), &["DB index is out of range"]);
    let with_password = refused(&format!("redis://:s3cret@127.0.0.1:{}?hash=h", server.port));
    assert_says(&with_password, &["it takes no password"]);
}

#[test]
fn a_real_redis_wants_the_right_password() {
    let Some(server) = started(Some(super::PASSWORD)) else { return };
    ask(server.port, &[&[b"AUTH", b"s3cret"], &[b"HSET", b"h", b"a", b"1"]]).unwrap();
    ask(
        server.port,
        &[&[b"AUTH", b"s3cret"], &[b"ACL", b"SETUSER", b"guest", b"on", b">s3cret", b"~other", b"+@all"]],
    )
    .unwrap();
    let at =
        |credentials: &str| format!("redis://{credentials}127.0.0.1:{}?hash=h&timeout_ms=20000", server.port);
    assert_eq!(read(&at(":s3cret@")), pairs(&[("a", "1")]));
    assert_eq!(read(&at("default:s3cret@")), pairs(&[("a", "1")]));
    assert_eq!(open(&at(":s3cret@")).name(), format!("redis://127.0.0.1:{}/0?hash=h", server.port));
    assert_says(&refused(&at(":s3cret2@")), &["does not take the credentials", "WRONGPASS"]);
    assert_says(&refused(&at("nobody:s3cret@")), &["does not take the credentials", "WRONGPASS"]);
    assert_says(&refused(&at("guest:s3cret@")), &["or they do not suffice", "NOPERM"]);
    assert_says(&refused(&at("")), &["wants credentials", "NOAUTH"]);
}
