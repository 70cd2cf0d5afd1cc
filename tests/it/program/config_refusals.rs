//! A wrong configuration ends the program with 2 before any file is created or touched.

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;

const FILES: [&str; 4] = ["input.txt", "output.txt", "output.txt.partial", "trace.jsonl"];

/// Each of the commands must be refused, and all files must stay unchanged.
#[track_caller]
fn check(commands: &[&[&str]]) {
    let folder = Folder::with_input(attempts(1));
    for name in &FILES[1..] {
        folder.write(name, format!("this is {name} of an earlier run"));
    }
    let before = FILES.map(|name| folder.fingerprint(name));
    for command in commands {
        let outcome = Program::new(&folder).args(*command).exits_with(2);
        assert!(outcome.stderr.starts_with("error: "), "{command:?}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{command:?}");
        assert_eq!(folder.names(), FILES, "{command:?} leaves nothing behind");
        assert_eq!(FILES.map(|name| folder.fingerprint(name)), before, "{command:?} touches nothing");
    }
}

#[test]
fn nothing_is_touched_when_the_configuration_is_wrong() {
    const RUN: [&str; 3] = ["run", "--trace-path", "trace.jsonl"];
    check(
        &[
            ["--set", "runtime.trasing=1"],
            ["--set", "runtime.strict=perhaps"],
            ["--set", "runtime.pipeline=[parse_load_attempt]"],
            ["--set", "runtime.pipeline=[parse_load_atempt]"],
            ["--set", "runtime.tracing.context_diff.whitelist=[trace]"],
            ["--set", "nodes.evaluate_policies.limits.daily_amount=-1"],
            ["--set", "nodes.compute_features.prime_gate.enabled=true"],
            ["--set", "nodes.update_windows.daily_attempts.enabled=false"],
            ["--set", "version=2"],
            ["--set", "runtime.discovery_modules=[a]"],
            ["--output", "input.txt"],
            ["--output", ""],
            ["--config", "missing.yaml"],
        ]
        .map(|[flag, value]| [RUN[0], RUN[1], RUN[2], flag, value])
        .each_ref()
        .map(|command| &command[..]),
    );
}

#[test]
fn nothing_is_touched_when_the_command_line_is_wrong() {
    check(&[
        &["run", "--wrong"],
        &["run", "--trace-path", "trace.jsonl", "extra"],
        &["run", "--trace-path", "trace.jsonl", "--tracing", "on"],
        &["run", "--trace-path", "trace.jsonl", "--run-id", ""],
        &["run", "--trace-path", "trace.jsonl", "--run-id", "a\nb"],
        &["run", "--set", "runtime.strict"],
    ]);
}

#[test]
fn the_commands_that_print_refuse_a_wrong_configuration_as_well() {
    check(&[
        &["check", "--set", "runtime.trasing=1"],
        &["check", "--output", "input.txt"],
        &["config", "show", "--set", "runtime.trasing=1"],
        &["config", "show", "--origin", "--json", "--config", "missing.yaml"],
    ]);
}

#[test]
fn every_mistake_says_where_what_and_the_remedy() {
    let folder = Folder::new();
    folder.write("torn.yaml", "version: [1\n");
    folder.write("list.yaml", "- version: 1\n");
    let refusals: [&[&str]; 14] = [
        &["--config", "torn.yaml"],
        &["--config", "list.yaml"],
        &["--config", "missing.yaml"],
        &["--input", ""],
        &["--output", "input.txt"],
        &["--trace-path", "-"],
        &["--set", "colour=red"],
        &["--set", "nodes.format_output.compact=true"],
        &["--set", "runtime.strict=maybe"],
        &["--set", "runtime.on_step_error=later"],
        &["--set", "runtime.tracing.context_diff.whitelist=[colour]"],
        &["--set", "nodes.evaluate_policies.limits.daily_attempts=-1"],
        &["--set", "nodes.evaluate_policies.limits.daily_amount=1000000000000000"],
        &["--set", "nodes.compute_features.monday_multiplier.multiplier=0.5"],
    ];
    let incomplete: Vec<String> = refusals
        .iter()
        .flat_map(|args| {
            let told = Program::new(&folder).args(["check"]).args(*args).exits_with(2).stderr;
            told.split("\n\n").map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|mistake| mistake.starts_with("error"))
        .filter(|mistake| {
            !["error: ", "\n  --> ", "\n  expected: ", "\n  hint: "].iter().all(|part| mistake.contains(part))
        })
        .collect();
    assert!(incomplete.is_empty(), "{}", incomplete.join("\n"));
}
