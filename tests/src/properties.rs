//! Properties of the model for any input, and the coverage that random streams must reach.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::model::{adjudicate, exp_mp, render};
use crate::streams::{clean_input, configuration, hostile_input};

proptest! {
    /// No input loses a line or adds one.
    #[test]
    fn every_physical_line_gets_one_output_line(input in hostile_input(), drawn in configuration()) {
        let text = input.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&input);
        let unended = usize::from(text.last().is_some_and(|byte| *byte != b'\n'));
        let line_ends = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count() - 1;
        let output = render(&adjudicate(&input, &drawn.settings));
        prop_assert_eq!(line_ends(&output), line_ends(text) + unended);
        prop_assert!(output.is_empty() || output.ends_with(b"\n"));
    }

    /// A decision depends on earlier lines, never on later ones.
    #[test]
    fn a_beginning_of_the_input_gets_the_same_verdicts(
        input in hostile_input(),
        drawn in configuration(),
        cut in any::<Index>(),
    ) {
        let lines: Vec<_> = input.split_inclusive(|byte| *byte == b'\n').collect();
        let beginning = lines[..cut.index(lines.len() + 1)].concat();
        let verdicts = adjudicate(&beginning, &drawn.settings);
        prop_assert_eq!(&verdicts[..], &adjudicate(&input, &drawn.settings)[..verdicts.len()]);
    }

    /// A line that cannot be adjudicated changes no state, not even one that names an id, a customer and a day.
    #[test]
    fn bad_lines_leave_the_other_verdicts_alone(input in hostile_input(), drawn in configuration()) {
        let bad_line =
            br#"{"id":"4","customer_id":"1","load_amount":"-1.00","time":"2000-01-03T12:00:00Z"}"#;
        let mut interleaved = Vec::new();
        for line in input.split_inclusive(|byte| *byte == b'\n') {
            interleaved.extend_from_slice(line);
            if line.ends_with(b"\n") {
                interleaved.extend_from_slice(bad_line);
                interleaved.push(b'\n');
            }
        }
        let others: Vec<_> = adjudicate(&interleaved, &drawn.settings).into_iter().step_by(2).collect();
        prop_assert_eq!(others, adjudicate(&input, &drawn.settings));
    }

    /// A clean input is clean: only policies decline its attempts.
    #[test]
    fn clean_lines_pass_all_checks_of_their_form(input in clean_input()) {
        for verdict in adjudicate(&input, &exp_mp()) {
            let code = verdict.reason.unwrap_or_default();
            let formal = code.starts_with("INPUT_") || code.starts_with("INVALID_");
            prop_assert!(!formal, "{}: {}", code, input.escape_ascii());
        }
    }
}

/// A canonical line whose `id` was canonical before.
const FORGOTTEN: &str = "canonical again";

/// Every outcome of a line, and every class of `id`.
const OUTCOMES: [&str; 13] = [
    "accepted",
    FORGOTTEN,
    "INPUT_PARSE_ERROR",
    "INVALID_ID_FORMAT",
    "INVALID_TIMESTAMP",
    "INVALID_AMOUNT_FORMAT",
    "ID_DUPLICATE_REPLAY",
    "ID_DUPLICATE_CONFLICT",
    "DAILY_ATTEMPT_LIMIT",
    "PRIME_AMOUNT_CAP",
    "PRIME_DAILY_GLOBAL_LIMIT",
    "DAILY_AMOUNT_LIMIT",
    "WEEKLY_AMOUNT_LIMIT",
];

/// A stream that hardly ever meets a rule would miss a bug in it.
#[test]
fn as_many_cases_as_a_property_draws_meet_every_rule() {
    let mut runner = TestRunner::deterministic();
    let cases = (hostile_input(), configuration());
    let mut lines_by_outcome = BTreeMap::new();
    for _ in 0..runner.config().cases {
        let (input, drawn) = cases.new_tree(&mut runner).unwrap().current();
        let mut canonical = BTreeSet::new();
        for verdict in adjudicate(&input, &drawn.settings) {
            if verdict.figures.is_some() && !canonical.insert(verdict.id) {
                *lines_by_outcome.entry(FORGOTTEN).or_insert(0) += 1;
            }
            *lines_by_outcome.entry(verdict.reason.unwrap_or("accepted")).or_insert(0) += 1;
        }
    }
    for outcome in OUTCOMES {
        let lines = lines_by_outcome.remove(outcome).unwrap_or(0);
        assert!(lines >= 20, "only {lines} lines are {outcome}");
    }
    assert_eq!(lines_by_outcome, BTreeMap::new(), "an outcome that the contract does not have");
}
