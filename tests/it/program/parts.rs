//! Files of each worker, merged and read, and process 0 writing for all: the bytes of one worker, and refusals of
//! incomplete files.

use std::fs;

use rustix::process::Signal;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;
use super::running::{Outcome, Running, wait_for_bytes};
use super::workers::{alone, cluster, input, program, start, without_time, without_times};

const PARTS: [&str; 2] = ["--set", "adapters.output_sink.settings.parts=true"];

/// Returns a folder with the parts of a run on this many workers.
fn with_parts(input: &str, workers: &str) -> (Folder, Outcome) {
    let folder = Folder::with_input(input);
    let outcome = program(&folder, &PARTS).args(["--workers", workers]).exits_with(0);
    (folder, outcome)
}

fn merge<'a>(folder: &'a Folder, parts: &str) -> Program<'a> {
    Program::new(folder).args(["merge", parts])
}

/// Expects that parts merge to these results, and that readers accept the trace's folder as a trace.
#[track_caller]
fn check_merged(folder: &Folder, output: &str, trace: &str) {
    let told = merge(folder, "output.txt.parts").exits_with(0).stderr;
    assert!(told.starts_with("fund-load: merged ") && told.contains("into `output.txt`"), "{told}");
    assert!(folder.read("output.txt") == output, "another output");
    merge(folder, "trace.parts/").exits_with(0);
    assert!(without_times(&folder.read("trace")) == trace, "another trace");
    for command in [
        &["trace", "check"][..],
        &["trace", "show", "--json"],
        &["trace", "stats"],
        &["trace", "view", "--json", "--output", "-"],
        &["trace", "export", "--format", "chrome"],
    ] {
        let read = |name: &str| Program::new(folder).args(command.iter().chain([&name])).exits_with(0);
        let (of_parts, of_file) = (read("trace.parts"), read("trace"));
        assert!(of_parts.stdout.replace("trace.parts", "trace") == of_file.stdout, "{command:?}");
        assert_eq!(of_parts.stderr, of_file.stderr, "{command:?}");
    }
    Program::new(folder).args(["trace", "diff", "trace.parts", "trace"]).exits_with(0);
}

#[test]
fn parts_merge_to_the_output_of_one_worker() {
    let input = input();
    let (expected, output, trace) = alone(&input, &[]);
    for workers in ["1", "2", "5"] {
        let (folder, outcome) = with_parts(&input, workers);
        let told = without_time(&outcome.stderr).replace(".parts", "");
        assert_eq!(told, without_time(&expected.stderr), "{workers} workers");
        assert!(outcome.stderr.contains("output: output.txt.parts"), "{}", outcome.stderr);
        assert!(!folder.has("output.txt") && !folder.has("output.txt.partial") && !folder.has("trace"));
        check_merged(&folder, &output, &trace);
    }
}

#[test]
fn decisions_are_explained_from_a_folder() {
    let folder = Folder::with_input(input());
    let shown = ["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}"];
    program(&folder, &PARTS).set(shown).args(["--workers", "2"]).exits_with(0);
    merge(&folder, "trace.parts").exits_with(0);
    let explained =
        |trace: &str| Program::new(&folder).args(["explain", "--id", "8", trace]).exits_with(0).stdout;
    let of_parts = explained("trace.parts");
    assert!(of_parts.contains("id 8") || of_parts.contains("`8`"), "{of_parts}");
    assert_eq!(of_parts, explained("trace"));
}

#[test]
fn an_empty_input_has_empty_parts() {
    let (folder, _) = with_parts("", "3");
    merge(&folder, "output.txt.parts").exits_with(0);
    merge(&folder, "trace.parts").exits_with(0);
    assert_eq!((folder.read("output.txt"), folder.read("trace")), (String::new(), String::new()));
    let outcome = Program::new(&folder).args(["trace", "show", "trace.parts"]).exits_with(0);
    assert_eq!(outcome.stderr, "note: `trace.parts` holds no records\n");
}

#[test]
fn records_may_be_written_and_synced_as_they_are_told() {
    let input = input();
    let (_, output, trace) = alone(&input, &[]);
    let folder = Folder::with_input(&input);
    let jsonl = "runtime.tracing.sink.jsonl";
    let lines = [format!("{jsonl}.write_mode=line"), format!("{jsonl}.fsync_every_n=100")];
    program(&folder, &PARTS).set(lines).args(["--workers", "2"]).exits_with(0);
    check_merged(&folder, &output, &trace);
}

