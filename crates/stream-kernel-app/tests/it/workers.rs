//! Settings for several workers: mistakes are reported at once, before anything is opened.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use stream_kernel_run::config::Runtime;

use crate::scene::{mistakes, prepare, set};

const INPUT: &str = "adapters.input_source.settings.path";
const OUTPUT: &str = "adapters.output_sink.settings.path";
const PARTS: &str = "adapters.output_sink.settings.parts=true";
const GATHER: &str = "runtime.cluster.gather=true";
const SEVERAL: &str = "runtime.workers=2";
const TRACED: &str = "runtime.tracing.enabled=true";
const LOOPBACK: &str = "runtime.cluster={hosts: ['127.0.0.1:1', '[::1]:2'], process: 1}";

/// Returns every mistake in the example's configuration with these settings; `fine` if there is none.
fn check(settings: &[&str]) -> String {
    mistakes(set(settings))
}

#[track_caller]
fn is_fine(settings: &[&str]) {
    assert_eq!(check(settings), "fine", "{settings:?}");
}

#[test]
fn several_workers_are_threads_or_a_cluster() {
    for (settings, is_on_several) in [
        (&[][..], false),
        (&["runtime.workers=1"], false),
        (&[SEVERAL], true),
        (&["runtime.workers=256"], true),
        (&["runtime.cluster={hosts: ['localhost:1'], process: 0}"], true),
        (&[SEVERAL, LOOPBACK], true),
        (&[LOOPBACK, "runtime.cluster=null"], false),
    ] {
        let job = prepare(set(settings));
        let Runtime { workers, cluster, .. } = &job.config().runtime;
        assert_eq!(job.is_on_several_workers(), is_on_several, "{workers} {cluster:?}");
        assert_eq!(job.again().unwrap().is_on_several_workers(), is_on_several, "{settings:?}");
    }
}

#[test]
fn numbers_have_bounds() {
    for (key, greatest) in [("runtime.workers", 256), ("runtime.epoch_bytes", 1 << 30)] {
        is_fine(&[&format!("{key}=1")]);
        is_fine(&[&format!("{key}={greatest}")]);
        for beyond in [0, greatest + 1] {
            let told = check(&[&format!("{key}={beyond}")]);
            let expected = format!("error: `{key}`: found the number `{beyond}`");
            assert!(told.starts_with(&expected), "{told}");
            assert!(told.contains(&format!("expected: a whole number from 1 to {greatest}")), "{told}");
        }
    }
}

#[test]
fn workers_are_not_in_the_digest() {
    let digest = |settings: &[&str]| prepare(set(settings)).effective().digest();
    let alone = digest(&[]);
    for settings in [&[SEVERAL][..], &["runtime.epoch_bytes=1"], &[LOOPBACK]] {
        assert_eq!(digest(settings), alone, "{settings:?}");
    }
    assert_ne!(digest(&["nodes.count_requests.top=1"]), alone);
}

