//! Rotated traces: old files are read before the newest, as one trace.

use std::fs;

use insta::assert_snapshot;

use super::attempts::{accepted, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::records::records;
use super::running::wait_until;

const NOTES: &str = "runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}";
const KEEP_ALL: &str = "rotate: {max_bytes: 20000, keep: 1000}";

/// Ways of writing, all with rotation.
const WAYS: [&str; 3] =
    ["write_mode: line", "write_mode: batch, flush_every_n: 40", "flush_every_n: 7, compress: zstd"];

fn jsonl(way: &str, rotate: &str) -> String {
    format!("runtime.tracing.sink.jsonl={{{way}, {rotate}}}")
}

/// Runs the existing lines with a trace of this name.
fn trace(folder: &Folder, name: &str, setting: &str, run_id: &str) {
    let run = Program::new(folder).args(["run", "--run-id", run_id, "--trace-path", name]);
    run.set([NOTES, setting]).exits_with(0);
    assert_eq!(folder.read("output.txt"), (1..=100).map(accepted).collect::<String>());
}

/// Returns a folder with a trace of 100 lines, as one file `plain` and rotated as `trace`.
fn traced(setting: &str) -> Folder {
    let folder = Folder::with_input(attempts(100));
    trace(&folder, "plain", NOTES, "run");
    trace(&folder, "trace", setting, "run");
    folder
}

/// Returns the number of old files.
fn old_files(folder: &Folder) -> usize {
    (1..=1_000).take_while(|number| folder.has(&format!("trace.{number}"))).count()
}

#[track_caller]
fn check(folder: &Folder, exit: i32) -> String {
    let outcome = Program::new(folder).args(["trace", "check", "trace"]).exits_with(exit);
    outcome.stdout + &outcome.stderr
}

/// Each command takes the set by the name of its newest file, and gives the same result as for one file.
#[test]
fn a_rotated_trace_says_what_the_plain_one_says() {
    for (way, max_bytes, at_least) in [(WAYS[0], 20_000, 10), (WAYS[1], 20_000, 10), (WAYS[2], 2_000, 5)] {
        let folder = traced(&jsonl(way, &format!("rotate: {{max_bytes: {max_bytes}, keep: 1000}}")));
        let old = old_files(&folder);
        assert!(old >= at_least, "{way}: {old}");
        let mut names = vec!["trace".to_owned()];
        names.extend((1..=old).map(|number| format!("trace.{number}")));
        for name in &names {
            assert!((1..=max_bytes).contains(&folder.length(name)), "{way}, {name}: {}", folder.length(name));
            assert_eq!(folder.mode(name), 0o600);
        }
        Program::new(&folder).args(["trace", "diff", "plain", "trace"]).exits_with(0);
        assert_eq!(check(&folder, 0), "trace: sound; 800 records of 100 inputs in 1 run\n");
        for args in [
            &["trace", "stats", "--json"][..],
            &["trace", "show", "--line", "50"],
            &["trace", "export", "--format", "chrome"],
            &["trace", "export", "--format", "otlp"],
            &["explain", "--line", "7"],
        ] {
            let told = |name: &str| {
                let outcome = Program::new(&folder).args(args).args([name]).exits_with(0);
                assert_eq!(outcome.stderr, "");
                outcome.stdout.lines().count()
            };
            assert_eq!(told("trace"), told("plain"), "{way}: {args:?}");
        }
        let view = ["trace", "view", "trace", "--output", "report.html"];
        Program::new(&folder).args(view).exits_with(0);
        assert!(folder.read("report.html").contains("100"));
    }
}

/// Removed files are not reported missing: nobody knows how many there were.
#[test]
fn removed_old_files_are_not_a_finding() {
    for way in WAYS {
        let folder = traced(&jsonl(way, "rotate: {max_bytes: 2000, keep: 2}"));
        assert_eq!(old_files(&folder), 2, "{way}");
        let told = check(&folder, 0);
        assert!(told.starts_with("trace: sound; ") && !told.contains("of 100 inputs"), "{told}");
        let show = Program::new(&folder).args(["trace", "show", "--line", "100", "trace"]).exits_with(0);
        assert!(show.stdout.contains("line 100"), "{}", show.stdout);
    }
}

#[test]
fn a_missing_file_is_named_by_every_command() {
    let folder = traced(&jsonl(WAYS[0], KEEP_ALL));
    let (old, whole) = (old_files(&folder), folder.read("plain").lines().count());
    let lost = folder.read("trace.3").lines().count();
    fs::remove_file(folder.path_of("trace.3")).unwrap();
    let gap =
        "was rotated, and `trace.3` is missing, though `trace.4`, which is older, is there (put it back)";
    let told = check(&folder, 1);
    assert!(
        told.contains(&format!("trace:1: {gap}")) && told.contains(" left no record in this run"),
        "{told}"
    );
    assert!(told.contains(&format!("; {} records of ", whole - lost)), "{told}");
    for args in [&["trace", "stats"][..], &["trace", "show"], &["explain", "--line", "1"]] {
        let told = Program::new(&folder).args(args).args(["trace"]).exits_with(0).stderr;
        assert_eq!(told.matches(&format!("note: `trace` {gap}")).count(), 1, "{args:?}: {told}");
    }
    // Nor does the next run close the gap.
    trace(&folder, "trace", &jsonl(WAYS[0], KEEP_ALL), "next");
    let told = check(&folder, 1);
    assert!(told.contains(" is missing, though ") && folder.has(&format!("trace.{}", old + 1)), "{told}");
    // The files after the gap may have been too many.
    for number in old_files(&folder) + 1..=1_000 {
        let _ = fs::remove_file(folder.path_of(&format!("trace.{number}")));
    }
    check(&folder, 0);
}

#[test]
fn a_second_run_continues_the_files_of_the_first() {
    for way in WAYS {
        let folder = traced(&jsonl(way, KEEP_ALL));
        trace(&folder, "trace", &jsonl(way, KEEP_ALL), "next");
        assert_eq!(check(&folder, 0), "trace: sound; 1,600 records of 200 inputs in 2 runs\n");
    }
}

/// A file torn by a run gets a line end or is refused, as without rotation; a repair concerns the newest file.
#[test]
fn a_torn_end_is_cut_where_it_is() {
    for way in WAYS {
        let folder = traced(&jsonl(way, "rotate: {max_bytes: 3000, keep: 1000}"));
        let whole = fs::read(folder.path_of("trace")).unwrap();
        fs::write(folder.path_of("trace"), &whole[..whole.len() - 5]).unwrap();
        let old = fs::read(folder.path_of("trace.1")).unwrap();
        let told = check(&folder, 1);
        assert!(told.contains(" torn after ") && told.contains("--repair cuts them"), "{told}");
        Program::new(&folder).args(["trace", "check", "--repair", "trace"]).exits_with(1);
        let cut = fs::read(folder.path_of("trace")).unwrap();
        assert!(whole.starts_with(&cut) && cut.len() < whole.len() - 5, "{way}");
        assert_eq!(fs::read(folder.path_of("trace.1")).unwrap(), old);
    }
}

/// Whenever a run is killed, its flushed records are there, in order, and no file is missing.
#[test]
fn a_killed_run_loses_no_flushed_record() {
    for way in [WAYS[0], WAYS[2]] {
        let folder = Folder::with_input(attempts(20_000));
        let run = Program::new(&folder).args(["run", "--trace-path", "trace"]);
        let running = run.set([jsonl(way, "rotate: {max_bytes: 3000, keep: 1000}")]).start();
        wait_until("some files", || folder.has("trace.20"));
        drop(running);
        let told = Program::new(&folder).args(["trace", "check", "--json", "trace"]).run().stdout;
        assert!(!told.contains("missing") && !told.contains("left no record"), "{way}: {told}");
        Program::new(&folder).args(["trace", "stats", "trace"]).exits_with(0);
    }
}

/// Impossible settings are refused before anything is touched.
#[test]
fn settings_that_contradict_rotation_are_refused() {
    let folder = Folder::with_input(attempts(3));
    folder.make_pipe("pipe");
    fs::copy(folder.path_of("input.txt"), folder.path_of("trace.2")).unwrap();
    let rotate = "runtime.tracing.sink.jsonl.rotate={max_bytes: 20000, keep: 2}";
    let refused = |args: &[&str]| {
        let names = folder.names();
        let outcome = Program::new(&folder).args(["run"]).args(args).set([rotate]).exits_with(2);
        assert_eq!(folder.names(), names);
        let is_told = |line: &&str| line.starts_with("error: ") || line.contains("hint: ");
        outcome.stderr.lines().filter(is_told).collect::<Vec<_>>().join("\n")
    };
    let trace = ["--trace-path", "trace"];
    let with = |args: &[&'static str]| refused(&[&trace[..], args].concat());
    let told = [
        with(&["--set", "runtime.checkpoint={dir: run.ckpt}"]),
        with(&["--workers", "2"]),
        with(&["--set", "adapters.output_sink.settings.parts=true"]),
        refused(&["--trace-path", "pipe"]),
        with(&["--input", "trace.2"]),
        with(&["--output", "trace.1"]),
    ];
    assert_snapshot!(told.join("\n"), @"
    error: `runtime.tracing.sink.jsonl.rotate`: with a checkpoint, the trace cannot be rotated: a commit counts the bytes of one file
      hint: leave it out, or `runtime.checkpoint`
    error: `runtime.tracing.sink.jsonl.rotate`: several workers cannot rotate the trace that they write
      hint: leave it out, or run on one worker (`--workers 1`)
    error: `runtime.tracing.sink.jsonl.rotate`: several workers cannot rotate the trace that they write
      hint: leave it out, or leave out `adapters.output_sink.settings.parts`, which makes files of workers
    error: `runtime.tracing.sink.jsonl.rotate`: only a regular file can be rotated, and `pipe` is not one
      hint: leave it out, or name a file
    error: `runtime.tracing.sink.jsonl.rotate`: the trace would be renamed to `trace.2`, which is the input
      hint: name another trace file
    error: `runtime.tracing.sink.jsonl.rotate`: the trace would be renamed to `trace.1`, which is the output
      hint: name another trace file
    ");
    // Only records in a file can be rotated.
    Program::new(&folder)
        .args(["run", "--trace-path", "trace", "--tracing", "disable"])
        .set([rotate])
        .exits_with(0);
    let to_stdout = ["runtime.tracing.enabled=true", "runtime.tracing.sink.kind=stdout", rotate];
    Program::new(&folder).args(["run"]).set(to_stdout).exits_with(0);
}

#[test]
fn the_figures_are_checked_at_their_bounds() {
    let folder = Folder::with_input(attempts(1));
    let check = |rotate: &str, exit| {
        let set = format!("runtime.tracing.sink.jsonl.rotate={rotate}");
        Program::new(&folder).args(["check", "--trace-path", "trace"]).set([set]).exits_with(exit)
    };
    for (max_bytes, keep, old) in [(1, 1, "1 old file"), (u64::MAX / 2, 1_000, "1,000 old files")] {
        let told = check(&format!("{{max_bytes: {max_bytes}, keep: {keep}}}"), 0).stdout;
        assert!(told.contains(&format!("rotated at {max_bytes} bytes, {old} kept")), "{told}");
    }
    for wrong in [
        "{max_bytes: 0, keep: 1}",
        "{max_bytes: 1, keep: 0}",
        "{max_bytes: 1, keep: 1001}",
        "{keep: 1}",
        "{max_bytes: 1}",
    ] {
        let told = check(wrong, 2).stderr;
        assert!(told.contains("runtime.tracing.sink.jsonl.rotate"), "{wrong}: {told}");
    }
    check("null", 0);
}

/// The next reader would find results in the place of an old file.
#[test]
fn results_do_not_take_the_place_of_old_files() {
    let folder = traced(&jsonl(WAYS[0], KEEP_ALL));
    let before = folder.fingerprint("trace.1");
    let view = ["trace", "view", "trace", "--output", "trace.1"];
    let told = Program::new(&folder).args(view).exits_with(2).stderr;
    assert!(told.contains("would be written over the trace"), "{told}");
    assert_eq!(folder.fingerprint("trace.1"), before);
}

/// A failure to rename is reported as any other failure of the sink; the output is complete.
#[test]
fn a_file_that_cannot_be_renamed_ends_the_trace_alone() {
    let folder = Folder::with_input(attempts(100));
    fs::create_dir(folder.path_of("trace.1")).unwrap();
    for way in WAYS {
        let run = Program::new(&folder).args(["run", "--trace-path", "trace"]);
        let told = run.set([jsonl(way, "rotate: {max_bytes: 2000, keep: 1}")]).exits_with(1).stderr;
        assert!(told.starts_with("error: trace `trace`: "), "{way}: {told}");
        assert_eq!(folder.read("output.txt"), (1..=100).map(accepted).collect::<String>());
        if way == WAYS[0] {
            assert!(!records(&folder.read("trace")).is_empty());
        }
        fs::remove_file(folder.path_of("trace")).unwrap();
    }
}