#[test]
fn processes_write_parts_of_their_own() {
    let input = input();
    let (_, output, trace) = alone(&input, &[]);
    let folder = cluster(&input, 2);
    let args = ["--workers", "2", PARTS[0], PARTS[1]];
    let running: Vec<_> = (0..2).map(|process| start(&folder, process, &args)).collect();
    for outcome in running.into_iter().map(Running::wait) {
        assert_eq!(outcome.exit, 0, "{}", outcome.stderr);
    }
    assert!(folder.has("output.txt.parts/part-00003") && !folder.has("output.txt.parts/part-00004"));
    check_merged(&folder, &output, &trace);
}

#[test]
fn process_0_writes_for_all_with_nothing_in_common() {
    let input = input();
    for args in [&[][..], &["--set", "runtime.limits.max_ids=100"]] {
        let (expected, output, trace) = alone(&input, args);
        let folders = [cluster(&input, 2), Folder::with_input(&input)];
        folders[1].write("hosts", folders[0].read("hosts"));
        let gather = ["--workers", "2", "--set", "runtime.cluster.gather=true"];
        let args = [&gather[..], args].concat();
        let running: Vec<_> =
            folders.iter().enumerate().map(|(process, folder)| start(folder, process, &args)).collect();
        let ended: Vec<_> = running.into_iter().map(Running::wait).collect();
        for outcome in &ended {
            assert_eq!(outcome.exit, expected.exit, "{}", outcome.stderr);
        }
        assert_eq!(without_time(&ended[0].stderr), without_time(&expected.stderr));
        let name = if expected.exit == 0 { "output.txt" } else { "output.txt.partial" };
        assert!(folders[0].read(name) == output, "another output");
        assert!(without_times(&folders[0].read("trace")) == trace, "another trace");
        assert_eq!(folders[1].names(), ["hosts", "input.txt"], "process 1 writes nothing");
    }
}

#[test]
fn processes_that_write_in_different_ways_refuse_to_begin() {
    let folder = cluster(&attempts(3), 2);
    let one = start(&folder, 0, &PARTS);
    let other = start(&folder, 1, &["--set", "runtime.cluster.gather=true"]);
    for outcome in [one.wait(), other.wait()] {
        assert_eq!(outcome.exit, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("way to write"), "{}", outcome.stderr);
    }
    assert!(!folder.has("output.txt.parts"), "nothing was touched");
}

#[test]
fn a_run_that_fails_leaves_no_success_and_its_trace_is_read() {
    let limited = ["--set", "runtime.limits.max_ids=100"];
    let (expected, _, trace) = alone(&input(), &limited);
    let folder = Folder::with_input(input());
    let outcome = program(&folder, &PARTS).args(limited).args(["--workers", "3"]).exits_with(expected.exit);
    let told = "the unfinished output is left in `output.txt.parts`";
    assert!(outcome.stderr.contains(told), "{}", outcome.stderr);
    assert!(!folder.has("output.txt.parts/_SUCCESS") && !folder.has("trace.parts/_SUCCESS"));
    for parts in ["output.txt.parts", "trace.parts"] {
        let told = merge(&folder, parts).exits_with(2).stderr;
        assert!(told.contains(&format!("`{parts}` has no `_SUCCESS`: its run still writes")), "{told}");
    }
    assert!(!folder.has("output.txt") && !folder.has("trace"));
    let stats = Program::new(&folder).args(["trace", "stats", "--json", "trace.parts"]).exits_with(0);
    assert!(stats.stderr.starts_with("note: `trace.parts` has no `_SUCCESS`"), "{}", stats.stderr);
    let check = Program::new(&folder).args(["trace", "check", "trace.parts"]).exits_with(1);
    assert!(check.stdout.contains("is missing: the folder has no `_SUCCESS`"), "{}", check.stdout);
    let checked = check.stdout.lines().find(|line| line.contains("records")).unwrap_or_default().to_owned();
    assert!(checked.contains(&grouped(trace.lines().count())), "{checked}: all that one worker has recorded");
}

fn grouped(count: usize) -> String {
    stream_kernel_text::grouped(count as u64)
}

#[test]
fn a_killed_run_has_no_success_file_and_can_be_repeated() {
    let input = attempts(20_000);
    let folder = Folder::with_input(&input);
    let untraced = ["--tracing", "disable", "--set", "runtime.tracing.sink=null", "--workers", "2"];
    let running = program(&folder, &PARTS).args(untraced).start();
    wait_for_bytes(&folder, "output.txt.parts/part-00001", 1);
    let other = program(&folder, &PARTS).args(untraced).exits_with(2);
    assert!(other.stderr.contains("is being written by another run"), "{}", other.stderr);
    running.signal(Signal::KILL);
    drop(running);
    let told = merge(&folder, "output.txt.parts").exits_with(2).stderr;
    assert!(told.contains("`_SUCCESS`") || told.contains("is missing"), "{told}");
    program(&folder, &PARTS).args(untraced).exits_with(0);
    merge(&folder, "output.txt.parts").exits_with(0);
    let expected = Folder::with_input(&input);
    Program::new(&expected).args(["run"]).exits_with(0);
    assert!(folder.read("output.txt") == expected.read("output.txt"), "another output");
}

