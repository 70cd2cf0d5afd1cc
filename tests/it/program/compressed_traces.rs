//! Compressed traces: read as plain ones, appended to, torn and repaired.

use std::fs;

use insta::assert_snapshot;

use super::attempts::{accepted, attempts};
use super::folder::Folder;
use super::harness::Program;

const COMPRESSED: &str = "runtime.tracing.sink.jsonl={write_mode: batch, flush_every_n: 40, compress: zstd}";
const NOTES: &str = "runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}";

/// Returns a folder with the trace of 100 lines, plain and compressed.
fn traced() -> Folder {
    let folder = Folder::with_input(attempts(100));
    Program::new(&folder).args(["run", "--trace-path", "plain"]).set([NOTES]).exits_with(0);
    trace_compressed(&folder, "run");
    folder
}

fn trace_compressed(folder: &Folder, run_id: &str) {
    let run = Program::new(folder).args(["run", "--run-id", run_id, "--trace-path", "zst"]);
    run.set([NOTES, COMPRESSED]).exits_with(0);
    assert_eq!(folder.read("output.txt"), (1..=100).map(accepted).collect::<String>());
}

fn bytes(folder: &Folder, name: &str) -> Vec<u8> {
    fs::read(folder.path_of(name)).unwrap()
}

/// Every command recognises the content, so that no option is needed.
#[test]
fn a_compressed_trace_says_what_the_plain_one_says() {
    let folder = traced();
    let (plain, zst) = (bytes(&folder, "plain"), bytes(&folder, "zst"));
    assert!(10 * zst.len() < plain.len(), "{} of {} bytes", zst.len(), plain.len());
    Program::new(&folder).args(["trace", "diff", "plain", "zst"]).exits_with(0);
    for args in [
        &["trace", "check"][..],
        &["trace", "stats", "--json"],
        &["trace", "export", "--format", "chrome"],
        &["explain", "--line", "7"],
    ] {
        let told = |name: &str| Program::new(&folder).args(args).args([name]).exits_with(0).stdout;
        let count = |text: String| text.replace("zst", "plain").lines().count();
        assert_eq!(count(told("zst")), count(told("plain")), "{args:?}");
    }
    let told = Program::new(&folder).args(["trace", "check", "-"]).stdin(zst).exits_with(0).stdout;
    assert_snapshot!(told, @"-: sound; 800 records of 100 inputs in 1 run");
}

#[test]
fn a_second_run_is_appended_to_the_frames_of_the_first() {
    let folder = traced();
    let first = bytes(&folder, "zst");
    trace_compressed(&folder, "next");
    assert!(bytes(&folder, "zst").starts_with(&first));
    let told = Program::new(&folder).args(["trace", "check", "zst"]).exits_with(0).stdout;
    assert_snapshot!(told, @"zst: sound; 1,600 records of 200 inputs in 2 runs");
}

