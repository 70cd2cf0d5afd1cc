//! Lines that the run is shown before they come make it quicker and nothing else: neither those that come nor others, nor too many.

use proptest::prelude::*;
use stream_kernel_tests::streams::hostile_input;

use super::cases::{Case, case};
use super::harness::{Outcome, Shared, clock, prepare, run_ahead};
use super::trace_modes::TraceMode;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lines_shown_ahead_change_neither_decisions_nor_the_trace(
        case in case(hostile_input()),
        shown in 1..40_usize,
        backwards in any::<bool>(),
    ) {
        let mut lines: Vec<_> = case.input.split(|&byte| byte == b'\n').collect();
        if backwards {
            lines.reverse();
        }
        let ahead = |at: usize| lines.iter().copied().skip(at).take(shown).collect::<Vec<_>>();
        let (told, told_trace) = traced(&case, ahead);
        let (untold, untold_trace) = traced(&case, |_| Vec::new());
        prop_assert_eq!(told.output, untold.output);
        prop_assert_eq!(told.reasons, untold.reasons);
        prop_assert_eq!(told_trace, untold_trace);
    }
}

fn traced<'a>(case: &Case, ahead: impl Fn(usize) -> Vec<&'a [u8]>) -> (Outcome, Vec<u8>) {
    let job = prepare(&case.yaml, &TraceMode::EXPLAINING.settings());
    let trace = Shared::default();
    let recorder = job.recorder(clock, Some(Box::new(trace.clone())));
    assert!(recorder.is_some(), "tracing is on");
    let outcome = run_ahead(job, &case.input, recorder, ahead);
    (outcome, trace.take())
}
