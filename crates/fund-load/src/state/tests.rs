//! What is noted, and what is written at once, brings back all that is remembered: nothing less, and nothing of a line that was taken back.

use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;

use stream_kernel_app::checkpoint::{
    Checkpoint, Committed, CommittedInput, CommittedOutput, PrefixHash, Program,
};
use stream_kernel_disk::SimulatedDisk;

use super::*;
use crate::config::Nodes;
use crate::domain::{Moment, Reason, Verdict, WeekStart};
use crate::stores::{ForgettingIdStore, MemoryIdStore, MemoryWindowStore};

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Stores that note what changes, and hold so many customers.
fn resources(max_customers: Option<NonZeroU64>) -> Resources {
    let journal = Journal::default();
    let ids = ForgettingIdStore::new(1_000, None);
    let windows = MemoryWindowStore::new(max_customers);
    Resources {
        nodes: Nodes::default(),
        ids: Rc::new(RefCell::new(JournaledIds::new(ids, journal.clone()))),
        windows: Rc::new(RefCell::new(JournaledWindows::new(windows, journal.clone()))),
        output: Rc::new(RefCell::new(Vec::new())),
        tally: Rc::default(),
        journal: Some(journal),
    }
}

fn id(text: &str) -> DigitId {
    DigitId::parse(text).unwrap()
}

fn attempt_on(day: i64) -> FirstAttempt {
    let time = Moment { seconds: day * DAY_SECONDS + 7, nanos: 9 };
    FirstAttempt { customer_id: id("3"), amount: Cents(1_000), time, line_no: 12 }
}

/// Remembers and counts what an accepted attempt of that customer with the prime id changes; returns what was first with the id.
fn take(resources: &Resources, id_text: &str, customer: &str, day: i64) -> Option<FirstAttempt> {
    let keys = (id(customer), Moment { seconds: day * DAY_SECONDS, nanos: 0 }.day());
    let week = keys.1.start_of_week(WeekStart::default());
    let first = resources.ids.borrow_mut().get_or_remember(id(id_text), attempt_on(day), Ok(())).unwrap();
    let mut windows = resources.windows.borrow_mut();
    windows.count_attempt(keys.0, Cents(250), keys.1, week).unwrap();
    windows.count_prime(keys.1);
    resources.tally.borrow_mut().count(Verdict::Accepted);
    first
}

/// Everything that is remembered.
fn memory(resources: &Resources) -> (Vec<IdEntry>, Vec<WindowEntry>, Tally) {
    let (ids, windows) = (resources.ids.borrow().entries(), resources.windows.borrow().entries());
    (ids, windows, resources.tally.borrow().clone())
}

fn state(resources: &Resources) -> StoreState {
    StoreState::of(resources).unwrap()
}

/// Returns what has changed.
fn changes(state: &mut StoreState) -> Changes {
    let mut changes = Changes::new();
    state.take_changes(&mut changes);
    changes
}

/// Returns the records of what a line has changed.
fn changes_of_a_line() -> Vec<u8> {
    let resources = resources(None);
    let (mut kept, mut records) = (Kept::new(), Vec::new());
    take(&resources, "2", "8", 5);
    kept.commit(&mut changes(&mut state(&resources)));
    kept.checkpoint
        .restore(&mut |block| {
            records.extend_from_slice(block);
            Ok(())
        })
        .unwrap();
    records
}

/// A checkpoint on a disk of its own.
struct Kept {
    disk: SimulatedDisk,
    checkpoint: Checkpoint,
}

impl Kept {
    fn new() -> Self {
        let disk = SimulatedDisk::new(0);
        let (checkpoint, _) = Checkpoint::open(Arc::new(disk.clone()), Path::new("/ckpt")).unwrap();
        Self { disk, checkpoint }
    }

    fn commit(&mut self, changes: &mut Changes) {
        self.checkpoint.commit(committed(), changes, &[]).unwrap();
    }

    /// Returns stores of another run, with what was committed.
    fn restored(self) -> Resources {
        let disk = self.disk.after_kill(0);
        let (mut checkpoint, _) = Checkpoint::open(Arc::new(disk), Path::new("/ckpt")).unwrap();
        let resources = resources(None);
        let mut state = state(&resources);
        checkpoint.restore(&mut |records| state.restore(records).map_err(|error| error.to_string())).unwrap();
        resources
    }
}

fn committed() -> Committed {
    Committed {
        program: Program { name: "fund-load".to_owned(), version: "1".to_owned() },
        configuration: String::new(),
        input: CommittedInput {
            path: "/input".to_owned(),
            bytes: 0,
            prefix: PrefixHash::new().digest(),
            ends_in_lf: true,
        },
        lines: 0,
        output: CommittedOutput {
            path: "/output".to_owned(),
            partial: "/partial".to_owned(),
            bytes: 0,
            is_named: false,
        },
        trace: None,
        totals: Vec::new(),
        committed_at_ms: 0,
        complete: false,
    }
}