#[test]
fn streams_and_devices_have_no_parts() {
    let [input, output] = [INPUT, OUTPUT].map(|key| format!("{key}=-"));
    insta::assert_snapshot!(check(&[SEVERAL, &input, &output]), @"
    error: `adapters.input_source.settings.path`: several workers need a regular file for the input, and `-` is not one
      --> command line: --set adapters.input_source.settings.path=-
      expected: a file, of which each worker can read a part
      hint: name a file, or run on one worker (`--workers 1`)

    error: `adapters.output_sink.settings.path`: several workers need a regular file for the output, and `-` is not one
      --> command line: --set adapters.output_sink.settings.path=-
      expected: a file, of which each worker can write a part
      hint: name a file, or run on one worker (`--workers 1`)
    ");
    let [input, output] = [INPUT, OUTPUT].map(|key| format!("{key}=/dev/null"));
    let trace = "runtime.tracing.sink={kind: jsonl, jsonl: {path: /dev/null}}";
    insta::assert_snapshot!(check(&[LOOPBACK, &input, &output, TRACED, trace]), @"
    error: `adapters.input_source.settings.path`: several workers need a regular file for the input, and `/dev/null` is not one
      --> command line: --set adapters.input_source.settings.path=/dev/null
      expected: a file, of which each worker can read a part
      hint: name a file, or leave out `runtime.cluster` to run on one worker

    error: `adapters.output_sink.settings.path`: several workers need a regular file for the output, and `/dev/null` is not one
      --> command line: --set adapters.output_sink.settings.path=/dev/null
      expected: a file, of which each worker can write a part
      hint: name a file, or leave out `runtime.cluster` to run on one worker

    error: `runtime.tracing.sink.jsonl.path`: several workers need a regular file for the trace file, and `/dev/null` is not one
      --> command line: --set runtime.tracing.sink={kind: jsonl, jsonl: {path: /dev/null}}
      expected: a file, of which each worker can write a part
      hint: name a file, or leave out `runtime.cluster` to run on one worker
    ");
    is_fine(&[&input, &output, TRACED, trace]);
}

/// A missing file is found when it is opened.
#[test]
fn files_may_be_missing_or_regular() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("in"), "").unwrap();
    fs::write(path("out"), "").unwrap();
    for (input, output) in [("in", "out"), ("missing", "missing too")] {
        is_fine(&[SEVERAL, &format!("{INPUT}={}", path(input)), &format!("{OUTPUT}={}", path(output))]);
    }
    let told = check(&[SEVERAL, &format!("{INPUT}={}", path(""))]);
    assert!(told.contains("need a regular file for the input"), "{told}");
}

