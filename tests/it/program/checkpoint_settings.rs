//! What does not go together with a checkpoint: mistakes of the configuration, found before anything is touched.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use super::attempts::attempts;
use super::checkpointing::{DIR, fingerprints, run_checkpointed};
use super::folder::Folder;
use super::harness::Program;

/// Checks that these arguments are a mistake beside a checkpoint, for `run` as for `check`, and alone are none; returns what is said.
#[track_caller]
fn mistake(folder: &Folder, args: &[&str]) -> String {
    let before = fingerprints(folder);
    let run = run_checkpointed(folder).args(args).exits_with(2).stderr;
    let check =
        Program::new(folder).args(["check"]).set([format!("runtime.checkpoint.dir={DIR}")]).args(args);
    let check = check.exits_with(2).stderr;
    assert_eq!(run.lines().next(), check.lines().next());
    assert!(fingerprints(folder) == before && !folder.has("output.txt.partial"), "something was touched");
    run.lines().take_while(|line| !line.is_empty()).map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn streams_and_devices_cannot_be_cut() {
    let folder = Folder::with_input(attempts(1));
    folder.make_pipe("pipe");
    fs::create_dir(folder.path_of("folder")).unwrap();
    let told: Vec<_> = [
        ["--input", "-"],
        ["--input", "pipe"],
        ["--input", "folder"],
        ["--output", "-"],
        ["--output", "/dev/null"],
    ]
    .map(|args| mistake(&folder, &args))
    .into();
    assert_snapshot!(told.join("\n"), @"");
    for args in [["--output", "pipe"], ["--output", "folder"], ["--trace-path", "/dev/null"]] {
        assert!(mistake(&folder, &args).contains("is no regular file"), "{args:?}");
    }
}

#[test]
fn records_cannot_go_to_standard_output() {
    let folder = Folder::with_input(attempts(1));
    let stdout = ["--tracing", "enable", "--set", "runtime.tracing.sink={kind: stdout}"];
    assert_snapshot!(mistake(&folder, &stdout), @"");
    run_checkpointed(&folder).args(["--set", stdout[3]]).exits_with(0);
}

#[test]
fn the_checkpoint_is_a_directory_of_its_own() {
    let folder = Folder::with_input(attempts(1));
    folder.write("file", "keep");
    fs::create_dir(folder.path_of("real")).unwrap();
    symlink("real", folder.path_of("link")).unwrap();
    symlink("nowhere", folder.path_of("broken")).unwrap();
    let told: Vec<_> = ["file", "link", "broken"]
        .map(|dir| mistake(&folder, &["--set", &format!("runtime.checkpoint.dir={dir}")]))
        .into();
    assert_snapshot!(told.join("\n"), @"");
    assert!(fs::read_dir(folder.path_of("real")).unwrap().next().is_none());
}

#[test]
fn files_and_checkpoint_keep_out_of_each_others_way() {
    let folder = Folder::with_input(attempts(1));
    fs::create_dir(folder.path_of(DIR)).unwrap();
    folder.write(&format!("{DIR}/attempts"), attempts(1));
    let cases = [
        ["--input", "run.ckpt/attempts"],
        ["--output", "run.ckpt/manifest"],
        ["--trace-path", "./run.ckpt/trace.jsonl"],
        ["--set", "runtime.checkpoint.dir=output.txt"],
        ["--set", "runtime.checkpoint.dir=output.txt.partial"],
    ];
    let told: Vec<_> =
        cases.map(|args| mistake(&folder, &args).lines().take(2).collect::<Vec<_>>().join("\n")).into();
    assert_snapshot!(told.join("\n"), @"");
}

#[test]
fn cadences_are_at_least_one_and_a_directory_is_required() {
    let folder = Folder::with_input(attempts(1));
    for setting in [
        "{}",
        "{dir: run.ckpt, every_lines: 0}",
        "{dir: run.ckpt, every_ms: 0}",
        "{dir: ''}",
        "{dir: run.ckpt, every_s: 1}",
    ] {
        let told = Program::new(&folder).args(["run"]).set([format!("runtime.checkpoint={setting}")]);
        assert!(told.exits_with(2).stderr.contains("error: `runtime.checkpoint"), "{setting}");
    }
    assert_eq!(folder.names(), ["input.txt"]);
}