#[test]
fn changes_of_one_commit_after_another_bring_back_all_that_is_remembered() {
    let (resources, mut kept) = (resources(None), Kept::new());
    let mut state = state(&resources);
    assert_eq!(take(&resources, "2", "8", 5), None);
    kept.commit(&mut changes(&mut state));
    assert_eq!(take(&resources, "3", "9", 6), None);
    assert_eq!(take(&resources, "2", "8", 6), Some(attempt_on(5)), "the first attempt stays the first");
    resources.tally.borrow_mut().count(Verdict::Declined(Reason::IdDuplicateConflict));
    kept.commit(&mut changes(&mut state));

    let after = kept.restored();
    assert_eq!(memory(&after), memory(&resources));
    let (ids, windows, _) = memory(&after);
    assert_eq!(
        (ids.len(), windows.len()),
        (2 + 1, 3 + 2),
        "ids and their latest day, days of customers and of primes"
    );
    let windows = after.windows.borrow();
    let (day, week) = (Day(6), Day(6).start_of_week(WeekStart::default()));
    let expected = CustomerWindows { attempts: 1, day_accepted: Cents(250), week_accepted: Cents(500) };
    assert_eq!(windows.customer(id("8"), day, week), expected);
    assert_eq!((windows.prime_day(Day(5)), windows.prime_day(day)), (1, 2));
    assert_eq!((after.ids.borrow().count(), windows.count()), (2, 3));
}

/// What a compaction writes stands for all commits before.
#[test]
fn what_is_written_at_once_brings_back_all_that_is_remembered() {
    let (resources, mut kept) = (resources(None), Kept::new());
    let state = state(&resources);
    for (number, day) in [("2", 5), ("3", 6), ("5", 6)] {
        take(&resources, number, "8", day);
    }
    kept.checkpoint.commit_all(committed(), &mut |writer| state.write_all(writer), &[]).unwrap();
    assert_eq!(memory(&kept.restored()), memory(&resources));
}

/// The line comes again when the run is resumed: what it would have changed must not be there already.
#[test]
fn of_a_line_that_was_taken_back_nothing_is_kept() {
    let (resources, mut kept) = (resources(None), Kept::new());
    let mut state = state(&resources);
    state.begin_line();
    take(&resources, "2", "8", 5);
    state.begin_line();
    let before = memory(&resources);
    let tally = resources.tally.borrow().clone();
    take(&resources, "3", "9", 6);
    *resources.tally.borrow_mut() = tally;
    state.take_back_line();
    kept.commit(&mut changes(&mut state));
    // A commit is the end of all lines before it: nothing of the next changes belongs to a line that began earlier.
    take(&resources, "5", "9", 6);
    state.take_back_line();
    *resources.tally.borrow_mut() = before.2.clone();
    kept.commit(&mut changes(&mut state));
    assert_eq!(memory(&kept.restored()), before);
}

/// The latest day makes stores forget: it is noted when it changes, and only then, since records take room.
#[test]
fn a_day_is_noted_once_and_an_attempt_if_it_is_the_first() {
    let resources = resources(None);
    let mut state = state(&resources);
    let noted = |state: &mut StoreState, number: &str, day| {
        resources.ids.borrow_mut().get_or_remember(id(number), attempt_on(day), Ok(())).unwrap();
        changes(state).len() - TALLY_BYTES
    };
    let (first, latest_day) = (53, 5);
    assert_eq!(noted(&mut state, "2", 5), latest_day + first);
    assert_eq!(noted(&mut state, "3", 5), first, "a day that is known");
    assert_eq!(noted(&mut state, "5", 4), first, "an earlier day");
    assert_eq!(noted(&mut state, "2", 5), 0, "a replay");
    assert_eq!(noted(&mut state, "2", 6), latest_day, "a conflict on a later day");
    assert_eq!(resources.ids.borrow().latest_day(), Some(Day(6)), "whoever wraps the store is told as well");
}

#[test]
fn a_store_that_forgets_nothing_has_no_day_noted() {
    let journal = Journal::default();
    let mut ids = JournaledIds::new(MemoryIdStore::default(), journal.clone());
    ids.get_or_remember(id("2"), attempt_on(5), Ok(())).unwrap();
    let first = 53;
    assert_eq!(journal.0.borrow().changes.len(), first, "the attempt alone");
}

const TALLY_BYTES: usize = 1 + 8 * (1 + Reason::ALL.len());

