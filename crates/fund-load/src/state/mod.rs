//! What fund-load remembers, as a checkpoint keeps it.
//!
//! The input is the log: what a line changes in the stores follows from what stands in it, and from the few things that had to be decided
//! (its [`Effects`], a byte). These are noted when they happen, and kept; a run that is resumed reads the lines again and does the same to its
//! stores, without deciding anything. So a checkpoint costs a byte a line, not a copy of it.

mod effects;
mod journal;
mod record;

use std::cell::{Cell, RefCell};
use std::iter;
use std::rc::Rc;

use effects::Effects;
pub(crate) use journal::{Journal, JournaledIds, JournaledWindows};
use smallvec::SmallVec;
use stream_kernel_run::checkpoint::{Changes, CommitError, StateWriter};
use stream_kernel_run::{CommittedLines, NotRestored, Reached, State};

use crate::config::Nodes;
use crate::domain::{Attempt, Cents, Day, DigitId};
use crate::line::read_attempt;
use crate::steps::{Resources, effective_amount};
use crate::stores::{HorizonNotices, IdEntry, IdStore, StoreFull, WindowEntry, WindowStore};
use crate::tally::Tally;

/// How many records, or lines, are taken in together: what one has to wait for, the others wait for at the same time.
const AT_ONCE: usize = 32;

/// One record of state.
#[derive(Clone, Debug, PartialEq, Eq)]
enum StateRecord {
    Id(IdEntry),
    Window(WindowEntry),
    /// All of it, since it is small: the last one counts.
    Tally(Tally),
    /// Where the lines of the next records begin.
    Position(Reached),
    /// What each of the next lines did.
    Lines(Vec<Effects>),
}

/// All that fund-load remembers.
pub(crate) struct StoreState {
    ids: Rc<RefCell<dyn IdStore>>,
    windows: Rc<RefCell<dyn WindowStore>>,
    tally: Rc<RefCell<Tally>>,
    journal: Journal,
    horizon_notices: HorizonNotices,
    /// Where the first of the lines begins that are in no record yet.
    begin: Reached,
    /// What each of them did. The last one, the present line's, is in the journal meanwhile.
    effects: Vec<Effects>,
    /// What stands in a line changes the stores by these parameters; they are those of the run before, or its checkpoint is refused.
    nodes: Nodes,
    /// The tally in the last record.
    noted_tally: Tally,
    /// How many lines records tell of since everything was written.
    lines_in_records: Cell<u64>,
    /// Where the line ends that was repeated last, while the state is restored.
    repeated: Option<Reached>,
}

impl StoreState {
    /// Returns the state of these resources, `None` if nothing notes what changes in it.
    pub(crate) fn of(resources: &Resources) -> Option<Self> {
        let Resources { nodes, ids, windows, tally, journal, horizon_notices, .. } = resources;
        journal.clone().map(|journal| Self {
            ids: Rc::clone(ids),
            windows: Rc::clone(windows),
            tally: Rc::clone(tally),
            journal,
            horizon_notices: horizon_notices.clone(),
            begin: Reached::default(),
            effects: Vec::new(),
            nodes: nodes.clone(),
            noted_tally: Tally::default(),
            lines_in_records: Cell::default(),
            repeated: None,
        })
    }

    /// Puts what the present line did where the other lines have it. Without a line it was a record that did it, and is in there already.
    #[inline]
    fn end_line(&mut self) {
        let noted = self.journal.take();
        if let Some(effects) = self.effects.last_mut() {
            *effects |= noted;
        }
    }

    /// Says what is wrong with records, if one makes no sense.
    pub(crate) fn check(mut records: &[u8]) -> Result<(), String> {
        while !records.is_empty() {
            record::read(&mut records).ok_or(SENSELESS)?;
        }
        Ok(())
    }

    /// Has what records of ids and windows will ask the stores for fetched for all of them at once.
    fn bring_near_entries(&self, entries: &[StateRecord]) {
        let ids = entries.iter().filter_map(|entry| match entry {
            StateRecord::Id(IdEntry::First { id, .. }) => Some(*id),
            _ => None,
        });
        let weeks = entries.iter().filter_map(|entry| match entry {
            StateRecord::Window(WindowEntry::CustomerDay { customer_id, week, .. }) => {
                Some((*customer_id, *week))
            }
            _ => None,
        });
        self.bring_near(ids, weeks);
    }

