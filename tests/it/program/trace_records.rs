//! Records of a trace file: their form, their order, and one for each step that handled a message.

use std::collections::HashSet;

use serde_json::Value;
use stream_kernel_trace::{Status, TraceRecord};

use super::attempts::{attempt, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::records::records;

/// Returns the trace of a run over `input`.
#[track_caller]
fn trace(input: &str, settings: &[&str]) -> String {
    let folder = Folder::with_input(input);
    Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).set(settings).exits_with(0);
    folder.read("trace.jsonl")
}

/// Returns the steps and kinds of a line: `0 parse_load_attempt#0 RawLine -> LoadAttempt`.
fn way(records: &[TraceRecord], line_no: u64) -> Vec<String> {
    let describe = |record: &TraceRecord| {
        let out: Vec<_> = record.msg_out.iter().map(|message| message.type_name.as_str()).collect();
        let TraceRecord { step_index, step_name, work_index, msg_in, .. } = record;
        format!("{step_index} {step_name}#{work_index} {} -> {}", msg_in.type_name, out.join(", "))
    };
    records.iter().filter(|record| record.line_no == line_no).map(describe).collect()
}

#[test]
fn a_record_has_every_key_in_its_order() {
    const KEYS: [&str; 17] = [
        "trace_id",
        "scenario",
        "line_no",
        "step_index",
        "step_name",
        "work_index",
        "t_enter",
        "t_exit",
        "duration_ms",
        "msg_in",
        "msg_out",
        "msg_out_count",
        "ctx_before",
        "ctx_after",
        "ctx_diff",
        "status",
        "error",
    ];
    let trace = trace(&attempts(1), &[]);
    for line in trace.lines() {
        let mut rest = line;
        for key in KEYS {
            let at = rest
                .find(&format!("\"{key}\":"))
                .unwrap_or_else(|| panic!("{key} is missing, or not in its place: {line}"));
            rest = &rest[at..];
        }
        let message = r#""msg_in":{"type_name":""#;
        assert!(line.contains(message) && line.contains(r#","identity":null,"hash":null}"#), "{line}");
    }
}

#[test]
fn every_step_leaves_one_record_in_order() {
    let records = records(&trace(&(attempts(1) + "x\n" + &attempts(1)), &[]));
    let whole_way = [
        "0 parse_load_attempt#0 RawLine -> LoadAttempt",
        "1 compute_time_keys#0 LoadAttempt -> AttemptWithKeys",
        "2 idempotency_gate#0 AttemptWithKeys -> IdempotencyClassifiedAttempt",
        "3 compute_features#0 IdempotencyClassifiedAttempt -> EnrichedAttempt",
        "4 evaluate_policies#0 EnrichedAttempt -> Decision",
        "5 update_windows#0 Decision -> Decision",
        "6 format_output#0 Decision -> OutputLine",
        "7 write_output#0 OutputLine -> ",
    ];
    assert_eq!(way(&records, 1), whole_way);
    assert_eq!(way(&records, 3), whole_way, "a replay goes the whole way, too");
    let short_way = [
        "0 parse_load_attempt#0 RawLine -> Decision",
        "5 update_windows#0 Decision -> Decision",
        "6 format_output#0 Decision -> OutputLine",
        "7 write_output#0 OutputLine -> ",
    ];
    assert_eq!(way(&records, 2), short_way, "a bad line's decision goes straight to the windows");
    assert!(records.is_sorted_by_key(|record| record.line_no));
    for record in &records {
        assert_eq!((record.status, &record.error), (Status::Ok, &None));
        assert_eq!(record.msg_out_count, record.msg_out.len());
        assert_eq!(
            (record.trace_id.as_str(), record.scenario.as_str()),
            (&*format!("run:{}", record.line_no), "baseline")
        );
        assert!(record.ctx_before.is_none() && record.ctx_after.is_none() && record.ctx_diff.is_none());
    }
}

#[test]
fn times_are_utc_with_microseconds_and_never_go_back() {
    let records = records(&trace(&attempts(500), &[]));
    let times: Vec<&str> = records.iter().flat_map(|record| [&*record.t_enter, &*record.t_exit]).collect();
    for time in &times {
        let form: String =
            time.chars().map(|character| if character.is_ascii_digit() { '0' } else { character }).collect();
        assert_eq!(form, "0000-00-00T00:00:00.000000Z");
    }
    assert!(times.is_sorted());
    assert!(records.iter().all(|record| record.duration_ms >= 0.0));
}

#[test]
fn identities_are_the_lines_number_and_the_attempts_id() {
    let settings = ["runtime.tracing.signature.mode=type_and_identity"];
    let input = attempt("007")
        + "\nx\n"
        + &attempt("a\u{1f600}").replace("\"7\"", "null")
        + "\n"
        + &attempt(&"9".repeat(300));
    let records = records(&trace(&input, &settings));
    let identities = |line_no: u64| -> Vec<Option<String>> {
        let line = records.iter().filter(move |record| record.line_no == line_no);
        line.map(|record| record.msg_in.identity.clone()).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(identities(1), [vec![some("1")], vec![some("007"); 7]].concat());
    assert_eq!(identities(2), [some("2"), None, None, None], "there is no id to read");
    assert_eq!(identities(3), [vec![some("3")], vec![some("a\u{1f600}"); 3]].concat());
    let cut = "9".repeat(256) + "...(truncated)";
    assert_eq!(identities(4), [vec![some("4")], vec![some(&cut); 3]].concat());
    assert!(records.iter().all(|record| record.msg_in.hash.is_none()));
}

#[test]
fn hashes_are_the_same_in_every_run_and_differ_with_the_content() {
    let hashes = |input: &str| -> Vec<String> {
        let records = records(&trace(input, &["runtime.tracing.signature.mode=hash"]));
        records.into_iter().map(|record| record.msg_in.hash.unwrap()).collect()
    };
    let (one, two) = (attempt("1"), attempt("2"));
    assert_eq!(hashes(&one), hashes(&format!("\u{feff}{one}\r\n")), "line end and mark are not content");
    assert_eq!(hashes(&format!("{one}\n{one}"))[..8], hashes(&one));
    let different = [hashes(&one), hashes(&two), hashes(&format!("{one} ")), hashes(&format!("x\n{one}"))];
    let raw_lines: HashSet<_> =
        [&different[0][0], &different[1][0], &different[2][0], &different[3][4]].into();
    assert_eq!(raw_lines.len(), 4, "text and line number are content");
}

#[test]
fn the_whole_context_is_shown_but_for_the_tape() {
    let settings = ["runtime.tracing.context_diff.mode=full", "scenario.name=s"];
    let records = records(&trace(&attempts(1), &settings));
    for record in &records {
        let after = record.ctx_after.as_ref().unwrap().as_json();
        let received = &records[0].t_enter;
        let start = format!(
            r#"{{"trace_id":"run:1","run_id":"run","scenario_id":"s","line_no":1,"received_at":"{received}","tags":{{"id":"1","customer_id":"1""#
        );
        assert!(after.starts_with(&start), "{after}");
        assert!(after.ends_with(r#","notes":[],"flags":{},"errors":[]}"#), "{after}");
    }
    assert_eq!(records[5].ctx_before, records[4].ctx_after, "nothing happens between two steps");
    assert_eq!(records[7].ctx_diff.as_ref().unwrap().as_json(), "{}");
}

#[test]
fn a_whitelist_shows_its_fields_in_their_order() {
    let settings = ["runtime.tracing.context_diff={mode: whitelist, whitelist: [metrics, line_no]}"];
    let records = records(&trace(&attempts(1), &settings));
    let json = |snapshot: &Option<stream_kernel_trace::ContextSnapshot>| {
        snapshot.as_ref().unwrap().as_json().to_owned()
    };
    assert_eq!(json(&records[0].ctx_before), r#"{"line_no":1,"metrics":{}}"#);
    assert_eq!(json(&records[0].ctx_after), r#"{"line_no":1,"metrics":{"amount_cents":100}}"#);
    assert_eq!(json(&records[0].ctx_diff), r#"{"metrics":{"before":{},"after":{"amount_cents":100}}}"#);
    assert_eq!(json(&records[1].ctx_diff), "{}");
}

#[test]
fn a_context_text_is_cut_at_256_characters() {
    let settings = ["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags]}"];
    let id = |length: usize| "\u{e9}".repeat(length);
    let records = records(&trace(&(attempt(&id(256)) + "\n" + &attempt(&id(257))), &settings));
    let shown = |line_no| {
        let record = records.iter().find(|record| record.line_no == line_no).unwrap();
        super::records::tag(record, "id").unwrap()
    };
    assert_eq!(shown(1), id(256));
    assert_eq!(shown(2), id(256) + "...(truncated)");
}

#[test]
fn a_scenario_name_is_cut_at_256_characters_wherever_it_stands() {
    let shown = |length: usize| {
        let name = format!("scenario.name={}", "\u{e9}".repeat(length));
        let record =
            records(&trace(&attempts(1), &[&name, "runtime.tracing.context_diff.mode=full"])).remove(0);
        let context: Value = serde_json::from_str(record.ctx_before.unwrap().as_json()).unwrap();
        assert_eq!(context["scenario_id"], *record.scenario, "the context has the same name");
        record.scenario
    };
    let longest = "\u{e9}".repeat(256);
    assert_eq!(shown(256), longest);
    for length in [257, 300] {
        assert_eq!(shown(length), format!("{longest}...(truncated)"));
    }
}
