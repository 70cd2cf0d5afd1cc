//! What is counted is kept exactly, at any size, and can be restored.

use super::*;
use crate::domain::WeekStart;

fn id(text: &str) -> DigitId {
    DigitId::parse(text).unwrap()
}

fn windows(attempts: u64, day: u128, week: u128) -> CustomerWindows {
    CustomerWindows { attempts, day_accepted: Cents(day), week_accepted: Cents(week) }
}

#[test]
fn what_was_never_counted_is_zero() {
    let store = MemoryWindowStore::default();
    assert_eq!(store.customer(id("1"), Day(0), Day(0)), windows(0, 0, 0));
    assert_eq!(store.prime_day(Day(0)), 0);
    assert_eq!(store.entries(), []);
}

#[test]
fn a_week_is_the_sum_of_its_days_in_whatever_order_they_come() {
    let mut store = MemoryWindowStore::default();
    let week = Day(-3);
    for (day, cents, expected) in [
        (-1, 300, windows(1, 300, 300)),
        (3, 50, windows(1, 50, 350)),
        (-3, 1, windows(1, 1, 351)),
        (-1, 0, windows(2, 300, 351)),
        (3, 9, windows(2, 59, 360)),
    ] {
        assert_eq!(store.count_attempt(id("1"), Cents(cents), Day(day), week), Ok(expected));
        assert_eq!(store.customer(id("1"), Day(day), week), expected);
    }
    assert_eq!(store.customer(id("1"), Day(0), week), windows(0, 0, 360), "a day without attempts");
    assert_eq!(store.customer(id("1"), Day(4), Day(4)), windows(0, 0, 0), "the next week");
    assert_eq!(store.customer(id("01"), Day(3), week), windows(0, 0, 0), "another customer");
}

#[test]
fn counts_and_sums_of_any_size_are_kept_exactly() {
    let mut store = MemoryWindowStore::default();
    let mut expected = windows(0, 0, 0);
    let mut count = |cents: u128| {
        expected =
            windows(expected.attempts + 1, expected.day_accepted.0 + cents, expected.week_accepted.0 + cents);
        assert_eq!(store.count_attempt(id("1"), Cents(cents), Day(0), Day(0)), Ok(expected));
        assert_eq!(store.customer(id("1"), Day(0), Day(0)), expected);
    };
    let largest = 99_999_999_999_999_999_000;
    for cents in [u128::from(u32::MAX) - 1, 1, 1, largest, largest, 0] {
        count(cents);
    }
    // Past what 16 bits count.
    (0..=u32::from(u16::MAX)).for_each(|_| count(0));
}

#[test]
fn sixteen_bits_of_attempts_are_the_bound_of_the_short_form_and_not_of_the_store() {
    let mut store = MemoryWindowStore::default();
    for attempts in 1..=u64::from(u16::MAX) + 2 {
        assert_eq!(store.count_attempt(id("1"), Cents(0), Day(0), Day(0)), Ok(windows(attempts, 0, 0)));
    }
}

#[test]
fn entries_are_kept_apart_and_can_be_restored() {
    let entry = |customer: &str, day, week, attempts, accepted| WindowEntry::CustomerDay {
        customer_id: id(customer),
        day: Day(day),
        week: Day(week),
        attempts,
        accepted: Cents(accepted),
    };
    let entries = [
        entry("1", -1, -4, 2, 300),
        entry("1", 0, -4, 1, u128::MAX >> 1),
        entry("1", 3, 3, 70_000, 1),
        entry("01", 0, -4, 7, 1),
        WindowEntry::PrimeDay { day: Day(0), accepted: 4 },
    ];
    for order in [entries.to_vec(), entries.into_iter().rev().collect()] {
        let mut store = MemoryWindowStore::default();
        store.restore(&mut order.into_iter()).unwrap();
        assert_eq!(store.customer(id("1"), Day(-1), Day(-4)), windows(2, 300, (u128::MAX >> 1) + 300));
        assert_eq!(store.customer(id("1"), Day(3), Day(3)), windows(70_000, 1, 1));
        assert_eq!(store.prime_day(Day(0)), 4);
        assert_eq!(store.entries(), entries);
    }
}

