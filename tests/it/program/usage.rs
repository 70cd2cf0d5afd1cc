//! The command line itself: help, what is refused, and what the program says at the end.

use insta::assert_snapshot;

use super::attempts::{attempt, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::records::records;

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = Folder::new();
    for args in [
        &["--help"][..],
        &["run", "--help"],
        &["check", "-h"],
        &["config", "--help"],
        &["config", "show", "--help"],
    ] {
        let outcome = Program::new(&folder).args(args).exits_with(0);
        assert!(outcome.stdout.contains("Usage: fund-load"), "{args:?}: {}", outcome.stdout);
        assert_eq!(outcome.stderr, "", "{args:?}");
    }
    assert!(Program::new(&folder).args(["--version"]).exits_with(0).stdout.starts_with("fund-load 0."));
    let help = Program::new(&folder).args(["run", "--help"]).exits_with(0).stdout;
    for flag in [
        "--config",
        "--input",
        "--output",
        "--tracing",
        "--trace-path",
        "--workers",
        "--hosts",
        "--process",
        "--set",
        "--run-id",
    ] {
        assert!(help.contains(flag), "{flag}");
    }
}

#[test]
fn help_is_a_command_as_well() {
    let folder = Folder::new();
    for command in [
        &[][..],
        &["run"],
        &["config"],
        &["config", "show"],
        &["checkpoint", "verify"],
        &["trace", "show"],
        &["explain"],
    ] {
        let by_flag = Program::new(&folder).args(command).args(["--help"]).exits_with(0);
        let by_command = Program::new(&folder).args(["help"]).args(command).exits_with(0);
        assert_eq!((by_command.stdout, &*by_command.stderr), (by_flag.stdout, ""), "{command:?}");
    }
    let of_group = Program::new(&folder).args(["trace", "help", "show"]).exits_with(0).stdout;
    assert_eq!(of_group, Program::new(&folder).args(["trace", "show", "--help"]).exits_with(0).stdout);
    let told = Program::new(&folder).args(["help", "frob"]).exits_with(2).stderr;
    assert!(told.contains("unrecognized subcommand 'frob'"), "{told}");
}

#[test]
fn wrong_usage_is_refused_with_2_on_standard_error() {
    let folder = Folder::new();
    for args in [
        &[][..],
        &["frob"],
        &["run", "--wrong"],
        &["run", "extra"],
        &["run", "--input"],
        &["run", "--input", "a", "--input", "b"],
        &["run", "--tracing", "on"],
        &["run", "--set", "runtime.strict"],
        &["run", "--set", "=1"],
        &["run", "--run-id", ""],
        &["run", "--run-id", "a\tb"],
        &["run", "--run-id", &"x".repeat(129)],
        &["config"],
        &["config", "frob"],
    ] {
        let outcome = Program::new(&folder).args(args).exits_with(2);
        assert_eq!(outcome.stdout, "", "{args:?}");
        assert!(!outcome.stderr.is_empty(), "{args:?}");
    }
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn the_run_id_names_every_record() {
    let ids = |args: &[&str]| -> Vec<String> {
        let folder = Folder::with_input(attempts(1));
        Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).args(args).exits_with(0);
        let mut ids: Vec<_> =
            records(&folder.read("trace.jsonl")).into_iter().map(|record| record.trace_id).collect();
        ids.dedup();
        ids
    };
    assert_eq!(ids(&[]), ["run:1"]);
    assert_eq!(ids(&["--run-id", "2026-01 \u{e9}\"\\"]), ["2026-01 \u{e9}\"\\:1"]);
    let longest = "x".repeat(128);
    assert_eq!(ids(&["--run-id", &longest]), [format!("{longest}:1")]);
}

#[test]
fn a_run_id_has_up_to_128_characters_and_none_that_controls() {
    let folder = Folder::with_input(attempts(1));
    let run = |id: &str, exit| {
        let program = Program::new(&folder).args(["run", "--trace-path", "trace.jsonl", "--run-id", id]);
        program.exits_with(exit).stderr
    };
    // Characters are counted, not bytes.
    run(&"\u{e9}".repeat(128), 0);
    let before = ["output.txt", "trace.jsonl"].map(|name| folder.fingerprint(name));
    for control in ["\t", "\n", "\u{1b}", "\u{7f}", "\u{9b}"] {
        let told = run(&format!("a{control}b"), 2);
        assert_eq!(told, "error: --run-id holds a control character (use letters, digits and signs)\n");
    }
    assert_snapshot!(run(&"\u{e9}".repeat(129), 2), @"error: --run-id has 129 characters (at most 128 are possible)");
    assert_snapshot!(run("", 2), @"
    error: a value is required for '--run-id <ID>' but none was supplied

    For more information, try '--help'.
    ");
    assert_eq!(["output.txt", "trace.jsonl"].map(|name| folder.fingerprint(name)), before);
}

#[test]
fn the_summary_counts_lines_and_decisions_by_reason() {
    let same_day = ["1", "2", "3", "4", "4", "5"].map(attempt).join("\n");
    let folder = Folder::with_input(same_day + "\n\n" + &attempt("x"));
    let outcome = Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).exits_with(0);
    assert_snapshot!(outcome.stderr, @"
    fund-load: 8 lines
      limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted                           3
      declined                           5
        INPUT_PARSE_ERROR                1
        INVALID_ID_FORMAT                1
        ID_DUPLICATE_REPLAY              1
        DAILY_ATTEMPT_LIMIT              2
      output: output.txt
      trace: trace.jsonl
      configuration: <digest>
    ");
    assert_eq!(outcome.stdout, "", "results go to the output only");
}

#[test]
fn the_summary_of_an_empty_run_counts_none() {
    let folder = Folder::with_input("");
    assert_snapshot!(Program::new(&folder).args(["run", "--output", "-"]).exits_with(0).stderr, @"
    fund-load: 0 lines
      limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted              0
      declined              0
      output: -
      configuration: <digest>
    ");
}

#[test]
fn people_are_told_on_standard_error_without_colours_or_a_bar_when_it_is_no_terminal() {
    let folder = Folder::with_input(attempts(20_000));
    let outcome = Program::new(&folder).args(["run"]).exits_with(0);
    assert!(
        !outcome.stderr.contains('\u{1b}') && !outcome.stderr.contains('\r'),
        "{}",
        outcome.stderr.escape_debug()
    );
}
