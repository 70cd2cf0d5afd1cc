//! The view of a person at a terminal while traces are read: a bar for long reads, and colours.

use std::fs::File;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::attempts::{accepted, attempts};
use super::folder::Folder;
use super::harness::Program;
use super::pseudo_terminal::PseudoTerminal;
use super::running::{Outcome, wait_for_bytes};

/// Longer than the time without a bar.
const LONG: Duration = Duration::from_millis(1_100);

/// The number of copies of the small trace in the large one, which takes a while to read.
const COPIES: usize = 100;

/// Returns a folder with a small trace and a large one.
fn traced() -> Folder {
    let folder = Folder::with_input(attempts(10));
    Program::new(&folder)
        .args(["run", "--trace-path", "small.jsonl"])
        .set(["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}"])
        .exits_with(0);
    let small = folder.read("small.jsonl");
    folder.write("large.jsonl", small.repeat(COPIES));
    folder
}

/// Every command that reads a whole trace, with its exit code. Its output comes at the end.
const READERS: [(&[&str], i32); 8] = [
    (&["trace", "stats", "large.jsonl", "--run", "100"], 0),
    (&["trace", "check", "large.jsonl"], 0),
    (&["trace", "diff", "large.jsonl", "large.jsonl", "--run", "100"], 0),
    (&["trace", "show", "large.jsonl", "--id", "none"], 0),
    (&["trace", "view", "large.jsonl", "--output", "page.html"], 0),
    (&["trace", "export", "large.jsonl", "--format", "otlp", "--output", "otlp.jsonl"], 0),
    (&["trace", "export", "large.jsonl", "--format", "chrome", "--run", "100"], 0),
    (&["explain", "large.jsonl", "--line", "11"], 1),
];

/// How often to start a program again that reaches the end of the large trace before it can be stopped.
const TRIES: usize = 50;

/// Runs a program to its end, with a long pause in the middle of the large trace. Returns its result, and the bytes
/// sent to the terminal to which `program` leads its streams.
#[track_caller]
fn run_with_a_pause<'a>(program: impl Fn(&PseudoTerminal) -> Program<'a>) -> (Outcome, String) {
    for _ in 0..TRIES {
        let terminal = PseudoTerminal::open();
        let running = program(&terminal).start();
        if running.stop_within("large.jsonl") {
            thread::sleep(LONG);
            running.signal(Signal::CONT);
            return (running.wait(), terminal.sent());
        }
    }
    panic!("the large trace was always read before the program could be stopped");
}

/// Returns whether a terminal received a bar.
fn has_bar(sent: &str) -> bool {
    sent.contains("% ") && sent.contains(" left")
}

/// Returns the remaining text of a terminal that had a bar.
fn what_stays(sent: &str) -> &str {
    const CLEARED: &str = "\r\u{1b}[2K";
    sent.rsplit_once(CLEARED).map_or(sent, |(_, rest)| rest)
}

#[test]
fn a_command_that_reads_for_long_shows_a_bar_and_takes_it_away() {
    let folder = traced();
    let check = |place: usize, args: &[&str], exit: i32| {
        let quiet = Program::new(&folder).args(args).exits_with(exit);
        // Results go to a file, because a pipe may lead to a pager.
        let results = format!("results-{place}");
        let (outcome, sent) = run_with_a_pause(|terminal| {
            let program = Program::new(&folder).args(args).env("TERM", "xterm");
            program.stdout(File::create(folder.path_of(&results)).unwrap()).stderr(terminal.stream())
        });
        assert_eq!(outcome.exit, exit, "{args:?}: {sent}");
        assert!(has_bar(&sent), "{args:?}: {sent:?}");
        assert_eq!(what_stays(&sent), quiet.stderr, "{args:?}");
        assert_eq!(folder.read(&results), quiet.stdout, "{args:?}");
    };
    let check = &check;
    thread::scope(|scope| {
        for (place, (args, exit)) in READERS.into_iter().enumerate() {
            scope.spawn(move || check(place, args, exit));
        }
    });
}

#[test]
fn a_long_run_shows_a_bar_and_then_its_summary() {
    let folder = Folder::new();
    let terminal = PseudoTerminal::open();
    let program = Program::new(&folder).args(["run", "--input", "-"]).env("TERM", "xterm");
    let mut running = program.stderr(terminal.stream()).start();
    running.send(attempts(3));
    wait_for_bytes(&folder, "output.txt.partial", 1);
    thread::sleep(LONG);
    running.send(attempts(2));
    wait_for_bytes(&folder, "output.txt.partial", (1..=3).map(accepted).collect::<String>().len() as u64 + 1);
    drop(running.take_stdin());
    assert_eq!(running.wait().exit, 0);
    let sent = terminal.sent();
    assert!(sent.contains(" 5 lines  "), "the input may wait, so it is told how far it came: {sent:?}");
    assert!(what_stays(&sent).starts_with("fund-load: 5 lines in "), "{sent:?}");
}

