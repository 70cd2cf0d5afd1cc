//! Mistakes in keys and values, as shown: the key, the place, the expectation, a hint.

use insta::assert_snapshot;

use crate::app::{MINIMAL, scene, with};

#[test]
fn a_misspelt_key_is_shown_with_the_nearest_name() {
    assert_snapshot!(with("runtime:\n  trasing: {enabled: true}\n").mistakes(), @"
    error: `runtime.trasing`: unknown key
      --> a.yaml:4:3
       |
     4 |   trasing: {enabled: true}
       |   ^^^^^^^
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: did you mean `tracing`?
    ");
}

#[test]
fn a_key_like_no_other_gets_the_list_but_no_guess() {
    assert_snapshot!(with("colour: red\n").mistakes(), @"
    error: `colour`: unknown key
      --> a.yaml:3:1
       |
     3 | colour: red
       | ^^^^^^
      expected: one of `version`, `scenario`, `runtime`, `nodes`, `adapters`
      hint: check its spelling and its place, or remove it
    ");
}

#[test]
fn wrong_types_are_named_as_found() {
    let text = "runtime:\n  strict: yes\n  pipeline: parse\n  tracing: [x]\nnodes:\n  evaluate_policies:\n    daily_attempts: '3'\n";
    assert_snapshot!(with(text).mistakes(), @"
    error: `runtime.strict`: found text `yes`
      --> a.yaml:4:11
       |
     4 |   strict: yes
       |           ^^^
      expected: `true` or `false`
      hint: write `true`

    error: `runtime.pipeline`: found text `parse`
      --> a.yaml:5:13
       |
     5 |   pipeline: parse
       |             ^^^^^
      expected: a list, each item text
      hint: write `[item, item]`, or an item a line after `- `

    error: `runtime.tracing`: found a list
      --> a.yaml:6:12
       |
     6 |   tracing: [x]
       |            ^
      expected: a map with the keys `enabled`, `signature`, `context_diff`, `redact`, `sink`, `sinks`
      hint: write keys with their values: `{key: value}`

    error: `nodes.evaluate_policies.daily_attempts`: found text `3`
      --> a.yaml:9:21
       |
     9 |     daily_attempts: '3'
       |                     ^^^
      expected: a whole number from 0 to 1000
      hint: remove the quotes
    ");
}

#[test]
fn a_number_is_no_text_until_it_is_quoted() {
    assert_snapshot!(scene().file("a.yaml", "version: 1\nscenario: {name: 2024}\n").mistakes(), @"
    error: `scenario.name`: found the number `2024`
      --> a.yaml:2:18
       |
     2 | scenario: {name: 2024}
       |                  ^^^^
      expected: text, not empty
      hint: put it in quotes
    ");
}

#[test]
fn names_from_a_list_get_the_nearest_one() {
    let text = "runtime: {on_step_error: Stop}\nnodes: {compute_time_keys: {week_start: mon}}\n";
    assert_snapshot!(with(text).mistakes(), @"
    error: `runtime.on_step_error`: found text `Stop`
      --> a.yaml:3:26
       |
     3 | runtime: {on_step_error: Stop}
       |                          ^^^^
      expected: one of `stop`, `continue`
      hint: did you mean `stop`?

    error: `nodes.compute_time_keys.week_start`: found text `mon`
      --> a.yaml:4:41
       |
     4 | nodes: {compute_time_keys: {week_start: mon}}
       |                                         ^^^
      expected: one of `MON`, `TUE`, `SUN`
      hint: did you mean `MON`?
    ");
}

#[test]
fn values_out_of_range_show_the_range() {
    let text = "nodes: {evaluate_policies: {daily_attempts: 1001}}\nadapters: {input_source: {share: 1.5, max_line_bytes: 99999999999999999999, path: ''}}\n";
    assert_snapshot!(with(text).mistakes(), @"
    error: `nodes.evaluate_policies.daily_attempts`: found the number `1001`
      --> a.yaml:3:45
       |
     3 | nodes: {evaluate_policies: {daily_attempts: 1001}}
       |                                             ^^^^
      expected: a whole number from 0 to 1000
      hint: write a whole number from 0 to 1000

    error: `adapters.input_source.share`: found the number `1.5`
      --> a.yaml:4:34
       |
     4 | adapters: {input_source: {share: 1.5, max_line_bytes: 99999999999999999999, path: ''}}
       |                                  ^^^
      expected: a number from 0 to 1
      hint: write a number from 0 to 1

    error: `adapters.input_source.max_line_bytes`: found the number `99999999999999999999`
      --> a.yaml:4:55
       |
     4 | adapters: {input_source: {share: 1.5, max_line_bytes: 99999999999999999999, path: ''}}
       |                                                       ^^^^^^^^^^^^^^^^^^^^
      expected: a whole number of at least 0
      hint: write a whole number from 0 to 18446744073709551615

    error: `adapters.input_source.path`: found empty text
      --> a.yaml:4:83
       |
     4 | ...e: {share: 1.5, max_line_bytes: 99999999999999999999, path: ''}}
       |                                                                ^^
      expected: text, not empty
      hint: write a text
    ");
}

#[test]
fn a_sink_cannot_be_flushed_every_zero_records() {
    let text = "runtime:\n  tracing:\n    sink:\n      kind: jsonl\n      jsonl:\n        path: t.jsonl\n        flush_every_n: 0\n        fsync_every_n: 0\n";
    assert_snapshot!(with(text).mistakes(), @"
    error: `runtime.tracing.sink.jsonl.flush_every_n`: found the number `0`
      --> a.yaml:9:24
       |
     9 |         flush_every_n: 0
       |                        ^
      expected: a whole number of at least 1
      hint: write a whole number of at least 1

    error: `runtime.tracing.sink.jsonl.fsync_every_n`: found the number `0`
      --> a.yaml:10:24
        |
     10 |         fsync_every_n: 0
        |                        ^
      expected: a whole number of at least 1, or null
      hint: write a whole number of at least 1
    ");
}

#[test]
fn another_version_is_refused() {
    assert_snapshot!(scene().file("a.yaml", "version: 2\nscenario: {name: x}\n").mistakes(), @"
    error: `version`: found the number `2`
      --> a.yaml:1:10
       |
     1 | version: 2
       |          ^
      expected: the number 1
      hint: write `1`
    ");
}

#[test]
fn missing_values_have_the_place_of_the_map_that_lacks_them() {
    let text = "# a comment\nscenario:\n  description: no name\n";
    assert_snapshot!(scene().file("a.yaml", text).mistakes(), @"
    error: `version`: required value is missing
      --> a.yaml:2:1
       |
     2 | scenario:
       | ^^^^^^^^
      expected: the number 1
      hint: set `version`

    error: `scenario.name`: required value is missing
      --> a.yaml:2:1
       |
     2 | scenario:
       | ^^^^^^^^
      expected: text, not empty
      hint: set `scenario.name`
    ");
}

#[test]
fn an_empty_file_lacks_its_required_keys_at_the_start() {
    assert_snapshot!(scene().file("a.yaml", "").mistakes(), @"
    warning: the file holds no keys, and adds nothing
      --> a.yaml:1:1
      expected: keys with their values
      hint: look whether its name is right, and whether what was to be written into it is there

    error: `version`: required value is missing
      --> a.yaml:1:1
      expected: the number 1
      hint: set `version`

    error: `scenario.name`: required value is missing
      --> a.yaml:1:1
      expected: text, not empty
      hint: set `scenario.name`
    ");
}

#[test]
fn without_any_file_the_default_is_the_place() {
    assert_snapshot!(scene().mistakes(), @"
    error: `version`: required value is missing
      --> built-in default
      expected: the number 1
      hint: set `version`

    error: `scenario.name`: required value is missing
      --> built-in default
      expected: text, not empty
      hint: set `scenario.name`
    ");
}

#[test]
fn a_jsonl_sink_needs_a_path() {
    let sink = "runtime:\n  tracing:\n    sink: {kind: jsonl}\n";
    assert_snapshot!(with(sink).mistakes(), @"
    error: `runtime.tracing.sink.jsonl.path`: required value is missing: the sink's `kind` is `jsonl`
      --> a.yaml:5:11
       |
     5 |     sink: {kind: jsonl}
       |           ^
      expected: the path of a file
      hint: set `runtime.tracing.sink.jsonl.path`, or `runtime.tracing.sink.kind` to `stdout`
    ");
    let map = "runtime:\n  tracing:\n    sink:\n      kind: jsonl\n      jsonl:\n        write_mode: batch\n";
    assert_snapshot!(with(map).mistakes(), @"
    error: `runtime.tracing.sink.jsonl.path`: required value is missing: the sink's `kind` is `jsonl`
      --> a.yaml:7:7
       |
     7 |       jsonl:
       |       ^^^^^
      expected: the path of a file
      hint: set `runtime.tracing.sink.jsonl.path`, or `runtime.tracing.sink.kind` to `stdout`
    ");
}

#[test]
fn a_sink_is_a_file_unless_it_says_otherwise() {
    let loaded = with("").set("runtime.tracing.sink.jsonl.path=x").load();
    let sink = loaded.config().runtime.tracing.sink.clone().unwrap();
    assert_eq!(sink.jsonl_file().unwrap().0.to_str(), Some("x"));
}

#[test]
fn a_key_given_twice_names_both_places() {
    assert_snapshot!(with("nodes: {}\n\"nodes\": {}\n").mistakes(), @r#"
    error: `nodes`: key given twice, first at line 3, column 1
      --> a.yaml:4:1
       |
     4 | "nodes": {}
       | ^^^^^^^
      expected: each key once
      hint: remove one of them
    "#);
}

#[test]
fn nothing_is_no_map() {
    assert_snapshot!(with("nodes:\nruntime: null\n").mistakes(), @"
    error: `nodes`: the value is blank
      --> a.yaml:3:1
       |
     3 | nodes:
       | ^^^^^
      expected: a map with the keys `compute_time_keys`, `evaluate_policies`
      hint: give it keys, or remove it

    error: `runtime`: found null
      --> a.yaml:4:10
       |
     4 | runtime: null
       |          ^^^^
      expected: a map with the keys `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: remove the key or write `{}`
    ");
}

#[test]
fn null_needs_a_key_that_allows_it() {
    assert_snapshot!(with("runtime: {strict: ~}\n").set("nodes=null").set("runtime.pipeline=").mistakes(), @"
    error: `runtime.strict`: found null
      --> a.yaml:3:19
       |
     3 | runtime: {strict: ~}
       |                   ^
      expected: `true` or `false`
      hint: remove the key or give it a value

    error: `nodes`: found null
      --> command line: --set nodes=null
      expected: a map with the keys `compute_time_keys`, `evaluate_policies`
      hint: remove the key or write `{}`

    error: `runtime.pipeline`: the value is blank
      --> command line: --set runtime.pipeline=
      expected: a list, each item text
      hint: give it a value, or remove it (the default is `[parse, decide, write]`)
    ");
}

#[test]
fn secrets_of_receivers_are_masked_and_never_quoted() {
    let secret = "s3cret";
    let sink = |otlp: &str| {
        format!("{MINIMAL}runtime: {{tracing: {{enabled: true, sink: {{kind: otlp, otlp: {otlp}}}}}}}\n")
    };
    let loaded = scene().file("a.yaml", sink(&format!("{{headers: {{x: {secret}}}}}"))).load();
    let headers =
        loaded.config().runtime.tracing.sink.as_ref().unwrap().otlp.as_ref().unwrap().headers.clone();
    assert_eq!(headers.unwrap()["x"], secret, "the run has it");
    let (_, effective) = loaded.finish().unwrap();
    let shown = format!("{effective:?} {} {}", effective.yaml(), effective.json());
    assert!(!shown.contains(secret) && effective.yaml().contains("x: \"***\""), "{shown}");
    for wrong in [
        format!("{{headers: {{x: [{secret}]}}}}"),
        format!("{{headers: [{secret}]}}"),
        format!("{{headers: {{'a b': {secret}}}}}"),
        format!("{{headers: {{x: \"{secret}\\r\\n\"}}}}"),
        format!("{{header: {{authorization: {secret}}}}}"),
        format!("{{endpoint: 'http://h/?x=y&api_key={secret}'}}"),
    ] {
        let told = scene().file("a.yaml", sink(&wrong)).mistakes();
        assert!(!told.contains(secret), "{wrong}: {told}");
    }
}

#[test]
fn an_endpoint_has_a_scheme_of_http_and_no_credentials() {
    let with_endpoint = |url: &str| {
        let set = format!("runtime.tracing.sink={{kind: otlp, otlp: {{endpoint: '{url}'}}}}");
        scene().file("a.yaml", MINIMAL).set(&set)
    };
    for taken in ["HTTPS://h", "Http://h/?tenant=a", "http://h/token"] {
        with_endpoint(taken).load();
    }
    for url in ["http://u:p@h/", "HTTP://h/?x=y&Api-Key=s3", "https://h?token=s3#x"] {
        let told = with_endpoint(url).mistakes();
        let refused =
            told.contains("a URL with credentials") && told.contains("credentials go into `headers`");
        assert!(refused, "{url}: {told}");
    }
    for url in ["httpss://h", "://h", "http:h"] {
        let told = with_endpoint(url).mistakes();
        assert!(told.contains("not a URL that begins with"), "{url}: {told}");
    }
}

#[test]
fn each_kind_of_sink_is_there_once() {
    let sinks =
        "runtime: {tracing: {sink: {kind: stdout}, sinks: [{kind: jsonl}, {kind: stdout}, {kind: otlp}]}}\n";
    let told = scene().file("a.yaml", format!("{MINIMAL}{sinks}")).mistakes();
    assert_snapshot!(told, @"
    error: `runtime.tracing.sinks.1.kind`: a second sink of the kind `stdout`
      --> a.yaml:3:73
       |
     3 | ...acing: {sink: {kind: stdout}, sinks: [{kind: jsonl}, {kind: stdout}, {kind: otlp}]}}
       |                                                                ^^^^^^
      expected: at most one sink of each kind
      hint: remove it, or `runtime.tracing.sink`

    error: `runtime.tracing.sinks.0.jsonl.path`: required value is missing: the sink's `kind` is `jsonl`
      --> a.yaml:3:51
       |
     3 | runtime: {tracing: {sink: {kind: stdout}, sinks: [{kind: jsonl}, {kind: stdout}, {kind: otlp}]}}
       |                                                   ^
      expected: the path of a file
      hint: set `runtime.tracing.sinks.0.jsonl.path`, or `runtime.tracing.sinks.0.kind` to `stdout`
    ");
}
