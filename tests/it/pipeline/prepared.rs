//! Prepared lines make a run faster and change nothing else, however many there are.

use proptest::prelude::*;
use stream_kernel_tests::streams::hostile_input;

use super::cases::{Case, case};
use super::harness::{Outcome, Shared, clock, prepare, run_in_blocks};
use super::trace_modes::TraceMode;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn prepared_lines_give_the_same_results(case in case(hostile_input()), block in 2..40_usize) {
        let (one_by_one, trace) = traced(&case, 1);
        let (in_blocks, trace_in_blocks) = traced(&case, block);
        prop_assert_eq!(&in_blocks.output, &one_by_one.output);
        prop_assert_eq!(&in_blocks.reasons, &one_by_one.reasons);
        prop_assert_eq!(trace_in_blocks, trace);
        // In untraced runs, the first steps run when a line is prepared.
        for block in [1, block] {
            let untraced = run_in_blocks(prepare(&case.yaml, &[]), &case.input, None, block);
            prop_assert_eq!(&untraced.output, &one_by_one.output);
            prop_assert_eq!(&untraced.reasons, &one_by_one.reasons);
            prop_assert_eq!(untraced.report, one_by_one.report);
        }
    }
}

fn traced(case: &Case, block: usize) -> (Outcome, Vec<u8>) {
    let job = prepare(&case.yaml, &TraceMode::EXPLAINING.settings());
    let trace = Shared::default();
    let recorder = job.recorder(clock, Some(Box::new(trace.clone())));
    assert!(recorder.is_some(), "tracing is on");
    let outcome = run_in_blocks(job, &case.input, recorder, block);
    (outcome, trace.take())
}
