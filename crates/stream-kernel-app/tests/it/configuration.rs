//! Whatever is wrong with the configuration must be said at once, each with its place.

use std::fs;

use crate::access_log::AccessLog;
use crate::scene::{example, mistakes, prepare, set};

/// Returns every mistake of a file with the minimum and these lines.
fn check(more: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("access_log.yaml");
    fs::write(&path, format!("version: 1\nscenario: {{name: test}}\n{more}")).unwrap();
    mistakes(set(&[]).file(&path)).replace(&format!("{}/", directory.path().display()), "")
}

#[test]
fn mistakes_in_the_applications_own_nodes_are_reported_together() {
    let more = "\
nodes:
  classify_request:
    group_by: [path, pth, status, path]
    skip_bots: maybe
  count_requests: {top: 0, botom: 3}
  count_malfomed: {}
";
    insta::assert_snapshot!(check(more), @"
    error: `nodes.classify_request.group_by.1`: found text `pth`
      --> access_log.yaml:5:22
       |
     5 |     group_by: [path, pth, status, path]
       |                      ^^^
      expected: one of `client`, `path`, `status`
      hint: did you mean `path`?

    error: `nodes.classify_request.group_by.3`: the group `path` is named twice
      --> access_log.yaml:5:35
       |
     5 |     group_by: [path, pth, status, path]
       |                                   ^^^^
      expected: each group once
      hint: remove one of them

    error: `nodes.classify_request.skip_bots`: found text `maybe`
      --> access_log.yaml:6:16
       |
     6 |     skip_bots: maybe
       |                ^^^^^
      expected: `true` or `false`
      hint: write `true` or `false`

    error: `nodes.count_requests.top`: found the number `0`
      --> access_log.yaml:7:25
       |
     7 |   count_requests: {top: 0, botom: 3}
       |                         ^
      expected: a whole number from 1 to 10000
      hint: write a whole number from 1 to 10000

    error: `nodes.count_requests.botom`: unknown key
      --> access_log.yaml:7:28
       |
     7 |   count_requests: {top: 0, botom: 3}
       |                            ^^^^^
      expected: `top`
      hint: check its spelling and its place, or remove it

    error: `nodes.count_malfomed`: unknown key
      --> access_log.yaml:8:3
       |
     8 |   count_malfomed: {}
       |   ^^^^^^^^^^^^^^
      expected: one of `classify_request`, `count_requests`
      hint: check its spelling and its place, or remove it
    ");
}

#[test]
fn what_only_the_application_can_tell_has_its_place_too() {
    insta::assert_snapshot!(check("nodes: {classify_request: {group_by: [path, status, path]}}\n"), @"
    error: `nodes.classify_request.group_by.2`: the group `path` is named twice
      --> access_log.yaml:3:53
       |
     3 | nodes: {classify_request: {group_by: [path, status, path]}}
       |                                                     ^^^^
      expected: each group once
      hint: remove one of them
    ");
    insta::assert_snapshot!(mistakes(set(&["nodes.classify_request.group_by=[]"])), @"
    error: `nodes.classify_request.group_by`: no group is named, so that nothing would be counted
      --> command line: --set nodes.classify_request.group_by=[]
      expected: one or more of `client`, `path`, `status`
      hint: set `nodes.classify_request.group_by`, or leave it out: it is `[path, status]` then
    ");
}

#[test]
fn mistakes_of_the_kernel_and_of_the_application_stand_in_one_list() {
    let more = "\
runtime:
  pipeline: [parse_access_line, clasify_request, count_requests, count_malformed]
  tracing: {context_diff: {mode: whitelist, whitelist: [tags, metric, trace, tags.path, colour]}}
nodes: {classify_request: {group_by: []}}
adapters: {input_source: {settings: {path: same.log}}, output_sink: {settings: {path: ./same.log}}}
";
    insta::assert_snapshot!(check(more), @"
    error: `runtime.pipeline.1`: no step is named `clasify_request`
      --> access_log.yaml:4:33
       |
     4 |   pipeline: [parse_access_line, clasify_request, count_requests, count_malformed]
       |                                 ^^^^^^^^^^^^^^^
      expected: one of `parse_access_line`, `classify_request`, `count_requests`, `count_malformed`
      hint: did you mean `classify_request`?

    error: `runtime.tracing.context_diff.whitelist.1`: no context field is named `metric`
      --> access_log.yaml:5:63
       |
     5 | ...tracing: {context_diff: {mode: whitelist, whitelist: [tags, metric, trace, tags.path, colour]}}
       |                                                                ^^^^^^
      expected: one of `trace_id`, `run_id`, `scenario_id`, `line_no`, `received_at`, `tags`, `metrics`, `notes`, `flags`, `errors`
      hint: did you mean `metrics`?

    error: `runtime.tracing.context_diff.whitelist.2`: no context field is named `trace`
      --> access_log.yaml:5:71
       |
     5 | ... {context_diff: {mode: whitelist, whitelist: [tags, metric, trace, tags.path, colour]}}
       |                                                                ^^^^^
      expected: one of `trace_id`, `run_id`, `scenario_id`, `line_no`, `received_at`, `tags`, `metrics`, `notes`, `flags`, `errors`
      hint: the tape itself is never part of a snapshot

    error: `runtime.tracing.context_diff.whitelist.3`: no context field is named `tags.path`
      --> access_log.yaml:5:78
       |
     5 | ...xt_diff: {mode: whitelist, whitelist: [tags, metric, trace, tags.path, colour]}}
       |                                                                ^^^^^^^^^
      expected: one of `trace_id`, `run_id`, `scenario_id`, `line_no`, `received_at`, `tags`, `metrics`, `notes`, `flags`, `errors`
      hint: name the whole field, such as `tags`

    error: `runtime.tracing.context_diff.whitelist.4`: no context field is named `colour`
      --> access_log.yaml:5:89
       |
     5 | ...ode: whitelist, whitelist: [tags, metric, trace, tags.path, colour]}}
       |                                                                ^^^^^^
      expected: one of `trace_id`, `run_id`, `scenario_id`, `line_no`, `received_at`, `tags`, `metrics`, `notes`, `flags`, `errors`
      hint: remove it: what steps note is in `tags`, `metrics`, `notes`, `flags` and `errors`

    error: `nodes.classify_request.group_by`: no group is named, so that nothing would be counted
      --> access_log.yaml:6:38
       |
     6 | nodes: {classify_request: {group_by: []}}
       |                                      ^
      expected: one or more of `client`, `path`, `status`
      hint: set `nodes.classify_request.group_by`, or leave it out: it is `[path, status]` then

    error: `adapters.output_sink.settings.path`: the output `./same.log` is the same file as the input
      --> access_log.yaml:7:87
       |
     7 | ...settings: {path: same.log}}, output_sink: {settings: {path: ./same.log}}}
       |                                                                ^^^^^^^^^^
      expected: a file of its own
      hint: name another file
    ");
}

