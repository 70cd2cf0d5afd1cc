//! Tests of the command on small traces.

use std::fs;

use super::findings::MAX_SHOWN;
use super::*;
use crate::trace_commands::source::testing::check_file_and_pipe;

fn record(run_id: &str, line_no: u64, kind: &str) -> String {
    format!(
        r#"{{"trace_id":"{run_id}:{line_no}","scenario":"s","line_no":{line_no},"step_index":0,"step_name":"a","work_index":0,"t_enter":"2026-01-21T00:00:0{line_no}.000000Z","t_exit":"2026-01-21T00:00:0{line_no}.250000Z","duration_ms":250.0,"msg_in":{{"type_name":"{kind}","identity":null,"hash":null}},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}}"#
    ) + "\n"
}

/// The options of a call.
#[derive(Clone, Copy, Default)]
struct Call {
    repair: bool,
    run: Option<u64>,
    json: bool,
}

/// Returns the exit code and the output of the command for `trace`, or its failure, and the trace afterwards.
fn check(trace: &[u8], call: Call) -> (String, Vec<u8>) {
    check_named("trace.jsonl", trace, call)
}

fn check_named(name: &str, trace: &[u8], call: Call) -> (String, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, trace).unwrap();
    let text = printed(path.to_str().unwrap(), call);
    let folder = folder.path().to_str().unwrap().to_owned() + "/";
    (text.replace(&folder, ""), fs::read(&path).unwrap())
}

fn printed(path: &str, Call { repair, run, json }: Call) -> String {
    let options = Options { file: path.to_owned(), repair, run, json };
    let mut out = Vec::new();
    let ended = match super::run(&options, &mut out) {
        Ok(exit_code) => format!("exit {exit_code}"),
        Err(failure) => format!("{failure}\nexit {}", failure.exit_code()),
    };
    String::from_utf8(out).unwrap() + &ended
}

fn told(trace: &str, call: Call) -> String {
    let (text, left) = check(trace.as_bytes(), call);
    assert_eq!(left, trace.as_bytes(), "nothing is to be cut");
    text
}

