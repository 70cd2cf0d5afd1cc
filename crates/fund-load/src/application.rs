//! fund-load as an application on the kernel.

use std::cell::RefCell;
use std::rc::Rc;

use stream_kernel_exec::Registry;
use stream_kernel_run::config::{Config, Loaded};
use stream_kernel_run::{Application, SharedOutput, State, SummaryRow};

use crate::config::{self, Adapters, IdempotencyGateNode, MAX_CUSTOMERS, MAX_IDS, Nodes, WindowStoreKind};
use crate::domain::FundLoadMessage;
use crate::look_ahead;
use crate::rules_in_force;
use crate::state::{Journal, JournaledIds, JournaledWindows, StoreState};
use crate::steps::{self, Resources};
use crate::stores::{
    ForgettingIdStore, HorizonNotices, IdStore, MemoryIdStore, MemoryWindowStore, WindowStore,
};
use crate::tally::Tally;

/// Adjudicates attempts to load funds against velocity limits.
pub struct FundLoad;

impl Application for FundLoad {
    type Message = FundLoadMessage;
    type Nodes = Nodes;
    type Adapters = Adapters;
    type Resources = Resources;

    const NAME: &'static str = "fund-load";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str =
        "Adjudicates attempts to load funds against velocity limits, one decision per line";
    const PROFILE: (&'static str, &'static str) =
        ("built-in baseline", "version: 1\nscenario: {name: baseline}\n");
    const RETIRED_KEYS: &'static [(&'static str, &'static str)] = &[
        (
            "runtime.discovery_modules",
            "remove it: steps are built in, and `runtime.pipeline` lists those that run",
        ),
        ("adapters.*.factory", "remove it: an adapter is chosen by its `kind`"),
        ("adapters.*.binds", "remove it: each adapter has its place by its name"),
        (
            "adapters.prime_checker",
            "remove it: primality is built in, `nodes.compute_features.prime_gate` switches it on",
        ),
    ];

    const LIMITS: &'static [(&'static str, &'static str)] = &[
        (MAX_IDS, "How many ids may be remembered at a time; null for no limit."),
        (MAX_CUSTOMERS, "Of how many customers anything may be counted; null for no limit."),
    ];

    fn registry() -> Registry<FundLoadMessage, Resources> {
        steps::registry()
    }

    fn resources(config: &Config<Nodes, Adapters>, output: &SharedOutput) -> Resources {
        let journal = config.runtime.checkpoint.as_ref().map(|_| Journal::default());
        let max_ids = config.runtime.limit(MAX_IDS);
        let horizon_notices = HorizonNotices::default();
        let IdempotencyGateNode { remember_days, max_days_ahead } = config.nodes.idempotency_gate;
        let ids: Rc<RefCell<dyn IdStore>> = match remember_days {
            None => shared_ids(MemoryIdStore::new(max_ids), journal.clone()),
            Some(days) => {
                let ids = ForgettingIdStore::new(days, max_ids).max_days_ahead(max_days_ahead);
                shared_ids(ids.reports_to(horizon_notices.clone()), journal.clone())
            }
        };
        let windows = match config.adapters.window_store.kind {
            WindowStoreKind::Memory => MemoryWindowStore::new(config.runtime.limit(MAX_CUSTOMERS)),
        };
        Resources {
            nodes: config.nodes.clone(),
            ids,
            windows: shared_windows(windows, journal.clone()),
            output: Rc::new(RefCell::new(output.clone())),
            tally: Rc::new(RefCell::new(Tally::default())),
            horizon_notices,
            journal,
        }
    }

    fn state(resources: &Resources) -> Option<Box<dyn State>> {
        StoreState::of(resources).map(|state| Box::new(state) as _)
    }

    fn check_state(records: &[u8]) -> Result<(), String> {
        StoreState::check(records)
    }

    fn look_ahead(resources: &Resources, lines: &[&[u8]]) {
        look_ahead::bring_near(resources, lines);
    }

    fn rules(config: &Config<Nodes, Adapters>) -> Vec<(&'static str, String)> {
        rules_in_force::in_words(config)
    }

    fn check(loaded: &mut Loaded<Nodes, Adapters>) {
        config::check(loaded);
    }

    fn take_notices(resources: &Resources) -> Vec<String> {
        resources.horizon_notices.take()
    }

    fn summary(resources: &Resources) -> Vec<SummaryRow> {
        let tally = resources.tally.borrow();
        let row = |level, label: &str, count| SummaryRow { label: label.to_owned(), count, level };
        let reasons = tally.declined_by_reason().map(|(reason, count)| row(1, reason.code(), count));
        let totals = [row(0, "accepted", tally.accepted()), row(0, "declined", tally.declined())];
        totals.into_iter().chain(reasons).collect()
    }
}

fn shared_ids(store: impl IdStore + 'static, journal: Option<Journal>) -> Rc<RefCell<dyn IdStore>> {
    match journal {
        None => Rc::new(RefCell::new(store)),
        Some(journal) => Rc::new(RefCell::new(JournaledIds::new(store, journal))),
    }
}

fn shared_windows(
    store: impl WindowStore + 'static,
    journal: Option<Journal>,
) -> Rc<RefCell<dyn WindowStore>> {
    match journal {
        None => Rc::new(RefCell::new(store)),
        Some(journal) => Rc::new(RefCell::new(JournaledWindows::new(store, journal))),
    }
}