#[test]
fn nothing_is_concluded_from_a_value_that_is_not_what_was_configured() {
    // The default that stands in for the input is the same as the output.
    let adapters = "{input_source: {settings: {path: [x]}}, output_sink: {settings: {path: access.log}}}";
    insta::assert_snapshot!(check(&format!("adapters: {adapters}\n")), @"
    error: `adapters.input_source.settings.path`: found a list
      --> access_log.yaml:3:44
       |
     3 | adapters: {input_source: {settings: {path: [x]}}, output_sink: {settings: {path: access.log}}}
       |                                            ^
      expected: text, not empty
      hint: write a text
    ");
    // Whether steps have to fit is not known; that `geolocate` is none is certain.
    insta::assert_snapshot!(check("runtime: {strict: perhaps, pipeline: [parse_access_line, geolocate]}\n"), @"
    error: `runtime.strict`: found text `perhaps`
      --> access_log.yaml:3:19
       |
     3 | runtime: {strict: perhaps, pipeline: [parse_access_line, geolocate]}
       |                   ^^^^^^^
      expected: `true` or `false`
      hint: write `true` or `false`

    error: `runtime.pipeline.1`: no step is named `geolocate`
      --> access_log.yaml:3:58
       |
     3 | runtime: {strict: perhaps, pipeline: [parse_access_line, geolocate]}
       |                                                          ^^^^^^^^^
      expected: one of `parse_access_line`, `classify_request`, `count_requests`, `count_malformed`
      hint: remove it, or set `runtime.strict: false` to skip it
    ");
    // What the list stands for may be what the steps around it need.
    let pipeline = "[parse_access_line, [], count_requests, count_malformed, geolocate]";
    insta::assert_snapshot!(check(&format!("runtime: {{pipeline: {pipeline}}}\n")), @"
    error: `runtime.pipeline.1`: found a list
      --> access_log.yaml:3:41
       |
     3 | runtime: {pipeline: [parse_access_line, [], count_requests, count_malformed, geolocate]}
       |                                         ^
      expected: text
      hint: write a text

    error: `runtime.pipeline.4`: no step is named `geolocate`
      --> access_log.yaml:3:78
       |
     3 | ...e: [parse_access_line, [], count_requests, count_malformed, geolocate]}
       |                                                                ^^^^^^^^^
      expected: one of `parse_access_line`, `classify_request`, `count_requests`, `count_malformed`
      hint: remove it, or set `runtime.strict: false` to skip it
    ");
}

#[test]
fn every_layer_reaches_the_applications_nodes() {
    let file = || set(&[]).file(example("access_log.yaml"));
    let top = |loader| prepare(loader).config().nodes.count_requests.top;
    let variable = || [("ACCESS_LOG__NODES__COUNT_REQUESTS__TOP".into(), "7".into())];
    assert_eq!(top(set(&[])), 10, "the default");
    assert_eq!(top(file()), 3, "the file goes over the default");
    assert_eq!(top(file().environment(variable())), 7, "the environment goes over the file");
    assert_eq!(
        top(file().environment(variable()).set("nodes.count_requests.top=8")),
        8,
        "a flag goes over all"
    );
}

#[test]
fn the_applications_defaults_go_over_those_of_the_kernels_adapters() {
    let job = prepare(set(&["adapters.output_sink.settings.path=-"]));
    let adapters: Vec<_> = job
        .effective()
        .entries()
        .iter()
        .filter(|entry| entry.key.starts_with("adapters"))
        .map(ToString::to_string)
        .collect();
    insta::assert_snapshot!(adapters.join("\n"), @r#"
    adapters.input_source.kind: file  # built-in default
    adapters.input_source.settings.path: access.log  # built-in default
    adapters.input_source.settings.max_line_bytes: 24576  # built-in default
    adapters.input_source.settings.unterminated_line: take  # built-in default
    adapters.output_sink.kind: file  # built-in default
    adapters.output_sink.settings.path: "-"  # command line: --set adapters.output_sink.settings.path=-
    adapters.output_sink.settings.parts: false  # built-in default
    "#);
}

#[test]
fn the_command_line_is_sound() {
    // clap finds flags that contradict each other only when it is asked, or in front of a user.
    stream_kernel_app::App::<AccessLog>::new().definition().debug_assert();
}