/// One record a line is what keeps a checkpoint cheap; where an attempt and a customer's day do not belong together, each has its own.
#[test]
fn an_attempt_and_its_customer_s_day_are_noted_together_whatever_comes_between() {
    let whole_second =
        |day| FirstAttempt { time: Moment { seconds: day * DAY_SECONDS, nanos: 0 }, ..attempt_on(day) };
    let (resources, mut kept) = (resources(None), Kept::new());
    let mut state = state(&resources);
    let remember = |number: &str, attempt| {
        resources.ids.borrow_mut().get_or_remember(id(number), attempt, Ok(())).unwrap();
    };
    let count = |customer: &str, day: i64| {
        let day = whole_second(day).time.day();
        let week = day.start_of_week(WeekStart::default());
        resources.windows.borrow_mut().count_attempt(id(customer), Cents(250), day, week).unwrap();
    };
    // An attempt's record has room for counts, whether they come or not.
    let (first, day, latest_day) = (38, 20, 5);
    let mut noted = |expected: usize, what: &str| {
        let mut changes = changes(&mut state);
        assert_eq!(changes.len() - TALLY_BYTES, expected, "{what}");
        kept.commit(&mut changes);
    };
    remember("2", whole_second(6));
    count("3", 6);
    noted(latest_day + first, "both");
    remember("20", whole_second(6));
    noted(first, "an attempt that is not counted");
    count("3", 6);
    noted(day, "a count without an attempt");
    remember("21", whole_second(6));
    count("4", 6);
    noted(first + day, "of another customer");
    remember("22", whole_second(6));
    count("3", 5);
    noted(first + day, "of another day");
    remember("23", whole_second(6));
    remember("24", whole_second(6));
    count("3", 6);
    noted(2 * first, "of the second of two attempts");
    remember("25", whole_second(6));
    resources.windows.borrow_mut().count_prime(Day(6));
    count("3", 6);
    noted(first + 13 + day, "something else in between");
    remember("26", attempt_on(6));
    count("3", 6);
    noted(53 + day, "an attempt that needs the long record");
    remember("27", whole_second(6));
    resources
        .windows
        .borrow_mut()
        .restore(&mut std::iter::once(WindowEntry::CustomerDay {
            customer_id: id("3"),
            day: Day(6),
            week: Day(6).start_of_week(WeekStart::default()),
            attempts: u64::from(u16::MAX),
            accepted: Cents(0),
        }))
        .unwrap();
    count("3", 6);
    noted(first + 38, "counts that need the long record");
    assert_eq!(memory(&kept.restored()), memory(&resources));
}

/// By the estimate, a log that holds much else is compacted.
#[test]
fn the_estimate_counts_ids_and_days_of_customers() {
    let resources = resources(None);
    let state = state(&resources);
    assert_eq!(state.bytes(), 0);
    for (number, customer, day) in [("2", "8", 5), ("3", "8", 5), ("5", "9", 5)] {
        take(&resources, number, customer, day);
    }
    assert_eq!(state.bytes(), 3 * 31 + 2 * 20);
}

/// What would end the run is asked before anything is remembered, also through what notes it.
#[test]
fn a_store_that_notes_refuses_what_its_store_refuses() {
    let resources = resources(NonZeroU64::new(1));
    take(&resources, "2", "8", 5);
    let windows = resources.windows.borrow();
    let room =
        |customer| windows.check_room(id(customer), Day(5), Day(5).start_of_week(WeekStart::default()));
    assert_eq!(room("8"), Ok(()));
    let refused = room("9").unwrap_err();
    assert_eq!(refused, StoreFull::MaxCustomers { max_customers: NonZeroU64::MIN });
    let again = resources.ids.borrow_mut().get_or_remember(id("3"), attempt_on(5), Err(refused));
    assert_eq!(again, Err(refused));
    assert_eq!(resources.ids.borrow().count(), 1);
}

/// Records that cannot be of a run are refused, and so are those that do not fit into the stores.
#[test]
fn records_that_do_not_fit_are_refused() {
    let (before, small) = (resources(None), resources(NonZeroU64::new(1)));
    take(&before, "2", "8", 5);
    take(&before, "3", "9", 5);
    let mut kept = Kept::new();
    kept.commit(&mut changes(&mut state(&before)));
    let mut small = state(&small);
    let mut refusal = None;
    let restored = kept
        .checkpoint
        .restore(&mut |records| small.restore(records).map_err(|error| refusal.insert(error).to_string()));
    assert!(restored.is_err());
    let refusal = refusal.unwrap();
    assert!(
        matches!(&refusal, NotRestored::BeyondLimit(what) if what.contains("max_customers")),
        "{refusal:?}"
    );
    let senseless = NotRestored::Senseless("there is a record that makes no sense".to_owned());
    assert_eq!(StoreState::check(&[0]), Err("there is a record that makes no sense".to_owned()));
    let noted = changes_of_a_line();
    assert_eq!(StoreState::check(&noted), Ok(()));
    assert!(StoreState::check(&noted[..noted.len() - 1]).is_err(), "the last record is cut off");
    assert_eq!(small.restore(&[0]), Err(senseless));
}
