//! What is noted, and what is written at once, brings back all that is remembered: nothing less, and nothing of a line that was taken back.

mod refused;

use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;

use stream_kernel_disk::{Disk, Fault, OpenHow, PlannedFault, SimulatedDisk};
use stream_kernel_run::LineContent;
use stream_kernel_run::checkpoint::{
    Checkpoint, Committed, CommittedConfiguration, CommittedInput, CommittedOutput, PrefixHash, Program,
};

use super::*;
use crate::config::{MondayApplication, Nodes};
use crate::domain::{Reason, Verdict, WeekStart};
use crate::stores::{CustomerWindows, ForgettingIdStore, HorizonNotices, MemoryWindowStore};

const INPUT: &str = "/input";
const MAX_LINE_BYTES: usize = 1_000;

/// Stores that note what changes, forget ids after ten days, double amounts on Mondays, and hold so many customers.
fn resources(max_customers: Option<NonZeroU64>) -> Resources {
    let journal = Journal::default();
    let ids = ForgettingIdStore::new(10, None);
    let windows = MemoryWindowStore::new(max_customers);
    let mut nodes = Nodes::default();
    nodes.compute_time_keys.week_start = WeekStart::Wed;
    nodes.compute_features.monday_multiplier.enabled = true;
    Resources {
        nodes,
        ids: Rc::new(RefCell::new(JournaledIds::new(ids, journal.clone()))),
        windows: Rc::new(RefCell::new(JournaledWindows::new(windows, journal.clone()))),
        output: Rc::new(RefCell::new(Vec::new())),
        tally: Rc::default(),
        horizon_notices: HorizonNotices::default(),
        journal: Some(journal),
    }
}

fn state(resources: &Resources) -> StoreState {
    StoreState::of(resources).unwrap()
}

fn id(text: &str) -> DigitId {
    DigitId::parse(text).unwrap()
}

/// A line that holds an attempt of a customer for 10.00, in March 2026: the 2nd is a Monday.
fn line(id: &str, customer: &str, day: u8) -> String {
    format!(
        r#"{{"id":"{id}","customer_id":"{customer}","load_amount":"$10.00","time":"2026-03-{day:02}T12:00:00Z"}}"#
    )
}

/// Everything that is remembered.
fn memory(resources: &Resources) -> (Vec<IdEntry>, Vec<WindowEntry>, Tally) {
    let (ids, windows) = (resources.ids.borrow().entries(), resources.windows.borrow().entries());
    (ids, windows, resources.tally.borrow().clone())
}

/// A run over lines, with a checkpoint on a disk of its own.
struct Run {
    resources: Resources,
    state: StoreState,
    disk: SimulatedDisk,
    checkpoint: Checkpoint,
    input: Vec<u8>,
    lines: u64,
    /// What counts of 10.00 on a Monday.
    monday_cents: u128,
}

impl Run {
    fn new() -> Self {
        let disk = SimulatedDisk::new(0);
        let (checkpoint, _) = Checkpoint::open(Arc::new(disk.clone()), Path::new("/ckpt")).unwrap();
        let resources = resources(None);
        let state = state(&resources);
        Self { resources, state, disk, checkpoint, input: Vec::new(), lines: 0, monday_cents: 2_000 }
    }

    fn begin(&mut self, line: &str) {
        self.state.begin_line(Reached { line_no: self.lines, bytes: self.input.len() as u64 });
        self.input.extend_from_slice(line.as_bytes());
        self.input.push(b'\n');
        self.lines += 1;
    }