#[test]
fn records_do_not_go_to_standard_output() {
    let sink = "runtime.tracing.sink={kind: stdout}";
    insta::assert_snapshot!(check(&[SEVERAL, TRACED, sink]), @"
    error: `runtime.tracing.sink.kind`: on several workers, records cannot go to standard output
      --> command line: --set runtime.tracing.sink={kind: stdout}
      expected: a `jsonl` sink
      hint: use `--trace-path FILE`, or run on one worker (`--workers 1`)
    ");
    is_fine(&[SEVERAL, sink]);
    is_fine(&[SEVERAL, TRACED]);
}

#[test]
fn records_do_not_go_to_one_file_one_by_one() {
    let sink = |rest: &str| format!("runtime.tracing.sink={{kind: jsonl, jsonl: {{path: t{rest}}}}}");
    insta::assert_snapshot!(check(&[SEVERAL, TRACED, &sink(", write_mode: line, fsync_every_n: 5")]), @"
    error: `runtime.tracing.sink.jsonl.write_mode`: several workers cannot write records one by one to one file
      --> command line: --set runtime.tracing.sink={kind: jsonl, jsonl: {path: t, write_mode: line, fsync_every_n: 5}}
      expected: `write_mode: batch`, without `flush_every_n: 1`
      hint: write batches, let each worker write files of its own (`adapters.output_sink.settings.parts: true`), or run on one worker (`--workers 1`)

    error: `runtime.tracing.sink.jsonl.fsync_every_n`: several workers cannot make one file durable every 5 records
      --> command line: --set runtime.tracing.sink={kind: jsonl, jsonl: {path: t, write_mode: line, fsync_every_n: 5}}
      expected: null
      hint: leave it out, let each worker write files of its own (`adapters.output_sink.settings.parts: true`), or run on one worker (`--workers 1`)
    ");
    insta::assert_snapshot!(check(&[SEVERAL, TRACED, &sink(", write_mode: batch, flush_every_n: 1")]), @"
    error: `runtime.tracing.sink.jsonl.flush_every_n`: several workers cannot write records one by one to one file
      --> command line: --set runtime.tracing.sink={kind: jsonl, jsonl: {path: t, write_mode: batch, flush_every_n: 1}}
      expected: `write_mode: batch`, without `flush_every_n: 1`
      hint: write batches, let each worker write files of its own (`adapters.output_sink.settings.parts: true`), or run on one worker (`--workers 1`)
    ");
    for rest in [
        // A default causes no mistake.
        "",
        ", write_mode: batch",
        ", flush_every_n: 2",
        ", write_mode: line, flush_every_n: 2",
        ", fsync_every_n: null",
    ] {
        is_fine(&[SEVERAL, TRACED, &sink(rest)]);
    }
    let strict = sink(", write_mode: line, flush_every_n: 1, fsync_every_n: 1");
    is_fine(&[SEVERAL, &strict]);
    is_fine(&[TRACED, &strict]);
    is_fine(&[SEVERAL, PARTS, TRACED, &strict]);
    let told = check(&[LOOPBACK, GATHER, TRACED, &strict]);
    assert!(told.contains("several workers cannot write records one by one to one file"), "{told}");
}

/// Whatever makes workers: threads, a cluster, or files of each. One worker compresses, and what nobody traces
/// nobody compresses.
#[test]
fn a_trace_of_several_workers_is_not_compressed() {
    let sink = |compress: &str| {
        format!(
            "runtime.tracing.sink={{kind: jsonl, jsonl: {{path: t, write_mode: batch, compress: {compress}}}}}"
        )
    };
    insta::assert_snapshot!(check(&[SEVERAL, TRACED, &sink("zstd")]), @"
    error: `runtime.tracing.sink.jsonl.compress`: several workers cannot compress the trace that they write
      --> command line: --set runtime.tracing.sink={kind: jsonl, jsonl: {path: t, write_mode: batch, compress: zstd}}
      expected: none
      hint: leave it out, and compress the finished file with `zstd`; or run on one worker (`--workers 1`)
    ");
    for (workers, remedy) in [
        (
            &[LOOPBACK][..],
            "the finished file with `zstd`; or leave out `runtime.cluster` to run on one worker",
        ),
        (
            &[PARTS],
            "what `merge` makes of the parts with `zstd`; or leave out `adapters.output_sink.settings.parts`, which makes files of workers",
        ),
        (
            &[LOOPBACK, GATHER],
            "the finished file with `zstd`; or leave out `runtime.cluster` to run on one worker",
        ),
    ] {
        let sets = |compress: &str| {
            [workers, &[TRACED]]
                .concat()
                .into_iter()
                .map(str::to_owned)
                .chain([sink(compress)])
                .collect::<Vec<_>>()
        };
        let told = check(&sets("zstd").iter().map(|set| &**set).collect::<Vec<_>>());
        assert!(told.contains("several workers cannot compress") && told.contains(remedy), "{told}");
        is_fine(&sets("none").iter().map(|set| &**set).collect::<Vec<_>>());
    }
    is_fine(&[TRACED, &sink("zstd")]);
    is_fine(&[SEVERAL, &sink("zstd")]);
}

#[test]
fn a_checkpoint_needs_the_same_files_as_on_one_worker() {
    let checkpoint = "runtime.checkpoint.dir=ck";
    for workers in [SEVERAL, LOOPBACK] {
        is_fine(&[workers, checkpoint]);
    }
    insta::assert_snapshot!(check(&[LOOPBACK, checkpoint, &format!("{OUTPUT}=-")]), @"
    error: `adapters.output_sink.settings.path`: checkpoints need a regular file for the output, and `-` is not one
      --> command line: --set adapters.output_sink.settings.path=-
      expected: a file, of which a part can be read or written again
      hint: name a file, or leave out `runtime.checkpoint`

    error: `adapters.output_sink.settings.path`: several workers need a regular file for the output, and `-` is not one
      --> command line: --set adapters.output_sink.settings.path=-
      expected: a file, of which each worker can write a part
      hint: name a file, or leave out `runtime.cluster` to run on one worker
    ");
    insta::assert_snapshot!(check(&[SEVERAL, checkpoint, &format!("{OUTPUT}=ck")]), @"
    error: `adapters.output_sink.settings.path`: the output `ck` and the checkpoint `ck` would be in each other's way
      --> command line: --set adapters.output_sink.settings.path=ck
      expected: a file that neither lies in the checkpoint nor has its name, now or until it is complete
      hint: name another file, or another `runtime.checkpoint.dir`
    ");
}

#[test]
fn workers_write_files_of_their_own_or_process_0_for_all() {
    for settings in [&[PARTS][..], &[SEVERAL, PARTS], &[LOOPBACK, PARTS], &[LOOPBACK, GATHER]] {
        is_fine(settings);
        assert!(prepare(set(settings)).is_on_several_workers(), "{settings:?}");
    }
    insta::assert_snapshot!(check(&[LOOPBACK, PARTS, GATHER]), @"
    error: `runtime.cluster.gather`: each worker would write files of its own, and process 0 for all of them
      --> command line: --set runtime.cluster.gather=true
      expected: one of both
      hint: leave out this or `adapters.output_sink.settings.parts`
    ");
    insta::assert_snapshot!(check(&[PARTS, "runtime.checkpoint.dir=ck"]), @"
    error: `adapters.output_sink.settings.parts`: a checkpoint needs one output, to which each process has access
      --> command line: --set adapters.output_sink.settings.parts=true
      expected: false
      hint: leave it out, or `runtime.checkpoint`
    ");
    let told = check(&[LOOPBACK, GATHER, "runtime.checkpoint.dir=ck"]);
    assert!(told.starts_with("error: `runtime.cluster.gather`: a checkpoint needs one output"), "{told}");
}

#[test]
fn settings_that_parts_need_are_named_with_a_remedy() {
    for (settings, hint) in [
        (&[PARTS][..], "hint: name a file, or leave out `adapters.output_sink.settings.parts`, which makes"),
        (
            &[PARTS, SEVERAL],
            "hint: name a file, or leave out `adapters.output_sink.settings.parts`, and run on one",
        ),
        (
            &[PARTS, LOOPBACK],
            "hint: name a file, or leave out `runtime.cluster`, `runtime.workers` and `adapters.",
        ),
    ] {
        let told = check(&[settings, &[&format!("{OUTPUT}=-")]].concat());
        assert!(told.contains(hint), "{told}");
    }
}

#[test]
fn an_input_is_not_where_parts_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for parts in ["out.parts", "t.parts"] {
        fs::create_dir(path(parts)).unwrap();
        let input = format!("{INPUT}={}", path(&format!("{parts}/part-00000")));
        let output = format!("{OUTPUT}={}", path("out"));
        let sink = format!("runtime.tracing.sink={{kind: jsonl, jsonl: {{path: {}}}}}", path("t"));
        let told = check(&[PARTS, TRACED, &sink, &input, &output]);
        assert!(told.contains("where workers write their parts") && told.contains("hint: move it"), "{told}");
        is_fine(&[SEVERAL, &input, &output]);
    }
}

#[test]
fn a_cluster_has_hosts_and_this_process_is_one_of_them() {
    insta::assert_snapshot!(check(&["runtime.cluster={}"]), @"
    error: `runtime.cluster.hosts`: required value is missing
      --> command line: --set runtime.cluster={}
      expected: a list, each item text
      hint: set `runtime.cluster.hosts`

    error: `runtime.cluster.process`: required value is missing
      --> command line: --set runtime.cluster={}
      expected: a whole number of at least 0
      hint: set `runtime.cluster.process`
    ");
    insta::assert_snapshot!(check(&["runtime.cluster={hosts: [], process: 0}"]), @"
    error: `runtime.cluster.hosts`: no host is listed
      --> command line: --set runtime.cluster={hosts: [], process: 0}
      expected: at least one host
      hint: list one `host:port` for each process
    ");
    let hosts = "runtime.cluster={hosts: [localhost, 'a:0', 'b:99999', '::1:1', 'c:1', 'C:1'], process: 0}";
    insta::assert_snapshot!(check(&[hosts]), @"
    error: `runtime.cluster.hosts.0`: host `localhost`: the port is missing
      --> command line: --set runtime.cluster={hosts: [localhost, 'a:0', 'b:99999', '::1:1', 'c:1', 'C:1'], process: 0}
      expected: `host:port`, each once
      hint: write `host:port`, such as `10.0.0.1:2101`

    error: `runtime.cluster.hosts.1`: host `a:0`: the port is 0
      --> command line: --set runtime.cluster={hosts: [localhost, 'a:0', 'b:99999', '::1:1', 'c:1', 'C:1'], process: 0}
      expected: `host:port`, each once
      hint: choose a port from 1 to 65535 that is free on that machine

    error: `runtime.cluster.hosts.2`: host `b:99999`: the port is not a number from 1 to 65535
      --> command line: --set runtime.cluster={hosts: [localhost, 'a:0', 'b:99999', '::1:1', 'c:1', 'C:1'], process: 0}
      expected: `host:port`, each once
      hint: choose a port from 1 to 65535 that is free on that machine

    error: `runtime.cluster.hosts.3`: host `::1:1`: not an IPv6 address in brackets and a port
      --> command line: --set runtime.cluster={hosts: [localhost, 'a:0', 'b:99999', '::1:1', 'c:1', 'C:1'], process: 0}
      expected: `host:port`, each once
      hint: write an IPv6 address as in `[::1]:2101`

    error: `runtime.cluster.hosts.5`: host `C:1`: process 4 has the same host and port
      --> command line: --set runtime.cluster={hosts: [localhost, 'a:0', 'b:99999', '::1:1', 'c:1', 'C:1'], process: 0}
      expected: `host:port`, each once
      hint: give each process a host and port of its own
    ");
    insta::assert_snapshot!(check(&[LOOPBACK, "runtime.cluster.process=2"]), @"
    error: `runtime.cluster.process`: there is no process 2: 2 hosts are listed
      --> command line: --set runtime.cluster.process=2
      expected: a number from 0 to 1
      hint: give each process its place in the list, counted from 0
    ");
    is_fine(&[LOOPBACK]);
}

#[test]
fn a_cluster_has_a_greatest_size() {
    let cluster = |count: u32| {
        let hosts: Vec<String> = (1..=count).map(|port| format!("'localhost:{port}'")).collect();
        format!("runtime.cluster={{process: 0, hosts: [{}]}}", hosts.join(", "))
    };
    is_fine(&[&cluster(256), "runtime.workers=4"]);
    insta::assert_snapshot!(check(&[&cluster(256), "runtime.workers=5"]).replace(&cluster(256), "256 hosts"), @"
    error: `runtime.workers`: 256 processes with 5 threads each are 1280 workers
      --> command line: --set runtime.workers=5
      expected: at most 1024 workers
      hint: use fewer threads, or list fewer hosts
    ");
    insta::assert_snapshot!(check(&[&cluster(257)]).replace(&cluster(257), "257 hosts"), @"
    error: `runtime.cluster.hosts`: 257 hosts are listed
      --> command line: --set runtime.cluster={process: 0, hosts: ['localhost:1', 'localhost:2', 'localhost:3', 'localhost:4', 'localhost:5', 'localhost:6', 'localhost:7', 'localhost:8', 'localhost:9', 'localhost:10', 'local...
      expected: at most 256
      hint: list fewer, and let each process have more threads
    ");
}

/// Returns the mistakes in a cluster of other machines with these settings, in which `SECRET` stands for a secret file.
fn check_elsewhere(folder: &Path, settings: &[&str]) -> String {
    let secret = folder.join("mesh.key");
    let settings = settings.iter().map(|setting| setting.replace("SECRET", &secret.display().to_string()));
    let hosts = "runtime.cluster={hosts: ['127.0.0.1:1', '10.0.0.1:2', 'b.example:3'], process: 0}";
    let settings: Vec<String> = [hosts.to_owned()].into_iter().chain(settings).collect();
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    check(&settings).replace(&format!("{}/", folder.display()), "")
}

/// Writes a secret file, readable by its owner alone.
fn write_secret(folder: &Path, content: impl AsRef<[u8]>) {
    let path = folder.join("mesh.key");
    fs::write(&path, content).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn other_machines_need_a_secret_and_consent() {
    let folder = tempfile::tempdir().unwrap();
    write_secret(folder.path(), "0123456789abcdef");
    let (secret, cleartext) = ("runtime.cluster.secret_file=SECRET", "runtime.cluster.cleartext=true");
    insta::assert_snapshot!(check_elsewhere(folder.path(), &[]), @"
    error: `runtime.cluster.hosts.1`: host `10.0.0.1:2` is not a loopback address, and the cluster has no secret
      --> command line: --set runtime.cluster={hosts: ['127.0.0.1:1', '10.0.0.1:2', 'b.example:3'], process: 0}
      expected: `runtime.cluster.secret_file`, the path of a file that holds a secret
      hint: make one with `(umask 77; head -c 32 /dev/urandom > FILE)`, and give each process a copy

    error: `runtime.cluster.hosts.1`: host `10.0.0.1:2` is not a loopback address, and data travels in the clear
      --> command line: --set runtime.cluster={hosts: ['127.0.0.1:1', '10.0.0.1:2', 'b.example:3'], process: 0}
      expected: `runtime.cluster.cleartext: true`, which says that somebody knows
      hint: send it through a tunnel such as WireGuard or stunnel, or trust the network; then set that key
    ");
    let without_secret = check_elsewhere(folder.path(), &[cleartext]);
    assert!(without_secret.contains("the cluster has no secret") && !without_secret.contains("in the clear"));
    let unaware = check_elsewhere(folder.path(), &[secret]);
    assert!(unaware.contains("data travels in the clear") && !unaware.contains("no secret"), "{unaware}");
    assert_eq!(check_elsewhere(folder.path(), &[secret, cleartext]), "fine");
}

#[test]
fn the_secret_is_read_and_must_be_one() {
    let folder = tempfile::tempdir().unwrap();
    let settings = ["runtime.cluster.secret_file=SECRET", "runtime.cluster.cleartext=true"];
    let missing = check_elsewhere(folder.path(), &settings);
    assert!(missing.contains("the secret file `mesh.key` cannot be read: "), "{missing}");
    for (content, why) in
        [("x".repeat(15), "shorter than 16 bytes"), ("x".repeat(4_097), "longer than 4096 bytes")]
    {
        write_secret(folder.path(), content);
        let told = check_elsewhere(folder.path(), &settings);
        assert!(told.contains(why), "{told}");
    }
    write_secret(folder.path(), "0123456789abcdef");
    fs::set_permissions(folder.path().join("mesh.key"), Permissions::from_mode(0o640)).unwrap();
    insta::assert_snapshot!(check_elsewhere(folder.path(), &settings), @"
    error: `runtime.cluster.secret_file`: the secret file `mesh.key` is open to others than its owner: its mode is 0640
      --> command line: --set runtime.cluster.secret_file=mesh.key
      expected: a file of 16 to 4096 bytes that only its owner can read (mode 0600)
      hint: close it with `chmod 600 FILE`
    ");
}

#[test]
fn the_job_holds_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    write_secret(folder.path(), "0123456789abcdef\n");
    let path = format!("runtime.cluster.secret_file={}", folder.path().join("mesh.key").display());
    let job = prepare(set(&[LOOPBACK, &path]));
    let secret =
        |job: Option<&stream_kernel_run::ClusterSecret>| job.map(|secret| secret.as_bytes().to_vec());
    assert_eq!(secret(job.cluster_secret()).as_deref(), Some(&b"0123456789abcdef\n"[..]));
    assert_eq!(secret(job.again().unwrap().cluster_secret()), secret(job.cluster_secret()));
    assert!(!format!("{:?}", job.cluster_secret()).contains("0123"));
    assert_eq!(prepare(set(&[LOOPBACK])).cluster_secret(), None);
}

#[test]
fn the_secret_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    write_secret(folder.path(), "0123456789abcdef");
    let path = folder.path().join("mesh.key").display().to_string();
    let told =
        check(&[LOOPBACK, &format!("runtime.cluster.secret_file={path}"), &format!("{OUTPUT}={path}")]);
    assert!(told.contains("is the same file as the secret file"), "{told}");
}
