//! Trace and span ids depend on the content of records, not on their position.

use std::collections::HashSet;

use super::*;

/// Returns the export of the records, or of one of their runs.
fn otlp(records: &[Value], only_run: Option<u64>) -> String {
    exported(records, FormatName::Otlp, only_run)
}

/// Returns the trace and span ids in an export, in its order.
fn ids(exported: &str) -> Vec<(String, String)> {
    let id = |span: &Value, key: &str| span[key].as_str().unwrap().to_owned();
    let lines = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let spans =
        lines.flat_map(|line| line["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone());
    spans.map(|span| (id(&span, "traceId"), id(&span, "spanId"))).collect()
}

#[test]
fn the_position_of_records_makes_no_difference() {
    let (first, second) = (&story()[..3], &story()[3..]);
    let [alone, before] = [second, first].map(|records| otlp(records, None));
    let swapped = [second, first].concat();
    assert_eq!(otlp(&story(), None), before.clone() + &alone);
    assert_eq!(otlp(&swapped, None), alone.clone() + &before);
    assert_eq!(otlp(&story(), Some(2)), alone);
    assert_eq!(otlp(&swapped, Some(1)), alone);
}

#[test]
fn two_runs_share_no_id() {
    let run = |micros| [record(1, "parse", micros, 0.0), record(1, "judge", micros + 1, 0.0)];
    let [monday, tuesday] = [0, 500].map(|micros| ids(&otlp(&run(micros), None)));
    assert_ne!(monday[0].0, tuesday[0].0);
    assert!(monday.iter().all(|(_, span)| tuesday.iter().all(|(_, other)| other != span)));
}

#[test]
fn duplicate_runs_have_the_same_ids() {
    let run = [record(1, "parse", 0, 0.0), record(2, "parse", 1, 0.0)];
    let once = ids(&otlp(&run, None));
    assert_eq!(ids(&otlp(&[run.clone(), run].concat(), None)), [&once[..], &once].concat());
}

#[test]
fn within_a_trace_repeated_records_have_ids_of_their_own() {
    let input = [record(1, "parse", 0, 0.0), record(1, "judge", 1, 0.0)];
    let once = ids(&otlp(&input, None));
    let thrice = ids(&otlp(&[input.clone(), input.clone(), input].concat(), None));
    assert_eq!(thrice.iter().collect::<HashSet<_>>().len(), 3 * 2 + 1);
    assert!(thrice.iter().all(|(trace, _)| *trace == once[0].0));
    assert_eq!(thrice[..2], once[..2], "the first ones have the ids that they have alone");
    assert_eq!(thrice.last(), once.last());
}

#[test]
fn steps_of_several_messages_have_ids_of_their_own() {
    let records = one_after_the_other((0..5).map(|micros| record(1, "parse", micros, 0.0)).collect());
    assert_eq!(ids(&otlp(&records, None)).into_iter().collect::<HashSet<_>>().len(), 5 + 1);
}