#[test]
fn a_sound_trace_is_said_to_be_sound() {
    let trace = [record("a", 1, "In"), record("a", 2, "In"), record("b", 1, "In")].concat();
    insta::assert_snapshot!(told(&trace, Call::default()), @"
    trace.jsonl: sound; 3 records of 3 inputs in 2 runs
    exit 0
    ");
    assert_eq!(
        told(trace.trim_end(), Call { repair: true, ..Call::default() }),
        told(&trace, Call::default())
    );
}

/// Findings in each of two runs, one with control characters for a terminal.
fn two_unsound_runs() -> String {
    let misnamed = record("a", 1, "In").replace("a:1", "a\\u001b[2J:7");
    [misnamed, "no record\n".to_owned(), record("b", 1, "In"), record("b", 3, "In")].concat()
}

#[test]
fn findings_stand_under_their_run() {
    insta::assert_snapshot!(told(&two_unsound_runs(), Call::default()), @r"
    run 1: `a\u{1b}[2J`, scenario `s`
    trace.jsonl:1: `trace_id` is `a\u{1b}[2J:7`, which does not end in `:1`
    trace.jsonl:2: no record: expected ident at column 2
    run 2: `b`, scenario `s`
    trace.jsonl:4: input 2 left no record in this run
    trace.jsonl: 3 findings; 3 records of 3 inputs in 2 runs
    exit 1
    ");
    insta::assert_snapshot!(told(&two_unsound_runs(), Call { run: Some(2), ..Call::default() }), @"
    trace.jsonl:4: input 2 left no record in this run
    trace.jsonl: 1 finding; 3 records of 3 inputs in 2 runs
    exit 1
    ");
    insta::assert_snapshot!(told(&two_unsound_runs(), Call { run: Some(3), ..Call::default() }), @"
    `trace.jsonl` has no run 3 (it holds 2 runs)
    exit 2
    ");
}

#[test]
fn machines_get_an_object_a_finding_and_one_in_the_end() {
    insta::assert_snapshot!(told(&two_unsound_runs(), Call { json: true, ..Call::default() }), @r#"
    {"run":1,"line":1,"what":"`trace_id` is `a\u001b[2J:7`, which does not end in `:1`"}
    {"run":1,"line":2,"what":"no record: expected ident at column 2"}
    {"run":2,"line":4,"what":"input 2 left no record in this run"}
    {"records":3,"inputs":3,"runs":2,"findings":3,"cut":null}
    exit 1
    "#);
}

#[test]
fn findings_beyond_the_bound_are_only_counted() {
    let lines = |count| told(&"x\n".repeat(count), Call::default());
    assert_eq!(lines(MAX_SHOWN).lines().count(), MAX_SHOWN + 2);
    let beyond = lines(MAX_SHOWN + 1);
    insta::assert_snapshot!(beyond.lines().skip(MAX_SHOWN).collect::<Vec<_>>().join("\n"), @"
    ... and 1 more finding
    trace.jsonl: 101 findings; 0 records of 0 inputs in 0 runs
    exit 1
    ");
}

#[test]
fn a_trace_of_no_records_is_sound() {
    for (trace, repair) in [("", false), ("", true), ("\u{feff}", true)] {
        let call = Call { repair, ..Call::default() };
        insta::allow_duplicates! {
            insta::assert_snapshot!(told(trace, call), @"
            trace.jsonl: sound; 0 records of 0 inputs in 0 runs
            exit 0
            ");
        }
    }
    let json = Call { json: true, ..Call::default() };
    insta::assert_snapshot!(told("", json), @r#"
    {"records":0,"inputs":0,"runs":0,"findings":0,"cut":null}
    exit 0
    "#);
}

#[test]
fn a_byte_order_mark_stays_and_costs_no_record() {
    let repair = Call { repair: true, ..Call::default() };
    let trace = ["\u{feff}", &record("a", 1, "In")].concat();
    insta::assert_snapshot!(told(&trace, repair), @"
    trace.jsonl: sound; 1 record of 1 input in 1 run
    exit 0
    ");
    for whole in [trace.as_str(), "\u{feff}"] {
        let (text, left) =
            check(&[whole.as_bytes(), &record("a", 2, "In").as_bytes()[..30]].concat(), repair);
        assert_eq!(left, whole.as_bytes(), "{text}");
        assert!(text.contains("cut 30 bytes of a torn record") && text.ends_with("exit 0"), "{text}");
    }
}

#[test]
fn a_torn_tail_is_named_and_cut_when_asked() {
    let whole = record("a", 1, "In");
    let torn = [whole.as_bytes(), &record("a", 2, "In").as_bytes()[..30]].concat();
    let (text, left) = check(&torn, Call::default());
    assert_eq!(left, torn);
    insta::assert_snapshot!(text, @"
    trace.jsonl:2: is torn after 30 bytes (--repair cuts them)
    trace.jsonl: 1 finding; 1 record of 1 input in 1 run
    exit 1
    ");
    let (text, left) = check(&torn, Call { repair: true, ..Call::default() });
    assert_eq!(left, whole.as_bytes());
    insta::assert_snapshot!(text, @"
    trace.jsonl: cut 30 bytes of a torn record, line 2
    trace.jsonl: sound; 1 record of 1 input in 1 run
    exit 0
    ");
}

fn frame(text: &str) -> Vec<u8> {
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
    zstd_safe::compress(&mut frame, text.as_bytes(), 1).unwrap();
    frame
}

/// Wherever the last frame is torn it is cut as a whole, and no other: its twin is the trace without it.
#[test]
fn a_torn_frame_is_named_and_cut_when_asked() {
    let (first, second) =
        (frame(&(record("a", 1, "In") + &record("a", 2, "In"))), frame(&record("a", 3, "In")));
    let repair = Call { repair: true, ..Call::default() };
    let sound = check(&first, repair).0;
    for torn in 1..second.len() {
        let trace = [&first[..], &second[..torn]].concat();
        let (text, left) = check(&trace, Call::default());
        let finding = format!("trace.jsonl:3: the frame at byte {} is torn after ", first.len());
        assert!(left == trace && text.starts_with(&finding) && text.ends_with("exit 1"), "{text}");
        let (text, left) = check(&trace, repair);
        assert_eq!(left, first);
        let (cut, rest) = text.split_once('\n').unwrap();
        assert!(cut.ends_with(" of a torn frame, line 3") && rest == sound, "{text}");
    }
}

/// What is torn within whole frames would have to be compressed anew.
#[test]
fn a_record_torn_within_whole_frames_is_named_and_not_cut() {
    let trace = frame(&(record("a", 1, "In") + "{\"trace_id\":\"a"));
    let (text, left) = check(&trace, Call { repair: true, ..Call::default() });
    assert!(
        left == trace
            && text.contains("trace.jsonl:2: is torn after 14 bytes within a whole frame, which is not cut")
            && text.ends_with("exit 1"),
        "{text}"
    );
}

/// A frame of other programs may hold any number of records, and those before the tear can be read.
#[test]
fn a_torn_frame_of_which_records_were_seen_is_not_cut() {
    let records: String = (0..15_000).map(|line_no| record("a", line_no % 10, "In")).collect();
    let whole = frame(&records);
    let torn = &whole[..whole.len() - 1];
    let (text, left) = check(torn, Call { repair: true, json: true, ..Call::default() });
    assert!(
        left == torn && text.contains("nothing was cut") && text.ends_with("exit 2"),
        "{}",
        text.lines().last().unwrap()
    );
}

#[test]
fn wherever_a_record_is_torn_the_part_is_cut_and_nothing_else() {
    let (whole, next) = (record("a", 1, "In"), record("a", 2, "I\u{e4}n"));
    let repair = Call { repair: true, json: true, ..Call::default() };
    let trace = [&*whole, &next, &record("a", 3, "In")].concat();
    for bytes in whole.len()..=trace.len() {
        let cut = &trace.as_bytes()[..bytes];
        // Up to the last line end; a record that lacks only its line end is whole.
        let is_whole = trace.as_bytes().get(bytes).is_none_or(|next| *next == b'\n');
        let kept = if is_whole { bytes } else { cut.iter().rposition(|byte| *byte == b'\n').unwrap() + 1 };
        let (text, left) = check(cut, repair);
        assert_eq!(left, &cut[..kept], "{bytes}: {text}");
        assert!(text.ends_with("exit 0"), "{bytes}: {text}");
        let (again, same) = check(&left, repair);
        assert!(same == left && again.contains(r#""cut":null"#), "{bytes}: {again}");
    }
    let zeros = [whole.as_bytes(), &[0; 512]].concat();
    assert_eq!(check(&zeros, Call { repair: true, ..Call::default() }).1, whole.as_bytes());
}

#[test]
fn only_parts_of_a_record_are_cut() {
    let repair = Call { repair: true, ..Call::default() };
    for tail in ["my letter to the editor", "{\"trace_id\":1}", "[]", " "] {
        let text = told(&(record("a", 1, "In") + tail), repair);
        assert!(text.contains("trace.jsonl:2: neither a record nor the beginning of one"), "{text}");
        assert!(text.ends_with("exit 1"), "{text}");
    }
    let options = Options { file: "-".to_owned(), repair: true, run: None, json: false };
    assert_eq!(super::run(&options, &mut Vec::new()).unwrap_err().exit_code(), 2);
}

#[test]
fn a_file_that_grew_in_the_meantime_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    fs::write(&path, "{\"trace_id\":\"a").unwrap();
    let seen_shorter = TornTail { line_no: 1, offset: 0, bytes: 5 };
    let failure = repair::cut(seen_shorter, path.to_str().unwrap()).unwrap_err();
    assert!(failure.to_string().ends_with("is still being written, so nothing was cut"), "{failure}");
    assert_eq!(fs::metadata(&path).unwrap().len(), 14);
}

/// The rest of an apparently torn record may be about to be written.
#[test]
fn a_file_that_a_run_writes_to_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    fs::write(&path, "{\"trace_id\":\"a").unwrap();
    let of_a_run = fs::File::open(&path).unwrap();
    of_a_run.lock().unwrap();
    let tail = TornTail { line_no: 1, offset: 0, bytes: 14 };
    let failure = repair::cut(tail, path.to_str().unwrap()).unwrap_err();
    assert!(failure.to_string().ends_with("is still being written, so nothing was cut"), "{failure}");
    drop(of_a_run);
    repair::cut(tail, path.to_str().unwrap()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
}

#[test]
fn a_trace_of_one_torn_record_is_empty_after_the_repair() {
    let torn = record("a", 1, "In").as_bytes()[..30].to_vec();
    let (text, left) = check(&torn, Call { repair: true, ..Call::default() });
    assert_eq!(left, b"");
    let told = text.replace("trace.jsonl: cut 30 bytes of a torn record, line 1\n", "");
    assert!(told != text && told == check(&left, Call::default()).0, "{text}");
}

#[test]
fn a_run_without_a_record_has_the_findings_of_the_first() {
    let call = Call { run: Some(1), ..Call::default() };
    assert_eq!(told("x\n", call), told("x\n", Call::default()));
    assert!(told("x\n", call).contains("trace.jsonl:1: no record"));
}

#[test]
fn a_link_is_not_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    fs::write(folder.path().join("trace.jsonl"), "{\"trace_id\":\"a").unwrap();
    std::os::unix::fs::symlink("trace.jsonl", &link).unwrap();
    let file = link.to_str().unwrap().to_owned();
    let options = Options { file: file.clone(), repair: true, run: None, json: false };
    let failure = super::run(&options, &mut Vec::new()).unwrap_err();
    assert_eq!(failure.exit_code(), 2);
    insta::assert_snapshot!(failure.to_string().replace(&file, "link"), @"`link` is a symbolic link, which --repair does not follow (name the file that it leads to)");
    assert_eq!(fs::read(&link).unwrap().len(), 14);
}

#[test]
fn findings_are_reported_before_the_cut() {
    /// Accepts no bytes.
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.jsonl");
    let torn = "no record\n{\"trace_id\":\"a";
    fs::write(&path, torn).unwrap();
    let options = Options { file: path.to_str().unwrap().to_owned(), repair: true, run: None, json: false };
    assert!(matches!(super::run(&options, &mut Full), Err(Failure::Print(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), torn);
}

#[test]
fn the_name_of_a_file_moves_no_cursor() {
    let name = "a\u{1b}[2J\u{202e}b";
    let torn = record("a", 2, "In") + "{\"trace_id\":\"a";
    let (text, _) = check_named(name, torn.as_bytes(), Call::default());
    insta::assert_snapshot!(text, @r"
    a\u{1b}[2J\u{202e}b:1: input 1 left no record in this run
    a\u{1b}[2J\u{202e}b:2: is torn after 14 bytes (--repair cuts them)
    a\u{1b}[2J\u{202e}b: 2 findings; 1 record of 1 input in 1 run
    exit 1
    ");
    let (text, _) = check_named(name, torn.as_bytes(), Call { repair: true, ..Call::default() });
    assert!(text.contains(r"a\u{1b}[2J\u{202e}b: cut 14 bytes") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_long_file_is_checked_as_a_pipe_is() {
    let (sound, unsound) = (record("a", 1, "In") + &record("a", 2, "In"), two_unsound_runs());
    let marked = format!("\u{feff}{sound}");
    let torn = [&*sound.repeat(2000), &marked, &unsound, &unsound[..unsound.len() - 9]].concat();
    for trace in [sound.repeat(2000), unsound.repeat(1000), marked + &torn] {
        for (run, json) in [(None, false), (None, true), (Some(2), false)] {
            let told =
                check_file_and_pipe(&trace, |path| printed(path, Call { run, json, ..Call::default() }));
            assert!(run.is_some() || told.contains(if json { "\"runs\":" } else { " runs\n" }), "{told}");
        }
    }
}
