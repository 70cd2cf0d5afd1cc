//! Helpers for runs with a checkpoint: run to their end or cut off, and checks that nothing was touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use stream_kernel_disk::{Disk as _, OpenHow, OsDisk};
use stream_kernel_run::checkpoint::{Checkpoint, Committed, ReplayFrom};

use super::folder::Folder;
use super::harness::Program;
use super::running::{Running, wait_until};

/// The checkpoint of every run here.
pub(super) const DIR: &str = "run.ckpt";

/// Returns a run with a checkpoint, about to be started, that commits often.
pub(super) fn run_checkpointed(folder: &Folder) -> Program<'_> {
    set_checkpoint(Program::new(folder).args(["run"]))
}

/// Starts a run over 2,000 lines, with a checkpoint, that is cut off after a commit.
#[track_caller]
pub(super) fn cut_off(folder: &Folder, args: &[&str]) {
    if args.contains(&"--trace-path") {
        // With a limit on the trace it would go on without it.
        let is_cut_off = (0..TRIES).any(|_| is_killed_on_its_way(folder, args));
        assert!(is_cut_off, "the run always came to its end before it could be killed");
    } else {
        // The output may not grow beyond this; shells count in blocks of 512 or of 1,024 bytes.
        let limited = Program::after(folder, "ulimit -f 64");
        set_checkpoint(limited.args(["run"])).args(args).exits_with(1);
    }
    assert!(!folder.has("output.txt"), "it was to be cut off");
    assert!(is_unfinished(folder) && !shown(folder).contains("lines          0\n"), "{}", shown(folder));
}

/// How often to start a run again that ended before the test could reach it, as may happen on a busy machine.
pub(super) const TRIES: u32 = 50;

/// Half of the output of 20,000 lines: a run stopped before that has much left to do.
const HALF_OF_LONG: u64 = 500_000;

/// The output of a run that commits every 100 lines at the beginning of its third commit, which comes only after the
/// first is done.
const COMMITTED: u64 = 30_000;

/// Starts a run of 20,000 lines, and stops it midway, after a commit.
#[track_caller]
pub(super) fn stopped_on_its_way<'a>(folder: &Folder, program: impl Fn() -> Program<'a>) -> Running {
    for _ in 0..TRIES {
        let running = program().start();
        wait_for_output(folder, COMMITTED);
        if running.stop() && (COMMITTED..HALF_OF_LONG).contains(&folder.length("output.txt.partial")) {
            return running;
        }
        drop(running);
        forget(folder);
    }
    panic!("the run was always too far before it could be stopped");
}

/// Waits until this many bytes of the output are written, or all of it.
#[track_caller]
pub(super) fn wait_for_output(folder: &Folder, bytes: u64) {
    let is_written = || folder.has("output.txt") || folder.length("output.txt.partial") >= bytes;
    wait_until("a part of the output", is_written);
}

/// Starts a run and kills it once some of it is committed. Returns false, with nothing left of it, if it ended first.
#[track_caller]
fn is_killed_on_its_way(folder: &Folder, args: &[&str]) -> bool {
    let running = run_checkpointed(folder).args(args).start();
    // By then it has written for a third commit, which it begins only when the first after the beginning is done: that
    // one has 100 lines, and the second at most 400, because a commit is put off at most three times.
    wait_for_output(folder, COMMITTED);
    drop(running);
    let is_cut_off = !folder.has("output.txt") && is_unfinished(folder);
    if !is_cut_off {
        forget(folder);
    }
    is_cut_off
}

fn is_unfinished(folder: &Folder) -> bool {
    shown(folder).contains("not complete")
}

fn shown(folder: &Folder) -> String {
    Program::new(folder).args(["checkpoint", "show", DIR]).exits_with(0).stdout
}

/// Removes the files of a run with a checkpoint.
fn forget(folder: &Folder) {
    fs::remove_dir_all(folder.path_of(DIR)).unwrap();
    for name in ["output.txt", "output.txt.partial", "trace.jsonl"] {
        if folder.has(name) {
            fs::remove_file(folder.path_of(name)).unwrap();
        }
    }
}

