//! Traces as they come: with ids that repeat, several runs, too little in them, or broken off.

use super::*;

const SETTING: &str = "runtime.tracing.context_diff={mode: none}";

/// An id that was unreadable at first, then declined, replayed and used for something else.
fn repeated() -> String {
    attempt("1", "2", "$5000.01", "yesterday")
        + &attempt("1", "2", "$5000.01", "2000-01-04T00:00:00Z")
        + &attempt("2", "2", "$1.00", "2000-01-04T00:00:00Z")
        + &attempt("1", "2", "$5000.01", "2000-01-04T01:00:00+01:00")
        + &attempt(" 1 ", "2", "$1.00", "2000-01-04T00:00:00Z")
}

#[test]
fn every_occurrence_of_an_id_is_explained() {
    let trace = traced(BASELINE, &[], repeated().as_bytes());
    assert_snapshot!(answer(&trace, Asked::Id("1")), @"
    line 1  id 1  customer 2  DECLINED: INVALID_TIMESTAMP. `time` is not a time of the calendar in RFC 3339 with an offset, such as 2000-01-03T09:00:00Z. The line counts for nothing

    line 2  id 1  customer 2  DECLINED: DAILY_AMOUNT_LIMIT. $0.00 accepted earlier that day + $5,000.01 = $5,000.01, over $5,000.00
      $5,000.00 or less would have passed.
      day 2000-01-04, week from 2000-01-03

    line 4  id 1  customer 2  DECLINED: ID_DUPLICATE_REPLAY. Line 2, declined, was the first with this id and says the same. A replay counts for nothing
      day 2000-01-04, week from 2000-01-03

    line 5  id 1  customer 2  DECLINED: ID_DUPLICATE_CONFLICT. Line 2, declined, was the first with this id and differs in the amount ($5,000.01 there, $1.00 here). A conflict counts for nothing
      day 2000-01-04, week from 2000-01-03
    ");
}

#[test]
fn json_is_an_object_a_line() {
    let trace = traced(EXP_MP, &[], REASONS);
    assert_snapshot!(explain_with(&trace, Asked::Id("1907"), None, true), @r#"{"run":1,"run_id":"run","scenario":"exp_mp","line_no":20,"id":"1907","customer_id":"22","day":"2024-01-05","week":"2024-01-01","accepted":false,"reason":"PRIME_DAILY_GLOBAL_LIMIT","answer":"DECLINED: PRIME_DAILY_GLOBAL_LIMIT. 1 prime id accepted earlier that day, of all customers, + this one = 2, over 1","rules":[{"rule":"DAILY_ATTEMPT_LIMIT","unit":"count","before":0,"adds":1,"limit":3,"passes":true},{"rule":"PRIME_AMOUNT_CAP","unit":"cents","before":0,"adds":10000,"limit":999900,"passes":true},{"rule":"PRIME_DAILY_GLOBAL_LIMIT","unit":"count","before":1,"adds":1,"limit":1,"passes":false},{"rule":"DAILY_AMOUNT_LIMIT","unit":"cents","before":0,"adds":10000,"limit":500000,"passes":true},{"rule":"WEEKLY_AMOUNT_LIMIT","unit":"cents","before":0,"adds":10000,"limit":2000000,"passes":true}],"advice":"With an id that is no prime number it would have passed.","largest_amount_cents":null,"first":null,"earlier":{"lines":[{"line_no":19,"id":"1901","customer_id":"21","effective_amount_cents":10000,"accepted":true}],"more":0,"more_cents":0},"steps":[{"step":"parse_load_attempt","takes":"RawLine","emits":["LoadAttempt"],"duration_ms":0.001,"notes":{"amount_cents":10000,"customer_id":"22","id":"1907"},"error":null},{"step":"compute_time_keys","takes":"LoadAttempt","emits":["AttemptWithKeys"],"duration_ms":0.001,"notes":{"day":"2024-01-05","week":"2024-01-01"},"error":null},{"step":"idempotency_gate","takes":"AttemptWithKeys","emits":["IdempotencyClassifiedAttempt"],"duration_ms":0.001,"notes":{"canonical_line_no":20,"idempotency":"canonical"},"error":null},{"step":"compute_features","takes":"IdempotencyClassifiedAttempt","emits":["EnrichedAttempt"],"duration_ms":0.001,"notes":{"effective_amount_cents":10000,"monday":"false","prime":"true"},"error":null},{"step":"evaluate_policies","takes":"EnrichedAttempt","emits":["Decision"],"duration_ms":0.001,"notes":{"accepted":"false","amount_cap_cents":999900,"attempts_before":0,"daily_attempts_limit":3,"day_amount_before_cents":0,"day_amount_limit_cents":500000,"global_per_day_limit":1,"primes_before":1,"reason":"PRIME_DAILY_GLOBAL_LIMIT","week_amount_before_cents":0,"week_amount_limit_cents":2000000},"error":null},{"step":"update_windows","takes":"Decision","emits":["Decision"],"duration_ms":0.001,"notes":{"attempts_after":1,"day_amount_after_cents":0,"week_amount_after_cents":0},"error":null},{"step":"format_output","takes":"Decision","emits":["OutputLine"],"duration_ms":0.001,"notes":{},"error":null},{"step":"write_output","takes":"OutputLine","emits":[],"duration_ms":0.001,"notes":{},"error":null}]}"#);
    let bad = explain_with(&trace, Asked::Line(3), None, true);
    let json: serde_json::Value = serde_json::from_str(&bad).unwrap();
    assert_eq!(json["accepted"], false);
    assert_eq!(json["reason"], "INPUT_PARSE_ERROR");
}

#[test]
fn each_run_is_explained_by_itself() {
    let trace = [traced(BASELINE, &[], REASONS), traced(EXP_MP, &[], REASONS)].concat();
    assert_snapshot!(answer(&trace, Asked::Line(20)), @"
    run 1, `run`, scenario `baseline`:
    line 20  id 1907  customer 22  ACCEPTED: $100.00. Left: 2 of 3 attempts that day, $4,900.00 of $5,000.00 that day, $19,900.00 of $20,000.00 that week
      day 2024-01-05, week from 2024-01-01

    run 2, `run`, scenario `exp_mp`:
    line 20  id 1907  customer 22  DECLINED: PRIME_DAILY_GLOBAL_LIMIT. 1 prime id accepted earlier that day, of all customers, + this one = 2, over 1
      With an id that is no prime number it would have passed.
      day 2024-01-05, week from 2024-01-01
      prime ids accepted earlier that day:
        line 19  id 1901  customer 21  $100.00
    ");
    let second = explain_with(&trace, Asked::Line(20), Some(2), false);
    assert!(second.starts_with("line 20  id 1907"), "{second}");
    assert_snapshot!(explain_with(&trace, Asked::Line(20), Some(3), false), @"exit 1: `TRACE` holds no line 20 in run 3");
}

#[test]
fn a_trace_that_shows_too_little_names_the_setting() {
    let trace = traced(BASELINE, &[SETTING], REASONS);
    assert_snapshot!(explain(&trace, Asked::Line(12)), @"exit 1: `TRACE` does not show the tags and metrics that explain a decision (trace the run again with `runtime.tracing.context_diff: {mode: whitelist, whitelist: [tags, metrics]}`)");
    assert_eq!(explain(&trace, Asked::Id("1700")), explain(&trace, Asked::Line(12)));
    let tags = traced(BASELINE, &["runtime.tracing.context_diff.whitelist=[tags]"], REASONS);
    assert_eq!(explain(&tags, Asked::Line(12)), explain(&trace, Asked::Line(12)));
}

#[test]
fn what_is_not_there_is_named() {
    let trace = traced(BASELINE, &[], REASONS);
    assert_snapshot!(explain(&trace, Asked::Line(31)), @"exit 1: `TRACE` holds no line 31");
    assert_snapshot!(explain(&trace, Asked::Id("\u{1b}[2J")), @r"exit 1: `TRACE` holds no line with the id `\u{1b}[2J`");
}

#[test]
fn what_is_no_trace_is_named_by_file_and_line() {
    let trace = traced(BASELINE, &[], REASONS);
    assert_snapshot!(explain(b"", Asked::Line(1)), @"exit 2: `TRACE` holds no record (is it a trace?)");
    assert_snapshot!(explain(&[&trace[..], b"{}\n"].concat(), Asked::Line(1)), @"exit 2: `TRACE`, line 221: no record: missing field `trace_id` at line 1 column 2 (is it a trace? `trace check` names everything that is wrong)");
}

#[test]
fn a_torn_end_hides_no_decision_before_it() {
    let trace = traced(BASELINE, &[], REASONS);
    let lines: Vec<_> = trace.split_inclusive(|byte| *byte == b'\n').collect();
    // The last line went through eight steps; here it has come through three and a half.
    let torn = [&lines[..lines.len() - 5].concat(), &lines[lines.len() - 5][..100]].concat();
    assert_snapshot!(answer(&torn, Asked::Line(30)), @"
    line 30  id 2108  customer 24  NOT DECIDED: the last step in the trace is idempotency_gate
      day 2024-01-07, week from 2024-01-01
    ");
    assert_eq!(answer(&torn, Asked::Line(29)), answer(&trace, Asked::Line(29)));
}

#[test]
fn lines_that_a_trace_lacks_are_missed() {
    let trace = String::from_utf8(traced(BASELINE, &[], REASONS)).unwrap();
    let without = trace.lines().filter(|line| !line.starts_with("{\"trace_id\":\"run:24\""));
    let without: String = without.map(|line| line.to_owned() + "\n").collect();
    let told = answer(without.as_bytes(), Asked::Line(25));
    assert!(told.contains("does not hold every line"), "{told}");
}

#[test]
fn data_cannot_speak_to_the_terminal() {
    let input = attempt("\\u001b[2J\\u202e", "2", "$1.00", "2000-01-04T00:00:00Z");
    let told = explain(&traced(BASELINE, &[], input.as_bytes()), Asked::Line(1));
    assert!(told.contains(r"id \u{1b}[2J\u{202e}"), "{told}");
    assert!(!told.contains(['\u{1b}', '\u{202e}']), "{told}");
}

#[test]
fn standard_input_cannot_be_read_twice() {
    let options = Options { file: "-".into(), line: Some(1), id: None, run: None, json: false };
    let failure = run(&options, &mut Vec::new()).unwrap_err();
    assert_eq!(failure.exit_code(), 2);
    assert_snapshot!(failure.to_string(), @"the trace `-` is no regular file, but has to be read more than once (write it to a file first)");
}

#[test]
fn an_error_of_the_output_is_told() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&traced(BASELINE, &[], REASONS)).unwrap();
    let file_name = file.path().to_str().unwrap().to_owned();
    for json in [false, true] {
        let options = Options { file: file_name.clone(), line: Some(1), id: None, run: None, json };
        assert_eq!(run(&options, &mut Full).unwrap_err().exit_code(), 1);
    }
}
