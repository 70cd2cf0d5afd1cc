//! `config` and `check`: their output, which can be used again, and that they write nothing.

use std::collections::HashSet;

use insta::assert_snapshot;
use serde_json::Value;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;

#[test]
fn show_prints_every_key_with_its_value() {
    let folder = Folder::new();
    let shown = Program::new(&folder).args(["config", "show"]).exits_with(0).stdout;
    let (digest, shown) = shown.split_once('\n').unwrap();
    assert!(digest.starts_with("# sha256:"), "{digest}");
    assert_snapshot!(shown, @"
    version: 1
    scenario:
      name: baseline
      description: null
    runtime:
      strict: true
      pipeline: [parse_load_attempt, compute_time_keys, idempotency_gate, compute_features, evaluate_policies, update_windows, format_output, write_output]
      on_step_error: stop
      limits:
        max_ids: null
        max_customers: null
      tracing:
        enabled: false
        signature:
          mode: type_only
        context_diff:
          mode: none
          whitelist: []
        redact:
          identity: none
          tags: []
          key_file: null
        sink: null
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
      idempotency_gate:
        remember_days: null
        max_days_ahead: null
      compute_features:
        monday_multiplier:
          enabled: false
          multiplier: 2.000000
          apply_to: amount
        prime_gate:
          enabled: false
      evaluate_policies:
        limits:
          daily_amount: 5000.00
          weekly_amount: 20000.00
          daily_attempts: 3
        prime_gate:
          enabled: false
          global_per_day: 1
          amount_cap: 9999.00
      update_windows:
        daily_attempts:
          enabled: true
        daily_accepted_amount:
          enabled: true
        weekly_accepted_amount:
          enabled: true
        daily_prime_gate:
          enabled: false
    adapters:
      input_source:
        kind: file
        settings:
          path: input.txt
          max_line_bytes: 1048576
          unterminated_line: take
      output_sink:
        kind: file
        settings:
          path: output.txt
          parts: false
      window_store:
        kind: memory
    ");
}

#[test]
fn shown_configurations_load_as_the_same() {
    let folder = Folder::new();
    let settings = [
        "scenario={name: 'yes', description: \"a: 'b' # \\n\\u00e9 \\\\\"}",
        "runtime.strict=false",
        "runtime.tracing={enabled: true, sink: {kind: jsonl, jsonl: {path: 'a b.jsonl', write_mode: batch}}}",
        "nodes.compute_features.monday_multiplier={enabled: true, multiplier: 1.5, apply_to: limits}",
        "nodes.evaluate_policies.limits={daily_amount: '0.29', weekly_amount: null}",
        "adapters.output_sink.settings.path=-",
        "adapters.input_source.settings.path=007",
    ];
    let yaml = Program::new(&folder).args(["config", "show"]).set(settings).exits_with(0).stdout;
    let json = Program::new(&folder).args(["config", "show", "--json"]).set(settings).exits_with(0).stdout;
    folder.write("shown.yaml", &yaml);
    folder.write("shown.json", &json);
    for shown in ["shown.yaml", "shown.json"] {
        let again = |args: &[&str]| {
            Program::new(&folder).args(["config", "show", "--config", shown]).args(args).exits_with(0).stdout
        };
        assert_eq!(again(&[]), yaml, "{shown}");
        assert_eq!(again(&["--json"]), json, "{shown}");
    }
}

#[test]
fn origin_names_the_place_of_every_value() {
    let folder = Folder::new();
    folder.write(
        "a.yaml",
        "version: 1\nscenario: {name: x}\nnodes:\n  evaluate_policies:\n    limits: {daily_attempts: 5}\n",
    );
    let outcome = Program::new(&folder)
        .args([
            "config",
            "show",
            "--origin",
            "--config",
            "a.yaml",
            "--input",
            "x.ndjson",
            "--trace-path",
            "t.jsonl",
        ])
        .set(["runtime.tracing.signature.mode=hash"])
        .env("FUND_LOAD__NODES__COMPUTE_TIME_KEYS__WEEK_START", "SUN")
        .exits_with(0);
    let given: Vec<_> = outcome.stdout.lines().filter(|line| !line.ends_with("built-in default")).collect();
    assert_snapshot!(given.join("\n"), @"
    version: 1  # a.yaml:1:10
    scenario.name: x  # a.yaml:2:18
    runtime.tracing.enabled: true  # command line: --trace-path t.jsonl
    runtime.tracing.signature.mode: hash  # command line: --set runtime.tracing.signature.mode=hash
    runtime.tracing.sink.kind: jsonl  # command line: --trace-path t.jsonl
    runtime.tracing.sink.jsonl.path: t.jsonl  # command line: --trace-path t.jsonl
    nodes.compute_time_keys.week_start: SUN  # environment variable FUND_LOAD__NODES__COMPUTE_TIME_KEYS__WEEK_START=SUN
    nodes.evaluate_policies.limits.daily_attempts: 5  # a.yaml:5:30
    adapters.input_source.settings.path: x.ndjson  # command line: --input x.ndjson
    ");
    let keys: HashSet<_> = outcome.stdout.lines().map(|line| line.split(": ").next()).collect();
    assert_eq!(keys.len(), outcome.stdout.lines().count(), "one line a key");
}

#[test]
fn origin_as_json_holds_the_same() {
    let folder = Folder::new();
    let args = ["config", "show", "--origin", "--set", "runtime.strict=false"];
    let text = Program::new(&folder).args(args).exits_with(0).stdout;
    let json = Program::new(&folder).args(args).args(["--json"]).exits_with(0).stdout;
    let entries: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(entries.len(), text.lines().count());
    for (entry, line) in entries.iter().zip(text.lines()) {
        let (key, origin) = (entry["key"].as_str().unwrap(), entry["origin"].as_str().unwrap());
        assert!(line.starts_with(&format!("{key}: ")) && line.ends_with(origin), "{line}: {entry}");
    }
}

#[test]
fn every_listed_variable_counts_and_every_key_has_one() {
    let folder = Folder::new();
    let listed = Program::new(&folder).args(["config", "env"]).exits_with(0).stdout;
    let names: Vec<_> = listed.lines().filter(|line| line.starts_with("FUND_LOAD__")).collect();
    for name in &names {
        // A value that none of them expects: a variable that is read is refused by its key, not as unknown.
        let outcome = Program::new(&folder).args(["check"]).env(name, "[{}]").run();
        assert!(!outcome.stderr.contains("unknown environment variable"), "{name}: {}", outcome.stderr);
        let is_text = outcome.exit == 0;
        assert!(
            is_text || outcome.stderr.contains(&format!("environment variable {name}=")),
            "{name}: {}",
            outcome.stderr
        );
    }
    let keys =
        Program::new(&folder).args(["config", "show", "--origin", "--trace-path", "t"]).exits_with(0).stdout;
    for line in keys.lines() {
        let key = line.split(": ").next().unwrap();
        let name = format!("FUND_LOAD__{}", key.to_uppercase().replace('.', "__"));
        assert!(names.contains(&name.as_str()), "{name} is missing");
    }
}

#[test]
fn the_schema_is_a_json_schema_that_knows_every_group() {
    let folder = Folder::new();
    let schema = Program::new(&folder).args(["config", "schema"]).exits_with(0).stdout;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(schema["type"], "object");
    for group in ["version", "scenario", "runtime", "nodes", "adapters"] {
        assert!(schema["properties"][group].is_object(), "{group}");
    }
}

#[test]
fn check_prints_the_plan_and_writes_nothing() {
    let folder = Folder::with_input(attempts(1));
    let outcome = Program::new(&folder)
        .args(["check", "--trace-path", "trace.jsonl"])
        .set(["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}"])
        .set(["runtime.tracing.sink.jsonl={write_mode: batch, fsync_every_n: 1000}"])
        .exits_with(0);
    assert_eq!(outcome.stderr, "");
    assert_snapshot!(outcome.stdout, @"
    scenario: baseline
    pipeline, strict:
      0 parse_load_attempt: RawLine -> LoadAttempt to compute_time_keys, Decision to update_windows
      1 compute_time_keys: LoadAttempt -> AttemptWithKeys to idempotency_gate
      2 idempotency_gate: AttemptWithKeys -> IdempotencyClassifiedAttempt to compute_features
      3 compute_features: IdempotencyClassifiedAttempt -> EnrichedAttempt to evaluate_policies
      4 evaluate_policies: EnrichedAttempt -> Decision to update_windows
      5 update_windows: Decision -> Decision to format_output
      6 format_output: Decision -> OutputLine to write_output
      7 write_output: OutputLine -> nothing
    limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
    memory: ids remembered forever, number of ids not limited, number of customers not limited
    on a step's error: stop
    tracing: signature type_only, context whitelist [tags, metrics], appended to trace.jsonl, written every 100 records, made durable every 1000
    input: input.txt, lines of up to 1048576 bytes
    output: output.txt
    ");
    assert_eq!(folder.names(), ["input.txt"]);
}

#[test]
fn check_does_not_need_the_input() {
    let folder = Folder::new();
    Program::new(&folder).args(["check", "--input", "missing"]).exits_with(0);
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn a_reader_may_stop_after_the_beginning() {
    let folder = Folder::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let outcome = Program::new(&folder).args(["config", "show"]).stdout(writer).exits_with(0);
    assert_eq!(outcome.stderr, "");
}
