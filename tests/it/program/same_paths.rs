//! Files that would be read and written at once, or written twice, are refused under any name.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use super::attempts::{accepted, attempts};
use super::checkpointing::fingerprints;
use super::folder::Folder;
use super::harness::Program;

/// Returns a folder with an input, an output, and other names for both.
fn folder() -> Folder {
    let folder = Folder::with_input(attempts(1));
    folder.write("output.txt", "earlier\n");
    folder.write("trace.jsonl", "");
    fs::create_dir(folder.path_of("sub")).unwrap();
    symlink(folder.path(), folder.path_of("linked_folder")).unwrap();
    for (original, link) in
        [("input.txt", "input.link"), ("output.txt", "output.link"), ("trace.jsonl", "trace.link")]
    {
        symlink(original, folder.path_of(link)).unwrap();
    }
    fs::hard_link(folder.path_of("input.txt"), folder.path_of("input.hard")).unwrap();
    fs::hard_link(folder.path_of("output.txt"), folder.path_of("output.hard")).unwrap();
    folder
}

/// Each of these command lines must be refused because of `key`, and change no file.
#[track_caller]
fn check_refused(key: &str, reason: &str, commands: &[&[&str]]) {
    for args in commands {
        let folder = folder();
        let (names, before) =
            (folder.names(), ["input.txt", "output.txt"].map(|name| folder.fingerprint(name)));
        let stderr = Program::new(&folder).args(["run"]).args(*args).exits_with(2).stderr;
        assert!(
            stderr.starts_with(&format!("error: `{key}`: ")) && stderr.contains(reason),
            "{args:?}: {stderr}"
        );
        assert_eq!(
            (folder.names(), ["input.txt", "output.txt"].map(|name| folder.fingerprint(name))),
            (names, before)
        );
    }
}

const OUTPUT: &str = "adapters.output_sink.settings.path";
const TRACE: &str = "runtime.tracing.sink.jsonl.path";

#[test]
fn the_output_is_not_the_input_by_any_name() {
    check_refused(
        OUTPUT,
        "same file as the input",
        &[
            &["--output", "input.txt"],
            &["--output", "./input.txt"],
            &["--output", "sub/../input.txt"],
            &["--output", "linked_folder/input.txt"],
            &["--output", "input.hard"],
            &["--input", "output.link"],
            &["--input", "output.hard"],
            &["--input", "linked_folder/sub/../output.txt"],
            // Neither exists yet.
            &["--input", "new.txt", "--output", "./new.txt"],
            &["--input", "linked_folder/new.txt", "--output", "new.txt"],
        ],
    );
}

#[test]
fn the_trace_is_never_the_input_or_the_output() {
    check_refused(
        TRACE,
        "same file as the input",
        &[&["--trace-path", "input.txt"], &["--trace-path", "./input.txt"], &["--trace-path", "input.hard"]],
    );
    check_refused(
        TRACE,
        "same file as the output",
        &[
            &["--trace-path", "output.txt"],
            &["--trace-path", "linked_folder/output.txt"],
            &["--trace-path", "output.hard"],
            &["--trace-path", "new", "--output", "./new"],
        ],
    );
}

