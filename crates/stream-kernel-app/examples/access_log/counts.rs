//! What has been counted so far.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

/// So many values of a group are told apart; what comes after them is counted together.
pub(crate) const MAX_VALUES: usize = 10_000;

/// Remembers counts: the port between the steps that count and whatever keeps the counts.
pub(crate) trait CountStore {
    /// Counts one more of `value` in `group`, and its bytes.
    fn add(&mut self, group: &'static str, value: &str, bytes: u64);

    /// Returns how many were counted in `group`.
    fn total(&self, group: &str) -> u64;

    /// Returns the rows of every group by its name: the `top` most frequent values, equally frequent ones by name, and
    /// then all others together.
    fn rows(&self, top: usize) -> Vec<Row<'_>>;
}

/// A line of the output.
#[derive(Serialize)]
pub(crate) struct Row<'a> {
    group: &'static str,
    /// `None` stands for all values that are not listed.
    value: Option<&'a str>,
    count: u64,
    /// Stands at its greatest value once it gets there.
    bytes: u64,
}

/// Keeps counts in memory, for the time of the run.
#[derive(Default)]
pub(crate) struct MemoryCountStore {
    groups: BTreeMap<&'static str, Counts>,
}

#[derive(Default)]
struct Counts {
    by_value: BTreeMap<String, Count>,
    others: Count,
}

#[derive(Clone, Copy, Default)]
struct Count {
    count: u64,
    bytes: u64,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.count += other.count;
        // A log may claim any size.
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

impl CountStore for MemoryCountStore {
    fn add(&mut self, group: &'static str, value: &str, bytes: u64) {
        let one = Count { count: 1, bytes };
        let counts = self.groups.entry(group).or_default();
        if let Some(count) = counts.by_value.get_mut(value) {
            count.add(one);
        } else if counts.by_value.len() < MAX_VALUES {
            counts.by_value.insert(value.to_owned(), one);
        } else {
            counts.others.add(one);
        }
    }

    fn total(&self, group: &str) -> u64 {
        let counts = self.groups.get(group);
        counts.map_or(0, |counts| {
            counts.others.count + counts.by_value.values().map(|count| count.count).sum::<u64>()
        })
    }

    fn rows(&self, top: usize) -> Vec<Row<'_>> {
        self.groups.iter().flat_map(|(group, counts)| counts.rows(group, top)).collect()
    }
}

impl Counts {
    fn rows(&self, group: &'static str, top: usize) -> Vec<Row<'_>> {
        let row = |value, count: Count| Row { group, value, count: count.count, bytes: count.bytes };
        let mut by_count: Vec<_> = self.by_value.iter().collect();
        // The sort is stable, and the values come in order.
        by_count.sort_by_key(|(_, count)| Reverse(count.count));
        let (listed, unlisted) = by_count.split_at(top.min(by_count.len()));
        let mut others = self.others;
        for (_, count) in unlisted {
            others.add(**count);
        }
        let listed = listed.iter().map(|(value, count)| row(Some(value.as_str()), **count));
        listed.chain((others.count > 0).then(|| row(None, others))).collect()
    }
}