#[test]
fn parts_of_an_earlier_run_are_replaced() {
    let (folder, _) = with_parts(&input(), "5");
    let shorter = attempts(40);
    folder.write("input.txt", &shorter);
    program(&folder, &PARTS).args(["--workers", "2"]).exits_with(0);
    assert!(!folder.has("output.txt.parts/part-00002"), "it had more workers");
    let (_, output, trace) = alone(&shorter, &[]);
    folder.write("output.txt", "of an earlier run");
    check_merged(&folder, &output, &trace);
    // A trace may hold other runs.
    let before = folder.fingerprint("trace");
    let told = merge(&folder, "trace.parts").exits_with(2).stderr;
    assert!(told.contains("`trace` is there already") && told.contains("--output FILE"), "{told}");
    assert_eq!(folder.fingerprint("trace"), before);
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    for stranger in ["output.txt.parts/notes", "trace.parts/notes"] {
        let (folder, _) = with_parts(&input(), "2");
        folder.write(stranger, "mine");
        let told = program(&folder, &PARTS).args(["--workers", "2"]).exits_with(2).stderr;
        assert!(told.contains("holds `notes`, which is not a part (move it elsewhere"), "{told}");
        assert!(folder.has("output.txt.parts/_SUCCESS") && folder.has("trace.parts/_SUCCESS"));
        // Readers accept it.
        merge(&folder, "output.txt.parts").exits_with(0);
    }
}

#[test]
fn incomplete_parts_are_not_merged() {
    type Change = fn(&Folder);
    let changes: [(&str, Change); 5] = [
        ("part-00001` is missing", |folder| {
            fs::remove_file(folder.path_of("output.txt.parts/part-00001")).unwrap();
        }),
        ("part-00001.index` is missing", |folder| {
            fs::remove_file(folder.path_of("output.txt.parts/part-00001.index")).unwrap();
        }),
        ("part-00001.index` is torn", |folder| {
            let index = folder.read("output.txt.parts/part-00001.index");
            folder.write("output.txt.parts/part-00001.index", index.trim_end());
        }),
        ("part-00001` has 3 bytes, and its index says", |folder| {
            folder.write("output.txt.parts/part-00001", "cut");
        }),
        ("has no `_SUCCESS`", |folder| fs::remove_file(folder.path_of("output.txt.parts/_SUCCESS")).unwrap()),
    ];
    for (why, change) in changes {
        let (folder, _) = with_parts(&input(), "2");
        folder.write("output.txt", "before");
        change(&folder);
        let told = merge(&folder, "output.txt.parts").exits_with(2).stderr;
        assert!(told.contains(why) && told.contains("run it again)"), "{why}: {told}");
        assert_eq!(folder.read("output.txt"), "before");
        assert!(!folder.has("output.txt.partial"));
    }
    // The same for readers of a trace.
    let (folder, _) = with_parts(&input(), "2");
    fs::remove_file(folder.path_of("trace.parts/part-00001")).unwrap();
    let told = Program::new(&folder).args(["trace", "stats", "trace.parts"]).exits_with(2).stderr;
    assert!(
        told.contains("the trace `trace.parts` cannot be read: ") && told.contains("is missing"),
        "{told}"
    );
}

#[test]
fn wrong_uses_of_folders() {
    let (folder, _) = with_parts(&attempts(9), "2");
    fs::rename(folder.path_of("output.txt.parts"), folder.path_of("moved")).unwrap();
    for (args, why) in [
        (&["merge", "moved"][..], "does not end in `.parts`"),
        (&["merge", "nowhere.parts"], "is missing"),
        (&["merge", "input.txt"], "is a file, not a folder of parts"),
        (&["merge", "moved", "--output", "moved/all"], "would be in the folder of parts itself"),
        (&["trace", "show", "moved"], "holds the parts of an output, not of a trace"),
        (&["trace", "show", "--follow", "trace.parts"], "which --follow does not put in order"),
        (&["trace", "check", "--repair", "trace.parts"], "which --repair does not mend"),
        (
            &["trace", "export", "trace.parts", "--format", "chrome", "--output", "trace.parts/x"],
            "over the trace",
        ),
    ] {
        let told = Program::new(&folder).args(args).exits_with(2).stderr;
        assert!(told.contains(why), "{args:?}: {told}");
    }
    let printed = Program::new(&folder).args(["merge", "moved", "--output", "-"]).exits_with(0).stdout;
    let alone = Folder::with_input(attempts(9));
    Program::new(&alone).args(["run"]).exits_with(0);
    assert!(printed == alone.read("output.txt"), "another output");
}