    /// Takes in records of ids and windows.
    fn restore_entries(&self, entries: &mut Vec<StateRecord>) -> Result<(), StoreFull> {
        self.bring_near_entries(entries);
        entries.drain(..).try_for_each(|entry| match entry {
            StateRecord::Id(entry) => self.ids.borrow_mut().restore(&mut iter::once(entry)),
            StateRecord::Window(entry) => self.windows.borrow_mut().restore(&mut iter::once(entry)),
            _ => Ok(()),
        })
    }

    /// Does to the stores what the next lines did, each of them its byte.
    fn restore_lines(&mut self, effects: &[Effects], lines: &mut CommittedLines) -> Result<(), NotRestored> {
        for effects in effects.chunks(AT_ONCE) {
            let mut attempts = SmallVec::<[_; AT_ONCE]>::new();
            for effects in effects.iter().copied() {
                let next_line_no = lines.reached().line_no.saturating_add(1);
                let line = lines.next_line()?.ok_or_else(|| other_line(next_line_no))?;
                if effects != Effects::NONE {
                    let attempt = read_attempt(line.line_no(), line.content());
                    attempts.push((attempt.map_err(|_| other_line(line.line_no()))?, effects));
                }
            }
            let ids = attempts.iter().map(|(attempt, _)| attempt.id);
            let weeks = attempts.iter().map(|(attempt, _)| (attempt.customer_id, self.week(attempt)));
            self.bring_near(ids, weeks);
            attempts.iter().try_for_each(|(attempt, effects)| self.restore_line(attempt, *effects))?;
            self.lines_in_records.update(|lines| lines + effects.len() as u64);
        }
        self.repeated = Some(lines.reached());
        Ok(())
    }

    /// Checks that lines which were repeated end where others begin, or the commit does.
    fn check_repeated_up_to(&self, reached: Reached) -> Result<(), NotRestored> {
        match self.repeated {
            Some(repeated) if repeated != reached => {
                Err(other_line(repeated.line_no.min(reached.line_no).saturating_add(1)))
            }
            _ => Ok(()),
        }
    }

    fn restore_line(&self, attempt: &Attempt, effects: Effects) -> Result<(), NotRestored> {
        let mut ids = self.ids.borrow_mut();
        let first = ids.get_or_remember(attempt.id, attempt.into(), Ok(())).map_err(not_restored)?;
        // Only the first attempt with an id counts.
        if first.is_some() && effects != Effects::LOOKED_UP {
            return Err(other_line(attempt.line_no));
        }
        let (mut windows, day) = (self.windows.borrow_mut(), attempt.time.day());
        if effects.include(Effects::COUNTED) {
            let accepted = if effects.include(Effects::ACCEPTED) {
                effective_amount(attempt.amount, day, &self.nodes.compute_features.monday_multiplier)
            } else {
                Cents(0)
            };
            let counted = windows.count_attempt(attempt.customer_id, accepted, day, self.week(attempt));
            counted.map_err(not_restored)?;
        }
        if effects.include(Effects::PRIME) {
            windows.count_prime(day);
        }
        Ok(())
    }

    fn week(&self, attempt: &Attempt) -> Day {
        attempt.time.day().start_of_week(self.nodes.compute_time_keys.week_start)
    }

    fn bring_near(&self, ids: impl Iterator<Item = DigitId>, weeks: impl Iterator<Item = (DigitId, Day)>) {
        self.ids.borrow().bring_near(&ids.collect::<SmallVec<[_; AT_ONCE]>>());
        self.windows.borrow().bring_near(&weeks.collect::<SmallVec<[_; AT_ONCE]>>());
    }
}

impl State for StoreState {
    #[inline]
    fn begin_line(&mut self, reached: Reached) {
        self.end_line();
        if self.effects.is_empty() {
            self.begin = reached;
        }
        self.effects.push(Effects::NONE);
    }

    fn take_back_line(&mut self) {
        self.journal.take();
        self.effects.pop();
    }