    /// Asks the stores what the steps ask them of a line whose attempt is accepted, or declined, if it is the first with its id.
    fn take(&mut self, line: &str, is_accepted: bool) {
        self.begin(line);
        let Resources { nodes, ids, windows, tally, .. } = &self.resources;
        let Some(attempt) = self.attempt() else {
            tally.borrow_mut().count(Verdict::Declined(Reason::InputParseError));
            return;
        };
        let day = attempt.time.day();
        let (week, is_monday) = (day.start_of_week(nodes.compute_time_keys.week_start), day.is_monday());
        if ids.borrow_mut().get_or_remember(attempt.id, (&attempt).into(), Ok(())).unwrap().is_some() {
            tally.borrow_mut().count(Verdict::Declined(Reason::IdDuplicateReplay));
            return;
        }
        let amount = Cents(if is_monday { self.monday_cents } else { 1_000 });
        let accepted = if is_accepted { amount } else { Cents(0) };
        windows.borrow_mut().count_attempt(attempt.customer_id, accepted, day, week).unwrap();
        if is_accepted && crate::domain::is_prime(attempt.id.value()) {
            windows.borrow_mut().count_prime(day);
        }
        let declined = Verdict::Declined(Reason::DailyAttemptLimit);
        tally.borrow_mut().count(if is_accepted { Verdict::Accepted } else { declined });
    }

    /// Returns the attempt that the last line holds.
    fn attempt(&self) -> Option<Attempt> {
        let line = self.input.strip_suffix(b"\n")?.rsplit(|byte| *byte == b'\n').next()?;
        read_attempt(self.lines, &LineContent::Whole(line.into())).ok()
    }

    fn changes(&mut self) -> Changes {
        let mut changes = Changes::new();
        self.state.take_changes(&mut changes);
        changes
    }

    fn commit(&mut self) {
        let mut changes = self.changes();
        self.checkpoint.commit(committed(), &mut changes, &[]).unwrap();
    }

    fn commit_all(&mut self) {
        // What is noted is part of everything.
        self.changes();
        let state = &self.state;
        self.checkpoint.commit_all(committed(), &mut |writer| state.write_all(writer), &[]).unwrap();
    }

    /// Takes in what was committed, for the first bytes of an input.
    fn restore_into(
        &self,
        resources: &Resources,
        input: &[u8],
        committed_bytes: usize,
    ) -> Result<StoreState, NotRestored> {
        let disk = self.disk.after_kill(0);
        disk.put(Path::new(INPUT), input);
        let opened = disk.open(Path::new(INPUT), OpenHow::ReadOnly).unwrap();
        let mut lines = CommittedLines::new(opened.into(), MAX_LINE_BYTES, committed_bytes as u64);
        let (mut checkpoint, _) = Checkpoint::open(Arc::new(disk), Path::new("/ckpt")).unwrap();
        let (mut state, mut refusal) = (state(resources), None);
        let restored = checkpoint.restore(&mut |records| {
            state.restore(records, &mut lines).map_err(|error| refusal.insert(error).to_string())
        });
        refusal.map_or(Ok(()), Err)?;
        restored.unwrap();
        // A line that was taken back is not committed.
        let lines = input[..committed_bytes.min(input.len())].split_inclusive(|byte| *byte == b'\n').count();
        state.end_restore(Reached { line_no: lines as u64, bytes: committed_bytes as u64 })?;
        Ok(state)
    }

    /// Checks that a run that is resumed remembers what this one does, and returns it.
    #[track_caller]
    fn assert_restored(&self) -> (Resources, StoreState) {
        let resources = resources(None);
        let state = self.restore_into(&resources, &self.input, self.input.len()).unwrap();
        assert_eq!(memory(&resources), memory(&self.resources));
        (resources, state)
    }

    /// Returns why what was committed is not taken in.
    #[track_caller]
    fn refusal(&self, resources: &Resources, input: &[u8], committed_bytes: usize) -> String {
        match self.restore_into(resources, input, committed_bytes) {
            Err(refusal) => format!("{refusal:?}"),
            Ok(_) => panic!("it is taken in"),
        }
    }
}

