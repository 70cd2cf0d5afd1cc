//! The fixture streams under both scenarios: every decision and every byte of the trace, as snapshots.
//!
//! A hash pins the parts of an output or a trace that a snapshot leaves out.

use std::collections::BTreeSet;

use super::fixture_files::{BASELINE, CLEAN, DIRTY, EXP_MP, REASONS};
use super::harness::{Outcome, Shared, prepare, run_traced};
use super::story::{decisions, notes, raw, steps};
use super::trace_modes::TraceMode;

const SCENARIOS: [(&str, &str); 2] = [("baseline", BASELINE), ("exp_mp", EXP_MP)];

/// Nearly all are accepted: the snapshot has the others, and one line of the trace for each reason.
#[test]
fn clean() {
    for (scenario, yaml) in SCENARIOS {
        let (outcome, trace) = run(yaml, CLEAN);
        check(&format!("clean_{scenario}_declined"), &decisions(&outcome, |reason| reason.is_some()));
        check(&format!("clean_{scenario}_notes"), &notes(&trace, &first_of_each_reason(&outcome)));
    }
}

/// The snapshot has all decisions, which depend on no rule of a scenario, and the trace of the odd lines that are good.
#[test]
fn dirty() {
    for (scenario, yaml) in SCENARIOS {
        let (outcome, trace) = run(yaml, DIRTY);
        check("dirty_decisions", &decisions(&outcome, |_| true));
        let accepted = lines_with(&outcome, |reason| reason.is_none());
        check(&format!("dirty_{scenario}_notes"), &notes(&trace, &accepted));
    }
}

/// The snapshot has everything.
#[test]
fn reasons() {
    for (scenario, yaml) in SCENARIOS {
        let (outcome, trace) = run(yaml, REASONS);
        check(&format!("reasons_{scenario}_decisions"), &decisions(&outcome, |_| true));
        check(&format!("reasons_{scenario}_notes"), &notes(&trace, &lines_with(&outcome, |_| true)));
    }
}

/// The route of a line through the steps, for each kind of route.
#[test]
fn ways_through_the_pipeline() {
    let (_, trace) = run(EXP_MP, REASONS);
    for (line_no, name) in [(1, "accepted"), (5, "bad_line"), (9, "replay"), (13, "declined"), (20, "prime")]
    {
        check(&format!("steps_{name}"), &steps(&trace, line_no));
    }
}

/// The records of a bad line, and one with a decision, as in the file.
#[test]
fn records_as_they_are_written() {
    let (_, trace) = run(EXP_MP, REASONS);
    check("records_bad_line", &raw(&trace, 5, None));
    check("records_decision", &raw(&trace, 13, Some("evaluate_policies")));
}

/// Runs the fixture with everything in the trace that explains decisions.
fn run(yaml: &str, input: &[u8]) -> (Outcome, Vec<u8>) {
    let trace = Shared::default();
    let job = prepare(yaml, &TraceMode::EXPLAINING.settings());
    let outcome = run_traced(job, input, Some(Box::new(trace.clone())));
    (outcome, trace.take())
}

/// Compares `story` with the snapshot `name`.
#[track_caller]
fn check(name: &str, story: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, story));
}

fn lines_with(outcome: &Outcome, is_meant: impl Fn(Option<&str>) -> bool) -> Vec<u64> {
    (1..)
        .zip(&outcome.reasons)
        .filter(|(_, reason)| is_meant(reason.as_deref()))
        .map(|(line_no, _)| line_no)
        .collect()
}

fn first_of_each_reason(outcome: &Outcome) -> Vec<u64> {
    let mut told = BTreeSet::new();
    (1..)
        .zip(&outcome.reasons)
        .filter(|(_, reason)| told.insert(*reason))
        .map(|(line_no, _)| line_no)
        .collect()
}
