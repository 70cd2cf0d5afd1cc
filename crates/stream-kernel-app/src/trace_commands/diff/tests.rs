//! `trace diff` on files.

use std::fs;
use std::path::Path;

use super::people::MAX_FIELDS;
use super::{Options, run};

/// A record of the run `run_id`, with the tags given as JSON members.
fn record(run_id: &str, line_no: u64, step: &str, tags: &str) -> String {
    format!(
        r#"{{"trace_id":"{run_id}:{line_no}","scenario":"s","line_no":{line_no},"step_index":0,"step_name":"{step}","work_index":0,"t_enter":"{run_id}","t_exit":"{run_id}","duration_ms":0.{line_no},"msg_in":{{"type_name":"In","identity":null,"hash":null}},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":{{"run_id":"{run_id}","tags":{{{tags}}}}},"ctx_diff":null,"status":"ok","error":null}}"#
    ) + "\n"
}

/// Compares two traces and returns the exit code with what was written, or the error.
fn check(a: &str, b: &str, only_run: Option<u64>, json: bool) -> (u8, String) {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let options = Options { a: in_folder("a.jsonl"), b: in_folder("b.jsonl"), run: only_run, json };
    fs::write(&options.a, a).unwrap();
    fs::write(&options.b, b).unwrap();
    let mut out = Vec::new();
    let (exit_code, text) = match run(&options, &mut out) {
        Ok(exit_code) => (exit_code, String::from_utf8(out).unwrap()),
        Err(failure) => (failure.exit_code(), failure.to_string()),
    };
    (exit_code, text.replace(&in_folder(""), ""))
}

