//! Several workers on the command line: each flag is over the configuration, and wrong ones are named.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;

/// Returns a folder with an input and files of hosts.
fn folder() -> Folder {
    let folder = Folder::with_input(attempts(3));
    folder.write("hosts", "# two of one machine\n127.0.0.1:2101\n\n[::1]:2102 # the second\n");
    folder.write("elsewhere", "10.0.0.1:2101\n10.0.0.2:2101\n");
    folder.write("twice", "a:1\nb:1\nA:1\n");
    folder.write("empty", "\n# nobody\n");
    folder
}

/// Returns what is said to these arguments, which are refused with nothing touched.
#[track_caller]
fn refused(folder: &Folder, args: &[&str]) -> String {
    let before = folder.names();
    let outcome = Program::new(folder).args(args).exits_with(2);
    assert_eq!(outcome.stdout, "", "{args:?}");
    assert_eq!(folder.names(), before, "{args:?}");
    outcome.stderr
}

/// Returns the lines of a report that tell of workers, records and output.
#[track_caller]
fn checked(folder: &Folder, args: &[&str]) -> String {
    let report = Program::new(folder).args(["check"]).args(args).exits_with(0).stdout;
    let told = |line: &&str| ["workers:", "tracing:", "output:"].iter().any(|label| line.starts_with(label));
    report.lines().filter(told).collect::<Vec<_>>().join("\n")
}

