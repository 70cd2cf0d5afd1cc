//! The command over small traces.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use clap::Parser;
use tempfile::TempDir;

use super::follow::{Pauses, follow};
use super::*;

/// A record, told by what the tests are about; the rest is the same for all of them.
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

/// An input that goes well and one that fails.
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

/// Returns what the command prints and how it ends.
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
    run 1: run, scenario baseline

    run:1  line 1  id a7
      parse  RawLine -> Attempt    143.0 µs
      keys   Attempt -> Decision   143.0 µs
        tags.day: - -> 2000-01-03

    run:2  line 2  id a7
      parse  RawLine -> Attempt   143.0 µs
      keys   Attempt -> error     143.0 µs
        error: Disk: no \u{1b}[2J room
    ");
}

#[test]
fn each_run_has_its_heading_and_one_can_be_chosen() {
    let text = two_inputs() + &record("other:1", (0, "parse"), ("RawLine", "Attempt"), QUIET);
    insta::assert_snapshot!(check(&text, &["--step", "parse"]), @"
    run 1: run, scenario baseline

    run:1  line 1  id a7  (1 of 2 steps)
      parse  RawLine -> Attempt   143.0 µs

    run:2  line 2  id a7  (1 of 2 steps)
      parse  RawLine -> Attempt   143.0 µs

    run 2: other, scenario baseline

    other:1  line 1  id a7
      parse  RawLine -> Attempt   143.0 µs
    ");
    insta::assert_snapshot!(check(&text, &["--run", "2"]), @"
    run 2: other, scenario baseline

    other:1  line 1  id a7
      parse  RawLine -> Attempt   143.0 µs
    ");
}

#[test]
fn choices_leave_out_steps_and_inputs_without_any() {
    let text = two_inputs();
    insta::assert_snapshot!(check(&text, &["--status", "error"]), @r"
    run 1: run, scenario baseline

    run:2  line 2  id a7  (1 of 2 steps)
      keys  Attempt -> error   143.0 µs
        error: Disk: no \u{1b}[2J room
    ");
    insta::assert_snapshot!(check(&text, &["--line", "1", "--step", "k?y*"]), @"
    run 1: run, scenario baseline

    run:1  line 1  id a7  (1 of 2 steps)
      keys  Attempt -> Decision   143.0 µs
        tags.day: - -> 2000-01-03
    ");
    for nothing in [["--id", "2"], ["--line", "3"], ["--step", "key"], ["--run", "2"]] {
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
fn what_stands_before_a_wrong_line_is_shown_and_the_line_is_named() {
    let (printed, ended) = ends(&(two_inputs() + "{}\n"), &["--step", "parse"], Palette::default());
    assert!(printed.contains("run:2"));
    let failure = ended.unwrap_err();
    assert_eq!(failure.exit_code(), 2);
    assert!(failure.to_string().contains("trace.jsonl`, line 5: no record: "), "{failure}");
    assert_eq!(ends("", &[], Palette::default()).1.unwrap_err().exit_code(), 2);
}

#[test]
fn nothing_found_is_explained() {
    let why = |id: Option<&str>, identity: &str| {
        let mut out = Vec::new();
        let choice = Choice { id: id.map(str::to_owned), line_no: Some(9), ..Choice::default() };
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

/// Does one thing to the trace at each pause and ends when there is nothing more to do.
struct Script<'a>(Vec<Box<dyn FnOnce() + 'a>>);

impl Pauses for Script<'_> {
    fn ended(&self) -> Option<u8> {
        self.0.is_empty().then_some(130)
    }

    fn pause(&mut self) -> io::Result<()> {
        self.0.remove(0)();
        Ok(())
    }
}

/// Follows the trace through a script and returns the headings that are printed.
fn headings(path: &Path, script: Vec<Box<dyn FnOnce() + '_>>) -> Vec<String> {
    let mut out = Vec::new();
    let mut printer = Printer::new(&mut out, Form::People(Palette::default()), Choice::default());
    let name = path.to_str().unwrap();
    assert_eq!(follow(name, None, &mut printer, &mut Script(script)).unwrap(), 130);
    let text = String::from_utf8(out).unwrap();
    text.lines().filter(|line| line.starts_with("run")).map(str::to_owned).collect()
}

fn append(path: &Path, text: &str) {
    io::Write::write_all(&mut OpenOptions::new().append(true).open(path).unwrap(), text.as_bytes()).unwrap();
}

fn line(line_no: u64) -> String {
    record(&format!("run:{line_no}"), (0, "parse"), ("RawLine", "Attempt"), QUIET)
}

#[test]
fn what_is_appended_is_shown_and_what_is_held_at_the_end_too() {
    let (_folder, path) = trace_of("");
    let (head, rest) = (line(2)[..90].to_owned(), line(2)[90..].to_owned());
    let headings = headings(
        &path,
        vec![
            Box::new(|| append(&path, &(line(1) + &head))),
            Box::new(|| append(&path, &rest)),
            Box::new(|| ()),
            Box::new(|| ()),
        ],
    );
    assert_eq!(headings, ["run 1: run, scenario baseline", "run:1  line 1  id a7", "run:2  line 2  id a7"]);
}

#[test]
fn after_a_second_of_quiet_an_input_is_shown_and_more_of_it_continues_it() {
    let (_folder, path) = trace_of("");
    let wait = |pauses: usize| (0..pauses).map(|_| Box::new(|| ()) as Box<dyn FnOnce()>);
    let quiet_for = |pauses| -> Vec<Box<dyn FnOnce() + '_>> {
        fs::write(&path, line(1)).unwrap();
        let more: Box<dyn FnOnce() + '_> = Box::new(|| append(&path, &line(1)));
        wait(pauses).chain([more]).chain(wait(2)).collect()
    };
    assert_eq!(headings(&path, quiet_for(4)).len(), 2, "the input is still held");
    let headings = headings(&path, quiet_for(5));
    assert_eq!(headings[2..], ["run:1  line 1  id a7  (continued)"]);
}

#[test]
fn a_truncated_trace_is_read_from_its_beginning() {
    let (_folder, path) = trace_of(&(line(1) + &line(2)));
    let headings = headings(
        &path,
        vec![
            Box::new(|| {
                File::create(&path).unwrap();
            }),
            Box::new(|| append(&path, &line(3))),
            Box::new(|| ()),
            Box::new(|| ()),
        ],
    );
    let run = "run 1: run, scenario baseline";
    assert_eq!(headings, [run, "run:1  line 1  id a7", "run:2  line 2  id a7", run, "run:3  line 3  id a7"]);
}

#[test]
fn only_a_regular_file_can_be_followed() {
    for name in ["-", "/dev/null"] {
        let failure = show(&options(Path::new(name), &["--follow"]), Palette::default(), &mut Vec::new());
        let failure = failure.unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.to_string().contains("no regular file"), "{failure}");
    }
}
