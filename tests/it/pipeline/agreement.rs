//! Agreement: the pipeline decides like the naive model, whatever the input and the configuration.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stream_kernel_run::SummaryRow;
use stream_kernel_tests::model::{Settings, Verdict, adjudicate, baseline, exp_mp, render};
use stream_kernel_tests::streams::{clean_input, hostile_input};

use super::cases::{Case, case};
use super::fixture_files::{BASELINE, CLEAN, DIRTY, EXP_MP, REASONS};
use super::harness::{Outcome, prepare, run_untraced};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// If a third of the lines is hostile, the table of unusable lines decides as much as the policies do.
    #[test]
    fn hostile_streams_are_decided_as_the_model_decides_them(case in case(hostile_input())) {
        check(&case)?;
    }

    /// If every line is usable, limits are met more often.
    #[test]
    fn clean_streams_are_decided_as_the_model_decides_them(case in case(clean_input())) {
        check(&case)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Customers share only ids, the day by which these are forgotten, and the prime gate. Without these, the order of
    /// different customers' attempts does not matter.
    #[test]
    fn attempts_of_different_customers_are_independent_in_any_order(case in case(clean_input())) {
        let lines = lines_whose_ids_keep_to_a_customer(&case.input, &case.settings);
        let mut by_customer: Vec<_> = (0..lines.len()).collect();
        by_customer.sort_by_key(|&at| &lines[at].1);

        let mixed = run_lines(&case, lines.iter().map(|(line, _)| line));
        let sorted = run_lines(&case, by_customer.iter().map(|&at| &lines[at].0));
        let reasons_of_sorted: Vec<_> = by_customer.iter().map(|&at| &mixed.reasons[at]).collect();
        prop_assert_eq!(sorted.reasons.iter().collect::<Vec<_>>(), reasons_of_sorted);
        prop_assert_eq!(sorted.summary, mixed.summary);
    }
}

/// The two named scenarios equal the model's two named sets of settings.
#[test]
fn fixture_configurations_decide_as_the_model() {
    let defaults = "version: 1\nscenario: {name: defaults}\n";
    for (yaml, settings) in [(BASELINE, baseline()), (EXP_MP, exp_mp()), (defaults, baseline())] {
        for input in [CLEAN, DIRTY, REASONS] {
            let case = Case { input: input.to_vec(), settings: settings.clone(), yaml: yaml.to_owned() };
            check(&case).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

/// The pipeline must write the model's bytes, decline each line for the model's reason, and count what it
/// wrote.
fn check(case: &Case) -> Result<(), TestCaseError> {
    let outcome = run_untraced(prepare(&case.yaml, &[]), &case.input);
    let verdicts = adjudicate(&case.input, &case.settings);
    for (at, verdict) in verdicts.iter().enumerate() {
        let reason = outcome.reasons.get(at).map(Option::as_deref);
        prop_assert_eq!(
            reason,
            Some(verdict.reason),
            "reason of line {} (left: pipeline, right: model)",
            at + 1
        );
    }
    let expected = render(&verdicts);
    let lines =
        |bytes: &[u8]| bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    for (line_no, (written, expected)) in (1..).zip(lines(&outcome.output).iter().zip(lines(&expected))) {
        let (written, expected) = (written.escape_ascii().to_string(), expected.escape_ascii().to_string());
        prop_assert_eq!(written, expected, "output line {} (left: pipeline, right: model)", line_no);
    }
    prop_assert_eq!(outcome.output.len(), expected.len());
    prop_assert_eq!(outcome.report.inputs, verdicts.len() as u64);
    prop_assert_eq!(outcome.report.undeliverable + outcome.report.abandoned, 0);
    prop_assert_eq!(counts_of_reasons(&outcome.summary), counts(&verdicts));
    Ok(())
}

/// Returns the counts of the model's verdicts: `accepted`, `declined` and each reason.
fn counts(verdicts: &[Verdict]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::from([("accepted".to_owned(), 0), ("declined".to_owned(), 0)]);
    for verdict in verdicts {
        let labels = match verdict.reason {
            None => vec!["accepted"],
            Some(reason) => vec!["declined", reason],
        };
        for label in labels {
            *counts.entry(label.to_owned()).or_default() += 1;
        }
    }
    counts
}

fn counts_of_reasons(summary: &[SummaryRow]) -> BTreeMap<String, u64> {
    summary.iter().map(|row| (row.label.clone(), row.count)).collect()
}

/// Returns the lines whose id no other customer has used before, each with its customer.
///
/// The last line gets its end first, because it may end up in the middle: a carriage return at the very end of an input
/// is part of its line, and before a line feed it is not.
fn lines_whose_ids_keep_to_a_customer(input: &[u8], settings: &Settings) -> Vec<(Vec<u8>, String)> {
    let mut input = input.strip_prefix("\u{feff}".as_bytes()).unwrap_or(input).to_vec();
    if !input.is_empty() && !input.ends_with(b"\n") {
        input.push(b'\n');
    }
    let mut customers_by_id = BTreeMap::new();
    let lines = input.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec);
    lines
        .zip(adjudicate(&input, settings))
        .filter(|(_, verdict)| {
            let first = customers_by_id.entry(verdict.id.clone()).or_insert(verdict.customer_id.clone());
            *first == verdict.customer_id
        })
        .map(|(line, verdict)| (line, verdict.customer_id))
        .collect()
}

fn run_lines<'a>(case: &Case, lines: impl Iterator<Item = &'a Vec<u8>>) -> Outcome {
    let input: Vec<u8> = lines.flatten().copied().collect();
    let shared = [
        "compute_features.prime_gate.enabled=false",
        "evaluate_policies.prime_gate.enabled=false",
        "update_windows.daily_prime_gate.enabled=false",
        "idempotency_gate.remember_days=null",
    ];
    run_untraced(prepare(&case.yaml, &shared.map(|setting| format!("nodes.{setting}"))), &input)
}