#[test]
fn runs_that_differ_in_times_and_run_ids_alone_are_the_same() {
    let (a, b) = (record("a", 1, "decide", ""), record("b", 1, "decide", ""));
    insta::assert_debug_snapshot!(check(&a, &b, None, false), @r#"
    (
        0,
        "same: 1 input, 1 record (times and run ids left out)\n",
    )
    "#);
    assert_eq!(check(&a, &b, None, true).0, 0);
}

#[test]
fn the_first_difference_stands_side_by_side_and_the_rest_is_counted() {
    let a = record("a", 1, "parse", r#""id":"7""#)
        + &record("a", 1, "decide", r#""id":"7","accepted":"true""#)
        + &record("a", 2, "parse", r#""id":"8\u001b\u202e","accepted":"false","reason":"DAY""#)
        + &record("a", 3, "parse", r#""accepted":"true""#);
    let b = record("b", 1, "parse", r#""id":"7""#)
        + &record("b", 1, "decide", r#""id":"7","accepted":"false","reason":"DAY""#)
        + &record("b", 1, "write", r#""id":"7","accepted":"false","reason":"DAY""#)
        + &record("b", 2, "parse", r#""id":"8\u001b\u202e","accepted":"false","reason":"WEEK""#);
    let (exit_code, text) = check(&a, &b, None, false);
    assert_eq!(exit_code, 1);
    insta::assert_snapshot!(text, @r#"
    A  a.jsonl: 3 inputs
    B  b.jsonl: 2 inputs

    input line 1, step decide, work index 0
    first difference           A       B
      in the file              line 2  line 2
      ctx_after.tags.accepted  "true"  "false"
      ctx_after.tags.reason    -       "DAY"

    records by step  same  differing  only in A  only in B
      parse          1     1          1          0
      decide         0     1          0          0
      write          0     0          0          1

    tags that ended otherwise  inputs
      accepted                 1
      reason                   2

    decisions         A  B
      accepted        2  0
      declined: DAY   1  1
      declined: WEEK  0  1

    decisions flipped: 1 input
      line 1  id 7  accepted -> declined: DAY

    declined for another reason: 1 input
      line 2  id 8\u{1b}\u{202e}  declined: DAY -> declined: WEEK
    "#);
    let (exit_code, json) = check(&a, &b, None, true);
    assert_eq!(exit_code, 1);
    insta::assert_snapshot!(json.replace('\u{202e}', "<bidi>"), @r#"{"run":1,"same":false,"inputs":{"a":3,"b":2},"first":{"line_no":1,"step_name":"decide","work_index":0,"file_line":{"a":2,"b":2},"fields":[{"path":"ctx_after.tags.accepted","a":"true","b":"false"},{"path":"ctx_after.tags.reason","b":"DAY"}]},"steps":[{"step_name":"parse","same":1,"differing":1,"only_in_a":1,"only_in_b":0},{"step_name":"decide","same":0,"differing":1,"only_in_a":0,"only_in_b":0},{"step_name":"write","same":0,"differing":0,"only_in_a":0,"only_in_b":1}],"tags":[{"tag":"accepted","inputs":1},{"tag":"reason","inputs":2}],"decisions":[{"decision":"accepted","a":2,"b":0},{"decision":"declined: DAY","a":1,"b":1},{"decision":"declined: WEEK","a":0,"b":1}],"flipped":{"inputs":1,"first":[{"line_no":1,"id":"7","a":"accepted","b":"declined: DAY"}]},"other_reason":{"inputs":1,"first":[{"line_no":2,"id":"8\u001b<bidi>","a":"declined: DAY","b":"declined: WEEK"}]}}"#);
}

#[test]
fn several_runs_stand_under_headings_and_one_can_be_chosen() {
    let one = record("a", 1, "parse", "");
    let two = record("b", 1, "parse", "");
    let both = one.clone() + &two;
    let (exit_code, text) = check(&both, &one, None, false);
    assert_eq!(exit_code, 1);
    insta::assert_snapshot!(text, @"
    == run 1 ==
    same: 1 input, 1 record (times and run ids left out)
    == run 2 ==
    A  a.jsonl: 1 input
    B  b.jsonl: no such run

    input line 1, step parse, work index 0
    first difference  A       B
      in the file     line 2  -

    records by step  same  differing  only in A  only in B
      parse          0     0          1          0

    no decisions: neither trace shows the tag `accepted` (runtime.tracing.context_diff shows `tags`)
    ");
    assert_eq!(check(&both, &one, Some(1), false).0, 0);
    assert_eq!(check(&both, &one, Some(2), false).0, 1);
    insta::assert_debug_snapshot!(check(&both, &one, Some(3), false), @r#"
    (
        2,
        "neither `a.jsonl` nor `b.jsonl` has a run 3 (without --run, all are compared)",
    )
    "#);
    assert_eq!(check(&both, &both, None, true).1.lines().count(), 2, "one object a run");
}

#[test]
fn as_many_fields_as_the_bound_are_printed_and_one_more_is_counted() {
    let tags = |count: usize, value: &str| -> String {
        (0..count).map(|tag| format!(r#""t{tag}":"{value}""#)).collect::<Vec<_>>().join(",")
    };
    for (count, is_cut) in [(MAX_FIELDS, false), (MAX_FIELDS + 1, true)] {
        let [a, b] = ["x", "y"].map(|value| record("a", 1, "parse", &tags(count, value)));
        let (_, text) = check(&a, &b, None, false);
        assert_eq!(text.matches("ctx_after.tags.t").count(), MAX_FIELDS);
        assert_eq!(text.contains("and 1 more field ("), is_cut, "{text}");
    }
}

#[test]
fn trouble_is_named_by_file_and_line() {
    let good = record("a", 1, "parse", "");
    insta::assert_debug_snapshot!(check(&good, &(good.clone() + "no record\n"), None, false), @r#"
    (
        2,
        "`b.jsonl`, line 2: no record: expected ident at line 1 column 2 (is it a trace? `trace check` names everything that is wrong)",
    )
    "#);
    insta::assert_debug_snapshot!(check("", &good, None, false), @r#"
    (
        2,
        "`a.jsonl` holds no record (is it a trace?)",
    )
    "#);
}

#[test]
fn a_torn_end_is_left_out() {
    let good = record("a", 1, "parse", "");
    assert_eq!(check(&good, &(good.clone() + "{\"trace_id\":"), None, false).0, 0);
}

#[test]
fn what_is_no_regular_file_is_refused() {
    for name in ["-", "/dev/null", "/"] {
        let options = Options { a: name.to_owned(), b: name.to_owned(), run: None, json: false };
        let failure = run(&options, &mut Vec::new()).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.to_string().contains(&format!("`{name}` is no regular file")), "{failure}");
    }
    assert!(!Path::new("/missing").exists());
    let options = Options { a: "/missing".to_owned(), b: "/".to_owned(), run: None, json: false };
    assert_eq!(run(&options, &mut Vec::new()).unwrap_err().exit_code(), 2);
}
