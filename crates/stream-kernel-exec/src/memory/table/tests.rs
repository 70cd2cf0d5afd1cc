//! Tables against a plain map: look-ups, limits, undo, forgetting, snapshots.

use std::collections::BTreeMap;

use super::*;

const IDS: Limit = Limit { name: "max_ids", one: "id", many: "ids", max: None, remedy: "raise it" };
const OWNERS: Limit =
    Limit { name: "max_owners", one: "owner", many: "owners", max: None, remedy: "raise it" };

fn at_most(limit: Limit, max: u64) -> Limit {
    Limit { max: NonZeroU64::new(max), ..limit }
}

/// A plain table that forgets: the last value of each key. It decides everything by looking at all of them.
#[derive(Clone, Default)]
struct Model {
    values: BTreeMap<u64, i64>,
    horizon: Option<i64>,
}

impl Model {
    fn retained(&self) -> BTreeMap<u64, i64> {
        let is_retained = |value: i64| self.horizon.is_none_or(|horizon| value >= horizon);
        self.values
            .iter()
            .filter(|(_, value)| is_retained(**value))
            .map(|(key, value)| (*key, *value))
            .collect()
    }
}

fn contents<O: Key>(table: &Table<u64, i64, O>) -> BTreeMap<u64, i64> {
    let mut found = BTreeMap::new();
    let mut record = Vec::new();
    table.records(&mut record, &mut |record| {
        let (key, value) = <(u64, i64)>::decode(&mut record.as_slice()).unwrap();
        assert_eq!(found.insert(key, value), None, "{key} is there twice");
        record.clear();
    });
    found
}

