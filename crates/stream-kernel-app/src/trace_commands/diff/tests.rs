//! Tests of `trace diff` on files.

use std::fs;
use std::path::Path;

use stream_kernel_trace_reader::comparison::Sides;

use super::people::{MAX_FIELDS, MAX_LISTED};
use super::{Options, run, run_choice};

/// A record of the run `run_id`, with the tags given as JSON members.
fn record(run_id: &str, line_no: u64, step: &str, tags: &str) -> String {
    format!(
        r#"{{"trace_id":"{run_id}:{line_no}","scenario":"s","line_no":{line_no},"step_index":0,"step_name":"{step}","work_index":0,"t_enter":"{run_id}","t_exit":"{run_id}","duration_ms":0.{line_no},"msg_in":{{"type_name":"In","identity":null,"hash":null}},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":{{"run_id":"{run_id}","tags":{{{tags}}}}},"ctx_diff":null,"status":"ok","error":null}}"#
    ) + "\n"
}

fn options(a: String, b: String) -> Options {
    Options { a, b, run: None, ignore_scenario: false, json: false }
}

/// Compares two traces and returns the exit code with the output, or the error.
fn check(a: &str, b: &str, only_run: Option<u64>, json: bool) -> (u8, String) {
    let run = only_run.map(|run| Sides { a: run, b: run });
    check_with(a, b, |options| Options { run, json, ..options })
}

