//! Runs with a checkpoint: cut off, resumed or restarted, they give the results of an undisturbed run.

use std::fs;

use insta::assert_snapshot;

use super::attempts::{accepted, attempt, attempts};
use super::checkpointing::{DIR, commit_snapshot, cut_off, damage, run_checkpointed};
use super::folder::Folder;
use super::harness::Program;

const TRACED: [&str; 4] = ["--trace-path", "trace.jsonl", "--set", "runtime.tracing.signature.mode=hash"];

/// Checks that the output, and the trace if there is one, equal those of a run of the same input without a checkpoint,
/// except for times.
#[track_caller]
fn check_as_uninterrupted(folder: &Folder, config: &[&str]) {
    let other = Folder::with_input(fs::read(folder.path_of("input.txt")).unwrap());
    Program::new(&other).args(["run"]).args(config).args(TRACED).exits_with(0);
    assert!(folder.read("output.txt") == other.read("output.txt"), "the output differs");
    if !folder.has("trace.jsonl") {
        return;
    }
    let [ours, others] = [folder, &other].map(|folder| folder.path_of("trace.jsonl"));
    Program::new(folder).args(["trace", "diff"]).args([&ours, &others]).exits_with(0);
    Program::new(folder).args(["trace", "check"]).args([&ours]).exits_with(0);
    let count = |folder: &Folder| folder.read("trace.jsonl").lines().count();
    assert_eq!(count(folder), count(&other), "no record twice");
}

#[test]
fn a_checkpoint_does_not_change_the_bytes() {
    for fixture in ["clean", "dirty", "reasons"] {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
        let folder = Folder::with_input(fs::read(format!("{fixtures}/{fixture}.ndjson")).unwrap());
        let config = format!("{fixtures}/exp_mp.yaml");
        let config = ["--config", &config, "--input", "input.txt", "--output", "output.txt"];
        run_checkpointed(&folder).args(config).args(TRACED).exits_with(0);
        check_as_uninterrupted(&folder, &config);
        assert_eq!(folder.names(), ["input.txt", "output.txt", "run.ckpt", "trace.jsonl"], "{fixture}");
    }
}

#[test]
fn the_files_of_a_run_are_private() {
    let folder = Folder::with_input(attempts(1));
    run_checkpointed(&folder).args(TRACED).exits_with(0);
    commit_snapshot(&folder, b"any record");
    assert_eq!(folder.mode(DIR), 0o700);
    let inside = fs::read_dir(folder.path_of(DIR)).unwrap();
    let inside = inside.map(|entry| format!("{DIR}/{}", entry.unwrap().file_name().to_str().unwrap()));
    let files: Vec<_> = inside.chain(["output.txt".to_owned(), "trace.jsonl".to_owned()]).collect();
    // Lock, manifest, configuration and snapshot are in the checkpoint.
    assert_eq!(files.len(), 6, "{files:?}");
    for file in files {
        assert_eq!(folder.mode(&file), 0o600, "{file}");
    }
}

/// In the second half every id comes again: memory from before the cut decides about it.
#[test]
fn a_run_that_was_cut_off_goes_on_and_says_from_where() {
    for args in [&[][..], &TRACED[..]] {
        let folder = Folder::with_input(attempts(1_000).repeat(2));
        cut_off(&folder, args);
        let told = run_checkpointed(&folder).args(args).exits_with(0).stderr;
        let line_no =
            told.strip_prefix("fund-load: resuming after line ").and_then(|rest| rest.lines().next());
        let line_no: u32 = line_no.unwrap().replace(',', "").parse().unwrap();
        assert!(line_no >= 100, "a commit was due by then: {told}");
        let words: Vec<_> = told.split_whitespace().collect();
        assert!(words.join(" ").contains("declined 1,000 "), "all lines are counted: {told}");
        check_as_uninterrupted(&folder, &[]);
    }
}

