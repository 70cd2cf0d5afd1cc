//! What is shown of an effective configuration, and that it can be read back.

use insta::assert_snapshot;

use crate::app::{MINIMAL, Scene, scene};

fn full() -> Scene {
    let text = "\
version: 1
scenario: {name: 'true', description: \"two\\nlines, \\e[0m \\\"quoted\\\" \\u202e 日本\"}
runtime:
  pipeline: [parse, 'a b', '1', '', '# x', '{', \"null\"]
  tracing:
    enabled: true
    sink: {kind: jsonl, jsonl: {path: /tmp/t.jsonl, write_mode: batch}}
nodes: {evaluate_policies: {daily_amount: 12.5}}
adapters: {labels: {'a.b': 'x: y', '2': '1.0'}}
";
    scene().file("a.yaml", text)
}

#[test]
fn the_effective_configuration_reads_back_as_the_same() {
    let (config, effective) = full().load().finish().unwrap();
    let (again, effective_again) = scene().file("b.yaml", effective.yaml()).load().finish().unwrap();
    assert_eq!(config, again);
    assert_eq!(effective.json(), effective_again.json());
    assert_eq!(effective.yaml(), effective_again.yaml());
    assert_eq!(effective.entries().len(), effective_again.entries().len());
}

#[test]
fn the_effective_configuration_as_yaml() {
    assert_snapshot!(full().load().finish().unwrap().1.yaml(), @r##"
    version: 1
    scenario:
      name: "true"
      description: "two\nlines, \U0000001B[0m \"quoted\" \U0000202E 日本"
    runtime:
      strict: true
      pipeline: [parse, "a b", "1", "", "# x", "{", "null"]
      on_step_error: stop
      tracing:
        enabled: true
        signature:
          mode: type_only
        context_diff:
          mode: none
          whitelist: []
        redact:
          identity: none
          tags: []
          key_file: null
        sink:
          kind: jsonl
          jsonl:
            path: /tmp/t.jsonl
            write_mode: batch
            flush_every_n: 100
            fsync_every_n: null
      checkpoint: null
    nodes:
      compute_time_keys:
        week_start: MON
      evaluate_policies:
        daily_amount: 12.50
        daily_attempts: 3
    adapters:
      input_source:
        path: input.txt
        max_line_bytes: 1048576
        share: 1.0
      labels:
        "2": "1.0"
        a.b: "x: y"
    "##);
}

#[test]
fn entries_name_what_each_key_holds_and_why() {
    assert_snapshot!(scene().file("a.yaml", MINIMAL).entries(), @"
    version: 1  # a.yaml:1:10
    scenario.name: test  # a.yaml:2:18
    scenario.description: null  # built-in default
    runtime.strict: true  # built-in default
    runtime.pipeline: [parse, decide, write]  # built-in default
    runtime.on_step_error: stop  # built-in default
    runtime.tracing.enabled: false  # built-in default
    runtime.tracing.signature.mode: type_only  # built-in default
    runtime.tracing.context_diff.mode: none  # built-in default
    runtime.tracing.context_diff.whitelist: []  # built-in default
    runtime.tracing.redact.identity: none  # built-in default
    runtime.tracing.redact.tags: []  # built-in default
    runtime.tracing.redact.key_file: null  # built-in default
    runtime.tracing.sink: null  # built-in default
    runtime.checkpoint: null  # built-in default
    nodes.compute_time_keys.week_start: MON  # built-in default
    nodes.evaluate_policies.daily_amount: 5000.00  # built-in default
    nodes.evaluate_policies.daily_attempts: 3  # built-in default
    adapters.input_source.path: input.txt  # built-in default
    adapters.input_source.max_line_bytes: 1048576  # built-in default
    adapters.input_source.share: 1.0  # built-in default
    adapters.labels: {}  # built-in default
    ");
}
