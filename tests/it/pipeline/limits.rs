//! Limits on memory: a run stops before the line that would exceed one, as if it had never read that line.

use proptest::prelude::*;
use stream_kernel_tests::model::{Kept, adjudicate};
use stream_kernel_tests::streams::hostile_input;

use super::cases::{Case, case};
use super::harness::{lines, prepare};
use super::restored::{run, sorted};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_run_stops_where_the_model_says_and_resumes(
        case in case(hostile_input()),
        max_ids in prop::option::of(1_u64..12),
        max_customers in prop::option::of(1_u64..4),
    ) {
        check(&case, max_ids, max_customers)?;
    }
}

/// Every line before the one that exceeds a limit must be written and remembered, and nothing of the line itself. A run
/// without limits must go on from there with that line.
fn check(case: &Case, max_ids: Option<u64>, max_customers: Option<u64>) -> Result<(), TestCaseError> {
    let windows = prepare(&case.yaml, &[]).config().nodes.update_windows.clone();
    let lines = lines(&case.input, case.settings.max_line_bytes);
    let counts_customers =
        [&windows.daily_attempts, &windows.daily_accepted_amount, &windows.weekly_accepted_amount]
            .iter()
            .any(|window| window.enabled);
    let is_beyond = |kept: Kept| {
        let exceeds = |count: usize, limit: Option<u64>| limit.is_some_and(|limit| count as u64 > limit);
        exceeds(kept.ids, max_ids) || (counts_customers && exceeds(kept.customers, max_customers))
    };
    let verdicts = adjudicate(&case.input, &case.settings);
    let stops_at = verdicts.iter().position(|verdict| is_beyond(verdict.kept));
    let (before, after) = lines.split_at(stops_at.unwrap_or(lines.len()));

    let limits = [("max_ids", max_ids), ("max_customers", max_customers)];
    let limits = limits.into_iter().filter_map(|(name, limit)| Some((name, limit?)));
    let limits: Vec<_> = limits.map(|(name, limit)| format!("runtime.limits.{name}={limit}")).collect();
    let stopped = run(&case.yaml, &limits, &[], &lines);
    let line_no = stopped.failure.as_ref().map(|failure| failure.line_no);
    prop_assert_eq!(line_no, stops_at.map(|at| at as u64 + 1), "{:?}", stopped.failure);
    let until_then = run(&case.yaml, &[], &[], before);
    prop_assert_eq!(sorted(stopped.remembered.clone()), sorted(until_then.remembered));
    // Then follow the records of the steps up to the one that stopped the run, and no line of output.
    let rest = stopped.written.strip_prefix(&until_then.written);
    let has_failed = rest.map(|rest| rest.contains("StoreFull"));
    prop_assert_eq!(has_failed, Some(stops_at.is_some()));
    let is_trace = |rest: &str| rest.lines().all(|line| line.starts_with(r#"{"trace_id":"#));
    prop_assert!(rest.is_some_and(is_trace), "{:?}", rest);

    let resumed = run(&case.yaml, &[], &stopped.remembered, after);
    let whole = run(&case.yaml, &[], &[], &lines);
    prop_assert_eq!(until_then.written + &resumed.written, whole.written);
    prop_assert_eq!(sorted(resumed.remembered), sorted(whole.remembered));
    Ok(())
}
