//! Rules in `check` and in the summary of a run: which limits are enabled, and which are not.

use insta::assert_snapshot;

use super::attempts::{attempt, attempt_of};
use super::folder::Folder;
use super::harness::Program;

/// Returns the lines of `check` about the rules, with these assignments.
#[track_caller]
fn rules(settings: &[&str]) -> String {
    let folder = Folder::new();
    let told = Program::new(&folder).args(["check"]).set(settings).exits_with(0).stdout;
    lines(&told)
}

fn lines(told: &str) -> String {
    let is_rule = |line: &&str| ["limits: ", "memory: "].iter().any(|label| line.starts_with(label));
    told.lines().map(str::trim).filter(is_rule).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_enabled_limits_are_shown() {
    assert_snapshot!(rules(&[]), @"
    limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
    memory: ids remembered forever, number of ids not limited, number of customers not limited
    ");
    assert_snapshot!(rules(&[
        "nodes.evaluate_policies.limits={daily_amount: 12.50, weekly_amount: 1000000, daily_attempts: 1}",
        "nodes.compute_features={monday_multiplier: {enabled: true, multiplier: 1.5}, prime_gate: {enabled: true}}",
        "nodes.evaluate_policies.prime_gate.enabled=true",
        "nodes.update_windows.daily_prime_gate.enabled=true",
        "nodes.idempotency_gate={remember_days: 30, max_days_ahead: 1}",
        "runtime.limits={max_ids: 1000, max_customers: 1}",
    ]), @"
    limits: $12.50 a day, $1,000,000.00 a week, 1 attempt a day; prime gate on: $9,999.00 each, 1 a day; Monday multiplier on: amounts times 1.5
    memory: ids remembered for 30 days before the latest, which moves by at most 1 day, at most 1,000 ids, at most 1 customer
    ");
}

#[test]
fn every_disabled_limit_is_shown() {
    assert_snapshot!(rules(&[
        "nodes.evaluate_policies.limits={daily_amount: null, weekly_amount: null, daily_attempts: null}",
        "nodes.compute_features={monday_multiplier: {enabled: true, apply_to: limits}, prime_gate: {enabled: true}}",
        "nodes.evaluate_policies.prime_gate={enabled: true, global_per_day: null, amount_cap: null}",
        "nodes.update_windows.daily_prime_gate.enabled=true",
        "nodes.update_windows.daily_attempts.enabled=false",
        "nodes.update_windows.daily_accepted_amount.enabled=false",
        "nodes.update_windows.weekly_accepted_amount.enabled=false",
    ]), @"
    limits: daily amount off, weekly amount off, daily attempts off; prime gate on: amount cap off, daily number off; Monday multiplier on: limits of amounts divided by 2
    memory: ids remembered forever, number of ids not limited, number of customers not limited; not counted: daily attempts, daily accepted amount, weekly accepted amount
    ");
}

#[test]
fn a_pipeline_without_the_step_of_a_rule_is_reported() {
    let pipeline = |steps: &str| format!("runtime.pipeline=[{steps}, format_output, write_output]");
    let first = "parse_load_attempt, compute_time_keys, idempotency_gate, compute_features";
    assert_snapshot!(rules(&[&pipeline(&format!("{first}, evaluate_policies"))]), @"
    limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off; nothing is counted: `update_windows` is not in the pipeline
    memory: ids remembered forever, number of ids not limited, number of customers not limited
    ");
    assert_snapshot!(rules(&["runtime.strict=false", &pipeline(&format!("{first}, update_windows"))]), @"
    limits: all off: `evaluate_policies` is not in the pipeline
    memory: ids remembered forever, number of ids not limited, number of customers not limited
    ");
}

#[test]
fn the_summary_begins_with_the_rules() {
    let large = attempt_of("1", "1", "900000.00", "2000-01-01T00:00:00Z");
    let folder = Folder::with_input([large, attempt("2")].join("\n") + "\n");
    let settings = [
        "nodes.evaluate_policies.limits.daily_amount=null",
        "nodes.evaluate_policies.limits.weekly_amount=~",
    ];
    let plain = Program::new(&folder).args(["run"]).set(settings).exits_with(0).stderr;
    assert_snapshot!(plain, @"
    fund-load: 2 lines
      limits: daily amount off, weekly amount off, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted              2
      declined              0
      output: output.txt
      configuration: <digest>
    ");
    let program = Program::new(&folder).args(["run", "--output", "b.txt"]).set(settings);
    let kept = program.set(["runtime.checkpoint={dir: ck}"]).exits_with(0).stderr;
    assert_eq!(kept.replace("b.txt", "output.txt"), plain, "with a checkpoint, too");
}

/// A template that rendered nothing must not switch a limit off.
#[test]
fn nothing_runs_with_a_blank_limit() {
    let limit = "nodes.evaluate_policies.limits.daily_amount";
    let input = attempt_of("1", "1", "900000.00", "2000-01-01T00:00:00Z");
    let folder = Folder::with_input(input);
    let run = || Program::new(&folder).args(["run"]);
    let yaml = "version: 1\nscenario: {name: x}\nnodes: {evaluate_policies: {limits: {daily_amount: }}}\n";
    folder.write("a.yaml", yaml);
    std::fs::create_dir(folder.path_of("mounted")).unwrap();
    folder.write("mounted/version", "1");
    folder.write("mounted/scenario.name", "x");
    folder.write(&format!("mounted/{limit}"), "\n");
    let variable = "FUND_LOAD__NODES__EVALUATE_POLICIES__LIMITS__DAILY_AMOUNT";
    for program in [
        run().env(variable, ""),
        run().env(variable, "#5000"),
        run().set([format!("{limit}= ")]),
        run().args(["--config", "a.yaml"]),
        run().args(["--config", "mounted"]),
        run().args(["--config", "-"]).stdin(yaml),
    ] {
        let told = program.exits_with(2).stderr;
        assert!(told.starts_with(&format!("error: `{limit}`: the value is blank")), "{told}");
        assert!(told.contains("write `null` to switch it off"), "{told}");
    }
    assert!(!folder.names().contains(&"output.txt".to_owned()), "{:?}", folder.names());
    assert_eq!(Program::new(&folder).args(["check"]).env(variable, "null").exits_with(0).exit, 0);
}