/// Compares two traces with these options, and returns the exit code with the output, or the error.
fn check_with(a: &str, b: &str, choose: impl FnOnce(Options) -> Options) -> (u8, String) {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let options = choose(options(in_folder("a.jsonl"), in_folder("b.jsonl")));
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
fn another_scenario_is_a_difference_that_can_be_left_out() {
    let a = record("a", 1, "decide", "") + &record("a", 2, "decide", "");
    let b = a.replace(r#""scenario":"s""#, r#""scenario":"other""#);
    let (exit_code, text) = check(&a, &b, None, false);
    assert_eq!(exit_code, 1);
    assert!(text.contains("every record differs (--ignore-scenario leaves it out)"), "{text}");

    let ignoring = |options| Options { ignore_scenario: true, ..options };
    assert_eq!(check_with(&a, &b, ignoring).0, 0);
    let b = b.replacen("In", "Out", 1);
    let (exit_code, text) = check_with(&a, &b, ignoring);
    assert_eq!(exit_code, 1);
    assert!(text.contains("msg_in.type_name") && !text.contains("scenario"), "{text}");
}

#[test]
fn the_first_difference_is_shown_and_the_rest_counted() {
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
      parse             1          1          1          0
      decide            0          1          0          0
      write             0          0          0          1

    tags that ended otherwise  inputs
      accepted                      1
      reason                        2

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
    insta::assert_snapshot!(json, @r#"
    {"run":1,"line_no":1,"id":"7","a":"accepted","b":"declined: DAY","flipped":true}
    {"run":1,"line_no":2,"id":"8\u001b\u202e","a":"declined: DAY","b":"declined: WEEK","flipped":false}
    {"run":1,"same":false,"inputs":{"a":3,"b":2},"first":{"line_no":1,"step_name":"decide","work_index":0,"file_line":{"a":2,"b":2},"fields":[{"path":"ctx_after.tags.accepted","a":"true","b":"false"},{"path":"ctx_after.tags.reason","b":"DAY"}]},"moved":null,"steps":[{"step_name":"parse","same":1,"differing":1,"only_in_a":1,"only_in_b":0},{"step_name":"decide","same":0,"differing":1,"only_in_a":0,"only_in_b":0},{"step_name":"write","same":0,"differing":0,"only_in_a":0,"only_in_b":1}],"has_tags":true,"tags":[{"tag":"accepted","inputs":1},{"tag":"reason","inputs":2}],"decisions":[{"decision":"accepted","a":2,"b":0},{"decision":"declined: DAY","a":1,"b":1},{"decision":"declined: WEEK","a":0,"b":1}],"flipped":1,"other_reason":1}
    "#);
}

#[test]
fn several_runs_stand_under_headings_and_one_can_be_chosen() {
    let one = record("a", 1, "parse", "");
    let two = record("b", 1, "parse", "");
    let both = one.clone() + &two;
    let (exit_code, text) = check(&both, &one, None, false);
    assert_eq!(exit_code, 1);
    insta::assert_snapshot!(text, @"
    run 1
    same: 1 input, 1 record (times and run ids left out)

    run 2
    A  a.jsonl: 1 input
    B  b.jsonl: no such run

    input line 1, step parse, work index 0
    first difference  A       B
      in the file     line 2  -

    records by step  same  differing  only in A  only in B
      parse             0          0          1          0
    ");
    assert_eq!(check(&both, &one, Some(1), false).0, 0);
    insta::assert_debug_snapshot!(check(&both, &one, Some(2), false), @r#"
    (
        2,
        "`b.jsonl` has no run 2 (it holds 1 run)",
    )
    "#);
    assert_eq!(check(&both, &both, None, true).1.lines().count(), 2, "one object a run");
}

#[test]
fn two_runs_of_one_file_can_be_compared_with_each_other() {
    let (one, another) = (record("a", 1, "parse", ""), record("b", 1, "parse", r#""id":"7""#));
    let runs = one.clone() + &another + &one.replace("\"a:1", "\"c:1");
    let of_runs = |text: &str| {
        let run = Some(run_choice(text).unwrap());
        check_with(&runs, &runs, |options| Options { b: options.a.clone(), run, json: true, ..options })
    };
    assert_eq!(["1:1", "1:3", "1:2", "3:2"].map(|choice| of_runs(choice).0), [0, 0, 1, 1]);
    assert!(of_runs("3:2").1.starts_with(r#"{"run":3,"#), "the number is that of the first");
    assert_eq!(of_runs("1:4"), (2, "`a.jsonl` has no run 4 (it holds 3 runs)".to_owned()));
    for wrong in ["0", "1:0", "0:1", "1:", ":1", "1:2:3", "x", ""] {
        assert!(run_choice(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_added_step_is_said_once_and_hides_no_difference() {
    let at = |step_index: usize, record: String| {
        record.replace(r#""step_index":0"#, &format!(r#""step_index":{step_index}"#))
    };
    let a = record("a", 1, "parse", "") + &at(1, record("a", 1, "decide", ""));
    let b = record("b", 1, "parse", "")
        + &at(1, record("b", 1, "audit", ""))
        + &at(2, record("b", 1, "decide", ""));
    let (exit_code, text) = check(&a, &b, None, false);
    assert_eq!(exit_code, 1);
    insta::assert_snapshot!(text, @"
    A  a.jsonl: 1 input
    B  b.jsonl: 1 input

    the pipelines differ: step `decide` has the index 1 in A and 2 in B (indexes are not compared below)

    input line 1, step audit, work index 0
    first difference  A  B
      in the file     -  line 2

    records by step  same  differing  only in A  only in B
      parse             1          0          0          0
      audit             0          0          0          1
      decide            1          0          0          0
    ");
}

#[test]
fn tags_without_decisions_give_no_advice() {
    let (a, b) = (record("a", 1, "parse", r#""path":"/""#), record("b", 1, "parse", r#""path":"/x""#));
    let (_, text) = check(&a, &b, None, false);
    assert!(text.contains("tags that ended otherwise") && !text.contains("no decisions"), "{text}");
    let [a, b] = [a, b].map(|record| record.replace("tags", "notes"));
    let (_, text) = check(&a, &b, None, false);
    assert!(text.contains("no decisions: neither trace shows tags"), "{text}");
}

#[test]
fn changed_decisions_beyond_the_bound_are_only_in_json() {
    for (inputs, is_cut) in [(MAX_LISTED, false), (MAX_LISTED + 1, true)] {
        let trace = |accepted: &str| -> String {
            let tags = format!(r#""accepted":"{accepted}""#);
            (1..=inputs as u64).map(|line_no| record("a", line_no, "decide", &tags)).collect()
        };
        let (a, b) = (trace("true"), trace("false"));
        let (_, text) = check(&a, &b, None, false);
        assert_eq!(text.matches("accepted -> declined").count(), MAX_LISTED);
        assert_eq!(text.contains("  and 1 more (--json has them all)"), is_cut, "{text}");
        let (_, json) = check(&a, &b, None, true);
        assert_eq!(json.matches(r#""flipped":true}"#).count(), inputs);
        let summary = json.lines().last().unwrap();
        assert!(summary.ends_with(&format!(r#""flipped":{inputs},"other_reason":0}}"#)), "{summary}");
    }
}

#[test]
fn counts_are_grouped_and_stand_to_the_right() {
    let trace = |step: &str| (1..=1_000).map(|line_no| record("a", line_no, step, "")).collect::<String>();
    let (a, b) = (trace("parse"), trace("parse") + &record("a", 1_001, "write", ""));
    let (_, text) = check(&a, &b, None, false);
    for row in
        ["B  b.jsonl: 1,001 inputs", "\n  parse          1,000          0", "\n  write              0 "]
    {
        assert!(text.contains(row), "{row}\n{text}");
    }
}

#[test]
fn fields_beyond_the_bound_are_only_counted() {
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
        "`b.jsonl` has a line that is not a record, left out here (`trace check` names everything that is wrong)",
    )
    "#);
}

#[test]
fn a_trace_of_no_records_is_compared_like_others() {
    assert_eq!(
        check("", "", None, false),
        (0, "same: 0 inputs, 0 records (times and run ids left out)\n".to_owned())
    );
    assert_eq!(check("", "", None, true), (0, String::new()));
    let good = record("a", 1, "parse", "");
    let (exit_code, text) = check("", &good, None, false);
    assert!(exit_code == 1 && text.starts_with("A  a.jsonl: no such run\nB  b.jsonl: 1 input\n"), "{text}");
    assert_eq!(check(&good, "", None, true).0, 1);
}

#[test]
fn a_torn_end_is_left_out() {
    let good = record("a", 1, "parse", "");
    assert_eq!(check(&good, &(good.clone() + "{\"trace_id\":"), None, false).0, 0);
}

#[test]
fn only_regular_files_are_accepted() {
    for name in ["-", "/dev/null", "/"] {
        let failure = run(&options(name.to_owned(), name.to_owned()), &mut Vec::new()).unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.to_string().contains(&format!("`{name}` is not a regular file")), "{failure}");
    }
    assert!(!Path::new("/missing").exists());
    assert_eq!(
        run(&options("/missing".to_owned(), "/".to_owned()), &mut Vec::new()).unwrap_err().exit_code(),
        2
    );
}

/// Long enough to be read on all cores.
#[test]
fn long_files_are_compared_record_by_record() {
    let trace = |last: &str| -> String {
        let step = |line_no| if line_no == 4000 { last } else { "decide" };
        (1..=4000).map(|line_no| record("a", line_no, step(line_no), "")).collect()
    };
    let (a, b) = (trace("decide"), trace("write"));
    assert!(a.len() > 1024 * 1024);
    assert_eq!(check(&a, &a, None, false).0, 0);
    let (exit_code, text) = check(&a, &b, None, true);
    assert_eq!(exit_code, 1);
    assert!(text.contains(r#""file_line":{"a":4000,"b":null}"#), "{text}");
    assert!(
        text.contains(r#"{"step_name":"decide","same":3999,"differing":0,"only_in_a":1,"only_in_b":0}"#),
        "{text}"
    );
}
