//! What is forgotten depends on what was read alone, and is let go.

use super::*;
use crate::domain::{Cents, Moment, SECONDS_PER_DAY};

const ROOM: Result<(), StoreFull> = Ok(());

fn id(number: i64) -> DigitId {
    DigitId::parse(number.to_string()).unwrap()
}

/// An attempt on a day, at its last second.
fn on(day: i32, line_no: u64) -> FirstAttempt {
    let time = Moment { seconds: (i64::from(day) + 1) * SECONDS_PER_DAY - 1, nanos: 0 };
    FirstAttempt { customer_id: id(0), amount: Cents(1), time, line_no }
}

/// Takes in attempts one line after the other, each of an id and on a day, and returns the line of the first with its id; none if that is
/// the line itself.
fn lines_of_first(store: &mut ForgettingIdStore, attempts: &[(i64, i32)]) -> Vec<Option<u64>> {
    let first = |(line_no, (id_number, day)): (u64, &(i64, i32))| {
        store.get_or_remember(id(*id_number), on(*day, line_no), ROOM).unwrap().map(|first| first.line_no)
    };
    (1..).zip(attempts).map(first).collect()
}

#[track_caller]
fn check(remember_days: u16, attempts: &[(i64, i32)], expected: &[Option<u64>]) {
    let mut store = ForgettingIdStore::new(remember_days, None);
    assert_eq!(lines_of_first(&mut store, attempts), expected);
}

#[test]
fn an_id_is_remembered_for_so_many_days_before_the_latest_and_not_one_more() {
    check(2, &[(1, 10), (2, 12), (1, 12)], &[None, None, Some(1)]);
    check(2, &[(1, 10), (2, 13), (1, 13)], &[None, None, None]);
    check(2, &[(1, -2), (2, 1), (1, 1)], &[None, None, None]);
    check(
        36_500,
        &[(1, 0), (2, 36_500), (1, 0), (2, 36_501), (1, 36_501)],
        &[None, None, Some(1), Some(2), None],
    );
}

#[test]
fn the_attempt_at_hand_counts_for_the_latest_day_whether_its_id_is_known_or_not() {
    check(2, &[(1, 10), (1, 13), (1, 13)], &[None, None, Some(2)]);
    // The duplicate on line 3 says the day: of line 1, nothing is known after it.
    check(2, &[(1, 10), (2, 12), (2, 13), (1, 12)], &[None, None, Some(2), None]);
}

#[test]
fn the_first_attempt_counts_and_not_its_duplicates() {
    check(2, &[(1, 10), (1, 12), (1, 13), (1, 15)], &[None, Some(1), None, Some(3)]);
}

#[test]
fn an_attempt_that_is_too_old_itself_is_forgotten_at_once() {
    check(2, &[(2, 20), (1, 17), (1, 17), (1, 18), (1, 17)], &[None, None, None, None, Some(4)]);
}

/// Whether it was let go of before or not, an id that was forgotten is new.
#[test]
fn what_is_forgotten_and_still_there_is_not_found() {
    let mut store = ForgettingIdStore::new(1, None);
    lines_of_first(&mut store, &[(1, 0), (2, 1), (3, 1), (4, 2)]);
    assert_eq!((store.ids.len(), store.count), (4, 3), "the first is still there");
    assert_eq!(lines_of_first(&mut store, &[(1, 2)]), [None]);
    assert_eq!(lines_of_first(&mut store, &[(1, 2), (2, 2), (4, 2)]), [Some(1), Some(2), Some(4)]);
}

/// However long a stream is, no more is held than twice what is remembered.
#[test]
fn what_is_forgotten_is_let_go() {
    let mut store = ForgettingIdStore::new(2, None);
    for line_no in 0..20_000_i32 {
        // Now and then a day goes by without any attempt, and some come late.
        let day = line_no / 50 + line_no / 5_000 * 7 - line_no % 3;
        store.get_or_remember(id(line_no.into()), on(day, 0), ROOM).unwrap();
        assert!(store.ids.len() <= 2 * store.count as usize, "line {line_no}");
        assert!(store.counts.len() <= 3 && store.counts.values().sum::<u32>() == store.count);
    }
    assert!(store.count <= 150, "{}", store.count);
}

#[test]
fn what_was_enumerated_can_be_restored_in_any_order() {
    let attempts = [(30, 5), (7, 9), (8, 10), (9, 8), (7, 11), (10, 9)];
    let mut store = ForgettingIdStore::new(2, None);
    lines_of_first(&mut store, &attempts);
    let entries = store.entries();
    let remembered = |number, day, line_no| IdEntry::First { id: id(number), attempt: on(day, line_no) };
    // The latest day is one that only a duplicate has.
    let expected =
        [remembered(7, 9, 2), remembered(8, 10, 3), remembered(10, 9, 6), IdEntry::LatestDay(Day(11))];
    assert_eq!(entries, expected);
    for order in [entries.clone(), entries.iter().rev().copied().collect()] {
        let mut restored = ForgettingIdStore::new(2, None);
        restored.restore(&mut order.into_iter()).unwrap();
        assert_eq!(restored.entries(), entries);
        assert_eq!(lines_of_first(&mut restored, &[(9, 8), (7, 8), (8, 12)]), [None, Some(2), Some(3)]);
    }
}

