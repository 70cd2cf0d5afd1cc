//! Every command that reads a trace, on invalid traces, and with outputs that accept nothing.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};

use rustix::process::geteuid;
use serde_json::Value;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;
use super::running::Outcome;

/// Every command that reads traces, with `trace` as one; the other is valid.
const COMMANDS: [&[&str]; 14] = [
    &["trace", "show", "trace"],
    &["trace", "show", "--json", "trace"],
    &["trace", "stats", "trace"],
    &["trace", "stats", "--json", "trace"],
    &["trace", "diff", "trace", "good"],
    &["trace", "diff", "good", "trace"],
    &["trace", "diff", "--json", "good", "trace"],
    &["trace", "export", "--format", "otlp", "trace"],
    &["trace", "export", "--format", "chrome", "trace"],
    &["trace", "view", "--output", "-", "trace"],
    &["trace", "view", "--json", "--output", "-", "trace"],
    &["explain", "--line", "1", "trace"],
    &["explain", "--line", "1", "--json", "trace"],
    &["trace", "check", "trace"],
];

const CHECKS: [&[&str]; 2] = [&["trace", "check", "trace"], &["trace", "check", "--json", "trace"]];

/// Returns a folder with the trace `good`, of three lines.
fn traced() -> Folder {
    let folder = Folder::with_input(attempts(3));
    Program::new(&folder)
        .args(["run", "--trace-path", "good"])
        .set(["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}"])
        .exits_with(0);
    folder
}

fn run(folder: &Folder, args: &[&str]) -> Outcome {
    let outcome = Program::new(folder).args(args).run();
    assert!(!outcome.stderr.contains("panicked"), "{args:?}: {}", outcome.stderr);
    outcome
}

fn is_check(args: &[&str]) -> bool {
    args[1] == "check"
}

/// Returns the standard output for the same arguments with another trace instead of `trace`.
fn printed_of(folder: &Folder, args: &[&str], other: &str) -> String {
    let others: Vec<_> = args[1..].iter().map(|arg| if *arg == "trace" { other } else { arg }).collect();
    let printed = run(folder, &[&args[..1], &others].concat()).stdout;
    printed.replace(&format!("\"file\":\"{other}\""), "\"file\":\"trace\"")
}

/// Valid traces with one wrong line, its fault, and its number.
fn damaged_traces(good: &str) -> Vec<(&'static str, Vec<u8>, u64)> {
    let (first, rest) = good.split_once('\n').unwrap();
    let with_second = |line: &[u8]| [first.as_bytes(), b"\n", line, b"\n", rest.as_bytes()].concat();
    vec![
        ("a wrong line in the beginning", format!("no record\n{good}").into_bytes(), 1),
        ("a wrong line in the middle", with_second(b"no record"), 2),
        ("an empty line", with_second(b""), 2),
        ("a line of NUL", with_second(&[0; 100]), 2),
        ("a torn line in the middle", with_second(&first.as_bytes()[..200]), 2),
        ("two records on a line", with_second(format!("{first}{first}").as_bytes()), 2),
        (
            "invalid UTF-8",
            with_second(&[&first.as_bytes()[..20], b"\xff", &first.as_bytes()[20..]].concat()),
            2,
        ),
        ("a line of 20 MB", with_second(&vec![b'x'; 20_000_000]), 2),
        ("a wrong line in the end", format!("{good}no record\n").into_bytes(), 25),
        ("text behind the last line end", format!("{good}hello world").into_bytes(), 25),
        ("20 MB behind the last line end", [good.as_bytes(), &vec![b'x'; 20_000_000]].concat(), 25),
    ]
}

#[test]
fn a_line_that_is_no_record_is_named_and_spoils_no_other() {
    let folder = traced();
    for (what, content, line) in damaged_traces(&folder.read("good")) {
        folder.write("trace", content);
        for args in COMMANDS.iter().filter(|args| !is_check(args)) {
            let outcome = run(&folder, args);
            let told: Vec<_> = outcome.stderr.lines().collect();
            assert_eq!((outcome.exit, told.len()), (2, 2), "{what}: {args:?}: {}", outcome.stderr);
            assert!(
                told[0].starts_with(&format!("error: `trace`, line {line}: ")),
                "{what}: {args:?}: {told:?}"
            );
            let count = "error: `trace` has a line that is not a record, left out here ";
            assert!(told[1].starts_with(count), "{what}: {args:?}: {told:?}");
            assert!(
                outcome.stdout == printed_of(&folder, args, "good"),
                "{what}: {args:?}: {}",
                outcome.stdout
            );
        }
        assert_checks_name(&folder, what, line);
    }
}