/// Appending must not spoil the trace: nobody would notice before the records are lost.
#[test]
fn a_trace_that_cannot_be_continued_ends_the_run_at_once() {
    let folder = traced();
    fs::remove_file(folder.path_of("output.txt")).unwrap();
    let zst = bytes(&folder, "zst");
    fs::write(folder.path_of("torn"), &zst[..zst.len() - 5]).unwrap();
    let told = [("plain", COMPRESSED), ("zst", NOTES), ("torn", COMPRESSED)].map(|(name, setting)| {
        let before = folder.fingerprint(name);
        let run = Program::new(&folder).args(["run", "--trace-path", name]).set([setting]).exits_with(1);
        assert_eq!(folder.fingerprint(name), before);
        run.stderr
    });
    assert!(!folder.has("output.txt"));
    assert_snapshot!(told.concat().replace(|digit: char| digit.is_ascii_digit(), "9"), @"
    error: the trace file `plain` cannot be opened: its records are not compressed, and these would be (do not compress them, or name another file)
    error: the trace file `zst` cannot be opened: its records are compressed, and these would not be (name another file, or compress them with `compress: zstd` on one worker)
    error: the trace file `torn` cannot be opened: its last frame, from byte 99999 on, is torn (cut it with `trace check --repair`, or name another file)
    ");
}

/// Several workers write each record at its offset, which is unknown for compressed ones; nor can they append to a
/// compressed trace.
#[test]
fn several_workers_refuse_compressed_traces() {
    let folder = traced();
    fs::remove_file(folder.path_of("output.txt")).unwrap();
    let before = folder.fingerprint("zst");
    let several = || Program::new(&folder).args(["run", "--workers", "2", "--trace-path", "zst"]);
    let told = several().set([COMPRESSED]).exits_with(2).stderr;
    assert!(told.contains("several workers cannot compress the trace that they write"), "{told}");
    for checkpoint in ["null", "{dir: run.ckpt}"] {
        let told = several().set([NOTES, &format!("runtime.checkpoint={checkpoint}")]).exits_with(1).stderr;
        assert!(told.contains("its records are compressed, and these would not be"), "{told}");
    }
    assert!(folder.fingerprint("zst") == before && !folder.has("output.txt"));
}

/// A killed run loses only records that were not flushed.
#[test]
fn a_torn_frame_is_named_and_cut_and_the_next_run_goes_on() {
    let folder = traced();
    let zst = bytes(&folder, "zst");
    fs::write(folder.path_of("zst"), &zst[..zst.len() - 5]).unwrap();
    let show = Program::new(&folder).args(["trace", "stats", "zst"]).exits_with(0);
    assert!(
        show.stderr.contains("note: `zst` ends in ") && show.stderr.contains(" of a torn frame, "),
        "{}",
        show.stderr
    );
    let check = Program::new(&folder).args(["trace", "check", "zst"]).exits_with(1).stdout;
    assert!(check.contains(": the frame at byte ") && check.contains("760 records"), "{check}");
    let cut = Program::new(&folder).args(["trace", "check", "--repair", "zst"]).exits_with(0).stdout;
    assert!(cut.starts_with("zst: cut ") && cut.contains(" of a torn frame, line 761"), "{cut}");
    assert!(zst.starts_with(&bytes(&folder, "zst")));
    trace_compressed(&folder, "next");
    Program::new(&folder).args(["trace", "check", "zst"]).exits_with(0);
}

/// Corrupt bytes end the reading and are reported with their offset; everything before them is still shown.
#[test]
fn a_damaged_frame_ends_the_reading() {
    let folder = traced();
    let mut zst = bytes(&folder, "zst");
    let middle = zst.len() / 2;
    zst[middle] ^= 0xff;
    fs::write(folder.path_of("zst"), zst).unwrap();
    let stats = Program::new(&folder).args(["trace", "check", "zst"]).exits_with(2);
    assert!(
        stats.stderr.contains("`zst`") && stats.stderr.contains("the frame at byte "),
        "{}",
        stats.stderr
    );
}

#[test]
fn the_level_is_checked_at_its_bounds() {
    let folder = Folder::with_input(attempts(1));
    let check = |level: u8, exit| {
        let jsonl = format!("runtime.tracing.sink.jsonl={{compress: zstd, compress_level: {level}}}");
        Program::new(&folder).args(["check", "--trace-path", "zst"]).set([jsonl]).exits_with(exit)
    };
    for level in [1, 19] {
        let told = check(level, 0).stdout;
        assert!(told.contains(&format!("compressed (zstd, level {level})")), "{told}");
    }
    for level in [0, 20] {
        let told = check(level, 2).stderr;
        assert!(told.contains("compress_level"), "{told}");
    }
}

/// The writing thread finds the disk full; the output is completed all the same, and the report says which records are
/// certain.
#[test]
fn a_full_disk_is_reported_with_the_certain_records() {
    let folder = Folder::with_input(attempts(1_000));
    for jsonl in ["{write_mode: batch}", "{write_mode: batch, compress: zstd}"] {
        let run = Program::new(&folder).args(["run", "--trace-path", "/dev/full"]);
        let told = run.set([format!("runtime.tracing.sink.jsonl={jsonl}")]).exits_with(1).stderr;
        assert!(
            told.contains("No space left on device (os error 28); none of this run's records is certain"),
            "{told}"
        );
        assert_eq!(folder.read("output.txt"), (1..=1_000).map(accepted).collect::<String>());
    }
}

/// The same command again continues after the last commit: a trace that was cut and continued is the same as an
/// uninterrupted one.
#[test]
fn a_run_with_a_checkpoint_continues_its_frames() {
    let folder = traced();
    let run = |input: String| {
        folder.write("input.txt", input);
        let run = Program::new(&folder).args(["run", "--trace-path", "whole"]);
        run.set([NOTES, COMPRESSED, "runtime.checkpoint={dir: run.ckpt, every_lines: 7}"]).exits_with(0);
    };
    run(attempts(60));
    run(attempts(100));
    Program::new(&folder).args(["trace", "diff", "plain", "whole"]).exits_with(0);
    Program::new(&folder).args(["trace", "check", "whole"]).exits_with(0);
    Program::new(&folder).args(["checkpoint", "verify", "run.ckpt"]).exits_with(0);
}