#[test]
fn an_attempt_too_far_ahead_does_not_move_the_latest_day() {
    let check = |max_days_ahead, attempts: &[(i64, i32)], expected: &[Option<u64>]| {
        let mut store = ForgettingIdStore::new(2, None).max_days_ahead(Some(max_days_ahead));
        assert_eq!(lines_of_first(&mut store, attempts), expected);
    };
    // At the bound it moves, one beyond it does not; it is remembered all the same.
    check(5, &[(1, 10), (2, 15), (1, 10), (2, 15)], &[None, None, None, Some(2)]);
    check(5, &[(1, 10), (2, 16), (1, 10), (2, 16)], &[None, None, Some(1), Some(2)]);
    // Later attempts come nearer to it, and then its day counts.
    check(5, &[(1, 10), (2, 16), (3, 12), (4, 16), (1, 10)], &[None; 5]);
    // The first of all has nothing to be held against.
    check(5, &[(2, 16), (1, 10), (3, 11)], &[None; 3]);
    check(5, &[(1, 2_000_000), (2, 10), (2, 10)], &[None; 3]);
}

#[test]
fn a_horizon_with_days_ahead_is_restored_as_it_was() {
    let mut store = ForgettingIdStore::new(2, None).max_days_ahead(Some(5));
    // The second is too far ahead when it comes, and no longer is when it is restored.
    lines_of_first(&mut store, &[(1, 10), (2, 17), (3, 12)]);
    let entries = store.entries();
    for order in [entries.clone(), entries.iter().rev().copied().collect()] {
        let mut restored = ForgettingIdStore::new(2, None).max_days_ahead(Some(5));
        restored.restore(&mut order.into_iter()).unwrap();
        assert_eq!(restored.entries(), entries);
        assert_eq!(lines_of_first(&mut restored, &[(1, 10), (2, 12)]), [Some(1), Some(2)]);
    }
}

#[test]
fn a_jump_of_the_latest_day_is_reported() {
    let jumps = HorizonNotices::default();
    let mut store = ForgettingIdStore::new(2, None).reports_to(jumps.clone());
    // By as many days as are remembered, nothing is lost at once; by one more, all is.
    lines_of_first(&mut store, &[(1, 10), (2, 10), (3, 12), (4, 15), (5, 14)]);
    let told = jumps.take();
    assert_eq!(told.len(), 1, "{told:?}");
    lines_of_first(&mut store, &[(6, 13), (7, 12), (8, 1)]);
    let too_old = jumps.take();
    assert_eq!(too_old.len(), 1, "{too_old:?}");
    assert!(too_old[0].starts_with("line 2 is of 1970-01-13, more than"), "{too_old:?}");
    assert!(told[0].starts_with("line 4 moves the latest day from 1970-01-13 to 1970-01-16,"), "{told:?}");
    assert!(told[0].contains("(2): 3 ids are forgotten"), "{told:?}");
}

/// A run that goes on with a larger limit takes the same line again, and must find everything as it was before.
#[test]
fn an_attempt_that_is_refused_changes_nothing() {
    let mut store = ForgettingIdStore::new(2, NonZeroU64::new(2));
    lines_of_first(&mut store, &[(1, 10), (2, 12)]);
    let full = StoreFull::MaxIds { max_ids: 2 };
    let elsewhere = StoreFull::Capacity { what: "days", max_entries: 7 };
    let entries = store.entries();
    assert_eq!(store.get_or_remember(id(3), on(12, 3), ROOM), Err(full));
    // On its day, the first would be forgotten.
    assert_eq!(store.get_or_remember(id(3), on(13, 3), Err(elsewhere)), Err(elsewhere));
    assert_eq!(store.entries(), entries);
    assert_eq!(lines_of_first(&mut store, &[(1, 12), (2, 12)]), [Some(1), Some(2)]);
}

/// Limits are held against what is remembered once the attempt is read, not against what is still there.
#[test]
fn what_is_forgotten_needs_no_room() {
    let mut store = ForgettingIdStore::new(2, NonZeroU64::new(2));
    lines_of_first(&mut store, &[(1, 10), (2, 12)]);
    assert_eq!(store.get_or_remember(id(3), on(9, 3), ROOM), Ok(None), "too old itself");
    assert_eq!(store.get_or_remember(id(4), on(13, 4), ROOM), Ok(None), "the first is forgotten with it");
    assert_eq!(store.get_or_remember(id(5), on(13, 5), ROOM), Err(StoreFull::MaxIds { max_ids: 2 }));
    assert_eq!(store.get_or_remember(id(1), on(13, 6), ROOM), Err(StoreFull::MaxIds { max_ids: 2 }));
    assert_eq!(store.get_or_remember(id(4), on(13, 7), ROOM), Ok(Some(on(13, 4))));
}
