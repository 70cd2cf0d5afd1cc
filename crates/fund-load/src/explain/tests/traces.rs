//! Real traces: with repeated ids, several runs, large figures and hostile texts, or empty.

use super::*;

/// An id that was first unreadable, then declined, replayed and used for something else.
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
    line 1  id 1  customer 2  DECLINED: INVALID_TIMESTAMP. `time` is not a real date and time with an offset from UTC as RFC 3339 writes it, such as 2000-01-03T09:00:00Z. The line does not count as an attempt

    line 2  id 1  customer 2  DECLINED: DAILY_AMOUNT_LIMIT. $0.00 accepted earlier that day + $5,000.01 = $5,000.01, over $5,000.00
      $5,000.00 or less would have passed.
      day 2000-01-04, week from 2000-01-03

    line 4  id 1  customer 2  DECLINED: ID_DUPLICATE_REPLAY. Line 2 used this id before and was declined. It has the same customer, amount and time. A replay does not count as an attempt
      day 2000-01-04, week from 2000-01-03

    line 5  id 1  customer 2  DECLINED: ID_DUPLICATE_CONFLICT. Line 2 used this id before and was declined. It has another amount ($5,000.01 there, $1.00 here). A conflict does not count as an attempt
      day 2000-01-04, week from 2000-01-03
    ");
}

