//! consul's documented answers. No package of Debian's contains it, so there is no real one here.

use super::etcd::base64;
use super::stand_in::{Answer, StandIn};
use super::{assert_says, pairs, places, read, refused, unavailable};

fn list(entries: &[(&str, Option<&[u8]>)]) -> String {
    let pair = |(key, value): &(&str, Option<&[u8]>)| {
        let value = value.map_or("null".to_owned(), |value| format!("\"{}\"", base64(value)));
        format!(
            r#"{{"LockIndex":0,"Key":"{key}","Flags":0,"Value":{value},"CreateIndex":100,"ModifyIndex":200}}"#
        )
    };
    format!("[{}]", entries.iter().map(pair).collect::<Vec<_>>().join(","))
}

fn stand_in(status: u16, body: impl Into<String>) -> StandIn {
    let answer = Answer::Http(status, body.into());
    StandIn::http(move |_| answer.clone())
}

fn url(port: u16) -> String {
    format!("consul://127.0.0.1:{port}/fund-load?timeout_ms=20000")
}

#[test]
fn a_documented_answer_gives_rows_by_key_path() {
    let server = stand_in(
        200,
        list(&[
            ("fund-load/runtime/tracing.enabled", Some(b"true")),
            ("fund-load/", None),
            ("fund-load/runtime/", None),
            ("fund-load/runtime/strict", None),
            ("fund-load/nodes.x/y", Some("é\n".as_bytes())),
        ]),
    );
    let url = url(server.port);
    let expected = [("nodes.x.y", "é\n"), ("runtime.strict", ""), ("runtime.tracing.enabled", "true")];
    assert_eq!(read(&url), pairs(&expected));
    assert_eq!(places(&url)[1], "key `fund-load/runtime/strict`");
    let request = server.requests.lock().unwrap()[0].clone();
    assert_says(&request, &["GET /v1/kv/fund-load/?recurse=true HTTP/1.1\r\n"]);
    assert!(!request.to_lowercase().contains("x-consul-token"));
}

#[test]
fn no_keys_are_no_rows() {
    assert_eq!(read(&url(stand_in(404, "").port)), []);
    assert_eq!(read(&url(stand_in(200, "[]").port)), []);
}

#[test]
fn a_token_goes_along() {
    let server = StandIn::http(|request| {
        let has_token = request.to_lowercase().contains("\r\nx-consul-token: s3cret\r\n");
        if has_token {
            Answer::Http(200, list(&[("a/b", Some(b"1"))]))
        } else {
            Answer::Http(403, "Permission denied".into())
        }
    });
    assert_eq!(read(&format!("consul://:s3cret@127.0.0.1:{}", server.port)), pairs(&[("a.b", "1")]));
    let without = refused(&format!("consul://127.0.0.1:{}", server.port));
    assert_says(
        &without,
        &["wants credentials", "HTTP status 403, Permission denied", "consul://[:token@]host"],
    );
    let wrong = refused(&format!("consul://:s3cret-no@127.0.0.1:{}", server.port));
    assert_says(&wrong, &["does not take the credentials"]);
}

#[test]
fn statuses_have_meanings() {
    for (status, part) in [
        (401, "credentials"),
        (403, "credentials"),
        (500, "HTTP status 500"),
        (503, "HTTP status 503"),
        (400, "what answers is not"),
    ] {
        let server = stand_in(status, "token s3cret is unknown");
        // An unhealthy server may recover.
        let why = if status >= 500 { unavailable } else { refused };
        let shown = why(&format!("consul://:s3cret@127.0.0.1:{}/x", server.port));
        assert!(shown.contains(part) || status >= 500, "{shown}");
        assert_says(&shown, &["left out, since it repeats credentials"]);
    }
}

#[test]
fn redirects_are_not_followed() {
    let elsewhere = stand_in(200, list(&[("fund-load/a", Some(b"1"))]));
    let location = format!("http://127.0.0.1:{}/v1/kv/fund-load/?recurse=true", elsewhere.port);
    let server = StandIn::http(move |_| Answer::Redirect(302, location.clone()));
    assert_says(&refused(&url(server.port)), &["redirects are not followed"]);
    assert!(elsewhere.requests.lock().unwrap().is_empty());
}

#[test]
fn an_invalid_answer_is_refused() {
    let outside = list(&[("fund-loader/a", Some(b"1"))]);
    for body in
        ["", "null", "{}", "[", "[1]", "<html>", "[{\"Key\":\"fund-load/a\",\"Value\":\"?\"}]", &outside]
    {
        assert_says(&refused(&url(stand_in(200, body).port)), &["what answers is not consul"]);
    }
}

#[test]
fn keys_and_values_that_are_wrong_are_named() {
    let refused = |entries: &[(&str, Option<&[u8]>)]| refused(&url(stand_in(200, list(entries)).port));
    assert_says(
        &refused(&[("fund-load/a", Some(b"\xff"))]),
        &["the value of key `fund-load/a` is not UTF-8"],
    );
    let doubled = list(&[("fund-load/a/b", None), ("fund-load/a.b", None)]);
    let doubled = read(&url(stand_in(200, doubled).port));
    assert_eq!(doubled, pairs(&[("a.b", ""), ("a.b", "")]), "which is told among all mistakes");
    let long = format!("fund-load/{}", "k".repeat(257));
    assert_says(&refused(&[(&long, None)]), &["the key path of key `fund-load/kkk", "too long"]);
}

#[test]
fn too_much_is_refused_and_the_bound_is_not() {
    let values = |bytes: usize| list(&[("fund-load/a", Some(&vec![b'x'; bytes - 1]))]);
    assert_eq!(read(&url(stand_in(200, values(1 << 20)).port))[0].1.len(), (1 << 20) - 1);
    assert_says(&refused(&url(stand_in(200, values((1 << 20) + 1)).port)), &["more than 1048576 bytes"]);
    let rows = |count: usize| {
        let keys: Vec<_> = (0..count).map(|number| format!("fund-load/{number}")).collect();
        list(&keys.iter().map(|key| (key.as_str(), Some(&b"1"[..]))).collect::<Vec<_>>())
    };
    assert_eq!(read(&url(stand_in(200, rows(10_000)).port)).len(), 10_000);
    assert_says(&refused(&url(stand_in(200, rows(10_001)).port)), &["more than 10000 rows"]);
}
