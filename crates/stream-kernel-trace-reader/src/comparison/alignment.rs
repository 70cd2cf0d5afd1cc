//! Alignment of one input's records in two traces.

use std::collections::HashMap;

use super::{PlacedRecord, Sides};

/// A record of the first trace, of the second, or of both.
pub(super) type Pair<'r> = (Option<&'r PlacedRecord>, Option<&'r PlacedRecord>);

/// Returns the records of an input in pairs of the same step and work index, in the order of both traces; a record
/// without a counterpart stays alone, at its position. Where the two orders conflict, the first decides.
pub(super) fn align<'r>(a: &'r [PlacedRecord], b: &'r [PlacedRecord]) -> Vec<Pair<'r>> {
    let is_parallel =
        a.len() == b.len() && a.iter().zip(b).all(|(of_a, of_b)| position(of_a) == position(of_b));
    if is_parallel {
        return a.iter().map(Some).zip(b.iter().map(Some)).collect();
    }
    let partners = partners(a, b);
    let mut is_paired = vec![false; b.len()];
    for &at in partners.iter().flatten() {
        is_paired[at] = true;
    }
    let alone =
        |from: usize, to: usize| (from..to).filter(|&at| !is_paired[at]).map(|at| (None, Some(&b[at])));
    let mut pairs = Vec::with_capacity(a.len().max(b.len()));
    let mut next_of_b = 0;
    for (record, partner) in a.iter().zip(partners) {
        if let Some(at) = partner {
            pairs.extend(alone(next_of_b, at));
            // That one is paired, so it is not alone.
            next_of_b = next_of_b.max(at);
        }
        pairs.push((Some(record), partner.map(|at| &b[at])));
    }
    pairs.extend(alone(next_of_b, b.len()));
    pairs
}

/// Returns the number of records of each window that can be aligned before more are read; `is_all` tells that no more
/// will come. These are the records up to the last pair, since the others may still have counterparts. The number is at
/// least one, unless there are no records.
///
/// If no record of the windows has a counterpart, those of the trace that is behind in the pipeline are released. So
/// records can be mistaken for unpaired ones only where a window holds nothing but steps that the other trace lacks or
/// has not reached.
pub(super) fn settled(a: &[PlacedRecord], b: &[PlacedRecord], is_all: Sides<bool>) -> Sides<usize> {
    if is_all.a && is_all.b {
        return Sides { a: a.len(), b: b.len() };
    }
    let partners = partners(a, b);
    if let Some(last_of_a) = partners.iter().rposition(Option::is_some) {
        let last_of_b = partners.into_iter().flatten().max().unwrap_or_default();
        return Sides { a: last_of_a + 1, b: last_of_b + 1 };
    }
    let begins_at = |window: &[PlacedRecord]| window.first().map(|first| first.record.step_index);
    // A record without a counterpart in all of the other trace's rest is certainly unpaired.
    let lets_a_go = if is_all.a == is_all.b { begins_at(a) <= begins_at(b) } else { is_all.b };
    if lets_a_go { Sides { a: a.len(), b: 0 } } else { Sides { a: 0, b: b.len() } }
}

/// Returns the position in `b` of each counterpart of a record of `a`.
fn partners(a: &[PlacedRecord], b: &[PlacedRecord]) -> Vec<Option<usize>> {
    let mut in_b: HashMap<_, _> = b.iter().enumerate().map(|(at, record)| (position(record), at)).collect();
    a.iter().map(|record| in_b.remove(&position(record))).collect()
}

/// Steps match by name: an index changes when a step is added before it.
fn position(placed: &PlacedRecord) -> (&str, u32) {
    (&placed.record.step_name, placed.record.work_index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::tests::record;
    use stream_kernel_trace::TraceRecord;

    /// Returns records whose steps are the letters of `steps`.
    fn records(steps: &str) -> Vec<PlacedRecord> {
        let records = steps
            .chars()
            .zip(0..)
            .map(|(step, step_index)| TraceRecord { step_index, ..record(1, &step.to_string(), "") });
        records.map(|record| PlacedRecord { run: 1, file_line: 1, record }).collect()
    }

    /// Aligns inputs whose steps are the letters of `a` and `b`; `-` stands for no record.
    fn check(a: &str, b: &str) -> String {
        let name =
            |placed: Option<&PlacedRecord>| placed.map_or("-".to_owned(), |p| p.record.step_name.clone());
        let (a, b) = (records(a), records(b));
        let pairs: Vec<String> =
            align(&a, &b).into_iter().map(|(of_a, of_b)| name(of_a) + &name(of_b)).collect();
        pairs.join(" ")
    }

    #[test]
    fn records_are_paired_by_step_and_the_rest_keeps_its_order() {
        assert_eq!(check("abc", "abc"), "aa bb cc");
        assert_eq!(check("abcd", "ad"), "aa b- c- dd");
        assert_eq!(check("ad", "abcd"), "aa -b -c dd");
        assert_eq!(check("abd", "acd"), "aa b- -c dd");
        assert_eq!(check("", "ab"), "-a -b");
        assert_eq!(check("ab", ""), "a- b-");
    }

    #[test]
    fn reordering_or_duplicates_lose_no_record() {
        assert_eq!(check("ab", "ba"), "aa bb");
        assert_eq!(check("aab", "ab"), "aa a- bb");
        assert_eq!(check("ab", "aab"), "-a aa bb");
    }

    #[test]
    fn records_are_settled_up_to_the_last_pair_and_the_others_wait() {
        let settled = |a: &str, b: &str, is_all: [bool; 2]| {
            let Sides { a, b } = settled(&records(a), &records(b), Sides { a: is_all[0], b: is_all[1] });
            (a, b)
        };
        assert_eq!(settled("abc", "abd", [true, true]), (3, 3));
        for more in [[false, false], [true, false], [false, true]] {
            assert_eq!(settled("abc", "acx", more), (3, 2));
            assert_eq!(settled("abx", "ab", more), (2, 2));
        }
        // They have nothing in common: either the rest of one trace is not in the other, or one trace is behind.
        assert_eq!(settled("ab", "cd", [true, false]), (0, 2));
        assert_eq!(settled("ab", "cd", [false, true]), (2, 0));
        assert_eq!(settled("", "cd", [true, false]), (0, 2));
        let mut ahead = records("ab");
        ahead.remove(0);
        assert_eq!(super::settled(&ahead, &records("c"), Sides::default()), Sides { a: 0, b: 1 });
        assert_eq!(super::settled(&records("c"), &ahead, Sides::default()), Sides { a: 1, b: 0 });
    }
}