/// A forgotten id has several canonical attempts: each duplicate refers to its own, and each decline to the lines
/// before it.
#[test]
fn a_forgotten_id_is_explained_by_its_canonical_attempt() {
    let on =
        |id: &str, amount: &str, day: u32| attempt(id, "7", amount, &format!("2000-01-{day:02}T10:00:00Z"));
    let input = [
        on("1", "$1.00", 3),
        on("1", "$1.00", 3),
        on("2", "$4000.00", 6),
        on("1", "$4000.00", 6),
        on("1", "$4000.00", 6),
        on("3", "$4500.00", 10),
        on("1", "$600.00", 10),
        on("1", "$601.00", 10),
    ];
    let settings = ["nodes.idempotency_gate.remember_days=2"];
    let trace = traced(BASELINE, &settings, input.concat().as_bytes());
    assert_snapshot!(answer(&trace, Asked::Id("1")), @"
    line 1  id 1  customer 7  ACCEPTED: $1.00. Left: 2 of 3 attempts that day, $4,999.00 of $5,000.00 that day, $19,999.00 of $20,000.00 that week
      day 2000-01-03, week from 2000-01-03

    line 2  id 1  customer 7  DECLINED: ID_DUPLICATE_REPLAY. Line 1 used this id before and was accepted. It has the same customer, amount and time. A replay does not count as an attempt
      day 2000-01-03, week from 2000-01-03

    line 4  id 1  customer 7  DECLINED: DAILY_AMOUNT_LIMIT. $4,000.00 accepted earlier that day + $4,000.00 = $8,000.00, over $5,000.00
      $1,000.00 or less would have passed.
      day 2000-01-06, week from 2000-01-03
      accepted earlier that day:
        line 3  id 2  $4,000.00

    line 5  id 1  customer 7  DECLINED: ID_DUPLICATE_REPLAY. Line 4 used this id before and was declined. It has the same customer, amount and time. A replay does not count as an attempt
      day 2000-01-06, week from 2000-01-03

    line 7  id 1  customer 7  DECLINED: DAILY_AMOUNT_LIMIT. $4,500.00 accepted earlier that day + $600.00 = $5,100.00, over $5,000.00
      $500.00 or less would have passed.
      day 2000-01-10, week from 2000-01-10
      accepted earlier that day:
        line 6  id 3  $4,500.00

    line 8  id 1  customer 7  DECLINED: ID_DUPLICATE_CONFLICT. Line 7 used this id before and was declined. It has another amount ($600.00 there, $601.00 here). A conflict does not count as an attempt
      day 2000-01-10, week from 2000-01-10
    ");
    let alone = |line_no| answer(&trace, Asked::Line(line_no));
    assert_eq!([1, 2, 4, 5, 7, 8].map(alone).concat(), answer(&trace, Asked::Id("1")));
}

#[test]
fn json_is_an_object_a_line() {
    let trace = traced(EXP_MP, &[], REASONS);
    assert_snapshot!(explain_with(&trace, Asked::Id("1907"), None, true), @r#"{"run":1,"run_id":"run","scenario":"exp_mp","line_no":20,"id":"1907","customer_id":"22","day":"2024-01-05","week":"2024-01-01","accepted":false,"reason":"PRIME_DAILY_GLOBAL_LIMIT","answer":"DECLINED: PRIME_DAILY_GLOBAL_LIMIT. 1 prime id accepted earlier that day, of all customers, + this one = 2, over 1","rules":[{"rule":"DAILY_ATTEMPT_LIMIT","unit":"count","before":0,"adds":1,"limit":3,"passes":true},{"rule":"PRIME_AMOUNT_CAP","unit":"cents","before":0,"adds":10000,"limit":999900,"passes":true},{"rule":"PRIME_DAILY_GLOBAL_LIMIT","unit":"count","before":1,"adds":1,"limit":1,"passes":false},{"rule":"DAILY_AMOUNT_LIMIT","unit":"cents","before":0,"adds":10000,"limit":500000,"passes":true},{"rule":"WEEKLY_AMOUNT_LIMIT","unit":"cents","before":0,"adds":10000,"limit":2000000,"passes":true}],"advice":"With an id that is no prime number it would have passed.","largest_amount_cents":null,"first":null,"earlier":{"lines":[{"line_no":19,"id":"1901","customer_id":"21","amount_cents":10000,"effective_amount_cents":10000,"accepted":true,"reason":null}],"more":0,"more_cents":0},"steps":[{"step":"parse_load_attempt","takes":"RawLine","emits":["LoadAttempt"],"duration_ms":0.001,"tags":{"id":"1907","customer_id":"22"},"metrics":{"amount_cents":10000},"error":null},{"step":"compute_time_keys","takes":"LoadAttempt","emits":["AttemptWithKeys"],"duration_ms":0.001,"tags":{"day":"2024-01-05","week":"2024-01-01"},"metrics":{},"error":null},{"step":"idempotency_gate","takes":"AttemptWithKeys","emits":["IdempotencyClassifiedAttempt"],"duration_ms":0.001,"tags":{"idempotency":"canonical"},"metrics":{"canonical_line_no":20},"error":null},{"step":"compute_features","takes":"IdempotencyClassifiedAttempt","emits":["EnrichedAttempt"],"duration_ms":0.001,"tags":{"monday":"false","prime":"true"},"metrics":{"effective_amount_cents":10000},"error":null},{"step":"evaluate_policies","takes":"EnrichedAttempt","emits":["Decision"],"duration_ms":0.001,"tags":{"accepted":"false","reason":"PRIME_DAILY_GLOBAL_LIMIT"},"metrics":{"attempts_before":0,"day_amount_before_cents":0,"week_amount_before_cents":0,"primes_before":1,"daily_attempts_limit":3,"day_amount_limit_cents":500000,"week_amount_limit_cents":2000000,"amount_cap_cents":999900,"global_per_day_limit":1},"error":null},{"step":"update_windows","takes":"Decision","emits":["Decision"],"duration_ms":0.001,"tags":{},"metrics":{"attempts_after":1,"day_amount_after_cents":0,"week_amount_after_cents":0},"error":null},{"step":"format_output","takes":"Decision","emits":["OutputLine"],"duration_ms":0.001,"tags":{},"metrics":{},"error":null},{"step":"write_output","takes":"OutputLine","emits":[],"duration_ms":0.001,"tags":{},"metrics":{},"error":null}]}"#);
    let bad = explain_with(&trace, Asked::Line(3), None, true);
    let json: serde_json::Value = serde_json::from_str(&bad).unwrap();
    assert_eq!(json["accepted"], false);
    assert_eq!(json["reason"], "INPUT_PARSE_ERROR");
}

/// Tags and metrics are two sets of names.
#[test]
fn texts_and_names_in_steps_are_shown_unchanged() {
    let trace = traced(BASELINE, &[], attempt("ab\\\"", "\\u001b\\u202e", "$1.00", "x").as_bytes());
    let trace = String::from_utf8(trace).unwrap();
    let metrics = r#","metrics":{"before":{},"after":{"id":7,"fee_cents":"none","cap_cents":123456}}}"#;
    let trace = trace.replacen("}}},\"status\"", &format!("}}}}{metrics},\"status\""), 1);
    let told = explain(trace.as_bytes(), Asked::Line(1));
    let step = told.lines().find(|line| line.contains(" -> ")).unwrap();
    assert!(
        step.ends_with(r#"; id ab", customer_id \u{1b}\u{202e}, accepted false, reason INVALID_ID_FORMAT, id 7, fee_cents none, cap $1,234.56"#),
        "{step}"
    );
    let json = explain_with(trace.as_bytes(), Asked::Line(1), None, true);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["steps"][0]["tags"]["id"], &json["steps"][0]["metrics"]["id"]),
        (&"ab\"".into(), &7.into())
    );
}

#[test]
fn lines_with_the_same_id_are_kept_apart() {
    let input = attempt("4", "2", "$5000.00", "2000-01-04T00:00:00Z")
        + &attempt("6", "2", "$1.00", "2000-01-04T00:00:00Z")
        + &attempt("6", "2", "1", "2000-01-04T00:00:00Z");
    let trace = traced(BASELINE, &[], input.as_bytes());
    let told = explain_with(&trace, Asked::Id("6"), None, true);
    let told: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told[0]["earlier"]["lines"][0]["line_no"], 1);
    assert!(told[1]["earlier"].is_null(), "{}", told[1]);
}

