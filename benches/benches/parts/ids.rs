//! A million new ids, each remembered with its first attempt: in the kernel's table, alone and prefetched; in a list
//! with hashbrown's table of positions, which leaves out some of that table's work; and in hash maps with the same
//! content.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use criterion::{Bencher, Criterion};
use fund_load::domain::{Cents, DigitId, Moment};
use fund_load::memory::FirstAttempt;
use hashbrown::{HashTable, hash_table};
use stream_kernel_exec::{Store as _, Table};
use stream_kernel_run::MAX_LINES_AHEAD;

const IDS: u64 = 1_000_000;

pub(crate) fn bench(criterion: &mut Criterion) {
    // The odd multiplier spreads the numbers as if they were random.
    let numbers = (1..=IDS).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1);
    let ids: Vec<_> = numbers.map(|number| DigitId::parse(number.to_string()).unwrap()).collect();
    let mut group = criterion.benchmark_group("a new id among a million");
    group.bench_function("ours", |bencher| {
        fill(bencher, &ids, Table::new, remember);
    });
    group.bench_function("ours, prefetched", |bencher| {
        let new = || (Table::new(), ids.chunks(MAX_LINES_AHEAD));
        fill(bencher, &ids, new, |(table, ahead), id, attempt| {
            if (attempt.line_no - 1) % MAX_LINES_AHEAD as u64 == 0 {
                ahead.next().unwrap_or_default().iter().for_each(|id| table.announce(*id));
                table.prefetch();
            }
            remember(table, id, attempt);
        });
    });
    group.bench_function("hashbrown table of positions", |bencher| {
        fill(bencher, &ids, Positions::default, Positions::remember);
    });
    group.bench_function("std map", |bencher| fill_map::<std::hash::RandomState>(bencher, &ids));
    group.bench_function("foldhash map", |bencher| {
        fill_map::<foldhash::quality::RandomState>(bencher, &ids);
    });
    group.finish();
}

fn remember(table: &mut Table<DigitId, FirstAttempt>, id: DigitId, attempt: FirstAttempt) {
    let mut entry = table.access(id);
    if entry.get().is_none() {
        entry.set(&attempt).unwrap();
    }
    table.end_line();
}

/// Our table with a well-kept table of positions in place of its own. In its favour, it leaves out other work of ours:
/// packing an attempt into its piece, storing values without pieces, checking for room, noting how to undo an
/// insertion, and returning the value of an id.
#[derive(Default)]
struct Positions {
    table: HashTable<u32>,
    remembered: Vec<Remembered>,
    hasher: foldhash::quality::RandomState,
}

/// As long as our table's value for an attempt.
struct Remembered {
    id: DigitId,
    _others: [u64; 3],
}

impl Positions {
    fn remember(&mut self, id: DigitId, attempt: FirstAttempt) {
        let Self { table, remembered, hasher } = self;
        let hash_at = |&at: &u32| hasher.hash_one(remembered[at as usize].id);
        let entry = table.entry(hasher.hash_one(id), |&at| remembered[at as usize].id == id, hash_at);
        if let hash_table::Entry::Vacant(vacant) = entry {
            vacant.insert(u32::try_from(remembered.len()).unwrap());
            remembered.push(Remembered { id, _others: [attempt.line_no; 3] });
        }
    }
}

fn fill_map<S: BuildHasher + Default>(bencher: &mut Bencher<'_>, ids: &[DigitId]) {
    fill(bencher, ids, HashMap::<DigitId, FirstAttempt, S>::default, |map, id, attempt| {
        map.entry(id).or_insert(attempt);
    });
}

/// Measures one id, whatever number is asked for, as its share of filling a store from nothing.
fn fill<S>(
    bencher: &mut Bencher<'_>,
    ids: &[DigitId],
    new: impl Fn() -> S,
    remember: impl Fn(&mut S, DigitId, FirstAttempt),
) {
    bencher.iter_custom(|asked| {
        let mut store = new();
        #[expect(clippy::disallowed_methods, reason = "this is a benchmark")]
        let started = Instant::now();
        for (line_no, &id) in (1..).zip(ids) {
            let time = Moment { seconds: 946_684_800, nanos: 0 };
            let attempt = FirstAttempt { customer_id: id, amount: Cents(10_000), time, line_no };
            remember(&mut store, id, attempt);
        }
        let share = started.elapsed().as_nanos() * u128::from(asked) / u128::from(IDS);
        Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX))
    });
}
