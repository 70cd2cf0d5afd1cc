//! Switches that must agree with each other, or with a limit.

use insta::assert_snapshot;

use super::config_values::refused;
use super::folder::Folder;
use super::harness::Program;

#[test]
fn the_three_switches_of_the_prime_gate_must_agree() {
    let gates = [
        "nodes.compute_features.prime_gate",
        "nodes.evaluate_policies.prime_gate",
        "nodes.update_windows.daily_prime_gate",
    ];
    for on in 0..8_u32 {
        let settings: Vec<String> = gates
            .iter()
            .enumerate()
            .map(|(bit, gate)| format!("{gate}.enabled={}", on >> bit & 1 == 1))
            .collect();
        let folder = Folder::new();
        let outcome = Program::new(&folder).args(["check"]).set(&settings).run();
        let agree = on == 0 || on == 7;
        assert_eq!(outcome.exit, if agree { 0 } else { 2 }, "{settings:?}: {}", outcome.stderr);
        assert!(
            agree || gates.iter().all(|gate| outcome.stderr.contains(gate)),
            "all three are named: {}",
            outcome.stderr
        );
    }
    assert_snapshot!(refused(&["nodes.update_windows.daily_prime_gate.enabled=true"]), @"
    error: `nodes.update_windows.daily_prime_gate.enabled`: the prime gate is on here only
      --> command line: --set nodes.update_windows.daily_prime_gate.enabled=true
      expected: the same as `nodes.compute_features.prime_gate.enabled`, which is off, and `nodes.evaluate_policies.prime_gate.enabled`, which is off
      hint: the prime gate has three switches: set all of them alike

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn a_window_that_a_limit_needs_cannot_be_off() {
    for (window, limit) in [
        ("daily_attempts", "daily_attempts"),
        ("daily_accepted_amount", "daily_amount"),
        ("weekly_accepted_amount", "weekly_amount"),
    ] {
        let off = format!("nodes.update_windows.{window}.enabled=false");
        let told = refused(&[&off]);
        assert!(told.contains(&format!("nodes.evaluate_policies.limits.{limit}")), "{told}");
        let unchecked = format!("nodes.evaluate_policies.limits.{limit}=null");
        let folder = Folder::new();
        Program::new(&folder).args(["check"]).set([&off, &unchecked]).exits_with(0);
    }
    assert_snapshot!(refused(&["nodes.update_windows.weekly_accepted_amount.enabled=false"]), @"
    error: `nodes.update_windows.weekly_accepted_amount.enabled`: the window is off, and the limit `nodes.evaluate_policies.limits.weekly_amount` needs it
      --> command line: --set nodes.update_windows.weekly_accepted_amount.enabled=false
      expected: true, as long as the limit is set
      hint: switch it on, or set `nodes.evaluate_policies.limits.weekly_amount: null` to check no such limit

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}
