//! The page's data of small traces.

use serde_json::json;

use super::*;
use crate::reading::{RunSplitter, TraceLine, TraceReader};

mod bounds;
mod pairs;
mod words;

/// A record of the input at `line_no` that took `nanos`.
fn record(run_id: &str, line_no: u64, nanos: u64, tags: &str, error: Option<&str>) -> String {
    let millis = format!("{}.{:06}", nanos / 1_000_000, nanos % 1_000_000);
    let second = line_no / 1_000 % 60;
    let micros = line_no % 1_000;
    let (status, error) = match error {
        Some(message) => {
            ("error", format!(r#"{{"type":"E","message":"{message}","where":"parse","stack":null}}"#))
        }
        None => ("ok", "null".into()),
    };
    format!(
        r#"{{"trace_id":"{run_id}:{line_no}","scenario":"s","line_no":{line_no},"step_index":0,"step_name":"parse","work_index":0,"t_enter":"2026-01-21T01:23:{second:02}.000{micros:03}Z","t_exit":"2026-01-21T01:23:{second:02}.000{micros:03}Z","duration_ms":{millis},"msg_in":{{"type_name":"In","identity":"i{line_no}","hash":null}},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":{tags},"ctx_diff":null,"status":"{status}","error":{error}}}
"#
    )
}

/// Views `trace`, or one run of it, and returns the data of the page.
fn data_of(trace: &str, only_run: Option<u64>) -> serde_json::Value {
    let collector = collected(trace, only_run, Collector::new(Wording::default()));
    serde_json::from_str(&collector.into_json("file").unwrap()).unwrap()
}

fn collected(trace: &str, only_run: Option<u64>, mut collector: Collector) -> Collector {
    let (mut reader, mut runs) = (TraceReader::new(trace.as_bytes()), RunSplitter::default());
    while let Some(line) = reader.next_line().unwrap() {
        let TraceLine::Record(record) = line else { panic!("{line:?}") };
        let run = runs.run_of_record(&record);
        if only_run.is_none_or(|only| only == run) {
            collector.take(run, *record).unwrap();
        }
    }
    collector
}

#[test]
fn an_input_has_its_decision_its_error_and_its_id() {
    let tags = r#"{"tags":{"id":"</script>","accepted":"false","reason":"LIMIT"}}"#;
    let trace = [
        record("r", 1, 1_500, tags, None),
        record("r", 2, 700, r#"{"tags":{"accepted":"true"}}"#, None),
        record("r", 3, 9_000, tags, Some("it broke")),
        record("r", 4, 100, "null", None),
    ];
    let data = data_of(&trace.concat(), None);
    let run = &data["runs"][0];
    assert_eq!(
        run["decisions"],
        json!([{"accepted":false,"count":1,"label":"LIMIT"},{"accepted":true,"count":1,"label":"accepted"}])
    );
    let told = |line: usize, id: &str, nanos: u64, decision: Option<usize>, errors: serde_json::Value| {
        let step = json!({"step":"parse","kind_in":"In","kinds_out":[],"offset_us":0,"duration_ns":nanos,"changes":[]});
        json!({"line_no":line,"id":id,"start_us":line - 1,"duration_ns":nanos,"elapsed_ns":nanos,"record_count":1,"explanation":[],"records":[step],"errors":errors,"decision":decision})
    };
    let error = json!([{"kind":"E","message":"it broke","record":0}]);
    assert_eq!(
        run["sample"],
        json!([
            told(1, "</script>", 1_500, Some(0), json!([])),
            told(2, "i2", 700, Some(1), json!([])),
            told(3, "</script>", 9_000, None, error),
            told(4, "i4", 100, None, json!([])),
        ])
    );
    assert_eq!(
        run["steps"][0],
        json!({"step_index":0,"step_name":"parse","msgs_in":4,"msgs_out":0,"errors":1,"p50_ns":700,"p90_ns":9000,"p99_ns":9000,"max_ns":9000,"total_ns":11300,"classes":[[26,1],[37,1],[42,1],[52,1]]})
    );
    assert_eq!(
        run["failures"],
        json!({"listed":[{"count":1,"kind":"E","line_no":3,"message":"it broke","step":"parse"}],"left_out":0})
    );
    // Each input counts once: a failed one does not count as decided too.
    assert_eq!((&run["undecided"], &run["failed"], &run["inputs"]), (&1.into(), &1.into(), &4.into()));
}

#[test]
fn an_input_is_known_by_its_first_message_unless_it_has_an_id() {
    let line = |line_no: u64, tags: &str| {
        let out = r#""msg_out":[{"type_name":"Out","identity":"client","hash":null}],"msg_out_count":1"#;
        record("r", line_no, 5, tags, None).replace(r#""msg_out":[],"msg_out_count":0"#, out)
    };
    let tagged = r#"{"tags":{"id":"7"}}"#;
    let by_number = line(3, r#"{"tags":{"id":""}}"#).replace(r#""i3""#, r#""3""#);
    let data = data_of(&[line(1, "null"), line(2, tagged), by_number].concat(), None);
    let run = &data["runs"][0];
    let ids = [0, 1, 2].map(|input| run["sample"][input]["id"].as_str().unwrap());
    assert_eq!(ids, ["i1", "7", "client"]);
    // Without the tag `accepted` there is no decision, but the trace lacks nothing.
    assert_eq!((&run["has_tags"], &run["undecided"]), (&true.into(), &3.into()));
    assert_eq!(data_of(&line(1, "null"), None)["runs"][0]["has_tags"], false);
}

#[test]
fn the_slowest_takes_the_longest_from_first_step_to_last() {
    // The steps of line 1 take 9 µs together, those of line 2 only 2, but with 400 µs between them.
    let step = |line_no, index: u64, nanos, at: u64| {
        let record = record("r", line_no, nanos, "null", None);
        let record = record.replace(r#""step_index":0"#, &format!(r#""step_index":{index}"#));
        record.replace(&format!(".000{line_no:03}Z"), &format!(".000{at:03}Z"))
    };
    let trace =
        [step(1, 0, 4_000, 100), step(1, 1, 5_000, 101), step(2, 0, 1_500, 110), step(2, 1, 500, 510)];
    let data = data_of(&trace.concat(), None);
    let figures = [0, 1].map(|input| {
        let input = &data["runs"][0]["sample"][input];
        [&input["duration_ns"], &input["elapsed_ns"]].map(|figure| figure.as_u64().unwrap())
    });
    // The second step of line 1 begins when the first has ended, though its time says earlier.
    assert_eq!(figures, [[9_000, 9_000], [2_000, 400_500]]);
    assert_eq!(data["runs"][0]["timeline"]["max_ns"][0], 400_500);
}

#[test]
fn outcomes_are_counted_over_time() {
    let decided = |accepted: &str| format!(r#"{{"tags":{{"accepted":"{accepted}"}}}}"#);
    let trace = [
        record("r", 1, 5, &decided("true"), None),
        record("r", 2, 5, &decided("false"), None),
        record("r", 3, 5, &decided("true"), Some("x")),
        record("r", 150, 5, "null", None),
    ];
    let timeline = &data_of(&trace.concat(), None)["runs"][0]["timeline"];
    let counts = ["accepted", "declined", "failed", "undecided"].map(|fate| timeline[fate].to_string());
    assert_eq!(counts, ["[1,0]", "[1,0]", "[1,0]", "[0,1]"]);
}