    fn take_changes(&mut self, changes: &mut Changes) {
        self.end_line();
        if !self.effects.is_empty() {
            push(&StateRecord::Position(self.begin), changes);
            for effects in self.effects.chunks(record::MAX_LINES) {
                push(&StateRecord::Lines(effects.to_vec()), changes);
            }
            self.lines_in_records.update(|lines| lines + self.effects.len() as u64);
            self.effects.clear();
        }
        let tally = self.tally.borrow();
        if *tally != self.noted_tally {
            self.noted_tally.clone_from(&tally);
            push(&StateRecord::Tally(tally.clone()), changes);
        }
    }

    fn write_all(&self, writer: &mut StateWriter<'_>) -> Result<(), CommitError> {
        let ids = self.ids.borrow().entries().into_iter().map(StateRecord::Id);
        let windows = self.windows.borrow().entries().into_iter().map(StateRecord::Window);
        let tally = StateRecord::Tally(self.tally.borrow().clone());
        let mut records = ids.chain(windows).chain([tally]);
        self.lines_in_records.set(0);
        records.try_for_each(|record| record::with_bytes(&record, |bytes| writer.push(bytes)))
    }

    fn bytes(&self) -> u64 {
        let (ids, days) = (self.ids.borrow().count(), self.windows.borrow().count());
        (ids * record::ID_BYTES + days * record::CUSTOMER_DAY_BYTES) as u64
    }

    /// A line takes as long as an id and a day: both are looked for, and the line is read besides.
    fn bytes_of_lines(&self) -> u64 {
        self.lines_in_records.get() * (record::ID_BYTES + record::CUSTOMER_DAY_BYTES) as u64
    }

    fn restore(&mut self, mut records: &[u8], lines: &mut CommittedLines) -> Result<(), NotRestored> {
        let mut entries = Vec::with_capacity(AT_ONCE);
        while !records.is_empty() {
            match record::read(&mut records).ok_or_else(senseless)? {
                entry @ (StateRecord::Id(_) | StateRecord::Window(_)) => entries.push(entry),
                StateRecord::Tally(tally) => {
                    *self.tally.borrow_mut() = tally.clone();
                    self.noted_tally = tally;
                }
                StateRecord::Position(reached) => {
                    self.check_repeated_up_to(reached)?;
                    lines.go_to(reached);
                }
                StateRecord::Lines(effects) => {
                    self.restore_entries(&mut entries).map_err(not_restored)?;
                    self.restore_lines(&effects, lines)?;
                }
            }
            if entries.len() == AT_ONCE {
                self.restore_entries(&mut entries).map_err(not_restored)?;
            }
        }
        self.restore_entries(&mut entries).map_err(not_restored)
    }

    fn end_restore(&mut self, reached: Reached) -> Result<(), NotRestored> {
        // An earlier run has reported what these lines did.
        self.horizon_notices.reset();
        self.check_repeated_up_to(reached)
    }
}

fn push(record: &StateRecord, changes: &mut Changes) {
    record::with_bytes(record, |bytes| changes.push(bytes));
}

const SENSELESS: &str = "there is a record that makes no sense";

fn senseless() -> NotRestored {
    NotRestored::Senseless(SENSELESS.to_owned())
}

/// Names a line that cannot have done what is told of it, or of which nothing is told: it is another one, or there is none.
fn other_line(line_no: u64) -> NotRestored {
    NotRestored::Senseless(format!(
        "line {line_no} of the input is not the line that was read when this was committed"
    ))
}

/// Names a limit that was lowered below what a checkpoint holds: that is no reason to start over.
fn not_restored(full: StoreFull) -> NotRestored {
    NotRestored::BeyondLimit(match full {
        StoreFull::MaxIds { max_ids } => {
            format!("more ids than `runtime.limits.max_ids` allows by now: {max_ids} (raise it)")
        }
        StoreFull::MaxCustomers { max_customers } => {
            format!(
                "more customers than `runtime.limits.max_customers` allows by now: {max_customers} (raise it)"
            )
        }
        // No run can have committed so many.
        StoreFull::Capacity { .. } => return NotRestored::Senseless(full.to_string()),
    })
}

#[cfg(test)]
mod tests;