#[test]
fn wrong_numbers_of_workers() {
    let folder = folder();
    assert_snapshot!(refused(&folder, &["run", "--workers", "0"]), @"
    error: `runtime.workers`: found the number `0`
      --> command line: --workers 0
      expected: a whole number from 1 to 256
      hint: write a whole number from 1 to 256

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    for workers in ["257", "1000", "-1", "1.5", "two", ""] {
        let told = refused(&folder, &["run", &format!("--workers={workers}")]);
        assert!(told.contains("`runtime.workers`"), "{told}");
        assert!(told.contains("--> command line: --workers"), "{told}");
    }
}

#[test]
fn wrong_files_of_hosts() {
    let folder = folder();
    assert_snapshot!(refused(&folder, &["run", "--hosts", "empty", "--process", "0"]), @"
    error: `runtime.cluster.hosts`: no host is listed
      --> command line: --hosts empty
      expected: at least one host
      hint: list one `host:port` for each process

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_snapshot!(refused(&folder, &["run", "--hosts", "twice", "--process", "0"]), @"
    error: `runtime.cluster.hosts.2`: host `A:1`: process 0 has the same host and port
      --> command line: --hosts twice
      expected: `host:port`, each once
      hint: give each process a host and port of its own

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_snapshot!(refused(&folder, &["check", "--hosts", "nowhere", "--process", "0"]), @"error: --hosts: the file `nowhere` cannot be read (name a file with one `host:port` a line): No such file or directory (os error 2)");
    folder.write("longest", "x".repeat(65_537));
    folder.write("bytes", b"a:1\n\xff");
    for (file, why) in
        [("longest", "has more than 65536 bytes"), ("bytes", "is not text"), (".", "cannot be read")]
    {
        let told = refused(&folder, &["config", "show", "--hosts", file, "--process", "0"]);
        assert!(told.contains(&format!("--hosts: the file `{file}` {why}")), "{told}");
    }
}

#[test]
fn wrong_processes() {
    let folder = folder();
    assert_snapshot!(refused(&folder, &["run", "--hosts", "hosts", "--process", "2"]), @"
    error: `runtime.cluster.process`: there is no process 2: 2 hosts are listed
      --> command line: --process 2
      expected: a number from 0 to 1
      hint: give each process its place in the list, counted from 0

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_snapshot!(refused(&folder, &["run", "--hosts", "hosts"]), @"
    error: `runtime.cluster.process`: required value is missing
      --> command line: --hosts hosts
      expected: a whole number of at least 0
      hint: set `runtime.cluster.process`

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_snapshot!(refused(&folder, &["run", "--process", "1"]), @"
    error: `runtime.cluster.hosts`: required value is missing
      --> command line: --process 1
      expected: a list, each item text
      hint: set `runtime.cluster.hosts`

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    let told = refused(&folder, &["run", "--hosts", "hosts", "--process", "-1"]);
    assert!(told.contains("unexpected argument '-1'") || told.contains("--process -1"), "{told}");
}

#[test]
fn flags_go_over_the_configuration_with_their_own_origin() {
    let folder = folder();
    folder.write(
        "config.yaml",
        "version: 1\nscenario: {name: x}\n\
         runtime: {workers: 2, cluster: {hosts: ['localhost:1', 'localhost:2', 'localhost:3'], process: 2}}\n",
    );
    let shown = |args: &[&str]| {
        let show = ["config", "show", "--origin", "--config", "config.yaml"];
        let shown = Program::new(&folder).args(show).args(args).exits_with(0).stdout;
        let keys = ["runtime.workers", "runtime.cluster"];
        let lines = shown.lines().filter(|line| keys.iter().any(|key| line.starts_with(key)));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(shown(&[]), @r#"
    runtime.workers: 2  # config.yaml:3:20
    runtime.cluster.hosts: ["localhost:1", "localhost:2", "localhost:3"]  # config.yaml:3:40
    runtime.cluster.process: 2  # config.yaml:3:96
    runtime.cluster.secret_file: null  # built-in default
    runtime.cluster.gather: false  # built-in default
    runtime.cluster.cleartext: false  # built-in default
    "#);
    assert_snapshot!(shown(&["--workers", "3", "--hosts", "hosts", "--process", "1"]), @r#"
    runtime.workers: 3  # command line: --workers 3
    runtime.cluster.hosts: ["127.0.0.1:2101", "[::1]:2102"]  # command line: --hosts hosts
    runtime.cluster.process: 1  # command line: --process 1
    runtime.cluster.secret_file: null  # built-in default
    runtime.cluster.gather: false  # built-in default
    runtime.cluster.cleartext: false  # built-in default
    "#);
    let over_set = shown(&["--workers", "3", "--set", "runtime.workers=4"]);
    assert!(over_set.contains("runtime.workers: 3  # command line: --workers 3"), "{over_set}");
}

#[test]
fn check_tells_how_many_workers_there_are() {
    let folder = folder();
    assert_snapshot!(checked(&folder, &["--trace-path", "trace.jsonl"]), @"
    tracing: signature type_only, context none, appended to trace.jsonl, written every 1 records
    output: output.txt
    ");
    assert_snapshot!(checked(&folder, &["--workers", "4", "--trace-path", "trace.jsonl"]), @"
    tracing: signature type_only, context none, appended to trace.jsonl in line order
    workers: 4 threads
    output: output.txt
    ");
    let cluster = ["--workers", "3", "--hosts", "hosts", "--process", "1"];
    assert_snapshot!(checked(&folder, &cluster), @"
    tracing: off
    workers: 3 threads in each of 2 processes; this is process 1, [::1]:2102
    output: output.txt
    ");
    let parts = ["--set", "adapters.output_sink.settings.parts=true", "--trace-path", "trace.jsonl"];
    assert_snapshot!(checked(&folder, &parts), @"
    tracing: signature type_only, context none, to trace.jsonl.parts, a part of each worker
    workers: 1 thread
    output: output.txt.parts, a part of each worker
    ");
    let gather = ["--set", "runtime.cluster.gather=true"];
    assert_snapshot!(checked(&folder, &[&cluster[..], &gather].concat()), @"
    tracing: off
    workers: 3 threads in each of 2 processes; this is process 1, [::1]:2102
    output: output.txt, written by process 0
    ");
    let alone = "runtime.cluster={hosts: ['localhost:1'], process: 0}";
    assert_snapshot!(checked(&folder, &["--set", alone]), @"
    tracing: off
    workers: 1 thread in 1 process; this is process 0, localhost:1
    output: output.txt
    ");
}

#[test]
fn other_machines_are_reached_with_a_secret_and_knowingly() {
    let folder = folder();
    let elsewhere =
        ["check", "--hosts", "elsewhere", "--process", "0", "--set", "runtime.cluster.secret_file=mesh.key"];
    folder.write("mesh.key", "0123456789abcdef");
    fs::set_permissions(folder.path_of("mesh.key"), Permissions::from_mode(0o600)).unwrap();
    let told = refused(&folder, &elsewhere);
    for word in ["in the clear", "runtime.cluster.cleartext: true", "WireGuard", "stunnel"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let knowingly = ["--set", "runtime.cluster.cleartext=true"];
    let outcome = Program::new(&folder).args(elsewhere).args(knowingly).exits_with(0);
    assert!(!outcome.stdout.contains("0123") && !outcome.stderr.contains("0123"), "the secret is not told");
    fs::set_permissions(folder.path_of("mesh.key"), Permissions::from_mode(0o644)).unwrap();
    let told = refused(&folder, &[&elsewhere[..], &knowingly].concat());
    assert!(told.contains("`mesh.key` is open to others than its owner: its mode is 0644"), "{told}");
}

#[test]
fn one_worker_is_no_change() {
    let folder = folder();
    let digest = |args: &[&str]| {
        let shown = Program::new(&folder).args(["config", "show"]).args(args).exits_with(0).stdout;
        shown.lines().next().unwrap_or_default().to_owned()
    };
    let alone = digest(&[]);
    assert!(alone.starts_with("# sha256:"), "{alone}");
    for args in [&["--workers", "1"][..], &["--workers", "8"], &["--hosts", "hosts", "--process", "0"]] {
        assert_eq!(digest(args), alone, "{args:?}: no decision depends on it");
    }
    Program::new(&folder).args(["run", "--workers", "1"]).exits_with(0);
}