#[test]
fn the_name_of_the_unfinished_output_is_taken_too() {
    let folder = folder();
    folder.write("output.txt.partial", attempts(1));
    let input = Program::new(&folder).args(["run", "--input", "output.txt.partial"]).exits_with(2);
    let trace = Program::new(&folder).args(["run", "--trace-path", "./output.txt.partial"]).exits_with(2);
    assert_snapshot!(input.stderr + "\n" + &trace.stderr, @"
    error: `adapters.output_sink.settings.path`: the unfinished output `output.txt.partial` is the same file as the input
      --> built-in default
      expected: a file of its own
      hint: name another file

    fund-load: 1 mistake in the configuration; no input was read and no file was touched

    error: `runtime.tracing.sink.jsonl.path`: the trace file `./output.txt.partial` is the same file as the unfinished output
      --> command line: --trace-path ./output.txt.partial
      expected: a file of its own
      hint: name another file

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_eq!(folder.read("output.txt.partial"), attempts(1));
}

#[test]
fn a_link_to_a_file_is_refused_as_output_and_as_trace() {
    check_refused(OUTPUT, "is a symbolic link", &[&["--output", "output.link"], &["--output", "input.link"]]);
    check_refused(
        TRACE,
        "is a symbolic link",
        &[&["--trace-path", "trace.link"], &["--trace-path", "output.link"]],
    );
    let folder = folder();
    symlink("nowhere", folder.path_of("dangling")).unwrap();
    symlink("sub", folder.path_of("to_folder")).unwrap();
    for link in ["dangling", "to_folder"] {
        let outcome = Program::new(&folder).args(["run", "--output", link]).exits_with(2);
        assert!(outcome.stderr.contains("symbolic link"), "{}", outcome.stderr);
        let outcome = Program::new(&folder).args(["run", "--trace-path", link]).exits_with(2);
        assert!(outcome.stderr.contains("symbolic link"), "{}", outcome.stderr);
    }
    assert!(!folder.has("nowhere"));
}

#[test]
fn a_link_may_be_read() {
    let folder = folder();
    Program::new(&folder).args(["run", "--input", "input.link"]).exits_with(0);
    assert_eq!(folder.read("output.txt"), accepted(1));
}

#[test]
fn a_trace_that_is_switched_off_is_in_nobodys_way() {
    let folder = folder();
    let args = ["run", "--trace-path", "output.link", "--tracing", "disable"];
    Program::new(&folder).args(args).exits_with(0);
    assert_eq!(folder.read("output.txt"), accepted(1));
}

#[test]
fn records_and_results_do_not_share_standard_output() {
    let folder = folder();
    let program = Program::new(&folder).args(["run", "--output", "-", "--tracing", "enable"]);
    let outcome = program.set(["runtime.tracing.sink.kind=stdout"]).exits_with(2);
    assert_snapshot!(outcome.stderr, @"
    error: `runtime.tracing.sink.kind`: records and results would both go to standard output
      --> command line: --set runtime.tracing.sink.kind=stdout
      expected: a `jsonl` sink, or an output file
      hint: use `--trace-path FILE` or `--output FILE`

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_eq!(outcome.stdout, "");
}

#[test]
fn streams_are_exempt() {
    let folder = Folder::with_input("");
    let outcome =
        Program::new(&folder).args(["run", "--input", "-", "--output", "-"]).stdin(attempts(1)).exits_with(0);
    assert_eq!(outcome.stdout, accepted(1));
    let null = ["run", "--input", "/dev/null", "--output", "/dev/null", "--trace-path", "/dev/null"];
    Program::new(&folder).args(null).exits_with(0);
}

/// Each of these must be refused because of `key`, and change nothing. The program starts after `preparation`, in a
/// shell.
#[track_caller]
fn check_guarded(reason: &str, preparation: &str, args: &[&str]) {
    let folder = folder();
    let config = "version: 1\nscenario: {name: guarded}\n";
    folder.write("config.yaml", config);
    symlink("config.yaml", folder.path_of("config.link")).unwrap();
    fs::hard_link(folder.path_of("config.yaml"), folder.path_of("config.hard")).unwrap();
    fs::create_dir(folder.path_of("conf.d")).unwrap();
    folder.write("conf.d/10.yaml", config);
    fs::create_dir(folder.path_of("keys")).unwrap();
    folder.write("keys/version", "1");
    folder.write("keys/scenario.name", "guarded");
    let before = fingerprints(&folder);
    let told = Program::after(&folder, preparation).args(["run"]).args(args).exits_with(2).stderr;
    assert!(told.contains(reason), "{preparation} {args:?}: {told}");
    assert_eq!(fingerprints(&folder), before, "{preparation} {args:?}");
}

#[test]
fn no_file_that_the_configuration_was_read_from_is_written() {
    let file = "is the same file as the configuration file `config.yaml`";
    for output in ["config.yaml", "./config.yaml", "linked_folder/config.yaml", "config.hard"] {
        check_guarded(file, ":", &["--config", "config.yaml", "--output", output]);
        check_guarded(file, ":", &["--config", "config.yaml", "--trace-path", output]);
    }
    let link = "the output `config.yaml` is the same file as the configuration file `config.link`";
    check_guarded(link, ":", &["--config", "config.link", "--output", "config.yaml"]);
    let later = ["--config", "conf.d", "--config", "config.yaml", "--output", "config.yaml"];
    check_guarded(file, ":", &later);
    let document = "is the same file as the configuration file `conf.d/10.yaml`";
    check_guarded(document, ":", &["--config", "conf.d", "--output", "conf.d/10.yaml"]);
    let key = "is the same file as the configuration file `keys/version`";
    check_guarded(key, ":", &["--config", "keys", "--trace-path", "keys/version"]);
    let input = "is the same file as the configuration on standard input";
    check_guarded(input, "exec <config.yaml", &["--config", "-", "--output", "config.yaml"]);
    check_guarded(file, "exec >>config.yaml", &["--config", "config.yaml", "--output", "-"]);
}

#[test]
fn an_unfinished_output_is_no_configuration() {
    let folder = folder();
    folder.write("out.partial", "version: 1\nscenario: {name: guarded}\n");
    let args = ["run", "--config", "out.partial", "--output", "out"];
    let told = Program::new(&folder).args(args).exits_with(2).stderr;
    assert!(
        told.contains("the unfinished output `out.partial` is the same file as the configuration"),
        "{told}"
    );
    assert!(folder.read("out.partial").starts_with("version: 1"));
}

#[test]
fn a_checkpoint_is_not_where_the_configuration_is() {
    let checkpoint = |dir: &str| format!("runtime.checkpoint.dir={dir}");
    let told = "is where the configuration was read from";
    check_guarded(told, ":", &["--config", "conf.d", "--set", &checkpoint("./conf.d")]);
    check_guarded(told, ":", &["--config", "config.yaml", "--set", &checkpoint("config.yaml")]);
}

/// The checkpoint has a file of this name, too.
#[test]
fn nothing_that_is_read_lies_in_the_checkpoint() {
    let folder = Folder::with_input(super::attempts::attempts(1));
    std::fs::create_dir(folder.path_of("run.ckpt")).unwrap();
    for name in ["configuration", "manifest", "snapshot-1", "other"] {
        let file = format!("run.ckpt/{name}");
        folder.write(&file, "version: 1\nscenario: {name: mine}\n");
        let as_key =
            format!("runtime.tracing={{enabled: true, redact: {{identity: hash, key_file: {file}}}}}");
        for args in [["--config", &file], ["--set", &as_key]] {
            let run = Program::new(&folder).args(["run", "--restart"]).args(args);
            let told = run.set(["runtime.checkpoint.dir=./run.ckpt"]).exits_with(2).stderr;
            assert!(told.contains("which is read, lies in the checkpoint"), "{told}");
            assert_eq!(folder.read(&file), "version: 1\nscenario: {name: mine}\n");
        }
        std::fs::remove_file(folder.path_of(&file)).unwrap();
        assert_eq!(folder.names(), ["input.txt", "run.ckpt"]);
    }
}

/// The program would read its own output again, without end.
#[test]
fn standard_output_is_not_the_input() {
    let output = ["--output", "-"];
    let sink = ["--tracing", "enable", "--set", "runtime.tracing.sink.kind=stdout"];
    for args in [&output[..], &sink[..]] {
        let input = "standard output is the same file as the input";
        check_guarded(input, "exec >>input.txt", args);
        check_guarded(input, "exec >>input.hard", args);
        check_guarded(input, "exec <input.txt >>input.txt", &[args, &["--input", "-"]].concat());
        check_guarded(input, "exec 3<input.txt >>input.txt", &[args, &["--input", "/dev/fd/3"]].concat());
    }
    let own = "standard output is the same file as the output";
    check_guarded(own, "exec >>output.txt", &sink);
    check_guarded(
        "the trace file `trace.jsonl` is the same file as the output",
        "exec >>trace.jsonl",
        &[&output[..], &["--trace-path", "trace.jsonl"]].concat(),
    );
}

#[test]
fn a_file_on_standard_input_is_not_written() {
    for (file, args) in [
        ("input.txt", ["--output", "input.txt"]),
        ("input.txt", ["--trace-path", "input.hard"]),
        ("input.hard", ["--output", "linked_folder/input.txt"]),
    ] {
        let args = [&["--input", "-"], &args[..]].concat();
        check_guarded("is the same file as the input", &format!("exec <{file}"), &args);
    }
    check_guarded(
        "is the same file as the input",
        "exec 3<input.txt",
        &["--input", "/proc/self/fd/3", "--output", "input.txt"],
    );
}

/// Under a descriptor's name, a file still has its own.
#[test]
fn a_descriptor_of_a_file_is_a_link_to_it() {
    for descriptor in ["/dev/fd/3", "/proc/self/fd/3", "/dev/stdout"] {
        for flag in ["--output", "--trace-path"] {
            check_guarded("is a symbolic link", "exec 3>>trace.jsonl >>trace.jsonl", &[flag, descriptor]);
        }
    }
}

/// The same holds for commands that read a trace and write a file.
#[test]
fn results_from_a_trace_are_not_written_to_it() {
    let folder = folder();
    Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).exits_with(0);
    fs::hard_link(folder.path_of("trace.jsonl"), folder.path_of("trace.hard")).unwrap();
    let before = folder.fingerprint("trace.jsonl");
    for (preparation, args) in [
        (":", "trace export trace.jsonl --format otlp --output trace.hard"),
        (":", "trace view trace.jsonl --output ./trace.jsonl"),
        ("exec <trace.jsonl", "trace export - --format chrome --output trace.jsonl"),
        ("exec <trace.jsonl", "trace view - --output trace.hard"),
        ("exec >>trace.jsonl", "trace export trace.jsonl --format otlp"),
        ("exec >>trace.jsonl", "trace show trace.hard"),
        ("exec >>trace.jsonl", "trace show --follow trace.jsonl"),
        ("exec >>trace.jsonl", "trace stats --json trace.jsonl"),
        ("exec >>trace.jsonl", "explain trace.jsonl --line 1"),
        ("exec <trace.jsonl >>trace.jsonl", "trace check -"),
    ] {
        let told = Program::after(&folder, preparation).args(args.split(' ')).exits_with(2).stderr;
        let is_told = told.contains("over the trace") || told.contains("same file as the trace");
        assert!(is_told, "{preparation} {args}: {told}");
        assert_eq!(folder.fingerprint("trace.jsonl"), before, "{preparation} {args}");
    }
}
