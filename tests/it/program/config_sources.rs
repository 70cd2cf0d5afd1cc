//! Sources of configuration on the command line, and the commands that compare two.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use insta::assert_snapshot;
use serde_json::Value;

use super::folder::Folder;
use super::harness::Program;

const LEAST: &str = "version: 1\nscenario: {name: x}\n";

const SHOW: [&str; 3] = ["config", "show", "--origin"];

/// Returns the shown values of these keys.
fn shown(program: Program<'_>, keys: &[&str]) -> String {
    let shown = program.exits_with(0).stdout;
    let is_meant = |line: &&str| keys.iter().any(|key| line.starts_with(&format!("{key}: ")));
    shown.lines().filter(is_meant).collect::<Vec<_>>().join("\n")
}

#[test]
fn files_directories_and_standard_input_override_in_order() {
    let folder = Folder::new();
    folder.write("a.yaml", LEAST);
    fs::create_dir(folder.path_of("mounted")).unwrap();
    folder.write("mounted/runtime.strict", "false\n");
    folder.write("mounted/scenario.description", "mounted");
    let sources = ["--config", "a.yaml", "--config", "mounted", "--config", "-"];
    let program = Program::new(&folder).args(SHOW).args(sources).stdin("scenario: {description: typed}\n");
    assert_snapshot!(shown(program, &["scenario.name", "scenario.description", "runtime.strict"]), @"
    scenario.name: x  # a.yaml:2:18
    scenario.description: typed  # standard input:1:25
    runtime.strict: false  # mounted/runtime.strict:1:1
    ");
}

#[test]
fn standard_input_is_read_once_and_only_for_one_thing() {
    let folder = Folder::new();
    let refused = |args: &[&str]| Program::new(&folder).args(args).stdin(LEAST).exits_with(2).stderr;
    assert_snapshot!(refused(&["check", "--config", "-", "--config", "-"]), @"error: `--config -` is given twice, and standard input can be read once");
    assert_snapshot!(refused(&["run", "--config", "-", "--input", "-", "--output", "-"]), @"
    error: `adapters.input_source.settings.path`: standard input holds the configuration already
      --> command line: --input -
      expected: an input file
      hint: use `--input FILE`, or `--config FILE`

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_snapshot!(refused(&["config", "diff", "-", "-"]), @"error: both configurations are `-`, and standard input can be read once");
    folder.write("a.yaml", LEAST);
    assert_snapshot!(refused(&["config", "diff", "a.yaml", "a.yaml", "--config", "-"]), @"error: `--config -` would be read for each of the two, and standard input can be read once");
}

#[test]
fn mistakes_in_standard_input_have_places() {
    let folder = Folder::new();
    let told = Program::new(&folder).args(["check", "--config", "-"]).stdin("version: 1\nscenario: [x]\n");
    assert_snapshot!(told.exits_with(2).stderr, @"
    error: `scenario`: found a list
      --> standard input:2:11
       |
     2 | scenario: [x]
       |           ^
      expected: a map with the keys `name`, `description`
      hint: write keys with their values: `{key: value}`

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn a_profile_is_chosen_by_flag_or_variable() {
    let folder = Folder::new();
    folder.write("a.yaml", format!("{LEAST}profiles: {{staging: {{runtime: {{strict: false}}}}}}\n"));
    let strict = |args: &[&str], variable: &str| {
        let program = Program::new(&folder).args(SHOW).args(["--config", "a.yaml"]).args(args);
        shown(program.env("FUND_LOAD_PROFILE", variable), &["runtime.strict"])
    };
    assert_snapshot!(strict(&[], ""), @"runtime.strict: true  # built-in default");
    assert_snapshot!(strict(&[], "staging"), @"runtime.strict: false  # a.yaml:3:40");
    assert_snapshot!(strict(&["--profile", "staging"], ""), @"runtime.strict: false  # a.yaml:3:40");
    let program = Program::new(&folder).args(["check", "--config", "a.yaml", "--profile", "stage"]);
    assert_snapshot!(program.env("FUND_LOAD_PROFILE", "staging").exits_with(2).stderr, @"
    error: there is no profile `stage`
      --> command line: --profile stage
      expected: `staging`
      hint: choose one of them

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn equivalent_configurations_do_not_differ() {
    let folder = Folder::new();
    folder.write("a.yaml", LEAST);
    folder.write("b.yaml", "scenario:\n  name: 'x' # the same\nversion: 1\nruntime: {strict: true}\n");
    let outcome = Program::new(&folder).args(["config", "diff", "a.yaml", "b.yaml"]).exits_with(0);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    let digest = |file: &str| {
        let shown = Program::new(&folder).args(["config", "show", "--config", file]).exits_with(0).stdout;
        shown.lines().next().unwrap().to_owned()
    };
    assert_eq!(digest("a.yaml"), digest("b.yaml"), "whoever has one of them has the other");
    folder.write("b.yaml", format!("{LEAST}runtime: {{strict: false}}\n"));
    assert_ne!(digest("a.yaml"), digest("b.yaml"));
}

#[test]
fn configurations_that_differ_are_held_side_by_side() {
    let folder = Folder::new();
    folder.write("a.yaml", format!("{LEAST}runtime: {{strict: false, tracing: {{enabled: true}}}}\n"));
    folder
        .write("b.yaml", format!("{LEAST}runtime: {{tracing: {{enabled: true, sink: {{kind: stdout}}}}}}\n"));
    let diff = ["config", "diff", "a.yaml", "b.yaml", "--output", "o"];
    assert_snapshot!(Program::new(&folder).args(diff).exits_with(1).stdout, @"
    - runtime.strict: false  # a.yaml:3:19
    + runtime.strict: true  # built-in default
    - runtime.tracing.sink: null  # built-in default
    + runtime.tracing.sink.kind: stdout  # b.yaml:3:49
    + runtime.tracing.sink.jsonl: null  # built-in default
    + runtime.tracing.sink.otlp: null  # built-in default
    ");
    let json = Program::new(&folder).args(diff).args(["--json"]).exits_with(1).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_snapshot!(json[0], @r#"{"key":"runtime.strict","a":{"value":false,"origin":"a.yaml:3:19"},"b":{"value":true,"origin":"built-in default"}}"#);
    let wrong = Program::new(&folder).args(["config", "diff", "a.yaml", "missing.yaml"]).exits_with(2);
    assert_snapshot!(wrong.stderr, @"
    error: cannot read the file: No such file or directory (os error 2)
      --> missing.yaml:1:1
      expected: a readable file
      hint: check the path and the file's permissions

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}

/// The summary identifies the configuration, and `config show` shows the same digest.
#[test]
fn the_summary_holds_the_digest_that_is_shown() {
    let folder = Folder::with_input(super::attempts::attempts(1));
    let shown = Program::new(&folder).args(["config", "show"]).exits_with(0).stdout;
    let digest = shown.lines().next().unwrap().trim_start_matches("# ");
    let output = std::process::Command::new(super::harness::executable())
        .arg("run")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(&format!("\n  configuration: {digest}\n")), "{told}");
}

/// Answers requests like Consul, and returns the port.
fn consul(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
            let _ = stream.write_all((head + answer).as_bytes());
        }
    });
    port
}

/// The library tests the stores themselves; here, that the program has them, and what it shows of them.
#[test]
fn a_store_is_a_source_and_its_credentials_are_never_shown() {
    // `false`, and `4` for a key of type text.
    let port = consul(
        r#"[{"Key":"fund-load/","Value":null},{"Key":"fund-load/runtime/strict","Value":"ZmFsc2U="},{"Key":"fund-load/scenario.name","Value":"NA=="}]"#,
    );
    let folder = Folder::new();
    folder.write("a.yaml", LEAST);
    let url = format!("consul://:secret-token@127.0.0.1:{port}/fund-load");
    let sources = ["--config", "a.yaml", "--config", &url];
    let shown = shown(Program::new(&folder).args(SHOW).args(sources), &["scenario.name", "runtime.strict"]);
    assert_snapshot!(shown.replace(&port.to_string(), "PORT"), @r#"
    scenario.name: "4"  # consul://127.0.0.1:PORT/fund-load, key `fund-load/scenario.name`
    runtime.strict: false  # consul://127.0.0.1:PORT/fund-load, key `fund-load/runtime/strict`
    "#);

    let port = consul(r#"[{"Key":"fund-load/runtime/strict","Value":"cGVyaGFwcw=="}]"#);
    let url = format!("consul://:secret-token@127.0.0.1:{port}/fund-load");
    let outcome = Program::new(&folder).args(["check", "--config", "a.yaml", "--config", &url]).exits_with(2);
    assert_snapshot!(outcome.stderr.replace(&port.to_string(), "PORT"), @"
    error: `runtime.strict`: found text `perhaps`
      --> consul://127.0.0.1:PORT/fund-load, key `fund-load/runtime/strict`
      expected: `true` or `false`
      hint: write `true` or `false`

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}

#[test]
fn a_dead_store_ends_the_program_soon_unless_optional() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let folder = Folder::new();
    folder.write("a.yaml", LEAST);
    let told = |url: &str, exit| {
        let program = Program::new(&folder).args(["check", "--config", "a.yaml", "--config", url]);
        program.exits_with(exit).stderr.replace(&port.to_string(), "PORT")
    };
    let of =
        |scheme: &str, rest: &str| format!("{scheme}://user:secret@127.0.0.1:{port}/{rest}timeout_ms=200");
    let urls = [
        of("etcd", "fund-load?"),
        of("consul", "fund-load?").replace("user:", ":"),
        of("postgres", "db?table=t&"),
        of("redis", "0?hash=h&"),
    ];
    for url in &urls {
        let refused = told(url, 2);
        assert!(refused.starts_with("error: ") && refused.contains("200"), "{url}: {refused}");
        let warned = told(&format!("{url}&optional=true"), 0);
        assert!(
            warned.starts_with("warning: ") && warned.contains("(optional, and left out)"),
            "{url}: {warned}"
        );
        assert!(![refused, warned].concat().contains("secret"), "{url}");
    }
    drop(silent);
    assert_snapshot!(told(&urls[3], 2), @"
    error: Redis at `127.0.0.1:PORT` cannot be reached: Connection refused (os error 111)
      --> redis://127.0.0.1:PORT/0?hash=h
      expected: a server that answers there
      hint: look whether it runs and whether the host and the port are right, or add `optional=true` to the URL if a run may do without it

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
}

/// Every output about a configuration mentions the missing part.
#[test]
fn a_skipped_store_is_reported_with_the_configuration() {
    let folder = Folder::new();
    folder.write("a.yaml", LEAST);
    let url = "redis://127.0.0.1:1/0?hash=h&optional=true";
    let show = Program::new(&folder).args(["config", "show", "--config", "a.yaml", "--config", url]);
    let diff = Program::new(&folder).args(["config", "diff", "a.yaml", url, "--config", "a.yaml"]);
    for outcome in [show.exits_with(0), diff.exits_with(0)] {
        assert!(outcome.stderr.starts_with("warning: Redis at `127.0.0.1:1`"), "{}", outcome.stderr);
    }
}

/// A typing mistake must not put a password into a log.
#[test]
fn a_url_in_the_wrong_place_or_form_shows_no_password() {
    let folder = Folder::new();
    folder.write("a@b.yaml", LEAST);
    Program::new(&folder).args(["check", "--config", "./a@b.yaml"]).exits_with(0);
    for url in [
        "redis://u:s3cret@127.0.0.1:1/0?hash=x",
        " redis://u:s3cret@h/0?hash=x",
        "redis:/u:s3cret@h/0?hash=x",
        "redis//u:s3cret@h/0?hash=x",
        "\"redis://u:s3cret@h/0?hash=x\"",
        "rediss://u:s3@cret@h/0?hash=x#y",
        "redis://u:s3 cret's3@h/0?hash=x#y",
        "rdis://u:s3cret@h/0",
        "jdbc:postgresql://h/db?user=s3&password=s3cret",
        "jdbc:sqlserver://h;user=s3;password=s3cret",
        "postgres://h/db?table=t&password=s3cret",
    ] {
        for args in [
            &["check", "--config", url][..],
            &["check", url],
            &["config", "diff", url, url, url],
            &["check", "--set", url],
            &["check", "--profile", url],
        ] {
            let told = Program::new(&folder).args(args).exits_with(2).stderr;
            assert!(!told.contains("s3"), "{args:?}: {told}");
        }
    }
}
