//! Redaction of customers' data: a hidden value is nowhere in the trace, and nothing else changes.

use std::collections::HashSet;

use insta::assert_snapshot;

use super::attempts::attempt_of;
use super::folder::Folder;
use super::harness::Program;
use super::records::{records, tag};

/// Ids that occur nowhere else in a trace, not even by chance; the last one is invalid.
const SECRETS: [&str; 5] = ["158870000123", "158870000124", "528000009991", "528000009992", "secret-id"];
const KEY: &str = "the operator's own secret";
const MASKED: &str = "runtime.tracing.redact={identity: mask, tags: [id, customer_id]}";
const HASHED: &str = "runtime.tracing.redact={identity: hash, tags: [id, customer_id], key_file: key}";

fn input() -> String {
    let [id, other_id, customer, other_customer, bad_id] = SECRETS;
    let line = |id, customer| attempt_of(id, customer, "1.00", "2000-01-01T00:00:00Z") + "\n";
    line(id, customer)
        + &line(other_id, customer)
        + &line(id, other_customer)
        + &line(bad_id, customer)
        + "x\n"
}

fn folder() -> Folder {
    let folder = Folder::with_input(input());
    folder.write("key", KEY);
    folder
}

/// Returns the output, the trace and the messages of a run with these settings.
fn run(settings: &[&str]) -> (String, String, String) {
    let folder = folder();
    let outcome =
        Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).set(settings).exits_with(0);
    (folder.read("output.txt"), folder.read("trace.jsonl"), outcome.stderr)
}

#[test]
fn hidden_values_are_not_in_the_trace() {
    let (output, plain, _) =
        run(&["runtime.tracing.context_diff.mode=full", "runtime.tracing.signature.mode=hash"]);
    assert!(SECRETS.iter().all(|secret| plain.contains(secret)), "they are there to be hidden");
    for redaction in [MASKED, HASHED] {
        for signature in ["type_only", "type_and_identity", "hash"] {
            for context in ["{mode: none}", "{mode: full}", "{mode: whitelist, whitelist: [tags]}"] {
                let signature = format!("runtime.tracing.signature.mode={signature}");
                let context = format!("runtime.tracing.context_diff={context}");
                let (hidden_output, trace, _) = run(&[redaction, &signature, &context]);
                assert_eq!(hidden_output, output, "{redaction} {signature} {context}");
                for secret in SECRETS.iter().chain(&[KEY]) {
                    assert!(!trace.contains(secret), "{redaction} {signature} {context}: {secret}");
                }
            }
        }
    }
}

#[test]
fn hashes_of_values_depend_on_the_key() {
    let settings = [HASHED, "runtime.tracing.context_diff.mode=full", "runtime.tracing.signature.mode=hash"];
    let (_, trace, said) = run(&settings);
    assert!(!said.contains("note:"), "{said}");
    let records = records(&trace);
    let id = |line_no: u64| {
        let record = records.iter().find(|record| record.line_no == line_no).unwrap();
        assert_eq!(
            record.msg_in.identity.as_deref(),
            Some(&*line_no.to_string()),
            "a line's number is no secret"
        );
        let id = tag(record, "id").unwrap();
        assert_eq!(record.msg_out[0].identity.as_ref(), Some(&id), "the same id, wherever it stands");
        id
    };
    assert_eq!(id(1), id(3));
    assert_eq!(HashSet::from([id(1), id(2), id(4)]).len(), 3);
    let unreadable = records.iter().find(|record| record.line_no == 5).unwrap();
    assert_eq!(tag(unreadable, "id").as_deref(), Some(""), "there is nothing to hide");

    let folder = folder();
    folder.write("key", "another key");
    Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).set(settings).exits_with(0);
    let other = self::records(&folder.read("trace.jsonl"));
    assert_ne!(tag(&other[0], "id"), Some(id(1)));
    assert_ne!(other[0].msg_in.hash, records[0].msg_in.hash, "contents are hashed under the key, too");
}

/// A hash that anybody can compute would reveal which of a few ids it is.
#[test]
fn hidden_ids_without_a_key_leave_no_hashes() {
    for hidden in ["{identity: mask}", "{tags: [customer_id]}"] {
        let redaction = format!("runtime.tracing.redact={hidden}");
        let (_, trace, said) = run(&[&redaction, "runtime.tracing.signature.mode=hash"]);
        assert!(records(&trace).iter().all(|record| record.msg_in.hash.is_none()), "{hidden}");
        assert!(said.contains("note: the trace hides values, so that it has no hashes"), "{said}");
    }
    let (_, trace, _) =
        run(&["runtime.tracing.redact.tags=[id]", "runtime.tracing.signature.mode=type_and_identity"]);
    assert!(trace.contains(SECRETS[0]), "identities are hidden only if that is asked for");
}

