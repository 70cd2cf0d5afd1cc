//! An attempt far in the future, in a run that forgets ids: it is reported, and can be made ineffective.

use insta::assert_snapshot;

use super::attempts::attempt_of;
use super::checkpointing::run_checkpointed;
use super::folder::Folder;
use super::harness::Program;

const FORGETTING: &str = "nodes.idempotency_gate.remember_days=30";

/// Two ids, a declined attempt in the year 9999, and a replay of the first.
fn poisoned() -> String {
    let day = "2024-02-01T00:00:00Z";
    [
        attempt_of("1", "1", "1.00", day),
        attempt_of("2", "1", "1.00", day),
        attempt_of("3", "1", "9000.00", "9999-12-31T00:00:00Z"),
        attempt_of("1", "1", "1.00", day),
    ]
    .join("\n")
        + "\n"
}

fn notes(stderr: &str) -> String {
    stderr.lines().filter(|line| line.starts_with("note: ")).map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn a_line_that_forgets_all_ids_is_reported() {
    let folder = Folder::with_input(poisoned());
    let outcome = Program::new(&folder).args(["run"]).set([FORGETTING]).exits_with(0);
    assert_snapshot!(notes(&outcome.stderr), @"
    note: line 3 moves the latest day from 2024-02-01 to 9999-12-31, by more than `remember_days` (30): 2 ids are forgotten (if such a time is wrong, start over with `nodes.idempotency_gate.max_days_ahead`)
    note: line 4 is of 2024-02-01, more than `remember_days` (30) before the latest day, 9999-12-31: its id is forgotten at once, so that a replay would not be noticed; further lines of this kind are not reported
    ");
    assert!(folder.read("output.txt").ends_with("{\"id\":\"1\",\"customer_id\":\"1\",\"accepted\":true}\n"));
}

#[test]
fn a_bound_on_days_ahead_keeps_them() {
    let folder = Folder::with_input(poisoned());
    let settings = [FORGETTING, "nodes.idempotency_gate.max_days_ahead=366"];
    let outcome = Program::new(&folder).args(["run"]).set(settings).exits_with(0);
    assert_eq!(notes(&outcome.stderr), "");
    assert!(folder.read("output.txt").ends_with("{\"id\":\"1\",\"customer_id\":\"1\",\"accepted\":false}\n"));
}

/// The first attempt of all has nothing to compare with: later ones are too old, and that is reported once.
#[test]
fn attempts_that_are_forgotten_at_once_are_reported() {
    let days = ["9999-12-31T00:00:00Z", "2024-02-01T00:00:00Z", "2024-02-01T00:00:00Z"];
    let lines = [1, 2, 3].map(|id| attempt_of(&id.to_string(), "1", "1.00", days[id - 1]) + "\n");
    let folder = Folder::with_input(lines.concat());
    let outcome = Program::new(&folder).args(["run"]).set([FORGETTING]).exits_with(0);
    assert_snapshot!(notes(&outcome.stderr), @"note: line 2 is of 2024-02-01, more than `remember_days` (30) before the latest day, 9999-12-31: its id is forgotten at once, so that a replay would not be noticed; further lines of this kind are not reported");
}

#[test]
fn a_bound_without_a_horizon_gets_a_warning() {
    let folder = Folder::new();
    let settings = ["nodes.idempotency_gate.max_days_ahead=7"];
    let told = Program::new(&folder).args(["check"]).set(settings).exits_with(0).stderr;
    assert!(told.contains("`nodes.idempotency_gate.max_days_ahead`: it has no effect"), "{told}");
}

/// A resumed run repeats the line without a second report; it does report a line that is too old itself.
#[test]
fn a_run_with_a_checkpoint_reports_it_once() {
    let folder = Folder::with_input(poisoned());
    let first = run_checkpointed(&folder).set([FORGETTING]).exits_with(0);
    assert!(notes(&first.stderr).starts_with("note: line 3 "), "{}", first.stderr);
    folder.write("input.txt", poisoned() + &attempt_of("4", "1", "1.00", "2024-02-02T00:00:00Z") + "\n");
    let second = run_checkpointed(&folder).set([FORGETTING]).exits_with(0);
    assert!(notes(&second.stderr).starts_with("note: line 5 is of 2024-02-02, "), "{}", second.stderr);
}
