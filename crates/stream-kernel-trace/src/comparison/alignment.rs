//! Which records of one input belong together in two traces.

use std::collections::HashMap;

use super::PlacedRecord;

/// A record of the first trace, of the second, or of both.
pub(super) type Pair<'r> = (Option<&'r PlacedRecord>, Option<&'r PlacedRecord>);

/// Returns the records of an input in pairs of the same step and work index, in the order of both traces; a record
/// without a counterpart stands alone, where it stood. Where the two disagree on the order, the first decides.
pub(super) fn align<'r>(a: &'r [PlacedRecord], b: &'r [PlacedRecord]) -> Vec<Pair<'r>> {
    let is_parallel =
        a.len() == b.len() && a.iter().zip(b).all(|(of_a, of_b)| position(of_a) == position(of_b));
    if is_parallel {
        return a.iter().map(Some).zip(b.iter().map(Some)).collect();
    }
    let mut in_b: HashMap<_, _> = b.iter().enumerate().map(|(at, record)| (position(record), at)).collect();
    let partners: Vec<Option<usize>> = a.iter().map(|record| in_b.remove(&position(record))).collect();
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
            next_of_b = next_of_b.max(at + 1);
        }
        pairs.push((Some(record), partner.map(|at| &b[at])));
    }
    pairs.extend(alone(next_of_b, b.len()));
    pairs
}

/// The step goes by its name: its index is another one as soon as a step is added before it.
fn position(placed: &PlacedRecord) -> (&str, u32) {
    (&placed.record.step_name, placed.record.work_index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::tests::record;

    /// Aligns inputs whose steps are the letters of `a` and `b`; `-` stands for no record.
    fn check(a: &str, b: &str) -> String {
        let records = |steps: &str| -> Vec<PlacedRecord> {
            let steps = steps.chars().map(|step| record(1, &step.to_string(), ""));
            steps.map(|record| PlacedRecord { run: 1, file_line: 1, record }).collect()
        };
        let name =
            |placed: Option<&PlacedRecord>| placed.map_or("-".to_owned(), |p| p.record.step_name.clone());
        let (a, b) = (records(a), records(b));
        let pairs: Vec<String> =
            align(&a, &b).into_iter().map(|(of_a, of_b)| name(of_a) + &name(of_b)).collect();
        pairs.join(" ")
    }

    #[test]
    fn records_are_paired_by_step_and_the_others_stand_where_they_stood() {
        assert_eq!(check("abc", "abc"), "aa bb cc");
        assert_eq!(check("abcd", "ad"), "aa b- c- dd");
        assert_eq!(check("ad", "abcd"), "aa -b -c dd");
        assert_eq!(check("abd", "acd"), "aa b- -c dd");
        assert_eq!(check("", "ab"), "-a -b");
        assert_eq!(check("ab", ""), "a- b-");
    }

    #[test]
    fn another_order_or_a_doubled_record_loses_no_record() {
        assert_eq!(check("ab", "ba"), "aa bb");
        assert_eq!(check("aab", "ab"), "aa a- bb");
        assert_eq!(check("ab", "aab"), "-a aa bb");
    }
}
