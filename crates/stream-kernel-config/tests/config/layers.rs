//! Layers: later over earlier, maps merge, everything else replaces.

use std::fs;

use insta::assert_snapshot;
use stream_kernel_config::{Config, Loader, Origin, WriteMode};

use crate::app::{Adapters, MINIMAL, Nodes, loader, scene};

const SINK: &str = "runtime: {tracing: {sink: {kind: jsonl, jsonl: {path: t.jsonl, fsync_every_n: 5}}}}\n";

#[test]
fn each_layer_stands_over_the_one_before() {
    let scene = scene()
        .file(
            "a.yaml",
            format!("{MINIMAL}nodes: {{evaluate_policies: {{daily_attempts: 1, daily_amount: 10}}}}\n"),
        )
        .file("b.yaml", "nodes: {evaluate_policies: {daily_attempts: 2}}\nscenario: {description: from b}\n")
        .variable("APP__NODES__EVALUATE_POLICIES__DAILY_ATTEMPTS", "3")
        .variable("APP__RUNTIME", "{strict: true, on_step_error: continue}")
        .variable("APP__RUNTIME__STRICT", "false")
        .set("runtime.pipeline=[write]")
        .set("runtime.pipeline=[parse, write]")
        .with(|loader| loader.flag("--tracing enable", "runtime.tracing.enabled", "true"))
        .set("runtime.tracing.enabled=false");
    assert_snapshot!(scene.entries(), @r#"
    version: 1  # a.yaml:1:10
    scenario.name: test  # a.yaml:2:18
    scenario.description: "from b"  # b.yaml:2:25
    runtime.strict: false  # environment variable APP__RUNTIME__STRICT=false
    runtime.pipeline: [parse, write]  # command line: --set runtime.pipeline=[parse, write]
    runtime.on_step_error: continue  # environment variable APP__RUNTIME={strict: true, on_step_error: continue}
    runtime.tracing.enabled: true  # command line: --tracing enable
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
    nodes.evaluate_policies.daily_amount: 10.00  # a.yaml:3:62
    nodes.evaluate_policies.daily_attempts: 3  # environment variable APP__NODES__EVALUATE_POLICIES__DAILY_ATTEMPTS=3
    adapters.input_source.path: input.txt  # built-in default
    adapters.input_source.max_line_bytes: 1048576  # built-in default
    adapters.input_source.share: 1.0  # built-in default
    adapters.labels: {}  # built-in default
    "#);
}

#[test]
fn lists_replace_and_maps_merge() {
    let loaded = scene()
        .file("a.yaml", format!("{MINIMAL}runtime: {{pipeline: [a, b, c], strict: false}}\n"))
        .file("b.yaml", "runtime: {pipeline: [z]}\n")
        .load();
    assert_eq!(loaded.config().runtime.pipeline, ["z"]);
    assert!(!loaded.config().runtime.strict, "the other keys of the map stay");
}

#[test]
fn null_removes_a_sink_and_a_map_brings_one_back() {
    let removed = scene().file("a.yaml", format!("{MINIMAL}{SINK}")).set("runtime.tracing.sink=null");
    assert_eq!(removed.load().config().runtime.tracing.sink, None);

    let back = scene()
        .file("a.yaml", format!("{MINIMAL}{SINK}"))
        .file("b.yaml", "runtime: {tracing: {sink: null}}\n")
        .with(|loader| {
            let loader = loader.flag("--trace-path x", "runtime.tracing.sink.kind", "jsonl");
            loader.flag("--trace-path x", "runtime.tracing.sink.jsonl.path", "x")
        })
        .load();
    let (path, jsonl) = back.config().runtime.tracing.sink.as_ref().unwrap().jsonl_file().unwrap();
    assert_eq!(
        (path.to_str(), jsonl.fsync_every_n),
        (Some("x"), None),
        "nothing of the removed sink comes back"
    );
}

#[test]
fn a_batch_is_flushed_every_100_records_by_default() {
    let flush = |more: &str| {
        let text =
            format!("{MINIMAL}runtime: {{tracing: {{sink: {{kind: jsonl, jsonl: {{path: t{more}}}}}}}}}\n");
        let loaded = scene().file("a.yaml", text).load();
        let origin = loaded.origin("runtime.tracing.sink.jsonl.flush_every_n");
        let (config, effective) = loaded.finish().unwrap();
        let jsonl = config.runtime.tracing.sink.unwrap().jsonl.unwrap();
        let shown = effective.json()["runtime"]["tracing"]["sink"]["jsonl"]["flush_every_n"].as_u64();
        assert_eq!(shown, Some(jsonl.flush_every_n.get()), "shown as it holds");
        (jsonl.write_mode, jsonl.flush_every_n.get(), origin == Origin::Default)
    };
    assert_eq!(flush(""), (WriteMode::Line, 1, true));
    assert_eq!(flush(", write_mode: batch"), (WriteMode::Batch, 100, true));
    assert_eq!(flush(", write_mode: batch, flush_every_n: 1"), (WriteMode::Batch, 1, false));
    assert_eq!(flush(", flush_every_n: 7"), (WriteMode::Line, 7, false));
}

#[test]
fn a_left_over_jsonl_map_is_ignored_by_a_stdout_sink() {
    let text =
        format!("{MINIMAL}runtime: {{tracing: {{sink: {{kind: stdout, jsonl: {{write_mode: batch}}}}}}}}\n");
    let (config, _) = scene().file("a.yaml", text).load().finish().unwrap();
    assert_eq!(config.runtime.tracing.sink.unwrap().jsonl_file(), None);
}

#[test]
fn text_from_outside_files_is_taken_character_by_character() {
    let loaded = scene()
        .file("a.yaml", MINIMAL)
        .variable("APP__SCENARIO__NAME", " {x: [1]} # ")
        .set("scenario.description=a=b: 'null'")
        .set("adapters.labels.team=true")
        .load();
    let config = loaded.config();
    assert_eq!(config.scenario.name, " {x: [1]} # ");
    assert_eq!(config.scenario.description.as_deref(), Some("a=b: 'null'"));
    assert_eq!(
        loaded.origin("adapters.labels.team"),
        Origin::Flag { text: "--set adapters.labels.team=true".into() }
    );
}

#[test]
fn the_built_in_configuration_stands_in_when_no_source_is_named() {
    let built_in =
        |loader: stream_kernel_config::Loader| loader.built_in("built in", format!("{MINIMAL}\nzzz: 1\n"));
    let mistakes = scene().with(built_in).mistakes();
    assert!(mistakes.contains("--> built in:4:1"), "{mistakes}");
    assert!(scene().with(built_in).file("a.yaml", MINIMAL).load().finish().is_ok(), "a file replaces it");
}

#[test]
fn aliases_repeat_and_a_byte_order_mark_is_skipped() {
    let text = "\u{feff}version: 1\nscenario: {name: &n x, description: *n}\n";
    let loaded = scene().file("a.yaml", text).load();
    assert_eq!(loaded.config().scenario.description.as_deref(), Some("x"));
    assert!(matches!(loaded.origin("scenario.description"), Origin::File { line: 2, column: 37, .. }));
}

#[test]
fn every_listed_variable_is_heeded_and_no_other() {
    use crate::app::{Adapters, Nodes};
    let variables = loader().variables::<Config<Nodes, Adapters>>().unwrap();
    for variable in &variables {
        // Groups that one of their keys would not complete.
        let groups = "runtime: {tracing: {sink: {kind: stdout}}, cluster: {hosts: ['a:1'], process: 0}}\n";
        let loaded =
            scene().file("a.yaml", format!("{MINIMAL}{groups}")).variable(&variable.name, "[").load();
        let is_text = loaded.finish().is_ok();
        // A text that has to be a URL is one with a rule of its own.
        let is_any_text = variable.expected.starts_with("text") && !variable.name.ends_with("__ENDPOINT");
        assert_eq!(is_text, is_any_text, "{}", variable.name);
    }
    assert!(
        variables.iter().any(|variable| variable.name == "APP__RUNTIME__TRACING__SINK__JSONL__FLUSH_EVERY_N")
    );
}

/// No output of a program may be one of them.
#[test]
fn the_files_that_were_read_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("documents")).unwrap();
    fs::create_dir(path("keys")).unwrap();
    for name in ["base.yaml", "documents/10.yaml", "documents/20.yml"] {
        fs::write(path(name), MINIMAL).unwrap();
    }
    fs::write(path("keys/runtime.strict"), "false").unwrap();
    let layers = ["base.yaml", "documents", "keys"].map(path).iter().fold(loader(), Loader::file);
    let loaded = layers.load::<Config<Nodes, Adapters>>().unwrap();
    let expected =
        ["base.yaml", "documents", "documents/10.yaml", "documents/20.yml", "keys", "keys/runtime.strict"];
    assert_eq!(loaded.files(), expected.map(path));
}
