//! What lines that come next will ask of the stores is fetched for several of them at once.
//!
//! The stores are too large for caches, so that most of a line's time would go by in waiting for memory, a line's wait beginning only when
//! that of the line before is over. Shown a few lines at a glance, the processor waits for all of them together: that saves 15 % of the
//! time of a line at a million ids.

use smallvec::SmallVec;
use stream_kernel_run::MAX_LINES_AHEAD;

use crate::domain::{Day, DigitId};
use crate::line;
use crate::steps::Resources;

/// Tells the stores what `lines` will ask for, as far as a glance shows; of the lines that show it [`MAX_LINES_AHEAD`] at most.
pub(crate) fn bring_near(resources: &Resources, lines: &[&[u8]]) {
    let week_start = resources.nodes.compute_time_keys.week_start;
    let mut ids = SmallVec::<[DigitId; MAX_LINES_AHEAD]>::new();
    let mut weeks = SmallVec::<[(DigitId, Day); MAX_LINES_AHEAD]>::new();
    for keys in lines.iter().filter_map(|line| line::keys(line)).take(MAX_LINES_AHEAD) {
        ids.push(keys.id);
        weeks.push((keys.customer_id, keys.day.start_of_week(week_start)));
    }
    resources.ids.borrow().bring_near(&ids);
    resources.windows.borrow().bring_near(&weeks);
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fmt::Write;
    use std::rc::Rc;

    use super::*;
    use crate::Tally;
    use crate::config::Nodes;
    use crate::domain::{Cents, WeekStart};
    use crate::stores::{
        CustomerWindows, FirstAttempt, HorizonNotices, IdEntry, IdStore, StoreFull, WindowEntry, WindowStore,
    };

    /// Both stores at once, of which nothing is asked but to bring near; it notes what.
    #[derive(Default)]
    struct Noting {
        ids: RefCell<Vec<DigitId>>,
        weeks: RefCell<Vec<(DigitId, Day)>>,
    }

    impl IdStore for Noting {
        fn get_or_remember(
            &mut self,
            _: DigitId,
            _: FirstAttempt,
            _: Result<(), StoreFull>,
        ) -> Result<Option<FirstAttempt>, StoreFull> {
            unreachable!()
        }

        fn count(&self) -> usize {
            unreachable!()
        }

        fn bring_near(&self, ids: &[DigitId]) {
            self.ids.borrow_mut().extend(ids);
        }

        fn entries(&self) -> Vec<IdEntry> {
            unreachable!()
        }

        fn restore(&mut self, _: &mut dyn Iterator<Item = IdEntry>) -> Result<(), StoreFull> {
            unreachable!()
        }
    }

    impl WindowStore for Noting {
        fn customer(&self, _: DigitId, _: Day, _: Day) -> CustomerWindows {
            unreachable!()
        }

        fn check_room(&self, _: DigitId, _: Day, _: Day) -> Result<(), StoreFull> {
            unreachable!()
        }

        fn count(&self) -> usize {
            unreachable!()
        }

        fn count_attempt(
            &mut self,
            _: DigitId,
            _: Cents,
            _: Day,
            _: Day,
        ) -> Result<CustomerWindows, StoreFull> {
            unreachable!()
        }

        fn bring_near(&self, weeks: &[(DigitId, Day)]) {
            self.weeks.borrow_mut().extend(weeks);
        }

        fn prime_day(&self, _: Day) -> u64 {
            unreachable!()
        }

        fn count_prime(&mut self, _: Day) {
            unreachable!()
        }

        fn entries(&self) -> Vec<WindowEntry> {
            unreachable!()
        }

        fn restore(&mut self, _: &mut dyn Iterator<Item = WindowEntry>) -> Result<(), StoreFull> {
            unreachable!()
        }
    }

    /// Shows the lines, and returns what the stores are told to bring near: a line for each id, with the customer and the week.
    fn check(week_start: WeekStart, lines: &[String]) -> String {
        let stores = Rc::new(RefCell::new(Noting::default()));
        let mut nodes = Nodes::default();
        nodes.compute_time_keys.week_start = week_start;
        let resources = Resources {
            nodes,
            ids: stores.clone(),
            windows: stores.clone(),
            output: Rc::new(RefCell::new(Vec::new())),
            tally: Rc::new(RefCell::new(Tally::default())),
            horizon_notices: HorizonNotices::default(),
            journal: None,
        };
        bring_near(&resources, &lines.iter().map(String::as_bytes).collect::<Vec<_>>());
        let (ids, weeks) = (stores.borrow().ids.take(), stores.borrow().weeks.take());
        assert_eq!(ids.len(), weeks.len());
        ids.iter().zip(&weeks).fold(String::new(), |mut noted, (id, (customer_id, week))| {
            writeln!(noted, "{id} of {customer_id} in the week of {week}").unwrap();
            noted
        })
    }

    fn line(id: &str, date: &str) -> String {
        format!(r#"{{"id":"{id}","customer_id":"8{id}","load_amount":"$1.00","time":"{date}T00:00:00Z"}}"#)
    }

    /// What the steps will ask for must be what is brought near, or looking ahead is lost work.
    #[test]
    fn stores_are_told_of_the_ids_and_of_the_weeks_as_they_are_configured_to_start() {
        // A Tuesday, a Wednesday; a number for an id is not usual.
        let lines = [
            line("1", "2000-01-04"),
            line("02", "2000-01-05"),
            r#"{"id":7}"#.into(),
            line("3", "2000-01-06"),
        ];
        insta::assert_snapshot!(check(WeekStart::Wed, &lines), @"
        1 of 81 in the week of 1999-12-29
        02 of 802 in the week of 2000-01-05
        3 of 83 in the week of 2000-01-05
        ");
        insta::assert_snapshot!(check(WeekStart::Mon, &lines), @"
        1 of 81 in the week of 2000-01-03
        02 of 802 in the week of 2000-01-03
        3 of 83 in the week of 2000-01-03
        ");
    }

    /// The bound is of lines that show their keys: those that do not take no place.
    #[test]
    fn of_many_lines_the_first_are_brought_near_and_the_others_left_alone() {
        let lines_of = |count: usize| -> Vec<_> {
            let usual = (0..count).map(|id| line(&id.to_string(), "2000-01-04"));
            std::iter::once("not JSON".to_owned()).chain(usual).collect()
        };
        let told = |count| check(WeekStart::Mon, &lines_of(count));
        assert_eq!(told(MAX_LINES_AHEAD).lines().count(), MAX_LINES_AHEAD);
        assert_eq!(told(MAX_LINES_AHEAD + 1), told(MAX_LINES_AHEAD));
        assert_eq!(told(3 * MAX_LINES_AHEAD), told(MAX_LINES_AHEAD));
    }
}