#[test]
fn a_finished_run_goes_on_when_lines_were_appended() {
    let folder = Folder::with_input(attempts(2));
    run_checkpointed(&folder).args(TRACED).exits_with(0);
    let unchanged = run_checkpointed(&folder).args(TRACED).exits_with(0).stderr;
    // The first comes again; only memory declines it.
    folder.write("input.txt", attempts(2) + &attempts(1) + &attempt("3"));
    let appended = run_checkpointed(&folder).args(TRACED).exits_with(0).stderr;
    assert_snapshot!(unchanged + "\n" + &appended, @"
    fund-load: resuming after line 2, the last one of a complete run
    fund-load: 2 lines
      limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted              2
      declined              0
      output: output.txt
      trace: trace.jsonl
      configuration: <digest>

    fund-load: resuming after line 2, the last one of a complete run
    fund-load: 4 lines
      limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted                           3
      declined                           1
        ID_DUPLICATE_REPLAY              1
      output: output.txt
      trace: trace.jsonl
      configuration: <digest>
    ");
    check_as_uninterrupted(&folder, &[]);
    assert_eq!(
        folder.names(),
        ["input.txt", "output.txt", "run.ckpt", "trace.jsonl"],
        "nothing is left over"
    );
}

#[test]
fn an_unterminated_last_line_gets_its_end_from_appended_input() {
    let folder = Folder::with_input(attempts(2).trim_end());
    run_checkpointed(&folder).args(TRACED).exits_with(0);
    run_checkpointed(&folder).args(TRACED).exits_with(0);
    folder.write("input.txt", attempts(2) + &attempt("3"));
    run_checkpointed(&folder).args(TRACED).exits_with(0);
    check_as_uninterrupted(&folder, &[]);
}

#[test]
fn an_input_without_a_line_may_get_some() {
    for beginning in ["", "\u{feff}"] {
        let folder = Folder::with_input(beginning);
        run_checkpointed(&folder).args(TRACED).exits_with(0);
        assert_eq!(folder.read("output.txt"), "");
        for appended in ["\n", &attempts(2)] {
            folder.write("input.txt", folder.read("input.txt") + appended);
            run_checkpointed(&folder).args(TRACED).exits_with(0);
            check_as_uninterrupted(&folder, &[]);
        }
    }
}

#[test]
fn the_output_takes_the_name_now_configured() {
    let finished = Folder::with_input(attempts(2));
    run_checkpointed(&finished).exits_with(0);
    let finished_told = run_checkpointed(&finished).args(["--output", "other.txt"]).exits_with(0).stderr;
    assert_eq!(finished.read("other.txt"), accepted(1) + &accepted(2));
    assert_eq!(finished.names(), ["input.txt", "other.txt", "run.ckpt"], "nothing is there twice");

    let unfinished = Folder::with_input(attempts(2_000));
    cut_off(&unfinished, &[]);
    fs::create_dir(unfinished.path_of("folder")).unwrap();
    let told = run_checkpointed(&unfinished).args(["--output", "folder/other.txt"]).exits_with(0).stderr;
    assert_eq!(unfinished.read("folder/other.txt"), (1..=2_000).map(accepted).collect::<String>());
    assert_eq!(unfinished.names(), ["folder", "input.txt", "run.ckpt"]);
    let told = told.lines().nth(1).unwrap();
    assert_snapshot!(finished_told + "\n" + told, @"
    fund-load: resuming after line 2, the last one of a complete run
    fund-load: the output so far, `output.txt`, is `other.txt.partial` now
    fund-load: 2 lines
      limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted              2
      declined              0
      output: other.txt
      configuration: <digest>

    fund-load: the output so far, `output.txt.partial`, is `folder/other.txt.partial` now
    ");
}

#[test]
fn files_that_were_moved_are_found_under_their_new_names() {
    let folder = Folder::with_input(attempts(2_000));
    cut_off(&folder, &[]);
    for (from, to) in [("input.txt", "moved.txt"), ("output.txt.partial", "there.txt.partial")] {
        fs::rename(folder.path_of(from), folder.path_of(to)).unwrap();
    }
    let paths = ["--input", "moved.txt", "--output", "there.txt"];
    let told = run_checkpointed(&folder).args(paths).exits_with(0).stderr;
    assert!(told.starts_with("fund-load: resuming after line ") && !told.contains("so far"), "{told}");
    assert_eq!(folder.read("there.txt"), (1..=2_000).map(accepted).collect::<String>());

    fs::rename(folder.path_of("there.txt"), folder.path_of("again.txt")).unwrap();
    run_checkpointed(&folder).args(["--input", "moved.txt", "--output", "again.txt"]).exits_with(0);
    assert_eq!(folder.names(), ["again.txt", "moved.txt", "run.ckpt"]);
}

#[test]
fn an_output_that_cannot_be_renamed_is_left_as_it_is() {
    let folder = Folder::with_input(attempts(1));
    run_checkpointed(&folder).exits_with(0);
    let told = run_checkpointed(&folder).args(["--output", "missing/output.txt"]).exits_with(1).stderr;
    assert_snapshot!(told, @"
    fund-load: resuming after line 1, the last one of a complete run
    error: the output so far, `output.txt`, cannot become `missing/output.txt.partial` (move it there, and run again): `output.txt` cannot be renamed: No such file or directory (os error 2)
    ");
    run_checkpointed(&folder).exits_with(0);
    assert_eq!(folder.read("output.txt"), accepted(1));
}

#[test]
fn a_restart_forgets_any_checkpoint() {
    let folder = Folder::with_input(attempts(2));
    run_checkpointed(&folder).exits_with(0);
    folder.write("input.txt", attempt("3"));
    let told = run_checkpointed(&folder).args(["--restart", "--run-id", "again"]).exits_with(0).stderr;
    assert_snapshot!(told, @"
    fund-load: 1 line
      limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted              1
      declined              0
      output: output.txt
      configuration: <digest>
    ");
    assert_eq!(folder.read("output.txt"), super::attempts::decision("3", "7", true));
    for offset in [100, 8 * 1024 + 100] {
        damage(&folder.path_of(&format!("{DIR}/manifest")), offset, b"torn");
    }
    run_checkpointed(&folder).exits_with(2);
    run_checkpointed(&folder).args(["--restart"]).exits_with(0);
    run_checkpointed(&folder).exits_with(0);
}

#[test]
fn a_restart_without_a_checkpoint_is_a_mistake() {
    let folder = Folder::with_input(attempts(1));
    let told = Program::new(&folder).args(["run", "--restart"]).exits_with(2).stderr;
    assert_snapshot!(told, @"error: --restart has nothing to forget (it is for runs with `runtime.checkpoint`)");
    assert_eq!(folder.names(), ["input.txt"]);
    run_checkpointed(&folder).args(["--restart"]).exits_with(0);
    assert_eq!(folder.read("output.txt"), accepted(1), "there need be nothing to forget");
}
