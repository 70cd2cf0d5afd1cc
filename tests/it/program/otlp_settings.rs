//! The configuration of receivers: what is wrong is said before anything runs, and secrets are said nowhere.

use insta::assert_snapshot;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;
use super::otlp_receiver::Receiver;

/// Returns the first words of each mistake.
fn mistakes(otlp: &str, more: &[&str]) -> String {
    let folder = Folder::new();
    let sink = format!("runtime.tracing.sink={{kind: otlp, otlp: {otlp}}}");
    let outcome = Program::new(&folder)
        .args(["check"])
        .set(["runtime.tracing.enabled=true", &sink])
        .set(more)
        .exits_with(2);
    let lines = outcome.stderr.lines().filter(|line| line.starts_with("error: "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn mistakes_are_reported_before_anything_runs() {
    let all = [
        mistakes("{queue: 0, batch: 0, timeout_ms: 0}", &[]),
        mistakes("{endpoint: 'grpc://h:4317'}", &[]),
        mistakes("{endpoint: 'http://:4318'}", &[]),
        mistakes("{endpoint: 'http://h:port'}", &[]),
        mistakes("{endpoint: 'http://h/a b'}", &[]),
        mistakes("{endpoint: 'http://h/?api_key=s3cret'}", &[]),
        mistakes("{sample: {ratio: 1.5, always: [slow]}}", &[]),
        mistakes("{sample: {always: [errors, declined]}}", &[]),
        mistakes("{}", &["runtime.workers=2"]),
        mistakes("{}", &["runtime.tracing.sinks=[{kind: otlp}]"]),
    ];
    assert_snapshot!(all.join("\n"), @"
    error: `runtime.tracing.sink.otlp.timeout_ms`: found the number `0`
    error: `runtime.tracing.sink.otlp.queue`: found the number `0`
    error: `runtime.tracing.sink.otlp.batch`: found the number `0`
    error: `runtime.tracing.sink.otlp.endpoint`: not a URL that begins with `http://` or `https://`
    error: `runtime.tracing.sink.otlp.endpoint`: a URL without a host
    error: `runtime.tracing.sink.otlp.endpoint`: a URL with a port that is not a number up to 65535
    error: `runtime.tracing.sink.otlp.endpoint`: a URL with characters that no URL has
    error: `runtime.tracing.sink.otlp.endpoint`: a URL with credentials
    error: `runtime.tracing.sink.otlp.sample.ratio`: found the number `1.5`
    error: `runtime.tracing.sink.otlp.sample.always.0`: found text `slow`
    error: `runtime.tracing.sink.otlp.sample.always.1`: without tags in the records, nobody knows which inputs were declined
    error: `runtime.tracing.sink.kind`: on several workers, records cannot go to a receiver while the run goes on
    error: `runtime.tracing.sinks.0.kind`: a second sink of the kind `otlp`
    ");
}

#[test]
fn headers_are_told_nowhere() {
    let folder = Folder::with_input(attempts(2));
    let secret = "s3cret-token";
    let text = format!(
        "version: 1\nscenario: {{name: x}}\nruntime:\n  tracing:\n    enabled: true\n    sink:\n      kind: otlp\n      otlp:\n        \
         endpoint: http://127.0.0.1:1/\n        timeout_ms: 1\n        headers:\n          authorization: Bearer {secret}\n          \
         x-key: {secret}\n"
    );
    folder.write("a.yaml", &text);
    let run = ["run", "--config", "a.yaml", "--summary", "json"];
    let show = ["config", "show", "--config", "a.yaml"];
    let origin = ["config", "show", "--origin", "--config", "a.yaml"];
    let checkpoint = ["run", "--config", "a.yaml", "--set", "runtime.checkpoint.dir=run.ckpt"];
    for args in [&run[..], &show, &origin, &["check", "--config", "a.yaml"], &checkpoint] {
        let outcome = Program::new(&folder).args(args).exits_with(0);
        assert!(!(outcome.stdout + &outcome.stderr).contains(secret), "{args:?}");
    }
    let shown = Program::new(&folder).args(show).exits_with(0).stdout;
    assert!(shown.contains("authorization: \"***\""), "{shown}");
    for name in std::fs::read_dir(folder.path_of("run.ckpt")).unwrap() {
        let content = std::fs::read(name.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains(secret));
    }
    // On the command line and in the environment, and in whatever is wrong.
    let key = "runtime.tracing.sink.otlp.headers";
    for wrong in [
        format!("{key}={{authorization: \"Bearer {secret}\\r\\nx: y\"}}"),
        format!("{key}={secret}"),
        format!("{key}={{'a b': {secret}}}"),
        format!("runtime.tracing.sink.otlp={{headrs: {{authorization: {secret}}}}}"),
    ] {
        let told =
            Program::new(&folder).args(["check", "--config", "a.yaml"]).set([&wrong]).exits_with(2).stderr;
        assert!(!told.contains(secret), "{wrong}: {told}");
    }
    let variable = "FUND_LOAD__RUNTIME__TRACING__SINK__OTLP__HEADERS";
    let told = Program::new(&folder).args(origin).env(variable, format!("{{x: {secret}}}")).exits_with(0);
    assert!(!told.stdout.contains(secret), "{}", told.stdout);
    folder.write("b.yaml", text.replace("x-key: ", "x-key: 1\n          x-key: "));
    let told = Program::new(&folder).args(["check", "--config", "b.yaml"]).exits_with(2).stderr;
    assert!(!told.contains(secret), "{told}");
}

#[test]
fn the_environment_says_what_the_configuration_leaves_open() {
    let folder = Folder::with_input(attempts(2));
    let [configured, of_environment] = [(); 2].map(|()| Receiver::willing());
    let run = |sink: &str| {
        Program::new(&folder)
            .args(["run"])
            .set(["runtime.tracing.enabled=true", &format!("runtime.tracing.sink={sink}")])
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", of_environment.url())
            .env("OTEL_EXPORTER_OTLP_HEADERS", "x-a=b")
            .env("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")
            .exits_with(0)
            .stderr
    };
    let told = run("{kind: otlp}");
    let remark =
        "note: the environment variable `OTEL_EXPORTER_OTLP_TIMEOUT` is not heeded: it is not a number";
    assert!(told.contains(remark), "{told}");
    let note = "note: spans show neither outcomes nor what steps noted";
    assert!(told.contains(note), "{told}");
    assert_eq!(of_environment.requests()[0].header("x-a"), Some("b"));
    run(&configured.sink(""));
    assert_eq!((configured.requests().len(), of_environment.requests().len()), (1, 1));
}

#[test]
fn check_names_the_receiver() {
    let folder = Folder::new();
    let sinks =
        "runtime.tracing.sinks=[{kind: stdout}, {kind: otlp, otlp: {endpoint: 'HTTPS://h/?tenant=a'}}]";
    let told = Program::new(&folder)
        .args(["check"])
        .set(["runtime.tracing.enabled=true", sinks])
        .exits_with(0)
        .stdout;
    let line = told.lines().find(|line| line.starts_with("tracing: ")).unwrap();
    assert_snapshot!(line, @"tracing: signature type_only, context none, to standard output, and sent to HTTPS://h/?tenant=a");
}