#[test]
fn a_full_store_refuses_new_days_and_still_counts_the_others() {
    let mut store = MemoryWindowStore::with_max_entries(2);
    let mut count = |customer: &str, day| store.count_attempt(id(customer), Cents(1), Day(day), Day(0));
    assert_eq!(count("1", 0), Ok(windows(1, 1, 1)));
    assert_eq!(count("1", 1), Ok(windows(1, 1, 2)));
    let full = StoreFull::Capacity { what: "customers' days", max_entries: 2 };
    assert_eq!(count("1", 2), Err(full));
    assert_eq!(count("2", 0), Err(full));
    assert_eq!(count("1", 0), Ok(windows(2, 2, 3)));
    let room = |customer: &str, day| store.check_room(id(customer), Day(day), Day(0));
    assert_eq!([room("1", 2), room("2", 0), room("1", 0)], [Err(full), Err(full), Ok(())]);
}

/// Customers are counted, not their days; who is refused is not known, and restored ones count as well.
#[test]
fn more_customers_than_allowed_are_refused_and_the_others_still_counted() {
    let max_customers = NonZeroU64::new(2).unwrap();
    let full = StoreFull::MaxCustomers { max_customers };
    let check = |store: &mut MemoryWindowStore, customer: &str, day, expected| {
        let (day, week) = (Day(day), Day(day).start_of_week(WeekStart::Thu));
        assert_eq!(store.check_room(id(customer), day, week), expected, "{customer}");
        let counted = store.count_attempt(id(customer), Cents(1), day, week);
        assert_eq!(counted.map(|_| ()), expected, "{customer}");
    };
    let mut store = MemoryWindowStore::new(Some(max_customers));
    check(&mut store, "1", 0, Ok(()));
    check(&mut store, "1", 70, Ok(()));
    check(&mut store, "2", 0, Ok(()));
    let entries = store.entries();
    check(&mut store, "01", 0, Err(full));
    assert_eq!(store.entries(), entries);

    let mut restored = MemoryWindowStore::new(Some(max_customers));
    restored.restore(&mut entries.iter().copied()).unwrap();
    check(&mut restored, "3", 0, Err(full));
    check(&mut restored, "2", 77, Ok(()));
    let mut too_small = MemoryWindowStore::new(Some(NonZeroU64::MIN));
    let full = StoreFull::MaxCustomers { max_customers: NonZeroU64::MIN };
    assert_eq!(too_small.restore(&mut entries.into_iter()), Err(full));
}

#[test]
fn customers_are_found_again_however_many_there_are() {
    let mut store = MemoryWindowStore::default();
    for round in 1..=3 {
        for customer in 0..5_000 {
            let (day, week) = (Day(customer % 7), Day(0));
            let counted = store.count_attempt(id(&customer.to_string()), Cents(2), day, week);
            assert_eq!(counted, Ok(windows(round, 2 * u128::from(round), 2 * u128::from(round))));
        }
    }
}

/// What is brought near is a hint: weeks that are there and others, more than are waited for at once.
#[test]
fn bringing_weeks_near_changes_nothing_however_many_they_are() {
    let mut store = MemoryWindowStore::default();
    for customer in 0..40 {
        for day in 0..=customer % 7 {
            store.count_attempt(id(&customer.to_string()), Cents(1), Day(day), Day(0)).unwrap();
        }
    }
    let before = store.entries();
    for count in [0, 1, WEEKS_AT_ONCE, WEEKS_AT_ONCE + 1, 3 * WEEKS_AT_ONCE] {
        let weeks: Vec<_> = (0..count).map(|customer| (id(&customer.to_string()), Day(0))).collect();
        store.bring_near(&weeks);
        assert_eq!(store.entries(), before, "{count} weeks");
    }
}
