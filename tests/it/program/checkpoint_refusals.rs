//! Refused checkpoints: the message has a remedy, and nothing is touched.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;
use twox_hash::XxHash3_64;

use super::attempts::{attempt, attempt_of, attempts};
use super::checkpointing::{
    DIR, commit, commit_snapshot, cut_off, damage, fingerprints, run_checkpointed, snapshot_name,
};
use super::folder::Folder;
use super::harness::Program;

const TIME: &str = "2000-01-01T00:00:00Z";
const TRACED: [&str; 2] = ["--trace-path", "trace.jsonl"];

/// Checks that a run with these arguments is refused and touches nothing; returns the message.
#[track_caller]
fn refused(folder: &Folder, args: &[&str]) -> String {
    let before = fingerprints(folder);
    let outcome = run_checkpointed(folder).args(args).exits_with(2);
    assert!(fingerprints(folder) == before, "something was touched: {}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
    outcome.stderr
}

/// Returns the message after `change` was made to the files of a finished, traced run.
#[track_caller]
fn refused_after(change: impl FnOnce(&Folder)) -> String {
    let folder = Folder::with_input(attempts(3));
    run_checkpointed(&folder).args(TRACED).exits_with(0);
    change(&folder);
    refused(&folder, &TRACED)
}

/// Cuts the last bytes off a file.
fn cut(folder: &Folder, name: &str, bytes: usize) {
    let content = fs::read(folder.path_of(name)).unwrap();
    folder.write(name, &content[..content.len() - bytes]);
}

#[test]
fn another_input() {
    let other = refused_after(|folder| folder.write("input.txt", attempts(3).replace("1.00", "2.00")));
    let shorter = refused_after(|folder| cut(folder, "input.txt", 1));
    assert_snapshot!(other + &shorter, @"
    error: the input `input.txt` differs from the one that was committed within its first 240 bytes (name the input of the checkpoint, or use another `runtime.checkpoint.dir`); nothing was touched (--restart starts over)
    error: the input `input.txt` has 239 bytes, but 240 were committed (name the input of the checkpoint, or use another `runtime.checkpoint.dir`); nothing was touched (--restart starts over)
    ");
}

/// Nothing is created for a run without an input. Only a missing file may mean that the wrong one was named.
#[test]
fn an_input_that_cannot_be_opened() {
    let folder = Folder::with_input(attempts(3));
    let told = ["nowhere.txt", "input.txt/nowhere.txt"].map(|input| {
        let outcome = run_checkpointed(&folder).args(TRACED).args(["--input", input]).exits_with(1);
        assert_eq!(folder.names(), ["input.txt"]);
        outcome.stderr
    });
    assert_snapshot!(told.concat(), @"
    error: the input `nowhere.txt` cannot be opened (name it with --input FILE): No such file or directory (os error 2)
    error: the input `input.txt/nowhere.txt` cannot be opened: Not a directory (os error 20)
    ");
}

#[test]
fn another_configuration() {
    let folder = Folder::with_input(attempts(3));
    run_checkpointed(&folder).exits_with(0);
    let told = [
        &["--set", "nodes.evaluate_policies.limits.daily_attempts=4"][..],
        &["--set", "nodes.evaluate_policies.limits.daily_amount=null", "--set", "scenario.description=other"],
        &["--set", "runtime.checkpoint.every_lines=7", "--run-id", "other"],
        &TRACED,
    ]
    .map(|change| refused(&folder, change));
    assert_snapshot!(told.concat(), @"
    error: the checkpoint `run.ckpt` was made with another configuration: `nodes.evaluate_policies.limits.daily_attempts` was `3`, and is `4` (go back to that one, or use another `runtime.checkpoint.dir`); nothing was touched (--restart starts over)
    error: the checkpoint `run.ckpt` was made with another configuration: `scenario.description` was `null`, and is `other`; `nodes.evaluate_policies.limits.daily_amount` was `5000.00`, and is `null` (go back to that one, or use another `runtime.checkpoint.dir`); nothing was touched (--restart starts over)
    error: the checkpoint `run.ckpt` was made with another configuration: `runtime.checkpoint.every_lines` was `100`, and is `7`; `--run-id` was `run`, and is `other` (go back to that one, or use another `runtime.checkpoint.dir`); nothing was touched (--restart starts over)
    error: the checkpoint `run.ckpt` was made with another configuration: `runtime.tracing.enabled` was `false`, and is `true`; `runtime.tracing.sink.kind` was not set, and is `jsonl`; `runtime.tracing.sink.jsonl.path` was not set, and is `trace.jsonl`; `runtime.tracing.sink.jsonl.write_mode` was not set, and is `line`; `runtime.tracing.sink.jsonl.flush_every_n` was not set, and is `1`; `runtime.tracing.sink.jsonl.fsync_every_n` was not set, and is `null`; `runtime.tracing.sink.jsonl.compress` was not set, and is `none`; `runtime.tracing.sink.jsonl.compress_level` was not set, and is `1`; `runtime.tracing.sink.jsonl.rotate` was not set, and is `null` (go back to that one, or use another `runtime.checkpoint.dir`); nothing was touched (--restart starts over)
    ");
}

#[test]
fn paths_that_mean_the_same_are_not_refused() {
    let folder = Folder::with_input(attempts(3));
    run_checkpointed(&folder).args(TRACED).exits_with(0);
    let (dir, trace) = (folder.path_of(DIR), folder.path_of("trace.jsonl"));
    for [dir, trace] in [["./run.ckpt", ".//trace.jsonl"], [dir.to_str().unwrap(), trace.to_str().unwrap()]] {
        let dir = format!("runtime.checkpoint.dir={dir}");
        let outcome = run_checkpointed(&folder).args(["--set", &dir, "--trace-path", trace]).exits_with(0);
        assert!(outcome.stderr.contains("resuming after line 3"), "{}", outcome.stderr);
    }
    // The checkpoint itself may have another name by now.
    fs::rename(folder.path_of(DIR), folder.path_of("moved.ckpt")).unwrap();
    let moved = ["--set", "runtime.checkpoint.dir=moved.ckpt"];
    let outcome = run_checkpointed(&folder).args(TRACED).args(moved).exits_with(0);
    assert!(outcome.stderr.contains("resuming after line 3"), "{}", outcome.stderr);
}

/// The checkpoint keeps the working directory as text, and not every name is text.
#[test]
fn a_working_directory_that_is_not_utf_8() {
    let folder = Folder::with_input(attempts(3));
    let script = r#"d=$(printf '\377'); mkdir -p "$d" && cp input.txt "$d" && cd "$d""#;
    let run = || Program::after(&folder, script).args(["run"]).set([format!("runtime.checkpoint.dir={DIR}")]);
    run().exits_with(0);
    let told = run().exits_with(0).stderr;
    assert!(told.contains("resuming after line 3"), "{told}");
}

/// Relative paths begin in the working directory, and mean the same files if they are written from another one.
#[test]
fn paths_from_another_directory_are_not_refused() {
    let folder = Folder::new();
    fs::create_dir(folder.path_of("inner")).unwrap();
    folder.write("inner/input.txt", attempts(3));
    let run = |script: &str, prefix: &str| {
        Program::after(&folder, script)
            .args(["run", "--input", &format!("{prefix}input.txt"), "--output", &format!("{prefix}out.txt")])
            .args(["--trace-path", &format!("{prefix}trace.jsonl")])
            .set([format!("runtime.checkpoint.dir={prefix}{DIR}")])
            .exits_with(0)
            .stderr
    };
    run("cd inner", "");
    folder.write("inner/input.txt", attempts(5));
    let told = run(":", "inner/");
    assert!(told.contains("resuming after line 3"), "{told}");
    assert_eq!(folder.read("inner/trace.jsonl").lines().count(), 5 * 8);
    assert_eq!(folder.read("inner/out.txt").lines().count(), 5);
}

/// One trace would hold hashes under two keys.
#[test]
fn another_key() {
    let folder = Folder::with_input(attempts(3));
    folder.write("key", "a key");
    let keyed =
        ["--trace-path", "trace.jsonl", "--set", "runtime.tracing.redact={identity: hash, key_file: key}"];
    run_checkpointed(&folder).args(keyed).exits_with(0);
    folder.write("key", "another key");
    let told = refused(&folder, &keyed);
    assert!(
        told.contains("another configuration: the key in `runtime.tracing.redact.key_file` is another"),
        "{told}"
    );
    folder.write("key", "a key");
    run_checkpointed(&folder).args(keyed).exits_with(0);
}

/// That is no reason to start over: the checkpoint is intact.
#[test]
fn limits_below_the_present_numbers() {
    let attempt = |number: &str| attempt_of(number, number, "1.00", TIME) + "\n";
    let folder = Folder::with_input(attempt("1") + &attempt("2"));
    run_checkpointed(&folder).exits_with(0);
    folder.write("input.txt", attempt("1") + &attempt("2") + &attempt("1"));
    let told = ["max_ids", "max_customers"]
        .map(|limit| refused(&folder, &["--set", &format!("runtime.limits.{limit}=1")]));
    assert_snapshot!(told.concat(), @"
    fund-load: resuming after line 2, the last one of a complete run
    error: the checkpoint `run.ckpt` cannot be gone on from: what was decided before is not decided again: line 2: step `idempotency_gate` failed: StoreFull: the id is new, and as many are remembered as `runtime.limits.max_ids` allows: 1 (set `nodes.idempotency_gate.remember_days` and start over, or raise it); nothing was touched
    fund-load: resuming after line 2, the last one of a complete run
    error: the checkpoint `run.ckpt` cannot be gone on from: what was decided before is not decided again: line 2: step `update_windows` failed: StoreFull: the customer is new, and as many are remembered as `runtime.limits.max_customers` allows: 1 (raise it); nothing was touched
    ");
    run_checkpointed(&folder).set(["runtime.limits={max_ids: 2, max_customers: 2}"]).exits_with(0);
}

/// For instance a program rebuilt under the same version, with other rules.
#[test]
fn an_output_that_cannot_be_reproduced() {
    let told = refused_after(|folder| {
        commit(folder, |committed| {
            let other = committed.input.prefix;
            committed.output.since_snapshot = other;
        });
        folder.write("input.txt", attempts(4));
    });
    assert_snapshot!(told, @"
    fund-load: resuming after line 3, the last one of a complete run
    error: the checkpoint `run.ckpt` cannot be gone on from: the committed lines, decided again, come to another output (was the program built anew, with other rules?); nothing was touched (--restart starts over)
    ");
}

/// The version before had slots of 8 KiB.
#[test]
fn a_checkpoint_of_the_version_before() {
    let told = refused_after(|folder| {
        let mut slot = vec![0; 8 * 1024];
        slot[..16].copy_from_slice(b"stream-kernel-ck");
        slot[16] = 2;
        let checksum = XxHash3_64::oneshot(&slot[..8 * 1024 - 8]);
        slot[8 * 1024 - 8..].copy_from_slice(&checksum.to_le_bytes());
        folder.write(&format!("{DIR}/manifest"), slot.repeat(2));
    });
    assert_snapshot!(told, @"error: `run.ckpt/manifest` has format 2, which this program does not know (use the version of the program that wrote it, or start over); nothing was touched (--restart starts over)");
}

#[test]
fn an_output_that_is_shorter_or_gone() {
    let shorter = refused_after(|folder| cut(folder, "output.txt", 1));
    let gone = refused_after(|folder| fs::remove_file(folder.path_of("output.txt")).unwrap());
    let unfinished = Folder::with_input(attempts(2_000));
    cut_off(&unfinished, &[]);
    unfinished.write("output.txt.partial", "");
    let told = refused(&unfinished, &[]);
    assert!(told.starts_with("error: `output.txt.partial` has 0 bytes, but "), "{told}");
    assert_snapshot!(shorter + &gone, @"
    error: `output.txt` has 134 bytes, but 135 were committed (restore it from a copy, or start over); nothing was touched (--restart starts over)
    error: the output `output.txt`, of which 135 bytes were committed, is not there (put it back); nothing was touched (--restart starts over)
    ");
}

#[test]
fn a_trace_that_is_shorter_or_gone() {
    let shorter = refused_after(|folder| cut(folder, "trace.jsonl", 1));
    let gone = refused_after(|folder| fs::remove_file(folder.path_of("trace.jsonl")).unwrap());
    assert_snapshot!(lengths_masked(&(shorter + &gone)), @"
    error: `trace.jsonl` has <n> bytes, but <n> were committed (restore it from a copy, or start over); nothing was touched (--restart starts over)
    error: the trace `trace.jsonl`, of which <n> bytes were committed, is not there (put it back); nothing was touched (--restart starts over)
    ");
}

/// Times take more digits or fewer, and so do records.
fn lengths_masked(text: &str) -> String {
    let words = text.split(' ').map(|word| if word.parse::<u64>().is_ok() { "<n>" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Gives the checkpoint a snapshot, and the run something to do that needs it.
fn grow_behind_snapshot(folder: &Folder) {
    commit_snapshot(folder, b"any record");
    folder.write("input.txt", attempts(4));
}

#[test]
fn a_damaged_checkpoint() {
    let slots = refused_after(|folder| {
        for offset in [100, 12 * 1024 + 100] {
            damage(&folder.path_of(&format!("{DIR}/manifest")), offset, b"torn");
        }
    });
    let snapshot = refused_after(|folder| {
        grow_behind_snapshot(folder);
        damage(&folder.path_of(&snapshot_name(folder)), 20, b"torn");
    });
    let snapshot_gone = refused_after(|folder| {
        grow_behind_snapshot(folder);
        fs::remove_file(folder.path_of(&snapshot_name(folder))).unwrap();
    });
    assert_snapshot!(slots + &snapshot + &snapshot_gone, @"
    error: `run.ckpt/manifest` is damaged: neither of its slots is whole (restore it from a copy, or start over); nothing was touched (--restart starts over)
    error: the snapshot `run.ckpt/snapshot-4` is damaged at byte 0: a block's checksum differs (restore it from a copy, or start over); nothing was touched (--restart starts over)
    error: the snapshot `run.ckpt/snapshot-4` is damaged at byte 0: it is missing (restore it from a copy, or start over); nothing was touched (--restart starts over)
    ");
}

/// Together they would make one line, whose first part is already decided; or the CR of the line becomes part of its
/// line end.
#[test]
fn lines_appended_to_a_last_line_without_a_line_end() {
    for ending in ["", "\r"] {
        let folder = Folder::with_input(attempts(2).trim_end().to_owned() + ending);
        run_checkpointed(&folder).exits_with(0);
        folder.write(
            "input.txt",
            folder.read("input.txt") + if ending.is_empty() { " " } else { "\n" } + &attempt("3"),
        );
        let told = refused(&folder, &[]);
        if ending == "\r" {
            assert_snapshot!(told, @"error: the last line of `input.txt` that is committed, line 2, ended in CR, which was taken as a part of it; with the LF that was appended, the CR is none any longer (only a run that starts over can take the line so); nothing was touched (--restart starts over)");
        } else {
            assert_snapshot!(told, @"error: the last line of `input.txt` that is committed, line 2, had no line end, and what was appended continues it: it is another line now (restore the input as it was, or start over); nothing was touched (--restart starts over; for an input that grows there is `adapters.input_source.settings.unterminated_line: leave`)");
        }
    }
}

#[test]
fn links_in_a_checkpoint_are_not_followed() {
    for name in ["lock", "manifest", "snapshot"] {
        let told = refused_after(|folder| {
            grow_behind_snapshot(folder);
            let name = if name == "snapshot" { snapshot_name(folder) } else { format!("{DIR}/{name}") };
            let path = folder.path_of(&name);
            fs::rename(&path, folder.path_of("precious")).unwrap();
            symlink("../precious", path).unwrap();
        });
        if name == "lock" {
            assert_snapshot!(told, @"error: `run.ckpt/lock` cannot be opened: Too many levels of symbolic links (os error 40) (a symbolic link is not followed; put a file in its place); nothing was touched");
        }
    }
}

/// Nobody has the other end of the pipe: waiting for it would take forever.
#[test]
fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
    for name in ["lock", "manifest", "snapshot"] {
        let told = refused_after(|folder| {
            grow_behind_snapshot(folder);
            let name = if name == "snapshot" { snapshot_name(folder) } else { format!("{DIR}/{name}") };
            fs::remove_file(folder.path_of(&name)).unwrap();
            folder.make_pipe(&name);
        });
        if name == "lock" {
            assert_snapshot!(told, @"error: `run.ckpt/lock` cannot be opened: it is not a regular file (put a file in its place); nothing was touched");
        }
    }
}

/// For instance from a run without a checkpoint. It is not part of the finished output, which it must not replace.
#[test]
fn a_left_over_file_beside_a_finished_output() {
    let folder = Folder::with_input(attempts(3));
    run_checkpointed(&folder).exits_with(0);
    let output = folder.read("output.txt");
    folder.write("output.txt.partial", "X".repeat(20_000));
    let told = refused(&folder, &[]);
    assert_snapshot!(told, @"error: `output.txt.partial` is in the way: the output of this run is `output.txt` (remove `output.txt.partial`, or move it away); nothing was touched (--restart starts over)");
    let verified = Program::new(&folder).args(["checkpoint", "verify", DIR]).exits_with(1).stdout;
    assert!(verified.contains("wrong: `output.txt.partial` is in the way"), "{verified}");
    folder.write("input.txt", attempts(4));
    assert_eq!(refused(&folder, &[]), told, "nor may more be added to it");
    fs::remove_file(folder.path_of("output.txt.partial")).unwrap();
    run_checkpointed(&folder).exits_with(0);
    assert_eq!(folder.read("output.txt"), output + &super::attempts::accepted(4));
}

#[test]
fn an_unfinished_output_that_has_become_a_link_is_not_followed() {
    let folder = Folder::with_input(attempts(2_000));
    cut_off(&folder, &[]);
    fs::rename(folder.path_of("output.txt.partial"), folder.path_of("precious")).unwrap();
    symlink("precious", folder.path_of("output.txt.partial")).unwrap();
    assert_snapshot!(refused(&folder, &[]), @"error: `output.txt.partial` cannot be opened: Too many levels of symbolic links (os error 40) (a symbolic link is not followed; put a file in its place); nothing was touched");
}