pub(super) fn set_checkpoint(program: Program<'_>) -> Program<'_> {
    program.set([format!("runtime.checkpoint={{dir: {DIR}, every_lines: 100}}")])
}

/// Returns a fingerprint of everything below the folder: of every file its bytes, its inode and its time of
/// modification.
pub(super) fn fingerprints(folder: &Folder) -> BTreeMap<String, (Vec<u8>, u64, i64, i64)> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.path().to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
            match entry.file_type().unwrap() {
                kind if kind.is_dir() => open.push(path),
                kind if kind.is_file() => _ = found.insert(name.clone(), folder.fingerprint(&name)),
                // Of a pipe or a link, its existence is enough.
                _ => _ = found.insert(name, (Vec::new(), 0, 0, 0)),
            }
        }
    }
    found
}

/// Overwrites bytes of a file, from the byte `offset` on.
pub(super) fn damage(path: &Path, offset: usize, bytes: &[u8]) {
    let mut content = fs::read(path).unwrap();
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
    fs::write(path, content).unwrap();
}

/// Commits once more, after `change`.
pub(super) fn commit(folder: &Folder, change: impl FnOnce(&mut Committed)) {
    open_for_commit(folder, |checkpoint, mut committed| {
        change(&mut committed);
        checkpoint.commit(committed, &[]).unwrap();
    });
}

/// Commits once more, with a snapshot of these records.
pub(super) fn commit_snapshot(folder: &Folder, records: &[u8]) {
    open_for_commit(folder, |checkpoint, mut committed| {
        let Committed { lines, ref input, ref output, .. } = committed;
        let (input_bytes, output_bytes) = (input.bytes, output.bytes);
        committed.replay = ReplayFrom { lines, input_bytes, output_bytes, ..ReplayFrom::default() };
        checkpoint.commit_with_snapshot(committed, &mut |snapshot| snapshot.push(records), &[]).unwrap();
    });
}

fn open_for_commit(folder: &Folder, commit: impl FnOnce(&mut Checkpoint, Committed)) {
    let (mut checkpoint, committed) = Checkpoint::open(Arc::new(OsDisk), &folder.path_of(DIR)).unwrap();
    commit(&mut checkpoint, committed.unwrap());
    drop(checkpoint);
    // A process that another test is just starting holds the lock for a moment, too.
    let lock = OsDisk.open(&folder.path_of(&format!("{DIR}/lock")), OpenHow::Existing).unwrap();
    wait_until("the lock", || !lock.is_locked().unwrap());
}

/// Returns the name of the snapshot of a run, or of [`commit_snapshot`].
#[track_caller]
pub(super) fn snapshot_name(folder: &Folder) -> String {
    let names = fs::read_dir(folder.path_of(DIR)).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    format!("{DIR}/{}", names.find(|name| name.starts_with("snapshot-")).unwrap())
}

/// Returns the text with words in place of digests and times.
pub(super) fn lasting(text: &str) -> String {
    let mut lasting = String::new();
    for word in text.split_inclusive([' ', '\n', ',']) {
        let (inner, end) = match word.find([' ', '\n', ',']) {
            Some(end) => word.split_at(end),
            None => (word, ""),
        };
        let bare = inner.trim_matches('"');
        let bare = bare.strip_prefix("sha256:").unwrap_or(bare);
        lasting += if bare.len() >= 32 && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            "<digest>"
        } else if is_time(bare) {
            "<time>"
        } else {
            inner
        };
        lasting += end;
    }
    lasting
}

/// Returns whether it is a time for people, or in milliseconds since 1970.
fn is_time(word: &str) -> bool {
    (word.ends_with('Z') && word.contains('T'))
        || (word.len() == 13 && word.bytes().all(|byte| byte.is_ascii_digit()))
}
