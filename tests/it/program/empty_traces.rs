//! Every command that reads a trace, on traces without records and on traces with a byte order mark.

use serde_json::Value;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;

/// Commands that read a trace, without its name, each with its output for one without records.
const COMMANDS: [(&[&str], &str); 12] = [
    (&["trace", "show"], ""),
    (&["trace", "show", "--json"], ""),
    (&["trace", "stats"], ""),
    (&["trace", "stats", "--json"], ""),
    (&["trace", "export", "--format", "otlp"], ""),
    (&["trace", "export", "--format", "chrome"], "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n\n]}\n"),
    (&["trace", "view", "--output", "-"], "<!doctype html>"),
    (&["trace", "view", "--json", "--output", "-"], "{\"file\":\""),
    (&["trace", "diff", "trace"], "same: 0 inputs, 0 records (times and run ids left out)\n"),
    (&["trace", "diff", "--json", "trace"], ""),
    (&["trace", "check"], ""),
    (&["trace", "check", "--json"], "{\"records\":0,\"inputs\":0,\"runs\":0,\"findings\":0,\"cut\":null}\n"),
];

const MARK: &str = "\u{feff}";

/// Returns a folder with the trace `trace` of a run over this many lines.
fn traced(lines: u32) -> Folder {
    let folder = Folder::with_input(attempts(lines));
    Program::new(&folder)
        .args(["run", "--trace-path", "trace"])
        .set(["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}"])
        .exits_with(0);
    folder
}

#[test]
fn the_trace_of_an_empty_input_has_no_records() {
    let folder = traced(0);
    assert_eq!(folder.read("trace"), "");
    for content in ["", MARK] {
        folder.write("trace", content);
        for (args, printed) in COMMANDS {
            let files: &[&str] = if args[1] == "diff" { &["trace"] } else { &["trace", "-"] };
            for file in files {
                let told = Program::new(&folder).args(args).args([file]).stdin(content).exits_with(0);
                let printed = match (args[1], printed) {
                    ("check", "") => format!("{file}: sound; 0 records of 0 inputs in 0 runs\n"),
                    _ => printed.to_owned(),
                };
                assert!(told.stdout.starts_with(&printed), "{args:?} {file}: {}", told.stdout);
                assert_eq!(told.stdout.is_empty(), printed.is_empty(), "{args:?} {file}: {}", told.stdout);
                let notes = match args[1] {
                    "check" => 0,
                    "diff" => 2,
                    _ => 1,
                };
                let note = format!("note: `{file}` holds no records\n");
                assert_eq!(told.stderr, note.repeat(notes), "{args:?}");
            }
        }
    }
    let told = Program::new(&folder).args(["explain", "trace", "--line", "1"]).exits_with(1).stderr;
    assert_eq!(told, "note: `trace` holds no records\nerror: `trace` holds no line 1\n");
}

#[test]
fn a_torn_record_alone_is_left_out_and_no_other_is_there() {
    let folder = traced(1);
    folder.write("trace", &folder.read("trace")[..100]);
    let told = Program::new(&folder).args(["trace", "stats", "trace"]).exits_with(0).stderr;
    let torn = "note: `trace` ends in 100 bytes of a torn record, line 1, which are left out\n";
    assert_eq!(told, format!("{torn}note: `trace` holds no records\n"));
    Program::new(&folder).args(["trace", "check", "trace"]).exits_with(1);
}

#[test]
fn a_run_that_is_not_there_is_still_asked_for_in_vain() {
    let folder = traced(0);
    let told = Program::new(&folder).args(["trace", "stats", "--run", "1", "trace"]).exits_with(2).stderr;
    assert!(told.ends_with("error: `trace` has no run 1 (it holds 0 runs)\n"), "{told}");
}

#[test]
fn a_byte_order_mark_costs_no_record_wherever_it_stands() {
    let folder = traced(3);
    let good = folder.read("trace");
    let explain: &[&str] = &["explain", "--line", "2"];
    for (marked, unmarked, checked) in [
        (MARK.to_owned() + &good, good.clone(), 0),
        (good.clone() + MARK + &good, good.repeat(2), 1),
        (good.clone() + MARK, good.clone(), 0),
    ] {
        for (args, _) in COMMANDS.into_iter().chain([(explain, "")]) {
            let run = |trace: &str| {
                folder.write("trace", trace);
                Program::new(&folder).args(args).args(["trace"]).run()
            };
            let (expected, outcome) = (run(&unmarked), run(&marked));
            if args[1] == "check" {
                assert_eq!(outcome.exit, checked, "{}", outcome.stdout);
                continue;
            }
            assert_eq!((outcome.exit, &*outcome.stderr), (0, ""), "{args:?}");
            assert!(outcome.stdout == expected.stdout, "{args:?}: {}", outcome.stdout);
        }
    }
}

#[test]
fn a_run_is_appended_to_a_byte_order_mark() {
    let folder = traced(2);
    folder.write("trace", MARK);
    Program::new(&folder).args(["run", "--trace-path", "trace"]).exits_with(0);
    assert!(folder.read("trace").starts_with(MARK));
    let told = Program::new(&folder).args(["trace", "check", "trace"]).exits_with(0).stdout;
    assert_eq!(told, "trace: sound; 16 records of 2 inputs in 1 run\n");
    let told = Program::new(&folder).args(["trace", "stats", "--json", "trace"]).exits_with(0);
    assert_eq!(serde_json::from_str::<Value>(&told.stdout).unwrap()["records"], 16);
}
