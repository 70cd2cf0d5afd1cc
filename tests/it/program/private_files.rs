//! Private files: only the owner can read the program's files, and none is written through a link.
//!
//! Modes and links are looked at, so that these tests fail for root as well, whom no permission stops.

use std::fs;
use std::os::unix::fs::symlink;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;
use super::running::wait_for_bytes;

/// Each command that creates a file, without the file's name.
const COMMANDS: [&[&str]; 7] = [
    &["run", "--input", "input.txt", "--output"],
    &["run", "--input", "input.txt", "--trace-path"],
    &["trace", "export", "good", "--format", "otlp", "--output"],
    &["trace", "export", "good", "--format", "chrome", "--output"],
    &["trace", "export", "good", "--format", "csv", "--output"],
    &["trace", "view", "good", "--output"],
    &["trace", "view", "good", "--json", "--output"],
];

/// Returns a folder with an input and a trace of it.
fn traced() -> Folder {
    let folder = Folder::with_input(attempts(2));
    Program::new(&folder).args(["run", "--trace-path", "good"]).exits_with(0);
    folder
}

#[test]
fn new_files_are_private_whatever_the_umask() {
    for args in COMMANDS {
        let folder = traced();
        Program::after(&folder, "umask 0").args(args).args(["created"]).exits_with(0);
        assert_eq!(folder.mode("created"), 0o600, "{args:?}");
        assert!(!folder.has("created.partial"), "{args:?}");
    }
}

#[test]
fn an_unfinished_output_is_private_whatever_the_umask() {
    let folder = Folder::new();
    let mut running = Program::after(&folder, "umask 0").args(["run", "--input", "-"]).start();
    running.send(attempts(1));
    wait_for_bytes(&folder, "output.txt.partial", 1);
    assert_eq!(folder.mode("output.txt.partial"), 0o600);
    drop(running.take_stdin());
    assert_eq!(running.wait().exit, 0);
}

#[test]
fn a_link_is_refused_and_its_target_untouched() {
    for target in ["target", "nothing there"] {
        for args in COMMANDS {
            let folder = traced();
            folder.write("target", "kept\n");
            symlink(folder.path_of(target), folder.path_of("created")).unwrap();
            let outcome = Program::new(&folder).args(args).args(["created"]).exits_with(2);
            assert!(outcome.stderr.contains("is a symbolic link"), "{args:?}: {}", outcome.stderr);
            assert_eq!(folder.read("target"), "kept\n", "{args:?}");
            assert!(!folder.has("nothing there"), "{args:?}");
            assert!(fs::symlink_metadata(folder.path_of("created")).unwrap().is_symlink(), "{args:?}");
        }
    }
}

#[test]
fn a_link_under_the_unfinished_name_is_replaced() {
    for args in COMMANDS.iter().filter(|args| !args.contains(&"--trace-path")) {
        let folder = traced();
        folder.write("target", "kept\n");
        symlink(folder.path_of("target"), folder.path_of("created.partial")).unwrap();
        Program::new(&folder).args(*args).args(["created"]).exits_with(0);
        assert_eq!(folder.read("target"), "kept\n", "{args:?}");
        assert!(fs::symlink_metadata(folder.path_of("created")).unwrap().is_file(), "{args:?}");
    }
}

#[test]
fn a_repair_follows_no_link_and_leaves_the_mode() {
    let folder = traced();
    let torn = folder.read("good") + "{\"trace_id\"";
    folder.write("torn", &torn);
    symlink(folder.path_of("torn"), folder.path_of("link")).unwrap();
    let outcome = Program::new(&folder).args(["trace", "check", "link", "--repair"]).exits_with(2);
    assert!(outcome.stderr.contains("is a symbolic link"), "{}", outcome.stderr);
    assert_eq!(folder.read("torn"), torn);
    let mode = folder.mode("torn");
    Program::new(&folder).args(["trace", "check", "torn", "--repair"]).run();
    assert_eq!((folder.read("torn"), folder.mode("torn")), (folder.read("good"), mode));
}