#[test]
fn an_invalid_trace_is_named_by_file_and_line() {
    let folder = traced();
    for (what, content) in [
        ("binary", (0..=255).cycle().take(5_000).collect()),
        ("text", b"Dear editor,\nI have\n".to_vec()),
        ("text without a line end", b"Dear editor".to_vec()),
        ("JSON of another shape", b"{\"id\":\"7\"}\n".to_vec()),
        ("JSON, but no object", b"[1,2]\n7\n".to_vec()),
    ] {
        folder.write("trace", content);
        for args in COMMANDS.iter().filter(|args| !is_check(args)) {
            let outcome = run(&folder, args);
            assert_eq!(outcome.exit, 2, "{what}: {args:?}: {}", outcome.stderr);
            let named = "error: `trace`, line 1: ";
            assert!(outcome.stderr.starts_with(named), "{what}: {args:?}: {}", outcome.stderr);
            assert_eq!(outcome.stderr.lines().count(), 1, "{what}: {args:?}: {}", outcome.stderr);
            assert_eq!(outcome.stdout, "", "{what}: {args:?}");
        }
        assert_checks_name(&folder, what, 1);
    }
}

/// `check` names the line first, and for machines prints JSON alone.
fn assert_checks_name(folder: &Folder, what: &str, line: u64) {
    for args in CHECKS {
        let outcome = run(folder, args);
        assert_eq!((outcome.exit, &*outcome.stderr), (1, ""), "{what}");
        let first = outcome.stdout.lines().next().unwrap();
        let named =
            if args.len() == 3 { format!("trace:{line}: ") } else { format!("{{\"run\":1,\"line\":{line},") };
        assert!(first.starts_with(&named), "{what}: {first}");
    }
    let findings = run(folder, CHECKS[1]).stdout;
    assert!(findings.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{what}");
}

#[test]
fn wrong_lines_beyond_the_bound_are_only_counted() {
    let folder = traced();
    for (count, named) in [(10, 10), (11, 10)] {
        folder.write("trace", folder.read("good") + &"no record\n".repeat(count));
        let told = run(&folder, &["trace", "stats", "trace"]).stderr;
        assert_eq!(told.matches("error: `trace`, line ").count(), named);
        assert!(told.contains(&format!("error: `trace` has {count} lines that are not records")), "{told}");
    }
}

#[test]
fn a_torn_record_in_the_middle_spoils_neither_run() {
    let folder = traced();
    let good = folder.read("good");
    folder.write("whole", good.repeat(2));
    folder.write("good", good.repeat(2));
    folder.write("trace", good.clone() + &good[..200] + "\n" + &good);
    for args in COMMANDS.iter().filter(|args| !is_check(args)) {
        let outcome = run(&folder, args);
        assert_eq!(outcome.exit, 2, "{args:?}: {}", outcome.stderr);
        assert!(outcome.stderr.starts_with("error: `trace`, line 25: "), "{args:?}: {}", outcome.stderr);
        assert!(outcome.stdout == printed_of(&folder, args, "whole"), "{args:?}: {}", outcome.stdout);
        for run_no in ["1", "2"] {
            let args = [args, &["--run", run_no][..]].concat();
            let outcome = run(&folder, &args);
            assert_eq!((outcome.exit, &*outcome.stderr), (0, ""), "{args:?}");
            assert!(outcome.stdout == printed_of(&folder, &args, "whole"), "{args:?}: {}", outcome.stdout);
        }
    }
    // A request for one run does not concern the faults of the other.
    folder.write("trace", good.replacen('\n', "\nno record\n", 1) + &good);
    for args in COMMANDS.iter().filter(|args| !is_check(args)) {
        for (run_no, exit) in [("1", 2), ("2", 0)] {
            let outcome = run(&folder, &[args, &["--run", run_no][..]].concat());
            assert_eq!(outcome.exit, exit, "{args:?} {run_no}: {}", outcome.stderr);
            assert_eq!(outcome.stderr.is_empty(), exit == 0, "{args:?} {run_no}: {}", outcome.stderr);
        }
    }
}

#[test]
fn all_commands_report_a_missing_run_alike() {
    let folder = traced();
    folder.write("trace", folder.read("good"));
    for args in COMMANDS.iter().chain(&CHECKS) {
        let outcome = run(&folder, &[args, &["--run", "2"][..]].concat());
        assert_eq!((outcome.exit, &*outcome.stdout), (2, ""), "{args:?}: {}", outcome.stderr);
        let told = outcome.stderr.replace("`good`", "`trace`");
        assert_eq!(told, "error: `trace` has no run 2 (it holds 1 run)\n", "{args:?}");

        let outcome = run(&folder, &[args, &["--run", "0"][..]].concat());
        assert_eq!((outcome.exit, &*outcome.stdout), (2, ""), "{args:?}: {}", outcome.stderr);
    }
    for args in [["explain", "trace", "--line", "0"].as_slice(), &["trace", "show", "trace", "--line", "0"]] {
        assert_eq!(run(&folder, args).exit, 2, "{args:?}");
    }
}

#[test]
fn the_name_of_a_trace_moves_no_cursor() {
    let folder = traced();
    let name = "a\u{1b}[2J\u{202e}b";
    let good = folder.read("good");
    let contents =
        ["", "no record\n", &(good.clone() + "no record\n"), &(good.clone() + &good[..100]), &good];
    for content in contents {
        folder.write(name, content);
        for args in
            COMMANDS.iter().chain(&CHECKS).filter(|args| !args.contains(&"--json") && args[1] != "view")
        {
            let named: Vec<_> =
                args[1..].iter().map(|arg| if *arg == "trace" { name } else { arg }).collect();
            let outcome = run(&folder, &[&args[..1], &named, &["--run", "1"]].concat());
            let told = outcome.stdout + &outcome.stderr;
            assert!(!told.contains(['\u{1b}', '\u{202e}']), "{args:?}: {told:?}");
        }
    }
}

#[test]
fn an_unreadable_trace_is_named() {
    let told_of = |folder: &Folder| {
        for args in COMMANDS {
            let outcome = run(folder, args);
            assert_eq!(outcome.exit, 2, "{args:?}: {}", outcome.stderr);
            assert!(outcome.stderr.starts_with("error: the trace `trace` "), "{args:?}: {}", outcome.stderr);
            assert_eq!(outcome.stdout, "", "{args:?}");
        }
    };
    let folder = traced();
    told_of(&folder);
    fs::create_dir(folder.path_of("trace")).unwrap();
    told_of(&folder);
    if !geteuid().is_root() {
        fs::remove_dir(folder.path_of("trace")).unwrap();
        folder.write("trace", folder.read("good"));
        fs::set_permissions(folder.path_of("trace"), fs::Permissions::from_mode(0o000)).unwrap();
        told_of(&folder);
    }
}

#[test]
fn torn_ends_and_other_line_ends_are_read() {
    let folder = traced();
    let good = folder.read("good");
    let torn = good.clone() + &good[..100];
    let note = "note: `trace` ends in 100 bytes of a torn record, line 25, which are left out\n";
    for (what, content, told) in [
        ("CRLF", good.replace('\n', "\r\n"), ""),
        ("a whole record without its line end", good.trim_end().to_owned(), ""),
        ("a torn record", torn, note),
        ("zeros after a power cut", good.clone() + &"\0".repeat(100), note),
    ] {
        folder.write("trace", content);
        for args in COMMANDS.iter().filter(|args| !is_check(args)) {
            let outcome = run(&folder, args);
            assert_eq!((outcome.exit, &*outcome.stderr), (0, told), "{what}: {args:?}");
            let is_same = outcome.stdout == printed_of(&folder, args, "good");
            assert!(is_same, "{what}: {args:?}: the records are the same");
        }
        let is_torn = !told.is_empty();
        assert_eq!(run(&folder, CHECKS[0]).exit, i32::from(is_torn), "{what}");
    }
}

#[test]
fn machines_get_json_on_every_line() {
    let folder = traced();
    folder.write("trace", folder.read("good"));
    for args in
        COMMANDS.iter().chain(&CHECKS).filter(|args| args.contains(&"--json") || args.contains(&"otlp"))
    {
        let printed = run(&folder, args).stdout;
        assert!(!printed.is_empty(), "{args:?}");
        for line in printed.lines() {
            assert!(
                serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object()),
                "{args:?}: {line}"
            );
        }
    }
}

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let folder = traced();
    let good = folder.read("good");
    // More than fits into a pipe and every buffer; two different runs, each with findings.
    folder.write("good", good.repeat(100));
    folder.write("trace", good.replace("\"work_index\":0", "\"work_index\":1").repeat(100));
    for args in COMMANDS.iter().chain(&CHECKS) {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let outcome = Program::new(&folder).args(*args).stdout(writer).run();
        let answer = i32::from(matches!(args[1], "check" | "diff"));
        assert_eq!((outcome.exit, &*outcome.stderr), (answer, ""), "{args:?}");
    }
}