#[test]
fn the_largest_figures_are_exact() {
    let settings = [
        "nodes.compute_features.monday_multiplier.multiplier=1000",
        "nodes.evaluate_policies.limits.daily_amount=null",
    ];
    let input = attempt("4", "2", "$999999999999999.99", "2000-01-03T00:00:00Z");
    let trace = traced(EXP_MP, &settings, input.as_bytes());
    assert_snapshot!(answer(&trace, Asked::Line(1)), @"
    line 1  id 4  customer 2  DECLINED: WEEKLY_AMOUNT_LIMIT. $0.00 accepted earlier that week + $999,999,999,999,999,990.00 = $999,999,999,999,999,990.00, over $20,000.00
      $20.00 or less would have passed.
      Monday: $999,999,999,999,999.99 x 1000 counts as $999,999,999,999,999,990.00.
      day 2000-01-03, week from 2000-01-03
    ");
    let json = explain_with(&trace, Asked::Line(1), None, true);
    assert!(
        json.contains(r#""before":0,"adds":99999999999999999000,"limit":2000000,"passes":false"#),
        "{json}"
    );
}

#[test]
fn each_run_is_explained_by_itself() {
    let trace = [traced(BASELINE, &[], REASONS), traced(EXP_MP, &[], REASONS)].concat();
    assert_snapshot!(answer(&trace, Asked::Line(20)), @"
    run 1: `run`, scenario `baseline`
    line 20  id 1907  customer 22  ACCEPTED: $100.00. Left: 2 of 3 attempts that day, $4,900.00 of $5,000.00 that day, $19,900.00 of $20,000.00 that week
      day 2024-01-05, week from 2024-01-01

    run 2: `run`, scenario `exp_mp`
    line 20  id 1907  customer 22  DECLINED: PRIME_DAILY_GLOBAL_LIMIT. 1 prime id accepted earlier that day, of all customers, + this one = 2, over 1
      With an id that is no prime number it would have passed.
      Prime id: at most $9,999.00 each; at most 1 accepted a day, of all customers.
      day 2024-01-05, week from 2024-01-01
      prime ids accepted earlier that day:
        line 19  id 1901  customer 21  $100.00
    ");
    let second = explain_with(&trace, Asked::Line(20), Some(2), false);
    assert!(second.starts_with("line 20  id 1907"), "{second}");
    assert_snapshot!(explain_with(&trace, Asked::Line(20), Some(3), false), @"exit 2: `TRACE` has no run 3 (it holds 2 runs)");
}

#[test]
fn full_contexts_explain_as_much_as_tags_and_metrics() {
    for yaml in [BASELINE, EXP_MP] {
        let (full, some) = (
            traced(yaml, &["runtime.tracing.context_diff={mode: full}"], REASONS),
            traced(yaml, &[], REASONS),
        );
        for line_no in [1, 5, 11, 20, 30] {
            assert_eq!(explain(&full, Asked::Line(line_no)), explain(&some, Asked::Line(line_no)));
        }
    }
}

#[test]
fn missing_lines_and_ids_are_named() {
    let trace = traced(BASELINE, &[], REASONS);
    assert_snapshot!(explain(&trace, Asked::Line(31)), @"exit 1: `TRACE` holds no line 31");
    assert_snapshot!(explain(&trace, Asked::Id("\u{1b}[2J")), @r"exit 1: `TRACE` holds no line with the id `\u{1b}[2J`");
    assert_snapshot!(explain(b"", Asked::Line(1)), @"exit 1: `TRACE` holds no line 1");
}

#[test]
fn an_invalid_trace_is_named_by_file_and_line() {
    let trace = traced(BASELINE, &[], REASONS);
    assert_snapshot!(explain(&[&trace[..], b"{}\n"].concat(), Asked::Line(1)), @"
    line 1  id 1000  customer 10  ACCEPTED: $2,500.00. Left: 2 of 3 attempts that day, $2,500.00 of $5,000.00 that day, $17,500.00 of $20,000.00 that week
      day 2024-01-01, week from 2024-01-01
      steps:
        parse_load_attempt  RawLine -> LoadAttempt, 1.00 µs; id 1000, customer_id 10, amount $2,500.00
        compute_time_keys   LoadAttempt -> AttemptWithKeys, 1.00 µs; day 2024-01-01, week 2024-01-01
        idempotency_gate    AttemptWithKeys -> IdempotencyClassifiedAttempt, 1.00 µs; idempotency canonical, canonical_line_no 1
        compute_features    IdempotencyClassifiedAttempt -> EnrichedAttempt, 1.00 µs; monday false, prime false, effective_amount $2,500.00
        evaluate_policies   EnrichedAttempt -> Decision, 1.00 µs; accepted true, attempts_before 0, day_amount_before $0.00, week_amount_before $0.00, daily_attempts_limit 3, day_amount_limit $5,000.00, week_amount_limit $20,000.00
        update_windows      Decision -> Decision, 1.00 µs; attempts_after 1, day_amount_after $2,500.00, week_amount_after $2,500.00
        format_output       Decision -> OutputLine, 1.00 µs
        write_output        OutputLine -> nothing, 1.00 µs

    exit 2: `TRACE` has a line that is not a record, left out here (`trace check` names everything that is wrong)
    ");
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
    assert_snapshot!(failure.to_string(), @"the trace `-` is not a regular file, but has to be read more than once (write it to a file first)");
}

#[test]
fn an_error_of_the_output_is_reported() {
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
