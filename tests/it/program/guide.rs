//! The guides of the documentation: every command in them runs, with the exit code and output that they show.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use super::folder::Folder;
use super::harness::executable;

const BOOK_FIRST: &str = include_str!("../../../docs/book/src/first.md");
const BOOK_RUNNING: &str = include_str!("../../../docs/book/src/running.md");
const CONFIGURATION: &str = include_str!("../../../docs/configuration.md");
const JQ: &str = include_str!("../../../docs/kit/jq.md");
const READING_TRACES: &str = include_str!("../../../docs/reading-traces.md");
const RELIABILITY: &str = include_str!("../../../docs/reliability.md");
const TRACE: &str = include_str!("../../../docs/trace.md");

/// A guide's mark for an exit code other than 0.
const EXIT_MARK: &str = "# exits with ";
/// A guide's mark for omitted lines.
const ELISION: &str = "...";

#[test]
fn the_first_chapters_of_the_book_are_true() {
    // The second goes on in the folder of the first.
    check(&format!("{BOOK_FIRST}\n{BOOK_RUNNING}"), 10);
    let program = include_str!("../../src/bin/jumps.rs").split_once("\n\n").unwrap().1;
    assert!(
        BOOK_FIRST.contains(&format!("```rust,no_run\n{program}```\n")),
        "the program is that of the chapter"
    );
}

#[test]
fn the_page_about_configuration_is_true() {
    check(CONFIGURATION, 7);
}

#[test]
fn the_guide_to_reading_traces_is_true() {
    check(READING_TRACES, 25);
}

#[test]
fn the_page_about_jq_is_true() {
    check(JQ, 9);
}

#[test]
fn the_page_about_reliability_is_true() {
    check(RELIABILITY, 9);
}

#[test]
fn the_page_about_the_trace_is_true() {
    check(TRACE, 4);
}

/// Runs the commands of `guide` in order. There must be at least `least`, because an unreadable guide has none.
#[track_caller]
fn check(guide: &str, least: usize) {
    let examples = examples(guide);
    assert!(examples.len() >= least, "only {} commands: {examples:#?}", examples.len());
    let folder = folder_with_fixtures();
    let has_jq = shell(&folder, "command -v jq").0 == 0;
    for Example { command, exit: expected, output } in examples {
        if !has_jq && command.contains("jq") {
            let _ = writeln!(io::stderr(), "skipped: `jq` is not installed (apt-get install jq): {command}");
            continue;
        }
        let (exit, stdout, stderr) = shell(&folder, &command);
        assert_eq!(exit, expected, "{command}\n{stdout}{stderr}");
        // In the middle of a pipe, only its message shows that a command failed.
        assert!(!stderr.contains("error"), "{command}\n{stderr}");
        let mut printed = stdout.lines().map(lasting);
        for line in output.lines().filter(|line| !line.trim().is_empty() && *line != ELISION) {
            let line = lasting(line);
            assert!(
                printed.any(|printed| printed == line),
                "the guide shows, and in this order:\n{line}\nbut this is printed by {command}\n{stdout}"
            );
        }
    }
}

/// A command of a guide.
#[derive(Debug)]
struct Example {
    command: String,
    exit: i32,
    /// The part of its standard output that the guide shows.
    output: String,
}

/// Returns the commands of every `sh` block; a following `text` block shows the output of its last command.
fn examples(guide: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut follows_commands = false;
    let mut blocks = guide.split("```");
    // Prose comes before the first fence, and then after every second one.
    blocks.next();
    while let Some(block) = blocks.next() {
        let (language, content) = block.split_once('\n').unwrap();
        if language == "sh" {
            examples.extend(content.replace("\\\n", "").lines().map(example));
        } else if language == "text" && follows_commands {
            content.clone_into(&mut examples.last_mut().unwrap().output);
        }
        let prose = blocks.next().expect("a block that has an end");
        follows_commands = language == "sh" && prose.trim().is_empty();
    }
    examples
}

fn example(text: &str) -> Example {
    let exit = text.split_once(EXIT_MARK).map_or(0, |(_, mark)| {
        let (exit, _) = mark.split_once(':').expect("`# exits with CODE: why`");
        exit.parse().unwrap()
    });
    Example { command: text.to_owned(), exit, output: String::new() }
}

/// Returns a folder with `fixtures`, as in the repository's root, and `bin` with the program.
fn folder_with_fixtures() -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path_of("bin")).unwrap();
    symlink(fs::canonicalize(executable()).unwrap(), folder.path_of("bin/fund-load")).unwrap();
    symlink(env!("CARGO_BIN_EXE_jumps"), folder.path_of("bin/jumps")).unwrap();
    fs::create_dir(folder.path_of("fixtures")).unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path_of("fixtures").join(entry.file_name())).unwrap();
    }
    folder
}

/// Runs `command` in `folder`, without input; returns exit code, standard output and standard error.
fn shell(folder: &Folder, command: &str) -> (i32, String, String) {
    #[expect(clippy::disallowed_methods, reason = "`jq` is wherever the one who runs the tests has it")]
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-e", "-c", command])
        .env_clear()
        .env("PATH", format!("{}:{path}", folder.path_of("bin").display()))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().expect("no signal"), text(output.stdout), text(output.stderr))
}

/// Returns the line without the parts that differ from run to run: durations, rates and shares, and the space between
/// words.
fn lasting(line: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in line.split_whitespace() {
        let is_unit = matches!(
            word.trim_end_matches([':', ',', ';']),
            "ns" | "µs" | "ms" | "s" | "%" | "records/s" | "inputs/s"
        );
        if is_unit && words.last().is_some_and(|last| last.starts_with(|first: char| first.is_ascii_digit()))
        {
            words.pop();
        }
        words.push(if is_unit { "<measured>" } else { word });
    }
    words.join(" ")
}
