//! Limits on a run's memory, in size and time: where it stops, its message, and the forgotten ids.

use insta::assert_snapshot;

use super::attempts::{adjudicate, attempt_of, attempts};
use super::folder::Folder;
use super::harness::Program;

/// Runs `input`, whose last line must exceed a limit: all others must be in the unfinished output. Returns the message.
#[track_caller]
fn told_at_limit(input: &str, settings: &[&str]) -> String {
    let folder = Folder::with_input(input);
    let outcome = Program::new(&folder).args(["run"]).set(settings).exits_with(1);
    assert_eq!(folder.names(), ["input.txt", "output.txt.partial"]);
    let written = folder.read("output.txt.partial");
    assert_eq!(written.lines().count(), input.lines().count() - 1, "{written}");
    outcome.stderr
}

#[test]
fn a_run_stops_before_one_id_too_many() {
    let at_the_bound = attempts(2) + &attempts(2);
    let folder = Folder::with_input(&at_the_bound);
    Program::new(&folder).args(["run"]).set(["runtime.limits.max_ids=2"]).exits_with(0);

    let one_beyond = at_the_bound + &attempt_of("3", "1", "1.00", "2000-01-01T00:00:00Z");
    let told = told_at_limit(&one_beyond, &["runtime.limits.max_ids=2"]);
    assert_snapshot!(told, @"error: line 5: step `idempotency_gate` failed: StoreFull: the id is new, and as many are remembered as `runtime.limits.max_ids` allows: 2 (set `nodes.idempotency_gate.remember_days` and start over, or raise it) (the unfinished output is left in `output.txt.partial`)");
    let continued =
        told_at_limit(&one_beyond, &["runtime.limits.max_ids=2", "runtime.on_step_error=continue"]);
    assert_eq!(continued, told, "what comes after it could not be decided rightly");
}

#[test]
fn a_run_stops_before_one_customer_too_many() {
    let at_the_bound = attempts(2) + &attempt_of("3", "1", "1.00", "2000-02-01T00:00:00Z") + "\n";
    let folder = Folder::with_input(&at_the_bound);
    Program::new(&folder).args(["run"]).set(["runtime.limits.max_customers=2"]).exits_with(0);

    let one_beyond = at_the_bound + &attempt_of("4", "01", "1.00", "2000-01-01T00:00:00Z");
    let settings = ["runtime.limits.max_customers=2", "runtime.on_step_error=continue"];
    assert_snapshot!(told_at_limit(&one_beyond, &settings), @"error: line 4: step `update_windows` failed: StoreFull: the customer is new, and as many are remembered as `runtime.limits.max_customers` allows: 2 (raise it) (the unfinished output is left in `output.txt.partial`)");
}

/// Bad lines and duplicates take no entry, whatever they name.
#[test]
fn lines_of_which_nothing_is_kept_pass_at_the_bound() {
    let time = "2000-01-01T00:00:00Z";
    let input =
        attempts(1) + &attempt_of("2", "2", "x", time) + "\nnot JSON\n" + &attempt_of("1", "2", "1.00", time);
    let limits = ["runtime.limits={max_ids: 1, max_customers: 1}"];
    let reasons: Vec<_> = adjudicate(&input, &limits).into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons, ["ACCEPTED", "INVALID_AMOUNT_FORMAT", "INPUT_PARSE_ERROR", "ID_DUPLICATE_CONFLICT"]);
}

#[test]
fn ids_are_forgotten_by_the_days_of_the_attempts_and_make_room() {
    let on = |id: &str, day: u32| attempt_of(id, "7", "1.00", &format!("2000-01-{day:02}T00:00:00Z"));
    let input = [on("1", 1), on("2", 31), on("1", 31), on("3", 31), on("2", 31)].join("\n");
    let reasons = |settings: &[&str]| {
        adjudicate(&input, settings).into_iter().map(|(_, reason)| reason).collect::<Vec<_>>()
    };
    let conflict = ["ACCEPTED", "ACCEPTED", "ID_DUPLICATE_CONFLICT", "ACCEPTED", "ID_DUPLICATE_REPLAY"];
    assert_eq!(reasons(&[]), conflict);
    assert_eq!(reasons(&["nodes.idempotency_gate.remember_days=30"]), conflict);
    let forgotten = ["nodes.idempotency_gate.remember_days=29", "runtime.limits.max_ids=3"];
    assert_eq!(reasons(&forgotten), ["ACCEPTED", "ACCEPTED", "ACCEPTED", "ACCEPTED", "ID_DUPLICATE_REPLAY"]);
}
