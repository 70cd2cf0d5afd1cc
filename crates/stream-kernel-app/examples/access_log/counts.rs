//! Counts so far: kept by the kernel, by group and value.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;
use stream_kernel_exec::{Declaration, Encode, Entry, Gate, GateCount, Memory, StepResult, Table, Value};

/// The most values of a group that are told apart; later ones are counted together.
const MAX_VALUES: u64 = 10_000;

/// The requests with each value, by group and value.
pub(crate) struct Counts;

impl Declaration for Counts {
    const NAME: &'static str = "counts";
    type Store = Table<(String, String), Count>;
}

/// The number of values that are told apart, by group.
pub(crate) struct ValuesToldApart;

impl Declaration for ValuesToldApart {
    const NAME: &'static str = "values_told_apart";
    type Store = Gate<String>;
}

/// The requests with any other value, by group.
pub(crate) struct Others;

impl Declaration for Others {
    const NAME: &'static str = "others";
    type Store = Table<String, Count>;
}

/// The state of a counting step.
pub(crate) type Found<'a> =
    (Entry<'a, (String, String), Count>, GateCount<'a, String>, Entry<'a, String, Count>);

/// Returns its key.
pub(crate) fn keys(group: &str, value: &str) -> ((String, String), String, String) {
    ((group.to_owned(), value.to_owned()), group.to_owned(), group.to_owned())
}

/// Counts one more request, and its bytes.
pub(crate) fn count((mut counted, mut values, mut others): Found<'_>, bytes: u64) -> StepResult {
    let one = Count { count: 1, bytes };
    match counted.get() {
        Some(before) => counted.set(&before.plus(one)),
        None if values.get() < MAX_VALUES => {
            values.add(1);
            counted.set(&one)
        }
        None => {
            let before = others.get().unwrap_or_default();
            others.set(&before.plus(one))
        }
    }
}

/// Requests, and their bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    count: u64,
    bytes: u64,
}

impl Count {
    fn plus(self, other: Self) -> Self {
        // A log may claim any size.
        Self { count: self.count + other.count, bytes: self.bytes.saturating_add(other.bytes) }
    }
}

impl Encode for Count {
    fn encode(&self, to: &mut Vec<u8>) {
        (self.count, self.bytes).encode(to);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        let (count, bytes) = Encode::decode(from)?;
        Some(Self { count, bytes })
    }
}

impl Value for Count {
    type Piece = Self;

    fn pieces(&self) -> Option<impl Iterator<Item = Self>> {
        Some(std::iter::once(*self))
    }

    fn from_pieces(mut pieces: impl Iterator<Item = Self>) -> Self {
        pieces.next().unwrap_or_default()
    }
}

/// A line of the output.
#[derive(Serialize)]
struct Row<'a> {
    group: &'a str,
    /// `None` stands for all unlisted values.
    value: Option<&'a str>,
    count: u64,
    /// Saturates at the greatest value.
    bytes: u64,
}

/// The counts of a group.
#[derive(Default)]
struct Group {
    by_value: BTreeMap<String, Count>,
    others: Count,
}

/// Returns the counts of `group`.
pub(crate) fn total(memory: &mut Memory, group: &str) -> u64 {
    let mut total = 0;
    if let Some(counts) = memory.store::<Counts>() {
        let of_group = counts.entries().filter(|((of, _), _)| of == group);
        total += of_group.map(|(_, count)| count.count).sum::<u64>();
    }
    if let Some(others) = memory.store::<Others>() {
        let of_group = others.entries().filter(|(of, _)| *of == group);
        total += of_group.map(|(_, count)| count.count).sum::<u64>();
    }
    total
}

/// Appends the rows of every group, by its name, to `output`: the `top` most frequent values, equally frequent ones by
/// name, and then all others together.
pub(crate) fn write_rows(memory: &mut Memory, top: usize, output: &mut Vec<u8>) {
    let mut groups = BTreeMap::<_, Group>::new();
    if let Some(counts) = memory.store::<Counts>() {
        for ((group, value), count) in counts.entries() {
            groups.entry(group.clone()).or_default().by_value.insert(value.clone(), count);
        }
    }
    if let Some(others) = memory.store::<Others>() {
        for (group, count) in others.entries() {
            groups.entry(group.clone()).or_default().others = count;
        }
    }
    for row in groups.iter().flat_map(|(name, group)| group.rows(name, top)) {
        // Texts and numbers are always valid JSON.
        output.extend(serde_json::to_vec(&row).unwrap_or_default());
        output.push(b'\n');
    }
}

impl Group {
    fn rows<'a>(&'a self, group: &'a str, top: usize) -> Vec<Row<'a>> {
        let row = |value, Count { count, bytes }| Row { group, value, count, bytes };
        let mut by_count: Vec<_> = self.by_value.iter().collect();
        // The sort is stable, and the values come in order.
        by_count.sort_by_key(|(_, count)| Reverse(count.count));
        let (listed, unlisted) = by_count.split_at(top.min(by_count.len()));
        let others = unlisted.iter().fold(self.others, |others, (_, count)| others.plus(**count));
        let listed = listed.iter().map(|(value, count)| row(Some(value.as_str()), **count));
        listed.chain((others.count > 0).then(|| row(None, others))).collect()
    }
}
