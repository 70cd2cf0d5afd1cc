//! Random attempts: ids, customers, amounts and times that often meet each other and the limits.

use proptest::prelude::*;
use proptest::sample::select;

/// Ids of few digits; the same number with leading zeros is another id.
const SMALL_IDS: [&str; 12] =
    ["4", "1", "2", "3", "5", "7", "007", "6", "9", "97", "0", "0000000000000000002"];

/// Primes and composites of many digits, some of them pseudoprimes to many bases.
const LARGE_IDS: [&str; 8] = [
    "9999999999999999961",
    "9999999999999999999",
    "3825123056546413051",
    "4611686014132420609",
    "999999999999999989",
    "341550071728321",
    "4294967291",
    "3215031751",
];

const CUSTOMERS: [&str; 4] = ["1", "2", "01", "9999999999999999999"];

/// Amounts in cents around the default limits, their halves and thirds, and both ends of the range.
pub(super) const AMOUNTS: [u64; 20] = [
    100,
    0,
    1,
    3,
    166_666,
    166_667,
    249_999,
    250_000,
    250_001,
    499_950,
    499_951,
    499_999,
    500_000,
    500_001,
    999_900,
    999_901,
    1_000_000,
    2_000_000,
    2_000_001,
    LARGEST_AMOUNT,
];

/// The largest amount, and the largest money setting, in cents.
pub(super) const LARGEST_AMOUNT: u64 = 99_999_999_999_999_999;

/// Times at the edges of the calendar, as written.
const RARE_TIMES: [&str; 8] = [
    "2000-02-29T12:00:00Z",
    "2024-02-29T23:59:60.5Z",
    "0004-02-29 00:00:00z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T23:59:00+23:59",
    "0001-01-02t00:00:00.000000001-00:00",
    "9999-12-31T23:59:60.999999999Z",
    "9999-12-31T00:00:00-23:59",
];

/// The content of an attempt, whatever its spelling.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) id: String,
    pub(super) customer_id: &'static str,
    pub(super) cents: u64,
    pub(super) moment: Moment,
}

/// Its time.
#[derive(Debug, Clone)]
pub(super) enum Moment {
    /// At an instant around the turn of the year 2000, in UTC.
    Clustered {
        /// Days since 1999-12-01.
        day: u32,
        /// Seconds since the day began.
        second: u32,
        /// Nanoseconds since the second began.
        nanosecond: u32,
    },
    /// A time with only one spelling.
    Rare(&'static str),
}

/// Draws an attempt that can be adjudicated.
pub(super) fn attempt() -> BoxedStrategy<Attempt> {
    (id(), select(&CUSTOMERS), cents(), moment())
        .prop_map(|(id, customer_id, cents, moment)| Attempt { id, customer_id, cents, moment })
        .boxed()
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => select(&SMALL_IDS).prop_map(str::to_owned),
        4 => (10_u64..100).prop_map(|id| id.to_string()),
        3 => select(&LARGE_IDS).prop_map(str::to_owned),
        1 => (1_000_000_000_000_000_000..10_000_000_000_000_000_000_u64).prop_map(|id| id.to_string()),
    ]
}

fn cents() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => select(&AMOUNTS),
        3 => 0..=600_000_u64,
        1 => 0..=LARGEST_AMOUNT,
    ]
}

fn moment() -> impl Strategy<Value = Moment> {
    // Day 33 is Monday 2000-01-03; the days before it are the end of a week, of a month and of a year.
    let day = prop_oneof![8 => 33_u32..=34, 4 => 30_u32..=33, 2 => 38_u32..=41, 1 => 1_u32..=60];
    let second = prop_oneof![4 => select(&[43_200, 0, 1, 59, 86_340, 86_398, 86_399]), 1 => 0_u32..86_400];
    let nanosecond = prop_oneof![
        6 => Just(0),
        2 => select(&[500_000_000, 120_000_000, 1, 999_999_999]),
        1 => 0_u32..1_000_000_000,
    ];
    prop_oneof![
        12 => (day, second, nanosecond)
            .prop_map(|(day, second, nanosecond)| Moment::Clustered { day, second, nanosecond }),
        1 => select(&RARE_TIMES).prop_map(Moment::Rare),
    ]
}
