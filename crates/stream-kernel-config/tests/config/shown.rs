//! Shown configurations, and that they can be read back.

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
            compress: none
            compress_level: 1
            rotate: null
          otlp: null
        sinks: []
      metrics:
        textfile: null
      checkpoint: null
      workers: 1
      cluster: null
      epoch_bytes: 4194304
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
fn entries_name_each_value_and_its_origin() {
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
    runtime.tracing.sinks: []  # built-in default
    runtime.metrics.textfile: null  # built-in default
    runtime.checkpoint: null  # built-in default
    runtime.workers: 1  # built-in default
    runtime.cluster: null  # built-in default
    runtime.epoch_bytes: 4194304  # built-in default
    nodes.compute_time_keys.week_start: MON  # built-in default
    nodes.evaluate_policies.daily_amount: 5000.00  # built-in default
    nodes.evaluate_policies.daily_attempts: 3  # built-in default
    adapters.input_source.path: input.txt  # built-in default
    adapters.input_source.max_line_bytes: 1048576  # built-in default
    adapters.input_source.share: 1.0  # built-in default
    adapters.labels: {}  # built-in default
    ");
}

/// Other programs may read the output, with a parser of YAML 1.1.
#[test]
fn text_that_other_readers_misread_is_quoted() {
    let words = [
        "y",
        "N",
        "yes",
        "NO",
        "on",
        "Off",
        "true",
        "FALSE",
        "null",
        "Null",
        "~",
        "1e3",
        "1_000",
        "0o7",
        "0x1f",
        "0b1",
        "010",
        "12:30:00",
        "1.5",
        ".5",
        ".inf",
        ".NaN",
        "-1",
        "+1",
        "=",
        "<<",
        "2001-01-01",
        "-",
        "",
    ];
    let labels: Vec<_> =
        words.iter().enumerate().map(|(number, word)| format!("l{number:02}: '{word}'")).collect();
    // Labels have no upper case letters.
    let labels = labels.join(", ").to_lowercase();
    let pipeline: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let text = format!(
        "{MINIMAL}runtime: {{pipeline: [{}]}}\nadapters: {{labels: {{{labels}}}}}\n",
        pipeline.join(", ")
    );
    let (_, effective) = scene().file("a.yaml", text).load().finish().unwrap();
    let quoted = pipeline.join(", ").replace('\'', "\"");
    assert!(effective.yaml().contains(&format!("pipeline: [{quoted}]\n")), "{}", effective.yaml());
    for (number, word) in words.iter().enumerate() {
        let line = format!("    l{number:02}: \"{}\"\n", word.to_lowercase());
        assert!(effective.yaml().contains(&line), "{line}{}", effective.yaml());
    }
    for plain in ["yesterday", "nonsense", "one", "offer", "nullable", "/tmp/1e3"] {
        let (_, effective) = scene()
            .file("a.yaml", format!("version: 1\nscenario: {{name: {plain}}}\n"))
            .load()
            .finish()
            .unwrap();
        assert!(effective.yaml().contains(&format!("name: {plain}\n")), "{plain}");
    }
}