fn restored<O: Key>(table: &Table<u64, i64, O>, mut empty: Table<u64, i64, O>) -> Table<u64, i64, O> {
    let mut record = Vec::new();
    table.records(&mut record, &mut |record| {
        empty.restore(&mut record.as_slice()).unwrap();
        record.clear();
    });
    empty
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Random lines, some rolled back, some behind a snapshot: after each, a step finds what the model holds.
#[test]
fn a_table_is_a_map_that_forgets() {
    const SPAN: i64 = 3;
    for seed in 0..40 {
        let mut random = Random(seed);
        let max = 10 + random.below(30);
        let forgets = seed % 2 == 0;
        let new = || {
            let table = Table::<u64, i64>::new().limit(at_most(IDS, max));
            if forgets { table.forgets(SPAN, |_, value| *value) } else { table }
        };
        let (mut table, mut model, mut watermark) = (new(), Model::default(), 0);
        for line in 0..600 {
            let before = (model.clone(), watermark);
            let mut refused = false;
            for _ in 0..=random.below(3) {
                let (key, time) = (random.below(50), watermark - 5 + i64::try_from(random.below(7)).unwrap());
                if forgets {
                    watermark = watermark.max(time);
                    model.horizon = Some(watermark - SPAN);
                    table.set_watermark(Some(watermark));
                }
                let known = model.retained().get(&key).copied();
                assert_eq!(table.access(key).get(), known, "seed {seed}, line {line}, key {key}");
                let is_kept = !forgets || time >= watermark - SPAN;
                let is_refused = known.is_none() && is_kept && model.retained().len() as u64 >= max;
                assert_eq!(table.access(key).set(&time).is_err(), is_refused, "seed {seed}, line {line}");
                refused |= is_refused;
                if !is_refused && (is_kept || known.is_some()) {
                    model.values.insert(key, time);
                }
            }
            if refused || random.below(4) == 0 {
                (model, watermark) = before;
                table.roll_back();
                if forgets {
                    table.set_watermark((watermark != 0).then_some(watermark));
                    model.horizon = (watermark != 0).then_some(watermark - SPAN);
                }
            } else {
                table.end_line();
            }
            if random.below(50) == 0 {
                table = restored(&table, new());
                if forgets {
                    table.set_watermark((watermark != 0).then_some(watermark));
                }
            }
            assert_eq!(contents(&table), model.retained(), "seed {seed}, line {line}");
            if forgets && line % 7 == 0 {
                watermark += 1;
            }
        }
    }
}

#[test]
fn a_limit_takes_as_many_and_not_one_more() {
    let mut table = Table::<u64, u32>::new().limit(at_most(IDS, 2));
    for key in [7, 8, 7] {
        table.access(key).set(&1).unwrap();
    }
    let error = table.access(9).set(&1).unwrap_err();
    insta::assert_snapshot!(error, @"StoreFull: the id is new, and as many are remembered as `runtime.limits.max_ids` allows: 2 (raise it)");
    assert!(error.always_stops());
    table.access(8).set(&5).unwrap();
    assert_eq!(table.access(8).get(), Some(5));
}

#[test]
fn owners_are_counted_once_however_many_keys_they_have() {
    let new = |max| Table::<u64, u32, u64>::shared_by(|key| key / 10, at_most(OWNERS, max));
    let mut table = new(2);
    for key in [11, 12, 25, 19] {
        table.access(key).set(&1).unwrap();
    }
    assert!(table.access(31).set(&1).is_err());
    // A line that is rolled back makes no owner known.
    let mut table = new(2);
    table.access(11).set(&1).unwrap();
    table.end_line();
    table.access(21).set(&1).unwrap();
    table.access(22).set(&1).unwrap();
    table.roll_back();
    table.access(31).set(&1).unwrap();
    assert!(table.access(21).set(&1).is_err());
}

#[test]
fn a_table_holds_as_many_as_positions_tell_apart() {
    let mut table = Table::<u64, u32>::new().with_capacity_limit(2);
    table.access(1).set(&1).unwrap();
    table.access(2).set(&1).unwrap();
    let error = table.access(3).set(&1).unwrap_err();
    insta::assert_snapshot!(error, @"StoreFull: the table is full: it holds 2 entries, and one run can tell apart no more (decisions depend on all of them)");
}

/// However long a stream is, memory holds at most twice the retained entries.
#[test]
fn forgotten_entries_are_dropped() {
    let mut table = Table::<u64, i64>::new().forgets(2, |_, time| *time);
    for line in 0..20_000_i64 {
        let time = line / 50 + line / 5_000 * 7 - line % 3;
        table.set_watermark(Some(line / 50 + line / 5_000 * 7));
        table.access(line.unsigned_abs()).set(&time).unwrap();
        table.end_line();
        let retained = table.retained();
        assert!(table.entries.len() <= 2 * retained + 1, "line {line}");
    }
    assert!(table.retained() <= 150, "{}", table.retained());
}

#[test]
fn a_restore_beyond_a_limit_names_it() {
    let mut table = Table::<u64, i64, u64>::shared_by(|key| key / 10, OWNERS);
    for key in [1, 11, 21] {
        table.access(key).set(&0).unwrap();
    }
    let restore = |mut empty: Table<u64, i64, u64>| {
        let (mut record, mut result) = (Vec::new(), Ok(()));
        table.records(&mut record, &mut |record| {
            result =
                std::mem::replace(&mut result, Ok(())).and_then(|()| empty.restore(&mut record.as_slice()));
            record.clear();
        });
        result
    };
    let limited = |max| Table::shared_by(|key: &u64| key / 10, at_most(OWNERS, max));
    assert_eq!(restore(limited(3)), Ok(()));
    let text = "more owners than `runtime.limits.max_owners` allows by now: 2 (raise it)".to_owned();
    assert_eq!(restore(limited(2)), Err(NotRestored::BeyondLimit(text)));
    let text = "more ids than `runtime.limits.max_ids` allows by now: 2 (raise it)".to_owned();
    assert_eq!(restore(limited(3).limit(at_most(IDS, 2))), Err(NotRestored::BeyondLimit(text)));
    assert_eq!(restore(limited(3).limit(at_most(IDS, 3))), Ok(()));
}

#[test]
fn corrupt_records_are_rejected() {
    let mut table = Table::<u64, u32>::new();
    let mut record = Vec::new();
    (5_u64, 6_u32).encode(&mut record);
    for len in 0..record.len() {
        assert_eq!(table.restore(&mut &record[..len]), Err(NotRestored::Corrupt));
    }
    assert_eq!(table.restore(&mut record.as_slice()), Ok(()));
    assert_eq!(table.restore(&mut record.as_slice()), Err(NotRestored::Corrupt), "a key twice");
}

/// Prefetching is a hint: announcements change no result.
#[test]
fn prefetching_changes_nothing() {
    let mut table = Table::<u64, i64>::new();
    for key in 0..1_000 {
        for announced in 0..40 {
            table.announce(key * 7 + announced);
        }
        table.prefetch();
        table.access(key).set(&i64::try_from(key).unwrap()).unwrap();
        table.end_line();
    }
    assert_eq!(contents(&table).len(), 1_000);
    assert!(table.announced.is_empty());
}

/// Announcements without prefetching must not fill the memory.
#[test]
fn announced_keys_are_bounded() {
    let mut table = Table::<u64, i64>::new();
    (0..10_000).for_each(|key| table.announce(key));
    assert_eq!(table.announced.len(), MAX_ANNOUNCED);
}

#[test]
#[should_panic(expected = "a table that forgets cannot count owners")]
fn a_table_that_forgets_cannot_count_owners() {
    let _ = Table::<u64, i64, u64>::shared_by(|key| key / 10, OWNERS).forgets(1, |_, time| *time);
}

/// Texts as keys and values, which are kept whole.
#[test]
fn texts_are_keys_and_values() {
    let mut table = Table::<String, String>::new();
    for (key, value) in [("a", "1"), ("b", "2"), ("a", "3")] {
        table.access(key.into()).set(&value.into()).unwrap();
        table.end_line();
    }
    table.access("a".into()).set(&"4".into()).unwrap();
    table.access("c".into()).set(&"5".into()).unwrap();
    table.roll_back();
    let entries: Vec<_> = table.entries().map(|(key, value)| (key.as_str(), value)).collect();
    assert_eq!(entries, [("a", "3".into()), ("b", "2".into())]);
}
