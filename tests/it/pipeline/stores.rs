//! What the stores enumerate is all that a run remembers: restored into new stores, another run goes on as if
//! it were the same.

use std::cell::RefCell;
use std::num::NonZeroU64;
use std::rc::Rc;

use fund_load::Tally;
use fund_load::config::Nodes;
use fund_load::domain::FundLoadMessage;
use fund_load::steps::{Resources, registry};
use fund_load::stores::{
    ForgettingIdStore, HorizonNotices, IdEntry, IdStore, MemoryIdStore, MemoryWindowStore, WindowEntry,
    WindowStore,
};
use proptest::prelude::*;
use proptest::sample::Index;
use stream_kernel_exec::trace::{
    ContextDiffMode, ManualClock, Recorder, RunLabel, SignatureMode, Timestamp, TraceSettings,
};
use stream_kernel_exec::{Kind, OnStepError, Plan, StepFailure, SyncRunner};
use stream_kernel_run::RawLine;
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
pub(crate) struct Memory {
    ids: Vec<IdEntry>,
    windows: Vec<WindowEntry>,
}

/// How much may be remembered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) max_ids: Option<NonZeroU64>,
    pub(crate) max_customers: Option<NonZeroU64>,
}

/// What has become of some lines.
pub(crate) struct Ran {
    /// The lines of output, each after its records.
    pub(crate) written: String,
    /// What is remembered in the end.
    pub(crate) memory: Memory,
    /// Why the last line could not be taken, if it could not.
    pub(crate) failure: Option<StepFailure>,
}

/// A run that ends before the line `at` and another that goes on from its memory must write what one run
/// writes, in the trace as well, and remember the same in the end. The order in which entries are restored
/// does not matter.
fn check(case: &Case, at: Index, backwards: bool) -> Result<(), TestCaseError> {
    let nodes = prepare(&case.yaml, &[]).config().nodes.clone();
    let lines = lines(&case.input, case.settings.max_line_bytes);
    let (first, second) = lines.split_at(at.index(lines.len() + 1));

    let expected = run(&nodes, Limits::default(), Memory::default(), &lines);
    let Ran { mut written, mut memory, .. } = run(&nodes, Limits::default(), Memory::default(), first);
    if backwards {
        memory.ids.reverse();
        memory.windows.reverse();
    }
    let rest = run(&nodes, Limits::default(), memory, second);
    written.push_str(&rest.written);
    prop_assert_eq!(written, expected.written);
    prop_assert_eq!(rest.memory, expected.memory);
    Ok(())
}

/// Takes `lines` through new steps on new stores that hold `memory`, up to the first that cannot be taken. Steps that fail are to be
/// passed over, as far as they let themselves be.
pub(crate) fn run(nodes: &Nodes, limits: Limits, memory: Memory, lines: &[RawLine]) -> Ran {
    let ids: Rc<RefCell<dyn IdStore>> = match nodes.idempotency_gate.remember_days {
        None => Rc::new(RefCell::new(MemoryIdStore::new(limits.max_ids))),
        Some(days) => Rc::new(RefCell::new(
            ForgettingIdStore::new(days, limits.max_ids)
                .max_days_ahead(nodes.idempotency_gate.max_days_ahead),
        )),
    };
    let windows = Rc::new(RefCell::new(MemoryWindowStore::new(limits.max_customers)));
    ids.borrow_mut().restore(&mut memory.ids.into_iter()).unwrap();
    windows.borrow_mut().restore(&mut memory.windows.into_iter()).unwrap();
    let written = Shared::default();
    let resources = Resources {
        nodes: nodes.clone(),
        ids: ids.clone(),
        windows: windows.clone(),
        output: Rc::new(RefCell::new(written.clone())),
        tally: Rc::new(RefCell::new(Tally::default())),
        horizon_notices: HorizonNotices::default(),
        journal: None,
    };
    let mut runner = runner(&resources, &written);
    let failure = lines.iter().find_map(|line| runner.process(line.line_no(), line.clone()).err());
    runner.finish().unwrap();
    let memory = Memory { ids: ids.borrow().entries(), windows: windows.borrow().entries() };
    Ran { written: String::from_utf8(written.take()).unwrap(), memory, failure }
}

/// Returns a runner of all steps that writes its trace to `written`.
fn runner(resources: &Resources, written: &Shared) -> SyncRunner<FundLoadMessage> {
    let plan = Plan {
        source: Kind::of::<FundLoadMessage, RawLine>(),
        pipeline: &registry().names().map(str::to_owned).collect::<Vec<_>>(),
        strict: true,
    };
    let scenario = registry().bind(plan, resources).unwrap_or_else(|faults| panic!("{faults}"));
    let label = RunLabel { run_id: "run".to_owned(), scenario_id: "drawn".to_owned() };
    let settings = TraceSettings { signature: SignatureMode::Hash, context_diff: ContextDiffMode::Full };
    // Time stands still: the second run cannot know when the first one ended.
    let recorder = Recorder::new(settings, ManualClock::new(Timestamp::from_nanos(0), 0));
    SyncRunner::new(scenario, label, OnStepError::Continue)
        .with_recorder(recorder.with_sink(Box::new(written.clone())))
}