#[test]
fn a_bar_is_shown_only_where_it_does_not_disturb() {
    let folder = traced();
    let args = ["trace", "show", "large.jsonl", "--id", "none"];
    let none = "note: no input matches\n";
    let program = |term: &str| Program::new(&folder).args(args).env("TERM", term);

    let (outcome, _) = run_with_a_pause(|_| program("xterm"));
    assert_eq!(outcome.stderr, none, "standard error is a pipe");
    let (_, sent) = run_with_a_pause(|terminal| program("xterm").stderr(terminal.stream()));
    assert_eq!(sent, none, "results may go to a pager");
    let (_, sent) = run_with_a_pause(|terminal| {
        let results = File::create(folder.path_of("results")).unwrap();
        program("dumb").stderr(terminal.stream()).stdout(results)
    });
    assert_eq!(sent, none, "the terminal cannot erase a line");
}

#[test]
fn a_short_trace_shows_no_bar() {
    let folder = traced();
    for (args, exit) in READERS {
        let terminal = PseudoTerminal::open();
        let args: Vec<_> = args.iter().map(|arg| arg.replace("large", "small").replace("100", "1")).collect();
        let outcome = Program::new(&folder).args(args).env("TERM", "xterm").stderr(terminal.stream()).run();
        let sent = terminal.sent();
        assert_eq!(outcome.exit, exit, "{sent}");
        assert!(!sent.contains('\u{1b}'), "{sent:?}");
    }
}

#[test]
fn results_on_the_same_terminal_stand_below_where_the_bar_was() {
    let folder = traced();
    // The first finding is the end of a long search; there are more of them than fit into a block of output.
    let wrong = "no record\n".repeat(1_000);
    folder.write("large.jsonl", folder.read("large.jsonl") + &wrong);
    for args in [&["trace", "check", "large.jsonl"][..], &["trace", "check", "--json", "large.jsonl"]] {
        let printed = Program::new(&folder).args(args).exits_with(1).stdout;
        let (_, sent) = run_with_a_pause(|terminal| {
            let program = Program::new(&folder).args(args).env("TERM", "xterm");
            program.stdout(terminal.stream()).stderr(terminal.stream())
        });
        assert!(has_bar(&sent), "{sent:?}");
        assert_eq!(what_stays(&sent), printed);
    }
}

/// Returns the output of `trace show` to a terminal with these environment variables.
fn shown_on_a_terminal(folder: &Folder, environment: &[(&str, &str)], args: &[&str]) -> String {
    let terminal = PseudoTerminal::open();
    let mut program = Program::new(folder).args(["trace", "show", "small.jsonl"]).args(args);
    for (name, value) in environment {
        program = program.env(name, value);
    }
    program.stdout(terminal.stream()).exits_with(0);
    terminal.sent()
}

#[test]
fn blocks_have_colours_on_a_terminal_unless_somebody_objects() {
    let folder = traced();
    let plain = Program::new(&folder).args(["trace", "show", "small.jsonl"]).exits_with(0).stdout;
    assert!(!plain.contains('\u{1b}'), "standard output is no terminal");
    let coloured = shown_on_a_terminal(&folder, &[("TERM", "xterm")], &[]);
    assert!(coloured.contains("\u{1b}[1mrun:1  line 1"), "{coloured:?}");

    for objection in [("TERM", "dumb"), ("NO_COLOR", "1"), ("CLICOLOR", "0")] {
        let environment = [("TERM", "xterm"), objection];
        assert_eq!(shown_on_a_terminal(&folder, &environment, &[]), plain, "{objection:?}");
    }
    let json = shown_on_a_terminal(&folder, &[("TERM", "xterm")], &["--json"]);
    assert!(json.starts_with('{') && !json.contains('\u{1b}'), "for machines there are no colours");

    let forced = Program::new(&folder).args(["trace", "show", "small.jsonl"]).env("CLICOLOR_FORCE", "1");
    assert_eq!(forced.exits_with(0).stdout, coloured, "in a pipe, too, if somebody insists");
    let both = Program::new(&folder).args(["trace", "show", "small.jsonl"]).env("CLICOLOR_FORCE", "1");
    assert_eq!(both.env("NO_COLOR", "1").exits_with(0).stdout, plain, "who objects is heard first");
}
