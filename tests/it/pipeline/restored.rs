//! A snapshot holds all memory of a run: another run that restores it goes on as if it were the same.

use fund_load::FundLoad;
use proptest::prelude::*;
use proptest::sample::Index;
use stream_kernel_exec::StepFailure;
use stream_kernel_exec::trace::{FieldSet, ManualClock, Recorder, SignatureMode, Timestamp, TraceSettings};
use stream_kernel_run::{RawLine, Session, empty_memory};
use stream_kernel_tests::streams::{clean_input, hostile_input};

use super::cases::{Case, case};
use super::harness::{Shared, lines, prepare};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_run_resumes_from_a_snapshot(
        case in case(clean_input()),
        at in any::<Index>(),
        at_once in 1..20_usize,
    ) {
        check(&case, at, at_once)?;
    }

    #[test]
    fn a_run_of_hostile_lines_goes_on(case in case(hostile_input()), at in any::<Index>()) {
        check(&case, at, 1)?;
    }
}

/// All memory: the records of a snapshot, in no certain order.
pub(crate) type Remembered = Vec<Vec<u8>>;

/// The results of some lines.
pub(crate) struct Ran {
    /// The lines of output, each after its records.
    pub(crate) written: String,
    /// The memory at the end.
    pub(crate) remembered: Remembered,
    /// Why the last line failed, if it did.
    pub(crate) failure: Option<StepFailure>,
}

/// A run that ends before the line `at`, and another that goes on from its snapshot, read `at_once` records at a time,
/// must together write the bytes of one run, in the trace as well, and have the same memory at the end.
fn check(case: &Case, at: Index, at_once: usize) -> Result<(), TestCaseError> {
    let lines = lines(&case.input, case.settings.max_line_bytes);
    let (first, second) = lines.split_at(at.index(lines.len() + 1));

    let whole = run(&case.yaml, &[], &[], &lines);
    let Ran { mut written, remembered, .. } = run(&case.yaml, &[], &[], first);
    let blocks: Remembered = remembered.chunks(at_once).map(<[_]>::concat).collect();
    let memory = empty_memory::<FundLoad>().unwrap();
    assert!(blocks.iter().all(|block| memory.check(block).is_ok()));
    let rest = run(&case.yaml, &[], &blocks, second);
    written.push_str(&rest.written);
    prop_assert_eq!(written, whole.written);
    prop_assert_eq!(sorted(rest.remembered), sorted(whole.remembered));
    Ok(())
}

/// Takes `lines` through a new run with restored `blocks`, with `settings` over the configuration, up to the first line
/// that fails. Failing steps are skipped as far as possible.
pub(crate) fn run(yaml: &str, settings: &[String], blocks: &[Vec<u8>], lines: &[RawLine]) -> Ran {
    let written = Shared::default();
    let mut session = start(yaml, settings, &written);
    for block in blocks {
        session.memory().restore(block).unwrap();
    }
    let failure = lines.iter().find_map(|line| {
        let failure = session.take(line.clone(), 0).err();
        written.append(|bytes| bytes.extend_from_slice(session.written()));
        failure
    });
    let mut remembered = Vec::new();
    let snapshot = session.memory().snapshot(&mut |record| {
        remembered.push(record.to_vec());
        Ok::<_, ()>(())
    });
    snapshot.unwrap();
    session.finish().unwrap();
    Ran { written: String::from_utf8(written.take()).unwrap(), remembered, failure }
}

pub(crate) fn sorted(mut remembered: Remembered) -> Remembered {
    remembered.sort();
    remembered
}

/// Returns a run that writes its trace to `written`.
fn start(yaml: &str, settings: &[String], written: &Shared) -> Session<FundLoad> {
    let settings = [&["runtime.on_step_error=continue".to_owned()], settings].concat();
    let trace = TraceSettings { signature: SignatureMode::Hash, context_diff: Some(FieldSet::ALL) };
    // Time stands still, because the second run cannot know when the first one ended.
    let recorder = Recorder::new(trace, ManualClock::new(Timestamp::from_nanos(0), 0));
    prepare(yaml, &settings).start("run", Some(recorder.with_sink(Box::new(written.clone()))))
}
