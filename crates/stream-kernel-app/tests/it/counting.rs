//! Counts are right, whatever the lines contain.

use stream_kernel_exec::RunReport;

use crate::scene::{example, run, set};

/// Runs the lines with these settings and returns the output.
fn check(settings: &[&str], lines: &str) -> String {
    run(set(settings), lines.as_bytes()).output
}

/// Returns a line of the log with this request and this rest.
fn logged(request: &str, rest: &str) -> String {
    format!("192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] \"{request}\" {rest}\n")
}

#[test]
fn the_example_gives_the_most_frequent_values_of_each_group() {
    let log = std::fs::read(example("access.log")).unwrap();
    let outcome = run(set(&[]).file(example("access_log.yaml")), &log);
    // Two lines of a bot are left out; values beyond the first three of a group are under null.
    insta::assert_snapshot!(outcome.output, @r#"
    {"group":"client","value":"192.0.2.10","count":4,"bytes":8948}
    {"group":"client","value":"192.0.2.20","count":4,"bytes":4651}
    {"group":"client","value":"192.0.2.30","count":2,"bytes":6960}
    {"group":"client","value":null,"count":2,"bytes":624}
    {"group":"malformed","value":"no HTTP request","count":2,"bytes":0}
    {"group":"malformed","value":"no time","count":1,"bytes":0}
    {"group":"path","value":"/search","count":3,"bytes":6542}
    {"group":"path","value":"/","count":2,"bytes":10240}
    {"group":"path","value":"/style.css","count":2,"bytes":3680}
    {"group":"path","value":null,"count":5,"bytes":721}
    {"group":"status","value":"2xx","count":7,"bytes":20462}
    {"group":"status","value":"3xx","count":2,"bytes":0}
    {"group":"status","value":"4xx","count":2,"bytes":624}
    {"group":"status","value":null,"count":1,"bytes":97}
    "#);
    assert_eq!(outcome.summary, ["requests: 12", "malformed lines: 3"]);
    assert_eq!(outcome.report, RunReport { inputs: 17, abandoned: 0, undeliverable: 0 });
}

#[test]
fn both_formats_are_read_and_other_lines_counted_by_fault() {
    let too_long = logged(&format!("GET /{} HTTP/1.1", "a".repeat(24_576)), "200 1");
    let lines = [
        logged("GET /common?a=b HTTP/1.1", "200 10"),
        logged("GET /combined HTTP/1.1", "200 10 \"-\" \"Mozilla/5.0\""),
        logged("GET /more HTTP/1.1", "200 10 \"-\" \"Mozilla/5.0\" \"a=b\" 17"),
        logged("GET /no-version", "599 -"),
        logged("GET /quote\\\"\\\\ HTTP/1.1", "100 10"),
        "nothing of the kind\n".into(),
        "\n".into(),
        "192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] GET / 200\n".into(),
        logged("-", "408 -"),
        logged("get / HTTP/1.1", "200 1"),
        logged("GET / HTTP/1.1", "600 1"),
        logged("GET / HTTP/1.1", "+99 1"),
        logged("GET / HTTP/1.1", "200"),
        logged("GET / HTTP/1.1", "200 99999999999999999999"),
        too_long,
    ];
    insta::assert_snapshot!(check(&["nodes.classify_request.group_by=[path]"], &lines.concat()), @r#"
    {"group":"malformed","value":"no HTTP request","count":2,"bytes":0}
    {"group":"malformed","value":"no size","count":2,"bytes":0}
    {"group":"malformed","value":"no status","count":2,"bytes":0}
    {"group":"malformed","value":"no client","count":1,"bytes":0}
    {"group":"malformed","value":"no request","count":1,"bytes":0}
    {"group":"malformed","value":"no time","count":1,"bytes":0}
    {"group":"malformed","value":"too long","count":1,"bytes":0}
    {"group":"path","value":"/combined","count":1,"bytes":10}
    {"group":"path","value":"/common","count":1,"bytes":10}
    {"group":"path","value":"/more","count":1,"bytes":10}
    {"group":"path","value":"/no-version","count":1,"bytes":0}
    {"group":"path","value":"/quote\\\"\\\\","count":1,"bytes":10}
    "#);
}

#[test]
fn a_line_that_is_no_text_is_malformed() {
    let outcome = run(set(&[]), b"192.0.2.1 - - [x] \"GET /\xff HTTP/1.1\" 200 1\n");
    insta::assert_snapshot!(outcome.output, @r#"{"group":"malformed","value":"not UTF-8","count":1,"bytes":0}"#);
}

#[test]
fn values_beyond_the_bound_are_counted_as_others() {
    let settings = ["nodes.classify_request.group_by=[path]", "nodes.count_requests.top=10000"];
    let lines: String = (0..10_000).map(|page| logged(&format!("GET /{page} HTTP/1.1"), "200 1")).collect();
    let at_the_bound = check(&settings, &lines);
    assert_eq!(at_the_bound.lines().count(), 10_000);
    assert!(!at_the_bound.contains("null"), "every value is listed");

    let beyond = lines + &logged("GET /new HTTP/1.1", "200 7") + &logged("GET /9999 HTTP/1.1", "200 1");
    let beyond = check(&settings, &beyond);
    assert_eq!(beyond.lines().count(), 10_001);
    let (first, last) = (beyond.lines().next(), beyond.lines().last());
    assert_eq!(
        first,
        Some(r#"{"group":"path","value":"/9999","count":2,"bytes":2}"#),
        "a known one counts on"
    );
    assert_eq!(last, Some(r#"{"group":"path","value":null,"count":1,"bytes":7}"#));
}

#[test]
fn sizes_that_no_server_sends_do_not_overflow() {
    let line = logged("GET / HTTP/1.1", &format!("200 {}", u64::MAX));
    let output = check(&["nodes.classify_request.group_by=[path]"], &line.repeat(2));
    assert_eq!(output, "{\"group\":\"path\",\"value\":\"/\",\"count\":2,\"bytes\":18446744073709551615}\n");
}

#[test]
fn an_empty_log_gives_an_empty_output() {
    let outcome = run(set(&[]), b"");
    assert_eq!((outcome.output.as_str(), outcome.report), ("", RunReport::default()));
    assert_eq!(outcome.summary, ["requests: 0", "malformed lines: 0"]);
}
