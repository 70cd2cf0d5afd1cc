//! Lines: line ends, the byte order mark, the longest line, and that none is ever lost.

use super::attempts::{adjudicate, attempt, attempt_of, decision};
use super::folder::Folder;
use super::harness::Program;

const MARK: &str = "\u{feff}";
const BLANK: &str = "INPUT_PARSE_ERROR";

/// Returns short lines of output: the id, or the reason of a declined line.
fn told(input: impl AsRef<[u8]>, settings: &[&str]) -> Vec<String> {
    let short = |(line, reason): (String, String)| match reason.as_str() {
        "ACCEPTED" => {
            serde_json::from_str::<serde_json::Value>(&line).unwrap()["id"].as_str().unwrap().to_owned()
        }
        _ => reason,
    };
    adjudicate(input, settings).into_iter().map(short).collect()
}

#[test]
fn an_input_without_lines_gives_an_empty_output() {
    assert_eq!(told("", &[]), [""; 0]);
    assert_eq!(told(MARK, &[]), [""; 0], "a byte order mark alone is no line");
}

#[test]
fn blank_and_unterminated_lines_count() {
    let (one, two) = (attempt("1"), attempt("2"));
    assert_eq!(told(format!("{one}\n{two}\n"), &[]), ["1", "2"]);
    assert_eq!(told(format!("{one}\n{two}"), &[]), ["1", "2"]);
    assert_eq!(told(format!("\n{one}\n\n{two}\n\n"), &[]), [BLANK, "1", BLANK, "2", BLANK]);
    assert_eq!(told("\n", &[]), [BLANK]);
    assert_eq!(told("\r\n\r\n", &[]), [BLANK, BLANK]);
    assert_eq!(told(" ", &[]), [BLANK]);
}

#[test]
fn cr_belongs_to_a_line_end_only_before_lf() {
    let (one, two) = (attempt("1"), attempt("2"));
    assert_eq!(told(format!("{one}\r\n{two}\r\n"), &[]), ["1", "2"]);
    assert_eq!(told(format!("{one}\r{two}\n"), &[]), [BLANK], "one line: text after the object");
    assert_eq!(told(format!("{one}\r"), &[]), ["1"], "white space of JSON");
    assert_eq!(told(format!("{one}\u{2028}{two}\u{b}\n{two}\n"), &[]), [BLANK, "2"]);
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_beginning_only() {
    let (one, two) = (attempt("1"), attempt("2"));
    assert_eq!(told(format!("{MARK}{one}\n{two}\n"), &[]), ["1", "2"]);
    assert_eq!(told(format!("{MARK}\n{one}\n"), &[]), [BLANK, "1"]);
    assert_eq!(told(format!("{one}\n{MARK}{two}\n"), &[]), ["1", BLANK]);
    assert_eq!(told(format!("{MARK}{MARK}{one}\n"), &[]), [BLANK]);
    assert_eq!(told(format!(" {MARK}{one}\n"), &[]), [BLANK]);
    assert_eq!(told(b"\xef\xbb", &[]), [BLANK], "half a mark is a line that is not UTF-8");
}

/// Returns the line of an attempt with exactly `bytes` bytes, padded by an ignored key.
fn attempt_of_length(id: &str, bytes: usize) -> String {
    let start = attempt(id).replace('}', ",\"x\":\"");
    let line = format!("{start}{}\"}}", "x".repeat(bytes - start.len() - 2));
    assert_eq!(line.len(), bytes);
    line
}

#[test]
fn the_longest_line_has_exactly_the_bound_in_bytes() {
    const BOUND: usize = 200;
    let setting = ["adapters.input_source.settings.max_line_bytes=200"];
    let (longest, too_long) = (attempt_of_length("1", BOUND), attempt_of_length("1", BOUND + 1));
    let next = attempt("2");
    for (mark, end) in [("", "\n"), ("", "\r\n"), (MARK, "\n"), (MARK, "\r\n")] {
        assert_eq!(told(format!("{mark}{longest}{end}{next}"), &setting), ["1", "2"], "{mark:?} {end:?}");
        assert_eq!(told(format!("{mark}{too_long}{end}{next}"), &setting), [BLANK, "2"], "{mark:?} {end:?}");
    }
    assert_eq!(told(&longest, &setting), ["1"]);
    assert_eq!(told(&too_long, &setting), [BLANK]);
    assert_eq!(told(format!("{longest}\r"), &setting), [BLANK], "without LF a CR belongs to the line");
    assert_eq!(told(format!("{longest}\r\r\n"), &setting), [BLANK], "only one CR belongs to the line end");
}

#[test]
fn the_bound_is_one_mebibyte_by_default() {
    let input = format!(
        "{}\n{}\n{}\n",
        attempt_of_length("1", 1 << 20),
        attempt_of_length("2", (1 << 20) + 1),
        attempt("3")
    );
    assert_eq!(told(input, &[]), ["1", BLANK, "3"]);
}

#[test]
fn nothing_is_echoed_of_a_line_that_is_too_long() {
    let folder = Folder::with_input(attempt_of_length("1", 201) + "\n");
    let program = Program::new(&folder).args(["run", "--output", "-"]);
    let outcome = program.set(["adapters.input_source.settings.max_line_bytes=200"]).exits_with(0);
    assert_eq!(outcome.stdout, decision("", "", false));
}

#[test]
fn a_line_of_any_length_is_skipped_in_constant_memory() {
    // 50 MiB on one line, in an address space of 40.
    let mut input = vec![b'x'; 50 << 20];
    input.extend_from_slice(format!("\n{}\n", attempt("1")).as_bytes());
    let folder = Folder::new();
    let program = Program::after(&folder, "ulimit -v 40960").args(["run", "--input", "-", "--output", "-"]);
    let outcome = program.stdin(input).exits_with(0);
    assert_eq!(outcome.stdout, decision("", "", false) + &decision("1", "7", true));
}

#[test]
fn a_million_brackets_do_not_exhaust_the_stack() {
    let folder = Folder::with_input(format!(
        "{}\n{}\n",
        "[".repeat(1_000_000),
        attempt_of("1", "2", "1.00", "2000-01-01T00:00:00Z")
    ));
    let outcome = Program::after(&folder, "ulimit -s 512").args(["run", "--output", "-"]).exits_with(0);
    assert_eq!(outcome.stdout, decision("", "", false) + &decision("1", "2", true));
}