fn committed() -> Committed {
    Committed {
        program: Program { name: "fund-load".to_owned(), version: "1".to_owned() },
        configuration: CommittedConfiguration {
            digest: String::new(),
            bytes: 0,
            hash: PrefixHash::new().digest(),
        },
        input: CommittedInput {
            path: INPUT.to_owned(),
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
    let mut run = Run::new();
    run.take(&line("2", "8", 2), true);
    run.commit();
    run.take(&line("3", "9", 3), true);
    run.take("no attempt", false);
    run.take(&line("2", "8", 3), true);
    run.take(&line("4", "8", 3), false);
    run.commit();
    run.commit();
    run.take(&line("5", "8", 3), true);
    run.commit();

    let (after, _) = run.assert_restored();
    let (ids, windows, _) = memory(&after);
    assert_eq!(
        (ids.len(), windows.len()),
        (4 + 1, 3 + 2),
        "ids and their latest day, days of customers and of primes"
    );
    let windows = after.windows.borrow();
    let read = |number| read_attempt(1, &LineContent::Whole(line("2", "8", number).as_bytes().into()));
    let [monday, tuesday] = [2, 3].map(|number| read(number).unwrap().time.day());
    let week = monday.start_of_week(WeekStart::Wed);
    let expected = CustomerWindows { attempts: 2, day_accepted: Cents(1_000), week_accepted: Cents(3_000) };
    assert_eq!(windows.customer(id("8"), tuesday, week), expected, "on the Monday, 10.00 was 20.00");
    assert_eq!((windows.prime_day(monday), windows.prime_day(tuesday)), (1, 2));
    assert_eq!((after.ids.borrow().count(), windows.count()), (4, 3));
}

/// What a compaction writes stands for all commits before; what comes after it goes on from there.
#[test]
fn what_is_written_at_once_brings_back_all_that_is_remembered() {
    let mut run = Run::new();
    for (number, day) in [("2", 5), ("3", 6), ("5", 6)] {
        run.take(&line(number, "8", day), true);
    }
    run.commit();
    run.take(&line("6", "8", 2), false);
    run.commit_all();
    run.assert_restored();
    run.take(&line("7", "9", 3), true);
    run.take(&line("2", "8", 3), true);
    run.commit();
    run.assert_restored();
}

/// The latest day makes the store forget, and lines of ids that are known or forgotten belong to what it goes by.
#[test]
fn ids_are_forgotten_again_as_they_were() {
    let mut run = Run::new();
    for (number, day) in [("2", 2), ("3", 8), ("2", 13), ("2", 3), ("4", 2)] {
        run.take(&line(number, "8", day), true);
        run.commit();
        run.assert_restored();
    }
    run.commit_all();
    let (after, _) = run.assert_restored();
    assert!(matches!(
        memory(&after).0[..],
        [IdEntry::First { .. }, IdEntry::First { .. }, IdEntry::LatestDay(_)]
    ));
}

/// With every window off, attempts are looked up and not counted; a prime one still counts as that.
#[test]
fn what_is_not_counted_is_not_counted_again() {
    let mut run = Run::new();
    for (number, is_prime) in [("4", false), ("5", true)] {
        run.begin(&line(number, "8", 5));
        let attempt = run.attempt().unwrap();
        let first = run.resources.ids.borrow_mut().get_or_remember(id(number), (&attempt).into(), Ok(()));
        assert_eq!(first, Ok(None));
        if is_prime {
            run.resources.windows.borrow_mut().count_prime(attempt.time.day());
        }
        run.commit();
    }
    let (after, _) = run.assert_restored();
    let (ids, windows, _) = memory(&after);
    assert!(matches!(windows[..], [WindowEntry::PrimeDay { accepted: 1, .. }]), "{windows:?}");
    assert_eq!(ids.len(), 2 + 1);
}

/// Where Mondays change the limits, amounts are what they are.
#[test]
fn amounts_count_again_as_they_are_configured_to() {
    let with_limits = || {
        let mut resources = resources(None);
        resources.nodes.compute_features.monday_multiplier.apply_to = MondayApplication::Limits;
        resources
    };
    let mut run = Run::new();
    (run.resources, run.monday_cents) = (with_limits(), 1_000);
    run.state = state(&run.resources);
    run.take(&line("2", "8", 2), true);
    run.commit();
    let after = with_limits();
    run.restore_into(&after, &run.input, run.input.len()).unwrap();
    assert_eq!(memory(&after), memory(&run.resources));
    let is_one = matches!(memory(&after).1[0], WindowEntry::CustomerDay { accepted: Cents(1_000), .. });
    assert!(is_one, "{:?}", memory(&after));
}

/// The line comes again when the run is resumed: what it would have changed must not be there already.
#[test]
fn of_a_line_that_was_taken_back_nothing_is_kept() {
    let mut run = Run::new();
    run.take(&line("2", "8", 5), true);
    let (before, input) = (memory(&run.resources), run.input.clone());
    run.take(&line("3", "9", 6), true);
    run.state.take_back_line();
    run.resources.tally.borrow_mut().clone_from(&before.2);
    run.commit();
    let after = resources(None);
    run.restore_into(&after, &run.input, input.len()).unwrap();
    assert_eq!(memory(&after), before);
}

/// A byte a line is what keeps a checkpoint cheap, and the tally is told only if it has changed.
#[test]
fn a_line_is_a_byte_whatever_it_did() {
    let mut run = Run::new();
    let begin_and_count = 17 + 3;
    let tally = 1 + 8 * (1 + Reason::ALL.len());
    assert_eq!(run.changes().len(), 0);
    run.take(&line("2", "8", 5), true);
    assert_eq!(run.changes().len(), begin_and_count + 1 + tally);
    for number in ["3", "4", "2", "none"] {
        run.take(&line(number, "8", 5), false);
    }
    assert_eq!(run.changes().len(), begin_and_count + 4 + tally);
    run.begin("a line that a step has failed on");
    assert_eq!(run.changes().len(), begin_and_count + 1);
    assert_eq!(run.changes().len(), 0);
    run.commit_all();
    assert_eq!(run.changes().len(), 0);
    let (_, mut state) = run.assert_restored();
    let mut changes = Changes::new();
    state.take_changes(&mut changes);
    assert_eq!(changes.len(), 0, "what was restored is in records already");
}

/// Whoever asks more seldom than the kernel does loses nothing.
#[test]
fn more_lines_than_a_record_can_tell_of_are_told_in_several() {
    for lines in [record::MAX_LINES, record::MAX_LINES + 1] {
        let mut run = Run::new();
        run.take(&line("2", "8", 5), true);
        for _ in 2..lines {
            run.take("", false);
        }
        run.take(&line("3", "8", 5), true);
        run.commit();
        let (_, state) = run.assert_restored();
        assert_eq!(state.bytes_of_lines(), lines as u64 * 51);
    }
}

/// By the estimates, a log that holds much else than the whole is replaced by it, and so is one that tells of many lines.
#[test]
fn the_estimates_count_ids_and_days_of_customers_and_lines_since_everything_was_written() {
    let mut run = Run::new();
    assert_eq!((run.state.bytes(), run.state.bytes_of_lines()), (0, 0));
    for (number, customer, day) in [("2", "8", 5), ("3", "8", 5), ("5", "9", 5), ("5", "9", 5)] {
        run.take(&line(number, customer, day), true);
    }
    run.commit();
    let expected = (3 * 31 + 2 * 20, 4 * 51);
    assert_eq!((run.state.bytes(), run.state.bytes_of_lines()), expected);
    let (_, state) = run.assert_restored();
    assert_eq!((state.bytes(), state.bytes_of_lines()), expected);
    // One that is in no record yet, nor ever will be.
    run.take("no attempt", false);
    run.commit_all();
    assert_eq!((run.state.bytes(), run.state.bytes_of_lines()), (expected.0, 0));
    let (_, state) = run.assert_restored();
    assert_eq!((state.bytes(), state.bytes_of_lines()), (expected.0, 0));
}
