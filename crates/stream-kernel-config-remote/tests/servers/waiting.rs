//! Servers that are slow, close the connection, or do not exist.

use std::time::{Duration, Instant};

use super::process::free_port;
use super::stand_in::{Answer, StandIn};
use super::{PASSWORD, assert_says, open, unavailable};

/// One URL for each kind of source, with and without TLS, for a server on a port.
fn urls(port: u16, timeout_ms: u64) -> Vec<String> {
    let rest = [
        "etcd://u:s3cret@127.0.0.1:PORT/p?",
        "etcds://127.0.0.1:PORT/p?",
        "consul://:s3cret@127.0.0.1:PORT/p?",
        "consuls://127.0.0.1:PORT/p?",
        "postgres://u:s3cret@127.0.0.1:PORT/db?table=t&",
        "postgres://u:s3cret@127.0.0.1:PORT/db?table=t&sslmode=require&",
        "redis://u:s3cret@127.0.0.1:PORT/0?hash=h&",
        "rediss://u:s3cret@localhost:PORT/0?hash=h&",
    ];
    let url = |rest: &str| format!("{}timeout_ms={timeout_ms}", rest.replace("PORT", &port.to_string()));
    rest.into_iter().map(url).collect()
}

/// Checks that every kind of source gives up at its deadline, and no sooner.
fn assert_all_time_out(servers: impl Fn(&str) -> StandIn) {
    for index in 0..urls(0, 0).len() {
        let scheme = urls(0, 0)[index].clone();
        let server = servers(&scheme);
        let url = &urls(server.port, 300)[index];
        // A busy machine may take long for once; code that ignores the deadline gives up after 5 seconds at the
        // earliest.
        let gives_up_in_time = (0..3).any(|_| {
            let begin = now();
            let shown = unavailable(url);
            let elapsed = begin.elapsed();
            assert_says(&shown, &["did not answer in full within 300 ms", "timeout_ms", "optional=true"]);
            assert!(elapsed >= Duration::from_millis(290), "{url}: {elapsed:?}");
            elapsed < Duration::from_secs(3)
        });
        assert!(gives_up_in_time, "{url}");
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a source waits is what is tested")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    assert_all_time_out(|_| StandIn::raw(Answer::Never));
}

#[test]
fn a_server_that_drips_is_given_up() {
    assert_all_time_out(|url| {
        let (begin, drop) = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("etcd" | "consul") => (&b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n "[..], b' '),
            // The beginning of a very long message that asks for a password.
            Some("postgres") if !url.contains("sslmode") => (&b"R\0\0\xff\xff"[..], 0),
            Some("postgres") => (&b"S\x16\x03\x03\x40\0"[..], 0),
            Some("redis") => (&b"-ERR "[..], b'x'),
            // The beginning of a long message of a handshake.
            _ => (&b"\x16\x03\x03\x40\0"[..], 2),
        };
        StandIn::raw(Answer::Drip(begin.to_vec(), drop))
    });
}

#[test]
fn headers_that_drip_are_given_up() {
    let server = StandIn::raw(Answer::Drip(b"HTTP/1.1 200 OK\r\nX: ".to_vec(), b'x'));
    for url in
        urls(server.port, 300).iter().filter(|url| url.starts_with("etcd:") || url.starts_with("consul:"))
    {
        assert_says(&unavailable(url), &["did not answer in full within 300 ms"]);
    }
}

#[test]
fn a_server_that_is_down_is_named() {
    let port = free_port();
    for url in urls(port, 2000) {
        assert_says(
            &unavailable(&url),
            &[&format!(":{port}` cannot be reached"), "refused", "look whether it runs"],
        );
    }
}

#[test]
fn a_host_that_is_none_is_named() {
    // Longer than any name, so that nobody is asked for it.
    let host = "x".repeat(64);
    for url in urls(1, 5000) {
        let url = url.replace("127.0.0.1", &host).replace("localhost", &host);
        assert_says(&unavailable(&url), &[&host, "cannot be reached"]);
    }
}

#[test]
fn a_closing_or_foreign_server_is_named() {
    for said in [
        &b""[..],
        b"\0\xff\xfe garbage\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"E",
        b"\x15\x03\x03\x00\x02\x02\x28",
    ] {
        let server = StandIn::raw(Answer::Bytes(said.to_vec()));
        for url in urls(server.port, 5000) {
            let shown = format!("{:?}", open(&url).rows().unwrap_err());
            // A server that closes the connection may answer the next time; one that says something else is another
            // server.
            let is_named = [
                "Unavailable(Problem { what: \"",
                "Unusable(Problem { what: \"what answers is not ",
                "is not to be trusted",
            ];
            assert!(is_named.iter().any(|part| shown.contains(part)), "{url} {said:?}: {shown}");
            assert!(!shown.contains(PASSWORD), "{shown}");
            assert_eq!(
                shown.starts_with("Unavailable"),
                shown.contains(" cannot be reached: "),
                "{url} {said:?}: {shown}"
            );
        }
    }
}
