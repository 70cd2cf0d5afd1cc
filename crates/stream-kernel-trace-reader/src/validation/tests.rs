//! Defects found in whole traces.

use super::input_flow::MAX_KINDS;
use super::run_names::MAX_STEPS;
use super::*;
use crate::reading::{TraceLine, TraceReader};

/// Two inputs through three steps, the second of which fans out.
const SOUND: &str = r#"{"trace_id":"run:1","scenario":"s","line_no":1,"step_index":0,"step_name":"split","work_index":0,"t_enter":"2026-01-21T00:00:00.000001Z","t_exit":"2026-01-21T00:00:00.000002Z","duration_ms":0.001,"msg_in":{"type_name":"Line","identity":null,"hash":null},"msg_out":[{"type_name":"Word","identity":"a\u0007","hash":null},{"type_name":"Word","identity":null,"hash":"0123456789abcdef0123456789abcdef"}],"msg_out_count":2,"ctx_before":{"tags":{}},"ctx_after":{"tags":{}},"ctx_diff":{},"status":"ok","error":null}
{"trace_id":"run:1","scenario":"s","line_no":1,"step_index":1,"step_name":"count","work_index":0,"t_enter":"2026-01-21T00:00:00.000002Z","t_exit":"2026-01-21T00:00:00.000002Z","duration_ms":0.0,"msg_in":{"type_name":"Word","identity":null,"hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}
{"trace_id":"run:1","scenario":"s","line_no":1,"step_index":1,"step_name":"count","work_index":1,"t_enter":"2026-01-21T00:00:00.000003Z","t_exit":"2026-01-21T00:00:00.000004Z","duration_ms":0.001,"msg_in":{"type_name":"Word","identity":null,"hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}
{"trace_id":"run:2","scenario":"s","line_no":2,"step_index":0,"step_name":"split","work_index":0,"t_enter":"2026-01-21T00:00:01.000001Z","t_exit":"2026-01-21T00:00:01.000002Z","duration_ms":0.001,"msg_in":{"type_name":"Line","identity":null,"hash":null},"msg_out":[{"type_name":"Word","identity":null,"hash":null},{"type_name":"Dropped","identity":null,"hash":null}],"msg_out_count":2,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}
{"trace_id":"run:2","scenario":"s","line_no":2,"step_index":1,"step_name":"count","work_index":0,"t_enter":"2026-01-21T00:00:01.000002Z","t_exit":"2026-01-21T00:00:01.000003Z","duration_ms":0.001,"msg_in":{"type_name":"Word","identity":null,"hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"error","error":{"type":"T","message":"m","where":"count","stack":null}}
"#;

/// Returns the findings of `trace`, one a line.
fn check(trace: &str) -> String {
    let (mut check, mut findings) = (Validator::default(), Vec::new());
    let mut reader = TraceReader::new(trace.as_bytes());
    while let Some(line) = reader.next_line().unwrap() {
        match line {
            TraceLine::Record(record) => check.record(&reader, *record, &mut findings),
            TraceLine::Wrong(wrong) => check.wrong_line(&wrong, &mut findings),
        }
    }
    check.finish(&mut findings);
    let told: Vec<String> =
        findings.iter().map(|Finding { run, line_no, what }| format!("{run}/{line_no}: {what}")).collect();
    told.join("\n")
}

/// Returns the findings after replacing `from` by `to` in line `line_no` of the valid trace.
fn check_changed(line_no: usize, from: &str, to: &str) -> String {
    let mut lines: Vec<String> = SOUND.lines().map(|line| format!("{line}\n")).collect();
    assert!(lines[line_no - 1].contains(from), "{from}");
    lines[line_no - 1] = lines[line_no - 1].replacen(from, to, 1);
    check(&lines.concat())
}

/// Returns the findings of these lines of the valid trace, in this order.
fn check_lines(line_nos: &[usize]) -> String {
    let lines: Vec<&str> = SOUND.split_inclusive('\n').collect();
    check(&line_nos.iter().map(|line_no| lines[line_no - 1]).collect::<String>())
}

#[test]
fn a_valid_trace_is_valid_alone_and_appended() {
    assert_eq!(check(SOUND), "");
    assert_eq!(check(&SOUND.repeat(2)), "");
    let only_line_1: String = SOUND.split_inclusive('\n').take(3).collect();
    let a_minute_later = only_line_1.replace("T00:00:00", "T00:01:00");
    assert_eq!(check(&(only_line_1 + &a_minute_later)), "");
    assert_eq!(check(""), "");
    // A recorder writes no white space or other escapes, but the record is the same.
    assert_eq!(check(&SOUND.replace("\"Line\"", " \"L\\u0069ne\" ")), "");
}

#[test]
fn a_byte_order_mark_is_a_finding_except_at_the_head() {
    assert_eq!(check(&format!("\u{feff}{SOUND}")), "");
    insta::assert_snapshot!(check(&format!("{SOUND}\u{feff}{SOUND}")), @"2/6: begins with a byte order mark (remove it: other programs read it at the head of a file only)");
}

#[test]
fn keys_that_are_missing_or_out_of_order_are_found() {
    let found = [
        check_changed(1, r#","status":"ok","error":null"#, r#","error":null,"status":"ok""#),
        check_changed(1, r#","ctx_diff":{}"#, ""),
        check_changed(1, r#""type_name":"Line","identity":null"#, r#""identity":null,"type_name":"Line""#),
        check_changed(1, r#","hash":"0123456789abcdef0123456789abcdef""#, ""),
        check_changed(5, r#","stack":null"#, ""),
        check_changed(1, r#"{"type_name":"Line","identity":null,"hash":null}"#, r#"["Line",null,null]"#),
        check_changed(
            5,
            r#"{"type":"T","message":"m","where":"count","stack":null}"#,
            r#"["T","m","count",null]"#,
        ),
        check_changed(1, r#""status":"ok""#, r#""status":{"ok":null}"#),
        check_changed(1, r#""scenario":"s""#, r#""scenario":"s","more":1"#),
        check_changed(1, r#""scenario":"s""#, r#""scenario":"s","scenario":"s""#),
    ];
    insta::assert_snapshot!(found.join("\n"), @"
    1/1: the record has the key `error` where `status` is due
    1/1: the record lacks the key `ctx_diff`
    1/1: some of `ctx_before`, `ctx_after` and `ctx_diff` are null, others are not
    1/1: `msg_in` has the key `identity` where `type_name` is due
    1/1: `msg_out` lacks the key `hash`
    1/5: `error` lacks the key `stack`
    1/1: `msg_in` is not an object
    1/5: `error` is not an object
    1/1: `status` is not a text
    0/1: no record: unknown field `more`, expected one of `trace_id`, `scenario`, `line_no`, `step_index`, `step_name`, `work_index`, `t_enter`, `t_exit`, `duration_ms`, `msg_in`, `msg_out`, `msg_out_count`, `ctx_before`, `ctx_after`, `ctx_diff`, `status`, `error` at column 41
    0/1: no record: duplicate field `scenario` at column 45
    ");
}

#[test]
fn values_that_contradict_the_schema_or_each_other_are_found() {
    let found = [
        check_changed(1, "run:1", "run:01"),
        check_changed(1, r#""msg_out_count":2"#, r#""msg_out_count":3"#),
        check_changed(1, r#""status":"ok""#, r#""status":"error""#),
        check_changed(1, r#""ctx_after":{"tags":{}}"#, r#""ctx_after":null"#),
        check_changed(1, r#""ctx_after":{"tags":{}}"#, r#""ctx_after":[]"#),
        check_changed(1, r#""ctx_diff":{}"#, r#""ctx_diff":{"tags":{"before":{},"after":{"id":"1"}}}"#),
        check_changed(
            1,
            r#""ctx_diff":{}"#,
            r#""ctx_diff":{"ta\u0067s":{"before":{},"after":{}},"metrics":{"after":{"before":1}}}"#,
        ),
        check_changed(1, r#""ctx_diff":{}"#, r#""ctx_diff":{"tags":{"before":{},"after":{},"more":1}}"#),
        check_changed(1, r#""ctx_diff":{}"#, r#""ctx_diff":{"tags":{"before":{},"after":{},"after":{}}}"#),
        check_changed(1, r#""ctx_diff":{}"#, r#""ctx_diff":{"tags":{"after":{},"before":{}}}"#),
        check_changed(1, r#""ctx_diff":{}"#, r#""ctx_diff":{"tags":[{},{}]}"#),
        check(
            &SOUND
                .lines()
                .take(1)
                .collect::<String>()
                .replace(r#":"s""#, &format!(":\"{}\"", "x".repeat(271))),
        ),
        check_changed(5, r#""type":"T""#, &format!(r#""type":"{}""#, "x".repeat(271))),
        check_changed(1, "0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789abcdef"),
        check_changed(1, "a\\u0007", &"x".repeat(271)),
        check_changed(1, "a\\u0007", &"ü".repeat(270)),
        check_changed(1, r#""duration_ms":0.001"#, r#""duration_ms":-0.001"#),
        check_changed(2, r#""scenario":"s""#, r#""scenario":"another""#),
        check_changed(3, r#""step_name":"count""#, r#""step_name":"tally""#),
        check_changed(5, r#""where":"count","stack":null"#, r#""where":"split","stack":"s""#),
        check_changed(5, r#""status":"error""#, r#""status":"ok""#),
    ];
    insta::assert_snapshot!(found.join("\n"), @r#"
    1/1: `trace_id` is `run:01`, which does not end in `:1`
    1/1: `msg_out_count` is 3, but `msg_out` has 2
    1/1: `status` is `error`, but `error` is null
    1/2: input 1 goes on after the error in line 1
    1/1: some of `ctx_before`, `ctx_after` and `ctx_diff` are null, others are not
    1/1: `ctx_after` is not an object
    1/1: `ctx_diff` has another `tags` as `after` than `ctx_after` has
    1/1: `ctx_diff` has `metrics` in another form than `{"before":..,"after":..}`
    1/1: `ctx_diff` has `tags` in another form than `{"before":..,"after":..}`
    1/1: `ctx_diff` has `tags` in another form than `{"before":..,"after":..}`
    1/1: `ctx_diff` has `tags` in another form than `{"before":..,"after":..}`
    1/1: `ctx_diff` has `tags` in another form than `{"before":..,"after":..}`

    1/5: `error.type` is longer than 270 characters
    1/1: `hash` in `msg_out` is `0123456789ABCDEF0123456789abcdef` (expected 32 lower-case hexadecimal digits)
    1/1: `identity` in `msg_out` is longer than 270 characters

    1/1: `duration_ms` is -0.001, less than 0
    1/2: `scenario` is `another`, but this run began with `s`
    1/3: `step_name` is `tally`, but step 1 of this run is `count`
    1/5: `error.where` is `split`, not the step `count`
    1/5: `error.stack` is not null
    1/5: `status` is `ok`, but `error` is not null
    "#);
}

/// The first record of the valid trace, with other snapshots.
fn check_snapshots(before: &str, after: &str, diff: &str) -> String {
    check_changed(
        1,
        r#""ctx_before":{"tags":{}},"ctx_after":{"tags":{}},"ctx_diff":{}"#,
        &format!(r#""ctx_before":{before},"ctx_after":{after},"ctx_diff":{diff}"#),
    )
}

#[test]
fn a_diff_that_contradicts_the_snapshots_is_found() {
    let (before, after) = (r#"{"tags":{},"notes":["n"]}"#, r#"{"tags":{"id":"é"},"notes":["n"]}"#);
    let diff = r#"{"tags":{"before":{},"after":{"id":"é"}}}"#;
    assert_eq!(check_snapshots(before, after, diff), "");
    // Other spellings have the same values, and neither snapshot shows a change after a cut.
    assert_eq!(
        check_snapshots(before, after, r#"{ "ta\u0067s": {"before":{ }, "after":{"id":"\u00e9"}}}"#),
        ""
    );
    let behind_the_cut = r#"{"notes":{"before":["n"],"after":["n"]}}"#;
    assert_eq!(check_snapshots(before, before, behind_the_cut), "");
    let deep = "[".repeat(200) + &"]".repeat(200);
    let deep = format!(r#"{{"tags":{deep}}}"#);
    assert_eq!(check_snapshots(&deep, &deep, "{}"), "");
    let found = [
        check_snapshots(before, after, "{}"),
        check_snapshots(before, before, diff),
        check_snapshots(before, after, r#"{"tags":{"before":{"id":"7"},"after":{"id":"é"}}}"#),
        check_snapshots(before, after, r#"{"tags":{"before":{},"after":{"id":"7"}}}"#),
        check_snapshots(before, after, &diff.replace("tags", "flags")),
        check_snapshots(before, r#"{"notes":["n"]}"#, "{}"),
        check_snapshots(r#"{"notes":["n"]}"#, before, "{}"),
    ];
    insta::assert_snapshot!(found.join("\n"), @"
    1/1: `tags` differs between `ctx_before` and `ctx_after`, but not according to `ctx_diff`
    1/1: `ctx_diff` has another `tags` as `after` than `ctx_after` has
    1/1: `ctx_diff` has another `tags` as `before` than `ctx_before` has
    1/1: `ctx_diff` has another `tags` as `after` than `ctx_after` has
    1/1: `ctx_diff` has another `flags` as `before` than `ctx_before` has
    1/1: `tags` differs between `ctx_before` and `ctx_after`, but not according to `ctx_diff`
    1/1: `tags` differs between `ctx_before` and `ctx_after`, but not according to `ctx_diff`
    ");
}

#[test]
fn a_missing_change_of_the_context_is_found() {
    let context = |from: &str, to: &str, diff: &str| {
        format!(r#""ctx_before":{{"tags":{from}}},"ctx_after":{{"tags":{to}}},"ctx_diff":{diff},"status""#)
    };
    let none = r#""ctx_before":null,"ctx_after":null,"ctx_diff":null,"status""#;
    let lines: Vec<&str> = SOUND.split_inclusive('\n').take(3).collect();
    let second =
        lines[1].replace(none, &context("{}", r#"{"n":"1"}"#, r#"{"tags":{"before":{},"after":{"n":"1"}}}"#));
    let third = lines[2].replace(none, &context(r#"{"n":"1"}"#, r#"{"n":"1"}"#, "{}"));
    assert_eq!(check(&[lines[0], &second, &third].concat()), "");
    assert_eq!(check(&[lines[0], &second, &third.replace(r#""1""#, r#""\u0031""#)].concat()), "");
    // As if the first of three words were missing, with no other sign of it.
    let lost = second.replace(r#""n""#, r#""m""#);
    insta::assert_snapshot!(check(&[lines[0], &lost, &third].concat()), @"1/3: `ctx_before` is not `ctx_after` of the record before, line 2 (is a record missing?)");
    // After a line without a record, nothing is reported missing.
    assert_eq!(check(&[lines[0], &lost, "{}\n", &third].concat()).lines().count(), 1);
}

#[test]
fn durations_agree_with_the_times_up_to_rounding() {
    let lasting =
        |millis: &str| check_changed(1, r#""duration_ms":0.001"#, &format!(r#""duration_ms":{millis}"#));
    // The times are 1 µs apart: at least 1 ns, at most 1,999 ns.
    for sound in ["0.000001", "0.001", "0.001999"] {
        assert_eq!(lasting(sound), "", "{sound}");
    }
    insta::assert_snapshot!([lasting("0.0"), lasting("0.002"), lasting("5000.0"), lasting("1e300")].join("\n"), @"
    1/1: `duration_ms` is 0.0, but `t_exit` is 1 µs after `t_enter` (they differ by less than 1 µs)
    1/1: `duration_ms` is 0.002, but `t_exit` is 1 µs after `t_enter` (they differ by less than 1 µs)
    1/1: `duration_ms` is 5000.0, but `t_exit` is 1 µs after `t_enter` (they differ by less than 1 µs)
    1/1: `duration_ms` is 1e300, but `t_exit` is 1 µs after `t_enter` (they differ by less than 1 µs)
    ");
    let into_the_next_second = |millis: &str| {
        check(&SOUND.replace("00:01.000003Z", "00:02.000003Z").replace(
            r#""duration_ms":0.001,"msg_in":{"type_name":"Word""#,
            &format!(r#""duration_ms":{millis},"msg_in":{{"type_name":"Word""#),
        ))
    };
    assert_eq!(into_the_next_second("1000.001999").lines().count(), 1, "only the other input's");
    assert_eq!(into_the_next_second("1000.002").lines().count(), 2);
}

#[test]
fn names_are_checked_up_to_the_bound_of_steps() {
    for (step_index, findings) in [(MAX_STEPS - 1, 2), (MAX_STEPS, 0)] {
        let trace = SOUND.replace(r#""step_index":1"#, &format!(r#""step_index":{step_index}"#));
        let found = check(&trace.replacen(r#""step_name":"count""#, r#""step_name":"tally""#, 1));
        assert_eq!(found.lines().count(), findings, "{found}");
    }
}

#[test]
fn times_are_times_and_never_go_back_within_an_input() {
    // Several workers record inputs at the same time.
    assert_eq!(check(&SOUND.replace("00:00:01.", "00:00:00.")), "");
    let found = [
        check_changed(1, "2026-01-21T00:00:00.000001Z", "2026-01-21T00:00:00.000003Z"),
        check_changed(2, "2026-01-21T00:00:00.000002Z", "2026-01-21T00:00:00.000001Z"),
        check_changed(5, "01.000003Z", "01.0003Z"),
        check_changed(5, "01.000003Z", "01.000003 "),
        check_changed(5, "2026-01-21T00:00:01.000003Z", "2026-02-29T00:00:01.000003Z"),
        check_changed(5, "2026-01-21T00:00:01.000003Z", "2026-01-21 00:00:02.000003Z"),
    ];
    insta::assert_snapshot!(found.join("\n"), @"
    1/1: `t_exit` `2026-01-21T00:00:00.000002Z` is before `t_enter` `2026-01-21T00:00:00.000003Z`
    1/2: `duration_ms` is 0.0, but `t_exit` is 1 µs after `t_enter` (they differ by less than 1 µs)
    1/2: `t_enter` `2026-01-21T00:00:00.000001Z` is before `t_exit` `2026-01-21T00:00:00.000002Z` of the record before, line 1
    1/5: `t_exit` is `2026-01-21T00:00:01.0003Z` (expected a time in UTC with microseconds, such as `2026-01-21T01:23:45.123456Z`)
    1/5: `t_exit` is `2026-01-21T00:00:01.000003 ` (expected a time in UTC with microseconds, such as `2026-01-21T01:23:45.123456Z`)
    1/5: `t_exit` is `2026-02-29T00:00:01.000003Z` (expected a time in UTC with microseconds, such as `2026-01-21T01:23:45.123456Z`)
    1/5: `t_exit` is `2026-01-21 00:00:02.000003Z` (expected a time in UTC with microseconds, such as `2026-01-21T01:23:45.123456Z`)
    1/5: `t_exit` `2026-01-21 00:00:02.000003Z` is before `t_enter` `2026-01-21T00:00:01.000002Z`
    ");
}

#[test]
fn missing_and_misplaced_records_are_found() {
    let found = [
        ("without the second word", check_lines(&[1, 2, 4, 5])),
        ("without the first word", check_lines(&[1, 3, 4, 5])),
        ("without the words", check_lines(&[1, 4, 5])),
        ("without the first step", check_lines(&[2, 3, 4, 5])),
        ("without the first input", check_lines(&[4, 5])),
        ("without the end", check_lines(&[1, 2, 3, 4])),
        ("with the first record twice", check_lines(&[1, 1, 2, 3, 4, 5])),
        ("with a record twice", check_lines(&[1, 2, 2, 3, 4, 5])),
        ("with steps out of order", check_lines(&[2, 1, 3, 4, 5])),
        ("with more after an error", check_lines(&[1, 2, 3, 4, 5, 5])),
        ("with an input left out", check(&SOUND.replace("run:2\"", "run:4\"").replace("no\":2", "no\":4"))),
    ];
    let found: Vec<String> = found.iter().map(|(case, found)| format!("{case}:\n{found}")).collect();
    insta::assert_snapshot!(found.join("\n"), @"
    without the second word:
    1/2: input 1 ends here, but no step took a `Word` that step 0 had emitted
    without the first word:
    1/2: `work_index` is 1 where 0 is due (is a record missing?)
    without the words:
    1/1: input 1 ends here, but no step took a `Word` that step 0 had emitted
    without the first step:
    1/2: takes a `Word` that no earlier step of input 1 has emitted (is a record missing?)
    1/3: input 2 begins at `step_index` 0, the one before at 1 (is a record missing?)
    without the first input:
    1/1: input 1 left no record in this run
    without the end:
    1/4: input 2 ends here, but no step took a `Word` that step 0 had emitted
    with the first record twice:
    1/2: `t_enter` `2026-01-21T00:00:00.000001Z` is before `t_exit` `2026-01-21T00:00:00.000002Z` of the record before, line 1
    1/2: `work_index` is 0 where 1 is due (is a record missing?)
    with a record twice:
    1/3: `work_index` is 0 where 1 is due (is a record missing?)
    with steps out of order:
    1/2: `t_enter` `2026-01-21T00:00:00.000001Z` is before `t_exit` `2026-01-21T00:00:00.000002Z` of the record before, line 1
    1/2: `step_index` goes back from 1 to 0 within input 1
    1/4: input 2 begins at `step_index` 0, the one before at 1 (is a record missing?)
    with more after an error:
    1/6: `t_enter` `2026-01-21T00:00:01.000002Z` is before `t_exit` `2026-01-21T00:00:01.000003Z` of the record before, line 5
    1/6: input 2 goes on after the error in line 5
    with an input left out:
    1/4: inputs 2 to 3 left no record in this run
    ");
}

#[test]
fn a_wrong_line_is_one_finding() {
    let wrong = |line_no: usize| {
        let line = SOUND.lines().nth(line_no - 1).unwrap();
        check_changed(line_no, line, "{}")
    };
    insta::assert_snapshot!((1..=5).map(wrong).collect::<Vec<_>>().join("\n"), @"
    0/1: no record: missing field `trace_id` at column 2
    1/2: no record: missing field `trace_id` at column 2
    1/3: no record: missing field `trace_id` at column 2
    1/4: no record: missing field `trace_id` at column 2
    1/5: no record: missing field `trace_id` at column 2
    ");
}

#[test]
fn exceeding_a_bound_is_reported_once() {
    let emitting = |count: usize| {
        let messages: Vec<String> = (0..count)
            .map(|kind| format!(r#"{{"type_name":"K{kind}","identity":null,"hash":null}}"#))
            .collect();
        let line = SOUND.lines().next().unwrap();
        let (head, rest) = line.split_once(r#""msg_out":["#).unwrap();
        let tail = rest.split_once("],\"msg_out_count\":2").unwrap().1;
        format!("{head}\"msg_out\":[{}],\"msg_out_count\":{count}{tail}\n", messages.join(","))
    };
    // The taken kind is one of them.
    assert_eq!(check(&emitting(MAX_KINDS - 1)), "");
    let beyond = check(&emitting(MAX_KINDS + 5));
    assert!(beyond.starts_with("1/1: more than 1024 kinds") && beyond.lines().count() == 1, "{beyond}");
}