#[test]
fn a_hash_needs_a_key() {
    let folder = folder();
    let settings = ["runtime.tracing.redact.identity=hash"];
    let outcome = Program::new(&folder).args(["run"]).set(settings).exits_with(2);
    assert_snapshot!(outcome.stderr, @"
    error: `runtime.tracing.redact.identity`: `hash` needs a key, and there is no key file
      --> command line: --set runtime.tracing.redact.identity=hash
      expected: `runtime.tracing.redact.key_file`, the path of a file that holds a secret
      hint: make one with `head -c 32 /dev/urandom > FILE`, or set `mask`: without a key, ids could be tried out

    fund-load: 1 mistake in the configuration; no input was read and no file was touched
    ");
    assert_eq!(folder.names(), ["input.txt", "key"]);
}

#[test]
fn an_empty_key_file_is_named_before_anything_is_touched() {
    let folder = folder();
    folder.write("empty", "");
    folder.write("longest", "k".repeat(4_096));
    folder.write("too-long", "k".repeat(4_097));
    let run = |key_file: &str| {
        let key_file = format!("runtime.tracing.redact.key_file={key_file}");
        let identity = "runtime.tracing.redact.identity=hash".to_owned();
        Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).set([identity, key_file]).run()
    };
    for (key_file, why) in [
        ("missing", "the key file `missing` cannot be read: No such file or directory"),
        (".", "the key file `.` cannot be read: Is a directory"),
        ("empty", "the key file `empty` holds no key: it is empty"),
        ("too-long", "the key file `too-long` holds no key: it is longer than 4096 bytes"),
        ("/dev/zero", "the key file `/dev/zero` holds no key: it is longer than 4096 bytes"),
    ] {
        let outcome = run(key_file);
        assert_eq!(outcome.exit, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(why), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("--set runtime.tracing.redact.key_file="), "{}", outcome.stderr);
        assert_eq!(folder.names(), ["empty", "input.txt", "key", "longest", "too-long"]);
    }
    assert_eq!(run("longest").exit, 0);
}

#[test]
fn the_key_file_is_not_written_to() {
    let folder = folder();
    let hashed = "runtime.tracing.redact={identity: hash, key_file: key}";
    let partial = "runtime.tracing.redact={identity: hash, key_file: key.partial}";
    folder.write("key.partial", KEY);
    for (setting, args) in
        [(hashed, ["--trace-path", "key"]), (hashed, ["--output", "./key"]), (partial, ["--output", "key"])]
    {
        let outcome = Program::new(&folder).args(["run"]).args(args).set([setting]).exits_with(2);
        assert!(outcome.stderr.contains("is the same file as the key file"), "{}", outcome.stderr);
        assert_eq!((folder.read("key"), folder.read("key.partial")), (KEY.to_owned(), KEY.to_owned()));
    }
}

#[test]
fn no_command_tells_the_key() {
    let folder = folder();
    let settings = [HASHED, "runtime.tracing.enabled=true"];
    for args in [
        ["check"].as_slice(),
        &["config", "show"],
        &["config", "show", "--origin"],
        &["config", "show", "--json"],
        &["config", "env"],
        &["run", "--trace-path", "trace.jsonl"],
    ] {
        let outcome = Program::new(&folder).args(args).set(settings).exits_with(0);
        assert!(!(outcome.stdout + &outcome.stderr).contains(KEY), "{args:?}");
    }
    let outcome = Program::new(&folder).args(["check"]).set(settings).exits_with(0);
    assert!(
        outcome.stdout.contains("identities hashed, tags [id, customer_id] hashed"),
        "{}",
        outcome.stdout
    );
}

/// The visible part of the trace is explained, and the hidden part is not guessed.
#[test]
fn every_command_reads_a_redacted_trace() {
    let everything = "[id, customer_id, day, week, idempotency, differs, monday, prime, accepted, reason]";
    for identity in ["{identity: mask, tags: TAGS}", "{identity: hash, tags: TAGS, key_file: key}"] {
        let folder = folder();
        let settings = [
            &*format!("runtime.tracing.redact={}", identity.replace("TAGS", everything)),
            "runtime.tracing.context_diff.mode=full",
        ];
        Program::new(&folder)
            .args(["run", "--trace-path", "trace.jsonl"])
            .set(settings)
            .set(["runtime.tracing.signature.mode=type_and_identity"])
            .exits_with(0);
        for args in [
            ["trace", "show", "trace.jsonl"].as_slice(),
            &["trace", "stats", "trace.jsonl"],
            &["trace", "diff", "trace.jsonl", "trace.jsonl"],
            &["trace", "check", "trace.jsonl"],
            &["trace", "export", "trace.jsonl", "--format", "otlp"],
            &["trace", "export", "trace.jsonl", "--format", "chrome"],
            &["trace", "view", "trace.jsonl", "--output", "report.html"],
            &["explain", "trace.jsonl", "--line", "1"],
            &["explain", "trace.jsonl", "--line", "3"],
            &["explain", "trace.jsonl", "--line", "4"],
        ] {
            let outcome = Program::new(&folder).args(args).exits_with(0);
            assert!(
                !SECRETS.iter().any(|secret| outcome.stdout.contains(secret)),
                "{args:?}: {}",
                outcome.stdout
            );
        }
        let explain =
            |asked: [&str; 2]| Program::new(&folder).args(["explain", "trace.jsonl"]).args(asked).run();
        assert!(explain(["--line", "1"]).stdout.contains("The trace hides the decision"));
        for id in [SECRETS[0], "***"] {
            let outcome = explain(["--id", id]);
            assert_eq!(outcome.exit, 1);
            assert!(outcome.stderr.contains("(it hides ids: ask for a hash"), "{}", outcome.stderr);
        }
        let shown =
            Program::new(&folder).args(["trace", "show", "trace.jsonl", "--id", SECRETS[0]]).exits_with(0);
        assert!(shown.stderr.contains("the trace hides ids"), "{}", shown.stderr);
    }
}
