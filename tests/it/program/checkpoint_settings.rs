//! Settings that a checkpoint excludes: mistakes in the configuration, found before anything is touched.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use super::attempts::attempts;
use super::checkpointing::{DIR, fingerprints, run_checkpointed};
use super::folder::Folder;
use super::harness::Program;

/// Checks that these arguments are a mistake with a checkpoint, for `run` and for `check`, and valid without one;
/// returns the message.
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
    assert_snapshot!(told.join("\n"), @"
    error: `adapters.input_source.settings.path`: checkpoints need a regular file for the input, and `-` is not one
      --> command line: --input -
      expected: a file, of which a part can be read or written again
      hint: name a file, or leave out `runtime.checkpoint`

    error: `adapters.input_source.settings.path`: checkpoints need a regular file for the input, and `pipe` is not one
      --> command line: --input pipe
      expected: a file, of which a part can be read or written again
      hint: name a file, or leave out `runtime.checkpoint`

    error: `adapters.input_source.settings.path`: checkpoints need a regular file for the input, and `folder` is not one
      --> command line: --input folder
      expected: a file, of which a part can be read or written again
      hint: name a file, or leave out `runtime.checkpoint`

    error: `adapters.output_sink.settings.path`: checkpoints need a regular file for the output, and `-` is not one
      --> command line: --output -
      expected: a file, of which a part can be read or written again
      hint: name a file, or leave out `runtime.checkpoint`

    error: `adapters.output_sink.settings.path`: checkpoints need a regular file for the output, and `/dev/null` is not one
      --> command line: --output /dev/null
      expected: a file, of which a part can be read or written again
      hint: name a file, or leave out `runtime.checkpoint`
    ");
    for args in [["--output", "pipe"], ["--output", "folder"], ["--trace-path", "/dev/null"]] {
        assert!(mistake(&folder, &args).contains("regular file"), "{args:?}");
    }
}

#[test]
fn records_cannot_go_to_standard_output() {
    let folder = Folder::with_input(attempts(1));
    let stdout = ["--tracing", "enable", "--set", "runtime.tracing.sink={kind: stdout}"];
    assert_snapshot!(mistake(&folder, &stdout), @"
    error: `runtime.tracing.sink.kind`: with a checkpoint, records cannot go to standard output
      --> command line: --set runtime.tracing.sink={kind: stdout}
      expected: a `jsonl` sink
      hint: use `--trace-path FILE`, or leave out `runtime.checkpoint`
    ");
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
    assert_snapshot!(told.join("\n"), @"
    error: `runtime.checkpoint.dir`: the checkpoint `file` is not a directory
      --> command line: --set runtime.checkpoint.dir=file
      expected: a directory, or a name that is free for one
      hint: name another one

    error: `runtime.checkpoint.dir`: the checkpoint `link` is a symbolic link
      --> command line: --set runtime.checkpoint.dir=link
      expected: a directory of its own
      hint: name the directory that the link leads to

    error: `runtime.checkpoint.dir`: the checkpoint `broken` is a symbolic link
      --> command line: --set runtime.checkpoint.dir=broken
      expected: a directory of its own
      hint: name the directory that the link leads to
    ");
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
    assert_snapshot!(told.join("\n"), @"
    error: `adapters.input_source.settings.path`: the input `run.ckpt/attempts` and the checkpoint `run.ckpt` would be in each other's way
      --> command line: --input run.ckpt/attempts
    error: `adapters.output_sink.settings.path`: the output `run.ckpt/manifest` and the checkpoint `run.ckpt` would be in each other's way
      --> command line: --output run.ckpt/manifest
    error: `runtime.tracing.sink.jsonl.path`: the trace file `./run.ckpt/trace.jsonl` and the checkpoint `run.ckpt` would be in each other's way
      --> command line: --trace-path ./run.ckpt/trace.jsonl
    error: `adapters.output_sink.settings.path`: the output `output.txt` and the checkpoint `output.txt` would be in each other's way
      --> built-in default
    error: `adapters.output_sink.settings.path`: the output `output.txt` and the checkpoint `output.txt.partial` would be in each other's way
      --> built-in default
    ");
}

#[test]
fn a_path_is_at_most_as_long_as_a_checkpoint_has_room_for() {
    let folder = Folder::with_input(attempts(1));
    // `./` may be written any number of times.
    let of_bytes = |bytes: usize| "./".repeat(500) + &"x".repeat(bytes - 1_000);
    run_checkpointed(&folder).args(["--output", &of_bytes(1_016)]).exits_with(0);
    let told = mistake(&folder, &["--output", &of_bytes(1_017)]);
    assert!(told.contains("the output's path is too long: 1017 bytes as JSON text"), "{told}");
}

#[test]
fn tracing_without_a_sink_is_said_here_too() {
    let folder = Folder::with_input(attempts(1));
    let told = run_checkpointed(&folder).args(["--tracing", "enable"]).exits_with(0).stderr;
    assert!(told.starts_with("note: tracing is on without a sink: "), "{told}");
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
