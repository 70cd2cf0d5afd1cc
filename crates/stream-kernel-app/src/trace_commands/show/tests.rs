//! Tests of the command on small traces.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use tempfile::TempDir;
use wildmatch::WildMatch;

use super::*;

mod following;

/// A record with the fields that the tests are about; the rest is always the same.
fn record(trace_id: &str, step: (usize, &str), kinds: (&str, &str), rest: &str) -> String {
    let (_, line_no) = trace_id.rsplit_once(':').unwrap();
    let (index, name) = step;
    let message = |kind, identity| format!(r#"{{"type_name":"{kind}","identity":{identity},"hash":null}}"#);
    let (msg_in, msg_out) = (message(kinds.0, "null"), message(kinds.1, r#""a7""#));
    let is_error = rest.contains(r#""status":"error""#);
    let (msg_out, count) = if is_error { (String::new(), 0) } else { (msg_out, 1) };
    format!(
        r#"{{"trace_id":"{trace_id}","scenario":"baseline","line_no":{line_no},"step_index":{index},"step_name":"{name}","work_index":0,"t_enter":"2026-01-21T01:23:45.123456Z","t_exit":"2026-01-21T01:23:45.123599Z","duration_ms":0.143,"msg_in":{msg_in},"msg_out":[{msg_out}],"msg_out_count":{count},"ctx_before":null,"ctx_after":null,{rest}}}"#
    ) + "\n"
}

const QUIET: &str = r#""ctx_diff":null,"status":"ok","error":null"#;
const NOTED: &str = r#""ctx_diff":{"tags":{"before":{"id":"a7"},"after":{"id":"a7","day":"2000-01-03"}}},"status":"ok","error":null"#;
const FAILED: &str = r#""ctx_diff":{},"status":"error","error":{"type":"Disk","message":"no \u001b[2J room","where":"keys","stack":null}"#;

/// An input that succeeds and one that fails.
fn two_inputs() -> String {
    [
        record("run:1", (0, "parse"), ("RawLine", "Attempt"), QUIET),
        record("run:1", (1, "keys"), ("Attempt", "Decision"), NOTED),
        record("run:2", (0, "parse"), ("RawLine", "Attempt"), QUIET),
        record("run:2", (1, "keys"), ("Attempt", "Decision"), FAILED),
    ]
    .concat()
}

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

fn options(path: &Path, arguments: &[&str]) -> Options {
    let named = ["show", path.to_str().unwrap()];
    let arguments = named.iter().chain(arguments);
    Arguments::try_parse_from(arguments).unwrap().options
}

fn trace_of(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    fs::write(&path, text).unwrap();
    (folder, path)
}

/// Returns the output and the end of the command.
fn ends(text: &str, arguments: &[&str], palette: Palette) -> (String, Result<u8, Failure>) {
    let (_folder, path) = trace_of(text);
    let mut out = Vec::new();
    let ended = show(&options(&path, arguments), palette, &mut out);
    (String::from_utf8(out).unwrap(), ended)
}

fn check(text: &str, arguments: &[&str]) -> String {
    let (printed, ended) = ends(text, arguments, Palette::default());
    assert_eq!(ended.unwrap(), 0);
    printed
}

#[test]
fn an_input_is_a_block_of_steps_with_changes_and_errors() {
    insta::assert_snapshot!(check(&two_inputs(), &[]), @r"
    run 1: `run`, scenario `baseline`

    run:1  line 1  id a7
      parse  RawLine -> Attempt      143 µs
      keys   Attempt -> Decision     143 µs
        tags.day: - -> 2000-01-03

    run:2  line 2  id a7
      parse  RawLine -> Attempt     143 µs
      keys   Attempt -> error       143 µs
        error: Disk: no \u{1b}[2J room
    ");
}

#[test]
fn an_empty_id_is_none_and_values_that_differ_read_differently() {
    let diff = r#""ctx_diff":{"tags":{"before":{"a":null},"after":{"a":"null","b":7,"c":"7"}}}"#;
    let noted = QUIET.replace(r#""ctx_diff":null"#, diff);
    let text = record("run:1", (0, "parse"), ("RawLine", "Attempt"), &noted).replace(r#""a7""#, r#""""#);
    insta::assert_snapshot!(check(&text, &[]).replace("line 1\n", "line 1<end>\n"), @r#"
    run 1: `run`, scenario `baseline`

    run:1  line 1<end>
      parse  RawLine -> Attempt     143 µs
        tags.a: null -> "null"
        tags.b: - -> 7
        tags.c: - -> "7"
    "#);
}

#[test]
fn each_run_has_its_heading_and_one_can_be_chosen() {
    let text = two_inputs() + &record("other:1", (0, "parse"), ("RawLine", "Attempt"), QUIET);
    insta::assert_snapshot!(check(&text, &["--step", "parse"]), @"
    run 1: `run`, scenario `baseline`

    run:1  line 1  id a7  (1 of 2 steps)
      parse  RawLine -> Attempt     143 µs

    run:2  line 2  id a7  (1 of 2 steps)
      parse  RawLine -> Attempt     143 µs

    run 2: `other`, scenario `baseline`

    other:1  line 1  id a7
      parse  RawLine -> Attempt     143 µs
    ");
    insta::assert_snapshot!(check(&text, &["--run", "2"]), @"
    run 2: `other`, scenario `baseline`

    other:1  line 1  id a7
      parse  RawLine -> Attempt     143 µs
    ");
}

#[test]
fn choices_leave_out_steps_and_inputs_without_any() {
    let text = two_inputs();
    insta::assert_snapshot!(check(&text, &["--status", "error"]), @r"
    run 1: `run`, scenario `baseline`

    run:2  line 2  id a7  (1 of 2 steps)
      keys  Attempt -> error     143 µs
        error: Disk: no \u{1b}[2J room
    ");
    insta::assert_snapshot!(check(&text, &["--line", "1", "--step", "k?y*"]), @"
    run 1: `run`, scenario `baseline`

    run:1  line 1  id a7  (1 of 2 steps)
      keys  Attempt -> Decision     143 µs
        tags.day: - -> 2000-01-03
    ");
    for nothing in [["--id", "2"], ["--line", "3"], ["--step", "key"]] {
        assert_eq!(check(&text, &nothing), "", "{nothing:?}");
    }
    assert!(check(&text, &["--id", "a7"]).contains("run:1  line 1  id a7"));
}

#[test]
fn machines_get_an_object_an_input_with_the_records_as_they_are() {
    let text = two_inputs();
    let printed = check(&text, &["--json"]);
    let objects: Vec<serde_json::Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 2);
    let without_records =
        r#"{"run":1,"trace_id":"run:1","line_no":1,"identity":"a7","continued":false,"records":["#;
    assert!(printed.starts_with(without_records), "{printed}");
    let lines: Vec<_> = text.lines().collect();
    assert!(printed.lines().next().unwrap().ends_with(&format!("{},{}]}}", lines[0], lines[1])));
}

#[test]
fn colours_surround_the_same_text() {
    let (plain, coloured) = (check(&two_inputs(), &[]), ends(&two_inputs(), &[], Palette::coloured()).0);
    assert!(coloured.contains("\u{1b}[") && !plain.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn a_wrong_line_spoils_no_record_around_it() {
    let inputs = two_inputs();
    let (first, rest) = inputs.split_at(inputs.find('\n').unwrap() + 1);
    for damaged in [first.to_owned() + "{}\n" + rest, "{}\n".to_owned() + &inputs, inputs.clone() + "{}"] {
        let (printed, ended) = ends(&damaged, &["--step", "parse"], Palette::default());
        assert_eq!(printed, check(&inputs, &["--step", "parse"]));
        let failure = ended.unwrap_err();
        assert!(failure.to_string().contains("has a line that is not a record, left out here"), "{failure}");
    }
    let (printed, ended) = ends(&inputs, &["--run", "2"], Palette::default());
    assert_eq!(printed, "");
    assert!(ended.unwrap_err().to_string().ends_with("has no run 2 (it holds 1 run)"));
    assert_eq!(check("", &[]), "");
}

#[test]
fn nothing_found_is_explained() {
    let why = |id: Option<&str>, identity: &str| {
        let mut out = Vec::new();
        let choice = Choice { id: id.map(str::to_owned), line: Some(9), ..Choice::default() };
        let mut printer = Printer::new(&mut out, Form::Json, choice);
        let text = record("run:1", (0, "parse"), ("RawLine", "Attempt"), QUIET).replace(r#""a7""#, identity);
        let mut inputs = Inputs::default();
        inputs.push(1, serde_json::from_str(&text).unwrap());
        printer.print(inputs.take().as_ref()).unwrap();
        printer.why_nothing().unwrap()
    };
    assert_eq!(why(None, "null"), "no input matches");
    assert_eq!(why(Some("b"), r#""a7""#), "no input matches");
    assert!(why(Some("b"), "null").contains("signature.mode: type_and_identity"));
}

/// The promise of `--step`.
#[test]
fn stars_and_question_marks_stand_for_characters() {
    for (pattern, text) in [
        ("", ""),
        ("*", ""),
        ("*", "ab"),
        ("a?c", "aßc"),
        ("*_a*", "x_a_b"),
        ("a*b*c", "abxbc"),
        ("a**", "a"),
    ] {
        assert!(WildMatch::new(pattern).matches(text), "{pattern} {text}");
    }
    for (pattern, text) in
        [("", "a"), ("?", ""), ("a", "ab"), ("b", "ab"), ("a*b", "abc"), ("a?", "a"), ("A", "a")]
    {
        assert!(!WildMatch::new(pattern).matches(text), "{pattern} {text}");
    }
    assert!(!WildMatch::new(&"*a".repeat(500)).matches(&"a".repeat(499)), "does not take for ever");
}
