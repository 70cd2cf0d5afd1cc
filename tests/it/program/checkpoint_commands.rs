//! `checkpoint show` and `checkpoint verify`: their output for a checkpoint that is whole, damaged or absent, and that
//! they touch nothing.

use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;
use serde_json::Value;

use super::attempts::attempts;
use super::checkpointing::{
    DIR, commit, commit_snapshot, cut_off, damage, fingerprints, lasting, run_checkpointed, set_checkpoint,
    snapshot_name,
};
use super::folder::Folder;
use super::harness::Program;

/// Returns the command's output about the checkpoint, on both streams; it must exit with this code and touch nothing.
#[track_caller]
fn told(folder: &Folder, args: &[&str], exit: i32) -> String {
    let before = fingerprints(folder);
    let outcome = Program::new(folder).args(["checkpoint"]).args(args).exits_with(exit);
    assert!(fingerprints(folder) == before, "something was touched");
    lasting(&(outcome.stdout + &outcome.stderr))
}

fn finished() -> Folder {
    let folder = Folder::with_input(attempts(2) + "no attempt\n");
    run_checkpointed(&folder).exits_with(0);
    folder
}

#[test]
fn a_finished_run_is_shown() {
    let folder = finished();
    assert_snapshot!(told(&folder, &["show", DIR], 0), @"
    checkpoint `run.ckpt`
      program        fund-load 0.1.0
      configuration  <digest>
      commit         3 at <time>, complete
      lines          3
      input          input.txt: 171 bytes, hash <digest>
      output         output.txt: 134 bytes
      counted        accepted: 2
                     declined: 1
                     INPUT_PARSE_ERROR: 1
    ");
    let verified = told(&folder, &["verify", DIR], 0);
    assert_snapshot!(verified.lines().last().unwrap(), @"verified: every checksum, and the files as far as they are committed");
}

/// A configuration has one digest, wherever it is shown, and wherever the files are.
#[test]
fn every_command_names_one_digest() {
    let folder = finished();
    let show = || set_checkpoint(Program::new(&folder).args(["config", "show"]));
    let digest = show().exits_with(0).stdout.lines().next().unwrap().trim_start_matches("# ").to_owned();
    assert!(digest.starts_with("sha256:") && digest.len() == 71, "{digest}");
    let shown = Program::new(&folder).args(["checkpoint", "show", DIR]).exits_with(0).stdout;
    assert!(shown.contains(&format!("\n  configuration  {digest}\n")), "{shown}");
    let elsewhere = show().args(["--input", "other.txt", "--output", "/other/out.txt"]).exits_with(0).stdout;
    assert!(elsewhere.starts_with(&format!("# {digest}\n")), "{elsewhere}");
}

#[test]
fn a_run_that_was_cut_off_is_shown_with_its_trace() {
    let folder = Folder::with_input(attempts(2_000));
    cut_off(&folder, &["--trace-path", "trace.jsonl"]);
    let shown = told(&folder, &["show", DIR], 0);
    for part in
        [", not complete\n", "\n  output         output.txt.partial: ", "\n  trace          trace.jsonl: "]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    told(&folder, &["verify", DIR], 0);
}

#[test]
fn machines_get_json() {
    let folder = finished();
    let shown = told(&folder, &["show", DIR, "--json"], 0);
    // Every new key makes the configuration longer.
    let bytes = format!("\"bytes\": {},\n        \"hash\"", folder.length("run.ckpt/configuration"));
    let shown = shown.replace(&bytes, "\"bytes\": <bytes>,\n        \"hash\"");
    assert_snapshot!(shown, @r#"
    {
      "in_use": false,
      "slots": [
        "whole",
        "whole"
      ],
      "last": {
        "commit": 3,
        "snapshot": null,
        "committed": {
          "program": {
            "name": "fund-load",
            "version": "0.1.0"
          },
          "configuration": {
            "digest": <digest>,
            "bytes": <bytes>,
            "hash": <digest>
          },
          "input": {
            "path": "input.txt",
            "bytes": 171,
            "prefix": <digest>,
            "ends_in_lf": true
          },
          "lines": 3,
          "output": {
            "path": "output.txt",
            "partial": "output.txt.partial",
            "bytes": 134,
            "since_snapshot": <digest>,
            "is_named": true
          },
          "trace": null,
          "totals": [
            {
              "name": "abandoned",
              "count": 0,
              "level": 0
            },
            {
              "name": "undeliverable messages dropped",
              "count": 0,
              "level": 0
            },
            {
              "name": "accepted",
              "count": 2,
              "level": 0
            },
            {
              "name": "declined",
              "count": 1,
              "level": 0
            },
            {
              "name": "INPUT_PARSE_ERROR",
              "count": 1,
              "level": 1
            }
          ],
          "replay": {
            "lines": 0,
            "input_bytes": 0,
            "output_bytes": 0,
            "abandoned": 0,
            "undeliverable": 0
          },
          "committed_at_ms": <time>,
          "complete": true
        }
      }
    }
    "#);
    let nothing = Folder::new();
    fs::create_dir(nothing.path_of(DIR)).unwrap();
    let shown: Value = serde_json::from_str(&told(&nothing, &["show", DIR, "--json"], 0)).unwrap();
    assert_eq!(shown["last"], Value::Null);
}

#[test]
fn where_nothing_is_committed_there_is_nothing_to_verify() {
    let folder = Folder::new();
    fs::create_dir(folder.path_of("empty")).unwrap();
    fs::create_dir(folder.path_of("foreign")).unwrap();
    folder.write("foreign/notes.txt", "not ours");
    assert_snapshot!(told(&folder, &["show", "empty"], 0), @"
    checkpoint `empty`
    nothing is committed (a run with this `runtime.checkpoint.dir` begins with the first line)
    ");
    for dir in ["empty", "foreign"] {
        assert!(told(&folder, &["verify", dir], 1).contains("nothing is committed"));
    }
    let none = told(&folder, &["show", "nowhere"], 2) + &told(&folder, &["verify", "foreign/notes.txt"], 2);
    assert_snapshot!(none, @"
    error: `nowhere` cannot be read: No such file or directory (os error 2)
    error: `foreign/notes.txt/lock` cannot be read: Not a directory (os error 20)
    ");
}

#[test]
fn damage_is_found() {
    let folder = finished();
    let manifest = folder.path_of(&format!("{DIR}/manifest"));
    // A commit that was cut off leaves a single damaged slot.
    damage(&manifest, 12 * 1024 + 100, b"torn");
    told(&folder, &["show", DIR], 0);
    damage(&manifest, 100, b"torn");
    assert_snapshot!(told(&folder, &["show", DIR], 1) + &told(&folder, &["verify", DIR], 1), @"
    checkpoint `run.ckpt`
    nothing that is committed can be read (restore it from a copy, or start over: `run --restart`)
    checkpoint `run.ckpt`
    nothing that is committed can be read (restore it from a copy, or start over: `run --restart`)
    wrong: `run.ckpt/manifest` is damaged: neither of its slots is whole (restore it from a copy, or start over)
    ");
}

#[test]
fn files_that_a_run_could_not_go_on_from_are_found_all_at_once() {
    let folder = finished();
    folder.write("input.txt", attempts(3));
    folder.write("output.txt", "");
    commit_snapshot(&folder, b"any record");
    damage(&folder.path_of(&snapshot_name(&folder)), 20, b"torn");
    let told = told(&folder, &["verify", DIR], 1);
    let wrong: Vec<_> = told.lines().filter(|line| line.starts_with("wrong: ")).collect();
    assert_snapshot!(wrong.join("\n"), @"
    wrong: the snapshot `run.ckpt/snapshot-4` is damaged at byte 0: a block's checksum differs (restore it from a copy, or start over)
    wrong: `output.txt` has 0 bytes, but 134 were committed (restore it from a copy, or start over)
    wrong: the input `input.txt` differs from the one that was committed within its first 171 bytes
    ");
}

/// A run would not follow them either.
#[test]
fn links_and_pipes_in_the_place_of_files_are_found() {
    for name in ["output.txt", "trace.jsonl", "snapshot"] {
        let folder = Folder::with_input(attempts(2));
        run_checkpointed(&folder).args(["--trace-path", "trace.jsonl"]).exits_with(0);
        commit_snapshot(&folder, b"any record");
        let name = &if name == "snapshot" { snapshot_name(&folder) } else { name.to_owned() };
        fs::rename(folder.path_of(name), folder.path_of("precious")).unwrap();
        symlink(folder.path_of("precious"), folder.path_of(name)).unwrap();
        let linked = told(&folder, &["verify", DIR], 1);
        assert!(linked.contains(name) && linked.contains("symbolic links"), "{linked}");
        fs::remove_file(folder.path_of(name)).unwrap();
        folder.make_pipe(name);
        let piped = told(&folder, &["verify", DIR], 1);
        assert!(piped.contains(name) && piped.contains("it is not a regular file"), "{piped}");
    }
    for name in ["lock", "manifest"] {
        let folder = finished();
        fs::remove_file(folder.path_of(&format!("{DIR}/{name}"))).unwrap();
        folder.make_pipe(&format!("{DIR}/{name}"));
        let piped = told(&folder, &["show", DIR], 2) + &told(&folder, &["verify", DIR], 2);
        assert_eq!(piped.matches("cannot be read: it is not a regular file").count(), 2, "{piped}");
    }
}

#[test]
fn verify_finds_what_a_run_would_find() {
    let corrupt = finished();
    commit_snapshot(&corrupt, &[200]);
    let other = finished();
    // Only the other version knows what its records mean.
    commit(&other, |committed| committed.program.version = "0.0.9".to_owned());
    commit_snapshot(&other, &[200]);
    let mut found = String::new();
    for folder in [corrupt, other] {
        // A finished run without new input needs no snapshot.
        folder.write("input.txt", folder.read("input.txt") + "no attempt\n");
        let told = told(&folder, &["verify", DIR], 1);
        let wrong = told.lines().find_map(|line| line.strip_prefix("wrong: ")).unwrap().to_owned();
        assert_eq!(told.matches("wrong: ").count(), 1, "{told}");
        let refused = run_checkpointed(&folder).exits_with(2).stderr;
        assert!(refused.contains(&wrong), "{refused}");
        found += &(wrong + "\n");
    }
    assert_snapshot!(found, @"
    cannot restore the block at byte 0 of the snapshot `run.ckpt/snapshot-4`: it is not a record of what this program remembers
    the checkpoint `run.ckpt` was made by `fund-load 0.0.9`, and this is `fund-load 0.1.0` (go on with that one, or use another `runtime.checkpoint.dir`)
    ");
}

#[test]
fn a_snapshot_is_shown() {
    let folder = finished();
    commit_snapshot(&folder, b"any record");
    let shown = told(&folder, &["show", DIR], 0);
    let row = shown.lines().find(|line| line.trim_start().starts_with("snapshot "));
    assert_snapshot!(row.unwrap().trim_start(), @"snapshot       up to line 3: 30 bytes");
}

#[test]
fn lines_appended_to_an_unterminated_one_are_found() {
    for (ending, appended) in [("", "x"), ("\r", "\n")] {
        let folder = Folder::with_input(attempts(2).trim_end().to_owned() + ending);
        run_checkpointed(&folder).exits_with(0);
        folder.write("input.txt", folder.read("input.txt") + appended);
        let told = told(&folder, &["verify", DIR], 1);
        assert!(told.contains("wrong: the last line of `input.txt` that is committed, line 2, "), "{told}");
    }
}

#[test]
fn a_reader_may_stop_reading() {
    let folder = finished();
    let program = super::harness::executable();
    let command = format!("'{}' checkpoint show {DIR} | head -1", program.display());
    let output =
        std::process::Command::new("sh").args(["-c", &command]).current_dir(folder.path()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "checkpoint `run.ckpt`\n");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "that is no error");
}

/// Lines without a decision are not forgotten when their run is over: later runs report them, in the exit code as well.
#[test]
fn lines_abandoned_by_earlier_runs_count() {
    let folder = finished();
    commit(&folder, |committed| {
        for total in &mut committed.totals {
            match &*total.name {
                "abandoned" => total.count = 5,
                "undeliverable messages dropped" => total.count = 7,
                _ => {}
            }
        }
    });
    let told = run_checkpointed(&folder).exits_with(1).stderr;
    let counts: Vec<_> = told.lines().filter(|line| line.ends_with(" 5") || line.ends_with(" 7")).collect();
    assert_snapshot!(counts.join("\n"), @"
    abandoned                                   5
    undeliverable messages dropped              7
    ");
}