#[test]
fn results_that_cannot_be_written_are_said_to_be_so() {
    let folder = traced();
    folder.write("trace", folder.read("good"));
    for args in COMMANDS.iter().chain(&CHECKS) {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let outcome = Program::new(&folder).args(*args).stdout(full).run();
        // For commands whose exit code is an answer, 1 is one.
        let exit = if matches!(args[1], "check" | "diff") { 2 } else { 1 };
        assert_eq!(outcome.exit, exit, "{args:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("No space left on device"), "{args:?}: {}", outcome.stderr);
    }
}

/// The commands that write a file, whose name is the last argument.
const WRITERS: [&[&str]; 3] = [
    &["trace", "export", "--format", "otlp", "trace", "--output"],
    &["trace", "export", "--format", "chrome", "trace", "--output"],
    &["trace", "view", "trace", "--output"],
];

#[test]
fn an_unwritable_output_file_is_named_and_removed() {
    for args in WRITERS {
        let folder = traced();
        folder.write("trace", folder.read("good"));
        let files = folder.names();
        for (output, exit, why) in [
            ("/dev/full", 1, "No space left on device"),
            ("missing/result", 1, "No such file or directory"),
            ("trace", 2, "trace"),
            ("./trace", 2, "trace"),
        ] {
            let before = folder.fingerprint("trace");
            let outcome = run(&folder, &[args, &[output]].concat());
            assert_eq!(outcome.exit, exit, "{args:?} {output}: {}", outcome.stderr);
            let named =
                outcome.stderr.contains(&format!("the output `{output}")) && outcome.stderr.contains(why);
            assert!(named, "{args:?} {output}: {}", outcome.stderr);
            assert_eq!(folder.fingerprint("trace"), before, "{args:?} {output}");
            assert_eq!(folder.names(), files, "{args:?} {output}");
        }
    }
}

#[test]
fn an_output_link_is_refused_and_a_file_replaced_at_the_end() {
    for args in WRITERS {
        let folder = traced();
        folder.write("trace", folder.read("good"));
        File::create(folder.path_of("target")).unwrap();
        symlink("target", folder.path_of("link")).unwrap();
        let outcome = run(&folder, &[args, &["link"]].concat());
        assert_eq!(outcome.exit, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("`link` is a symbolic link"), "{}", outcome.stderr);
        assert_eq!(folder.read("target"), "");

        folder.write("result", "earlier\n");
        assert_eq!(run(&folder, &[args, &["result"]].concat()).exit, 0);
        let result = folder.read("result");
        assert!(result.len() > 1_000 && folder.mode("result") == 0o600, "{args:?}");
        assert!(!folder.has("result.partial"));

        folder.write("trace", folder.read("good") + "no record\n");
        folder.write("result", "earlier\n");
        assert_eq!(run(&folder, &[args, &["result"]].concat()).exit, 2);
        assert!(folder.read("result") == result, "{args:?}: what can be read is written");

        folder.write("trace", "no record\n");
        assert_eq!(run(&folder, &[args, &["result"]].concat()).exit, 2);
        assert!(folder.read("result") == result, "{args:?}: what was there is left when there is no trace");
        assert!(!folder.has("result.partial"), "{args:?}");
    }
}
