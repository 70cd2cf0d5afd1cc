//! What the stores enumerate is all that a run remembers: restored into new stores, another run goes on as if
//! it were the same.

use std::cell::RefCell;
use std::rc::Rc;

use fund_load::Tally;
use fund_load::config::Nodes;
use fund_load::domain::{DigitId, FundLoadMessage};
use fund_load::steps::{Resources, registry};
use fund_load::stores::{FirstAttempt, IdStore, MemoryIdStore, MemoryWindowStore, WindowEntry, WindowStore};
use proptest::prelude::*;
use proptest::sample::Index;
use stream_kernel_app::RawLine;
use stream_kernel_exec::trace::{
    ContextDiffMode, ManualClock, Recorder, RunLabel, SignatureMode, Timestamp, TraceSettings,
};
use stream_kernel_exec::{Kind, OnStepError, Plan, SyncRunner};
use stream_kernel_tests::streams::{clean_input, hostile_input};

use super::cases::{Case, case};
use super::harness::{Shared, lines, prepare};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_run_goes_on_from_restored_stores(
        case in case(clean_input()),
        at in any::<Index>(),
        backwards in any::<bool>(),
    ) {
        check(&case, at, backwards)?;
    }

    #[test]
    fn a_run_of_hostile_lines_goes_on_from_restored_stores(
        case in case(hostile_input()),
        at in any::<Index>(),
    ) {
        check(&case, at, false)?;
    }
}

/// Everything that is remembered, as the stores enumerate it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Memory {
    ids: Vec<(DigitId, FirstAttempt)>,
    windows: Vec<WindowEntry>,
}

/// A run that ends before the line `at` and another that goes on from its memory must write what one run
/// writes, in the trace as well, and remember the same in the end. The order in which entries are restored
/// does not matter.
fn check(case: &Case, at: Index, backwards: bool) -> Result<(), TestCaseError> {
    let nodes = prepare(&case.yaml, &[]).config().nodes.clone();
    let lines = lines(&case.input, case.settings.max_line_bytes);
    let (first, second) = lines.split_at(at.index(lines.len() + 1));

    let (expected, expected_memory) = run(&nodes, Memory::default(), &lines);
    let (mut written, mut memory) = run(&nodes, Memory::default(), first);
    if backwards {
        memory.ids.reverse();
        memory.windows.reverse();
    }
    let (rest, memory) = run(&nodes, memory, second);
    written.push_str(&rest);
    prop_assert_eq!(written, expected);
    prop_assert_eq!(memory, expected_memory);
    Ok(())
}

/// Takes `lines` through new steps on new stores that hold `memory`. Returns the lines of output, each after
/// its records, and what is remembered in the end.
fn run(nodes: &Nodes, memory: Memory, lines: &[RawLine]) -> (String, Memory) {
    let (mut ids, mut windows) = (MemoryIdStore::default(), MemoryWindowStore::default());
    ids.restore(&mut memory.ids.into_iter()).unwrap();
    windows.restore(&mut memory.windows.into_iter()).unwrap();
    let (ids, windows) = (Rc::new(RefCell::new(ids)), Rc::new(RefCell::new(windows)));
    let written = Shared::default();
    let resources = Resources {
        nodes: nodes.clone(),
        ids: ids.clone(),
        windows: windows.clone(),
        output: Rc::new(RefCell::new(written.clone())),
        tally: Rc::new(RefCell::new(Tally::default())),
    };
    let plan = Plan {
        source: Kind::of::<FundLoadMessage, RawLine>(),
        pipeline: &registry().names().map(str::to_owned).collect::<Vec<_>>(),
        strict: true,
    };
    let scenario = registry().bind(plan, &resources).unwrap_or_else(|faults| panic!("{faults}"));
    let label = RunLabel { run_id: "run".to_owned(), scenario_id: "drawn".to_owned() };
    let settings = TraceSettings { signature: SignatureMode::Hash, context_diff: ContextDiffMode::Full };
    // Time stands still: the second run cannot know when the first one ended.
    let recorder = Recorder::new(settings, ManualClock::new(Timestamp::from_nanos(0), 0));
    let mut runner = SyncRunner::new(scenario, label, OnStepError::Stop)
        .with_recorder(recorder.with_sink(Box::new(written.clone())));
    for line in lines {
        runner.process(line.line_no(), line.clone()).unwrap();
    }
    runner.finish().unwrap();
    let memory = Memory { ids: ids.borrow().entries(), windows: windows.borrow().entries() };
    (String::from_utf8(written.take()).unwrap(), memory)
}
