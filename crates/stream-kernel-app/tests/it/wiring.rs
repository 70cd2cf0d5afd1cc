//! Wiring: steps that do not fit are refused or, in a lenient pipeline, warned of, and the losses are counted.

use crate::access_log::AccessLog;
use crate::scene::{mistakes, prepare, run, set};

/// Returns the faults of this pipeline.
fn check(pipeline: &str) -> String {
    mistakes(set(&[&format!("runtime.pipeline=[{pipeline}]")]))
}

#[test]
fn an_unknown_step_is_reported_alone_with_the_nearest_name() {
    insta::assert_snapshot!(check("parse_acces_line, classify_request, count_requests, count_malformed"), @"
    error: `runtime.pipeline.0`: no step is named `parse_acces_line`
      --> command line: --set runtime.pipeline=[parse_acces_line, classify_request, count_requests, count_malformed]
      expected: one of `parse_access_line`, `classify_request`, `count_requests`, `count_malformed`
      hint: did you mean `parse_access_line`?
    ");
    insta::assert_snapshot!(check("parse_access_line, classify_request, count_requests, count_malformed, geolocate"), @"
    error: `runtime.pipeline.4`: no step is named `geolocate`
      --> command line: --set runtime.pipeline=[parse_access_line, classify_request, count_requests, count_malformed, geolocate]
      expected: one of `parse_access_line`, `classify_request`, `count_requests`, `count_malformed`
      hint: remove it, or set `runtime.strict: false` to skip it
    ");
    insta::assert_snapshot!(check("parse_access_line, classify_request, count_requests, count_malformed, count_requets"), @"
    error: `runtime.pipeline.4`: no step is named `count_requets`
      --> command line: --set runtime.pipeline=[parse_access_line, classify_request, count_requests, count_malformed, count_requets]
      expected: one of `parse_access_line`, `classify_request`, `count_requests`, `count_malformed`
      hint: did you mean `count_requests`? it is listed already
    ");
}

#[test]
fn steps_that_do_not_fit_are_all_named() {
    insta::assert_snapshot!(check("classify_request, parse_access_line, count_requests, count_requests"), @"
    error: `runtime.pipeline.0`: step `classify_request` takes `Request`, which no earlier step sends it
      --> command line: --set runtime.pipeline=[classify_request, parse_access_line, count_requests, count_requests]
      expected: an earlier step that emits `Request`
      hint: check the order of the pipeline, and whether a step before it is missing

    error: `runtime.pipeline.1`: step `parse_access_line` emits `Request`, which no later step takes
      --> command line: --set runtime.pipeline=[classify_request, parse_access_line, count_requests, count_requests]
      expected: a later step that takes `Request`
      hint: check the order of the pipeline, and whether a step after it is missing

    error: `runtime.pipeline.1`: step `parse_access_line` emits `Malformed`, which no later step takes
      --> command line: --set runtime.pipeline=[classify_request, parse_access_line, count_requests, count_requests]
      expected: a later step that takes `Malformed`
      hint: check the order of the pipeline, and whether a step after it is missing

    error: `runtime.pipeline.3`: step `count_requests` is listed twice (its first place is 2)
      --> command line: --set runtime.pipeline=[classify_request, parse_access_line, count_requests, count_requests]
      expected: each step once
      hint: remove one of them
    ");
}

#[test]
fn a_missing_first_step_hides_no_other_mistake() {
    insta::assert_snapshot!(check("geolocate, classify_request, count_malformed"), @"
    error: `runtime.pipeline`: no step takes `RawLine`, which the source gives
      --> command line: --set runtime.pipeline=[geolocate, classify_request, count_malformed]
      expected: a step that takes `RawLine`
      hint: check the order of the pipeline, and whether a step at the beginning is missing

    error: `runtime.pipeline.0`: no step is named `geolocate`
      --> command line: --set runtime.pipeline=[geolocate, classify_request, count_malformed]
      expected: one of `parse_access_line`, `classify_request`, `count_requests`, `count_malformed`
      hint: remove it, or set `runtime.strict: false` to skip it

    error: `runtime.pipeline.1`: step `classify_request` emits `Hit`, which no later step takes
      --> command line: --set runtime.pipeline=[geolocate, classify_request, count_malformed]
      expected: a later step that takes `Hit`
      hint: check the order of the pipeline, and whether a step after it is missing

    error: `runtime.pipeline.1`: step `classify_request` takes `Request`, which no earlier step sends it
      --> command line: --set runtime.pipeline=[geolocate, classify_request, count_malformed]
      expected: an earlier step that emits `Request`
      hint: check the order of the pipeline, and whether a step before it is missing

    error: `runtime.pipeline.2`: step `count_malformed` takes `Malformed`, which no earlier step sends it
      --> command line: --set runtime.pipeline=[geolocate, classify_request, count_malformed]
      expected: an earlier step that emits `Malformed`
      hint: check the order of the pipeline, and whether a step before it is missing
    ");
    // Two faults of one step come together.
    insta::assert_snapshot!(check("parse_access_line"), @"
    error: `runtime.pipeline.0`: step `parse_access_line` emits `Request`, which no later step takes
      --> command line: --set runtime.pipeline=[parse_access_line]
      expected: a later step that takes `Request`
      hint: check the order of the pipeline, and whether a step after it is missing

    error: `runtime.pipeline.0`: step `parse_access_line` emits `Malformed`, which no later step takes
      --> command line: --set runtime.pipeline=[parse_access_line]
      expected: a later step that takes `Malformed`
      hint: check the order of the pipeline, and whether a step after it is missing
    ");
    insta::assert_snapshot!(check("geolocate"), @"
    error: `runtime.pipeline`: no step takes `RawLine`, which the source gives
      --> command line: --set runtime.pipeline=[geolocate]
      expected: a step that takes `RawLine`
      hint: check the order of the pipeline, and whether a step at the beginning is missing

    error: `runtime.pipeline.0`: no step is named `geolocate`
      --> command line: --set runtime.pipeline=[geolocate]
      expected: one of `parse_access_line`, `classify_request`, `count_requests`, `count_malformed`
      hint: remove it, or set `runtime.strict: false` to skip it
    ");
}

#[test]
fn fatal_faults_are_reported_without_warnings() {
    for name in ["parse_access_line", "geolocate", "count_requets"] {
        let pipeline = format!("runtime.pipeline=[{name}, {name}, trace_route]");
        let found = mistakes(set(&["runtime.strict=false", &pipeline]));
        let expected =
            format!("error: `runtime.pipeline.1`: step `{name}` is listed twice (its first place is 0)");
        assert_eq!(found.lines().next(), Some(expected.as_str()));
        assert_eq!(found.matches("error:").count(), 1, "{found}");
    }
}

#[test]
fn an_empty_pipeline_takes_no_line() {
    insta::assert_snapshot!(check(""), @"
    error: `runtime.pipeline`: no step takes `RawLine`, which the source gives
      --> command line: --set runtime.pipeline=[]
      expected: a step that takes `RawLine`
      hint: check the order of the pipeline, and whether a step at the beginning is missing
    ");
}

#[test]
fn a_lenient_pipeline_warns_and_counts_what_it_drops() {
    let loader = || {
        set(&[
            "runtime.strict=false",
            "runtime.pipeline=[parse_access_line, geolocate, classify_request, count_requests]",
            "runtime.tracing.enabled=true",
        ])
    };
    let warnings: Vec<_> = prepare(loader()).scenario().warnings().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"), @"
    step `parse_access_line` emits `Malformed`, which no later step takes
    no step is named `geolocate`
    ");

    let outcome = run(loader(), b"192.0.2.1 - - [t] \"GET / HTTP/1.1\" 200 1\nwhat?\nwhat?\n");
    assert_eq!(
        (outcome.report.inputs, outcome.report.undeliverable),
        (3, 2),
        "malformed lines have nowhere to go"
    );
    assert!(
        outcome.trace.contains(r#""step_index":2,"step_name":"classify_request""#),
        "a skipped step keeps its index"
    );
    insta::assert_snapshot!(outcome.output, @r#"
    {"group":"path","value":"/","count":1,"bytes":1}
    {"group":"status","value":"2xx","count":1,"bytes":1}
    "#);
}

#[test]
fn help_is_a_command_of_every_application() {
    let told = |arguments: &[&str]| {
        let all = [&["access_log"], arguments].concat();
        stream_kernel_app::App::<AccessLog>::new()
            .definition()
            .try_get_matches_from(all)
            .unwrap_err()
            .to_string()
    };
    for command in [&[][..], &["run"], &["trace", "show"]] {
        assert_eq!(
            told(&[&["help"], command].concat()),
            told(&[command, &["--help"]].concat()),
            "{command:?}"
        );
    }
}
