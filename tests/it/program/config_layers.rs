//! Layers: which one wins, how they merge, and how values from the environment and the command line are read.

use serde_json::{Value, json};

use super::folder::Folder;
use super::harness::Program;

const WEEK_START: &str = "nodes.compute_time_keys.week_start";

/// Returns the effective value at a JSON pointer.
#[track_caller]
fn effective(program: Program<'_>, pointer: &str) -> Value {
    let outcome = program.args(["--json"]).exits_with(0);
    serde_json::from_str::<Value>(&outcome.stdout).unwrap().pointer(pointer).unwrap().clone()
}

/// Returns a folder with these configuration files, named `a.yaml` and so on.
fn files(contents: &[&str]) -> (Folder, Vec<String>) {
    let folder = Folder::new();
    let mut args = vec!["config".to_owned(), "show".to_owned()];
    for (name, content) in ["a.yaml", "b.yaml", "c.yaml"].iter().zip(contents) {
        folder.write(name, content);
        args.extend(["--config".to_owned(), (*name).to_owned()]);
    }
    (folder, args)
}

#[test]
fn each_layer_goes_over_the_one_before() {
    let file = |day: &str| {
        format!("version: 1\nscenario: {{name: x}}\nnodes: {{compute_time_keys: {{week_start: {day}}}}}\n")
    };
    let (folder, with_files) = files(&[&file("TUE"), &file("WED")]);
    let variable = "FUND_LOAD__NODES__COMPUTE_TIME_KEYS__WEEK_START";
    let show = |args: &[String]| Program::new(&folder).args(args);
    let week_start = |program| effective(program, "/nodes/compute_time_keys/week_start");
    let (fri, sat) = (format!("{WEEK_START}=FRI"), format!("{WEEK_START}=SAT"));

    assert_eq!(week_start(show(&with_files[..2])), "MON", "the built-in default");
    assert_eq!(week_start(show(&with_files[..4])), "TUE", "a file");
    assert_eq!(week_start(show(&with_files)), "WED", "a later file");
    assert_eq!(week_start(show(&with_files).env(variable, "THU")), "THU", "the environment");
    assert_eq!(week_start(show(&with_files).env(variable, "THU").set([&fri])), "FRI", "`--set`");
    assert_eq!(
        week_start(show(&with_files).env(variable, "THU").set([&fri, &sat])),
        "SAT",
        "a later `--set`"
    );
}

#[test]
fn named_flags_go_over_everything() {
    let folder = Folder::new();
    let program = || {
        Program::new(&folder)
            .args(["config", "show", "--input", "flag.in", "--output", "flag.out", "--tracing", "enable"])
            .env("FUND_LOAD__ADAPTERS__INPUT_SOURCE__SETTINGS__PATH", "env.in")
            .set(["adapters.input_source.settings.path=set.in", "adapters.output_sink.settings.path=set.out"])
            .set(["runtime.tracing.enabled=false"])
    };
    assert_eq!(effective(program(), "/adapters/input_source/settings/path"), "flag.in");
    assert_eq!(effective(program(), "/adapters/output_sink/settings/path"), "flag.out");
    assert_eq!(effective(program(), "/runtime/tracing/enabled"), true);
}

#[test]
fn maps_merge_and_lists_scalars_and_null_replace() {
    let (folder, args) = files(&[
        "version: 1\nscenario: {name: a, description: of a}\nruntime: {tracing: {context_diff: {whitelist: [tags, notes]}, sink: {kind: jsonl, jsonl: {path: t, fsync_every_n: 5}}}}\n",
        "scenario: {name: b}\nruntime: {tracing: {context_diff: {whitelist: [metrics]}, sink: {jsonl: {flush_every_n: 9}}}}\n",
        "runtime: {tracing: {sink: null}}\n",
    ]);
    let both = |pointer| effective(Program::new(&folder).args(&args[..6]), pointer);
    assert_eq!(both("/scenario"), json!({"name": "b", "description": "of a"}));
    assert_eq!(both("/runtime/tracing/context_diff/whitelist"), json!(["metrics"]));
    assert_eq!(
        both("/runtime/tracing/sink"),
        json!({"kind": "jsonl", "jsonl": {"path": "t", "write_mode": "line", "flush_every_n": 9, "fsync_every_n": 5, "compress": "none", "compress_level": 1, "rotate": null}, "otlp": null})
    );
    assert_eq!(effective(Program::new(&folder).args(&args), "/runtime/tracing/sink"), Value::Null);
    let removed = Program::new(&folder).args(&args[..6]).set(["runtime.tracing.sink=null"]);
    assert_eq!(effective(removed, "/runtime/tracing/sink"), Value::Null);
}

#[test]
fn a_removed_sink_can_be_given_anew() {
    let (folder, args) = files(&[
        "version: 1\nscenario: {name: a}\nruntime: {tracing: {sink: {kind: jsonl, jsonl: {path: t, flush_every_n: 9}}}}\n",
    ]);
    let program = Program::new(&folder)
        .args(args)
        .set(["runtime.tracing.sink=null", "runtime.tracing.sink.kind=stdout"]);
    assert_eq!(effective(program, "/runtime/tracing/sink/kind"), "stdout");
}

#[test]
fn texts_are_taken_as_they_are_and_other_values_as_yaml() {
    let folder = Folder::new();
    let show = || Program::new(&folder).args(["config", "show"]);
    for text in ["true", "1", "null", "[a]", "{a: b}", "a # b", " a ", "'a'", "a=b", "a: b", "-"] {
        let set = show().set([format!("scenario.name={text}")]);
        assert_eq!(effective(set, "/scenario/name"), text);
        assert_eq!(effective(show().env("FUND_LOAD__SCENARIO__NAME", text), "/scenario/name"), text);
    }
    let whitelist = show().env("FUND_LOAD__RUNTIME__TRACING__CONTEXT_DIFF__WHITELIST", "[tags, metrics]");
    assert_eq!(effective(whitelist, "/runtime/tracing/context_diff/whitelist"), json!(["tags", "metrics"]));
    let limits = show()
        .env("FUND_LOAD__NODES__EVALUATE_POLICIES__LIMITS", "{daily_amount: 1.10, weekly_amount: null}");
    assert_eq!(
        effective(limits, "/nodes/evaluate_policies/limits"),
        json!({"daily_amount": "1.10", "weekly_amount": null, "daily_attempts": 3})
    );
}

#[test]
fn without_a_file_the_configuration_is_the_baseline() {
    let folder = Folder::new();
    assert_eq!(effective(Program::new(&folder).args(["config", "show"]), "/scenario/name"), "baseline");
    folder.write("empty.yaml", "");
    let outcome = Program::new(&folder).args(["config", "show", "--config", "empty.yaml"]).exits_with(2);
    assert!(outcome.stderr.contains("`version`: required value is missing"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("`scenario.name`: required value is missing"), "{}", outcome.stderr);
}
