//! An unterminated last line, which somebody may still be writing: it is taken, or left for the next run.

use insta::assert_snapshot;

use super::attempts::{accepted, attempt, attempts};
use super::checkpointing::{DIR, fingerprints, run_checkpointed};
use super::folder::Folder;
use super::harness::Program;

const LEAVE: &str = "adapters.input_source.settings.unterminated_line=leave";

/// Returns an input of two lines and the beginning of a third.
fn caught_in_a_line() -> String {
    attempts(2) + &attempt("3")[..40]
}

#[test]
fn a_left_line_has_no_output_and_is_reported() {
    let folder = Folder::with_input(caught_in_a_line());
    let told = Program::new(&folder).args(["run"]).set([LEAVE]).exits_with(0).stderr;
    assert_snapshot!(told, @"
    fund-load: 2 lines
      limits: $5,000.00 a day, $20,000.00 a week, 3 attempts a day; prime gate off; Monday multiplier off
      memory: ids remembered forever, number of ids not limited, number of customers not limited
      accepted              2
      declined              0
      left for the next run: 40 bytes at the end of the input, without a line end
      output: output.txt
      configuration: <digest>
    ");
    assert_eq!(folder.read("output.txt"), accepted(1) + &accepted(2));
    // Also from a pipe, and at any length.
    let long = attempts(1) + &"x".repeat(2_000_000);
    let program = Program::new(&folder).args(["run", "--input", "-"]).set([LEAVE]).stdin(long);
    let told = program.exits_with(0).stderr;
    assert!(told.contains("left for the next run: 2,000,000 bytes"), "{told}");
    assert_eq!(folder.read("output.txt"), accepted(1));
}

#[test]
fn without_the_setting_it_is_a_line() {
    let folder = Folder::with_input(caught_in_a_line());
    let told = Program::new(&folder).args(["run"]).exits_with(0).stderr;
    assert!(told.contains("INPUT_PARSE_ERROR") && !told.contains("left"), "{told}");
    assert_eq!(folder.read("output.txt").lines().count(), 3);
}

#[test]
fn a_run_that_goes_on_takes_the_line_as_a_whole() {
    let folder = Folder::with_input(caught_in_a_line());
    let run =
        || run_checkpointed(&folder).args(["--trace-path", "trace.jsonl"]).set([LEAVE]).exits_with(0).stderr;
    assert!(run().contains("left for the next run: 40 bytes"));
    let before = fingerprints(&folder);
    let again = run();
    assert!(
        again.contains("the last one of a complete run") && again.contains("left for the next run: 40 bytes"),
        "{again}"
    );
    let kept = |name: &str| (before[name].clone(), fingerprints(&folder)[name].clone());
    for name in ["output.txt", "trace.jsonl"] {
        let (before, now) = kept(name);
        assert_eq!(now, before, "there is nothing to add to `{name}`");
    }
    folder.write("input.txt", attempts(2) + &attempt("3") + "\n{");
    assert!(run().contains("left for the next run: 1 byte at"));
    folder.write("input.txt", attempts(2) + &attempt("3") + "\n{}\n");
    assert!(!run().contains("left"));
    let other = Folder::with_input(folder.read("input.txt"));
    Program::new(&other).args(["run"]).exits_with(0);
    assert_eq!(folder.read("output.txt"), other.read("output.txt"));
    Program::new(&folder).args(["checkpoint", "verify", DIR]).exits_with(0);
    Program::new(&folder).args(["trace", "check", "trace.jsonl"]).exits_with(0);
}

/// A byte order mark alone, or a part of it, is not a line.
#[test]
fn an_input_without_a_line_may_get_one() {
    for beginning in [&b""[..], b"\xef\xbb\xbf", b"\xef\xbb", b"\xef\xbb\xbf{"] {
        let folder = Folder::with_input(beginning);
        run_checkpointed(&folder).set([LEAVE]).exits_with(0);
        run_checkpointed(&folder).set([LEAVE]).exits_with(0);
        assert_eq!(folder.read("output.txt"), "");
        folder.write("input.txt", "\u{feff}".to_owned() + &attempts(1));
        run_checkpointed(&folder).set([LEAVE]).exits_with(0);
        assert_eq!(folder.read("output.txt"), accepted(1), "{beginning:?}");
    }
}

#[test]
fn lines_appended_to_a_taken_line_are_refused() {
    let folder = Folder::with_input(caught_in_a_line());
    run_checkpointed(&folder).exits_with(0);
    folder.write("input.txt", attempts(2) + &attempt("3") + "\n");
    let before = fingerprints(&folder);
    let told = run_checkpointed(&folder).exits_with(2).stderr;
    assert_snapshot!(told, @"error: the last line of `input.txt` that is committed, line 3, had no line end, and what was appended continues it: it is another line now (restore the input as it was, or start over); nothing was touched (--restart starts over; for an input that grows there is `adapters.input_source.settings.unterminated_line: leave`)");
    assert_eq!(fingerprints(&folder), before);
    run_checkpointed(&folder).args(["--restart"]).set([LEAVE]).exits_with(0);
    assert_eq!(folder.read("output.txt").lines().count(), 3);
}

#[test]
fn a_check_says_how_it_is_handled() {
    let folder = Folder::new();
    let told = Program::new(&folder).args(["check"]).set([LEAVE]).exits_with(0).stdout;
    assert!(
        told.contains(
            "input: input.txt, lines of up to 1048576 bytes, a last one without LF is left for the next run\n"
        ),
        "{told}"
    );
}
