//! The page's data of two traces.

use std::convert::Infallible;

use super::*;
use crate::comparison::{ChangedDecision, Comparison, PlacedRecord, RunDifference, Sides, TagCount};

/// Returns a record of an input that was accepted, or declined for a reason.
fn decided(line_no: u64, reason: Option<&str>) -> String {
    let tags = match reason {
        None => r#"{"tags":{"accepted":"true"}}"#.to_owned(),
        Some(reason) => format!(r#"{{"tags":{{"accepted":"false","reason":"{reason}"}}}}"#),
    };
    record("r", line_no, 5, &tags, None)
}

/// Compares two traces of one run, and returns the data of their page.
fn data_of_pair(a: &str, b: &str) -> serde_json::Value {
    let placed = |trace: &str| {
        let mut reader = TraceReader::new(trace.as_bytes());
        let mut records = Vec::new();
        while let Some(TraceLine::Record(record)) = reader.next_line().unwrap() {
            records.push(Ok::<_, Infallible>(PlacedRecord { run: 1, file_line: 1, record: *record }));
        }
        records.into_iter()
    };
    let (mut pair, mut comparison) = (Pair::default(), Comparison::new(placed(a), placed(b)));
    while let Some(run) = comparison
        .next_run(|changed| {
            pair.add_changed(&changed);
            Ok(())
        })
        .unwrap()
    {
        pair.end_run(run);
    }
    let collectors = pair.collectors(Wording::default());
    let collectors = Sides { a: collected(a, None, collectors.a), b: collected(b, None, collectors.b) };
    serde_json::from_str(&pair.into_json(Sides { a: "A", b: "B" }, collectors).unwrap()).unwrap()
}

#[test]
fn what_flipped_is_counted_and_both_sides_are_there() {
    let a = decided(1, None) + &decided(2, None) + &decided(3, Some("DAY")) + &decided(4, Some("DAY"));
    let b = decided(1, None) + &decided(2, Some("DAY")) + &decided(3, Some("WEEK")) + &decided(5, None);
    let data = data_of_pair(&a, &b);
    let changes = &data["changes"][0];
    assert_eq!(
        (&changes["flipped"], &changes["other_reason"], &changes["same"]),
        (&1.into(), &1.into(), &false.into())
    );
    assert_eq!(
        changes["decisions"],
        json!([
            {"a": "accepted", "b": "declined: DAY", "inputs": 1},
            {"a": "declined: DAY", "b": "declined: WEEK", "inputs": 1},
        ])
    );
    assert_eq!(changes["first"], json!({"line_no": 2, "step_name": "parse"}));
    let lines = |side: &str| {
        let sample = data[side]["runs"][0]["sample"].as_array().unwrap();
        sample.iter().map(|input| input["line_no"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((lines("a"), lines("b")), (vec![1, 2, 3, 4], vec![1, 2, 3, 5]));
    assert_eq!((&data["a"]["file"], &data["b"]["file"]), (&"A".into(), &"B".into()));
}

#[test]
fn equal_traces_have_no_changes() {
    let trace = decided(1, None) + &decided(2, Some("DAY"));
    let changes = &data_of_pair(&trace, &trace)["changes"][0];
    assert_eq!(
        (&changes["same"], &changes["first"], &changes["decisions"]),
        (&true.into(), &json!(null), &json!([]))
    );
}

/// Returns a change of the decision of line `line_no`.
fn changed(line_no: u64, b: String, flipped: bool) -> ChangedDecision {
    ChangedDecision { run: 1, line_no, id: None, a: "accepted".into(), b, flipped }
}

#[test]
fn a_changed_input_is_in_both_samples_whatever_the_stride() {
    let lines = 1_001..1_001 + 3 * sample::MAX_SLOWEST as u64;
    let last = lines.end - 1;
    // All flip, the last one in the k-th place: the first ones are chosen, in both traces, though none is slow.
    for (place, is_chosen) in [(pair::MAX_CHOSEN, true), (pair::MAX_CHOSEN + 1, false)] {
        let mut pair = Pair::default();
        for _ in 1..place {
            pair.add_changed(&changed(1, "declined: DAY".into(), true));
        }
        pair.add_changed(&changed(last, "declined: DAY".into(), true));
        pair.end_run(RunDifference::default());
        let mut collector = pair.collectors(Wording::default()).b;
        collector.double_stride_for_test(20);
        let trace: String = lines.clone().map(|line_no| decided(line_no, None)).collect();
        let data = collected(&trace, None, collector).into_json("file").unwrap();
        assert_eq!(data.contains(&format!(r#""line_no":{last},"#)), is_chosen, "{place}");
    }
}

#[test]
fn changes_of_decisions_beyond_the_bound_are_counted_as_one() {
    for (kinds, counts) in [(pair::MAX_CHANGES, 64), (pair::MAX_CHANGES + 2, 65)] {
        let mut pair = Pair::default();
        for kind in 0..kinds {
            pair.add_changed(&changed(1, format!("declined: R{kind}"), true));
        }
        let tags =
            (0..=pair::MAX_TAGS).map(|tag| TagCount { tag: format!("t{tag}"), inputs: tag as u64 }).collect();
        pair.end_run(RunDifference { tags, ..RunDifference::default() });
        let collectors = pair.collectors(Wording::default());
        let data = pair.into_json(Sides { a: "A", b: "B" }, collectors).unwrap();
        let data: serde_json::Value = serde_json::from_str(&data).unwrap();
        let decisions = data["changes"][0]["decisions"].as_array().unwrap();
        assert_eq!(decisions.len(), counts);
        let others = decisions.iter().find(|change| change["b"] == "(other)");
        assert_eq!(others.map(|change| &change["inputs"]), (counts == 65).then_some(&2.into()));
        // The tag that changed least is left out.
        let tags = data["changes"][0]["tags"].as_array().unwrap();
        assert_eq!((tags.len(), &tags[pair::MAX_TAGS - 1]["tag"]), (pair::MAX_TAGS, &"t1".into()));
    }
}

#[test]
fn runs_beyond_the_bound_are_left_out() {
    for (runs, shown) in [(collector::MAX_RUNS, 10), (collector::MAX_RUNS + 1, 10)] {
        let mut pair = Pair::default();
        for run in 0..runs {
            pair.add_changed(&changed(run as u64, "declined: DAY".into(), true));
            pair.end_run(RunDifference { flipped: run as u64, ..RunDifference::default() });
        }
        let collectors = pair.collectors(Wording::default());
        let data = pair.into_json(Sides { a: "A", b: "B" }, collectors).unwrap();
        let data: serde_json::Value = serde_json::from_str(&data).unwrap();
        let changes = data["changes"].as_array().unwrap();
        assert_eq!((changes.len(), &changes[shown - 1]["flipped"]), (shown, &(shown - 1).into()));
    }
}
