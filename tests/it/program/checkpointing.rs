//! Runs with a checkpoint, run to their end or cut off, and whether anything of theirs was touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::folder::Folder;
use super::harness::Program;
use super::running::wait_until;

/// The checkpoint of every run here.
pub(super) const DIR: &str = "run.ckpt";

/// Returns a run with a checkpoint, about to be started, that commits often.
pub(super) fn run_checkpointed(folder: &Folder) -> Program<'_> {
    set_checkpoint(Program::new(folder).args(["run"]))
}

/// Starts a run over 2,000 lines, with a checkpoint, that is cut off. Some of it is committed then.
#[track_caller]
pub(super) fn cut_off(folder: &Folder, args: &[&str]) {
    if args.contains(&"--trace-path") {
        // It would go on without a trace that may not grow. With 10,000 of its 90,000 bytes of output, it has written those of the third commit.
        while !is_killed_on_its_way(folder, args) {}
    } else {
        // The output may not grow further than this; shells count in blocks of 512 or of 1,024 bytes.
        let limited = Program::after(folder, "ulimit -f 64");
        set_checkpoint(limited.args(["run"])).args(args).exits_with(1);
    }
    assert!(!folder.has("output.txt"), "it was to be cut off");
    let shown = Program::new(folder).args(["checkpoint", "show", DIR]).exits_with(0).stdout;
    assert!(shown.contains("not complete") && !shown.contains("lines          0\n"), "{shown}");
}

/// Starts a run and kills it once it has written a part of its output. Returns false, with nothing left of it, if it was quicker than that and came to
/// its end, as it may on a machine that is busy with other things.
#[track_caller]
fn is_killed_on_its_way(folder: &Folder, args: &[&str]) -> bool {
    let running = run_checkpointed(folder).args(args).start();
    wait_until("a part of the output", || {
        folder.has("output.txt") || folder.length("output.txt.partial") >= 10_000
    });
    drop(running);
    let is_complete = folder.has("output.txt");
    if is_complete {
        fs::remove_dir_all(folder.path_of(DIR)).unwrap();
        for name in ["output.txt", "trace.jsonl"] {
            fs::remove_file(folder.path_of(name)).unwrap();
        }
    }
    !is_complete
}

fn set_checkpoint(program: Program<'_>) -> Program<'_> {
    program.set([format!("runtime.checkpoint={{dir: {DIR}, every_lines: 100}}")])
}

/// Returns what shows whether anything below the folder was touched: of every file its bytes, its inode and when it was written.
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
                // Of a pipe or a link it is enough that it is there.
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

/// Returns the text with digests and points in time as words.
pub(super) fn lasting(text: &str) -> String {
    let mut lasting = String::new();
    for word in text.split_inclusive([' ', '\n', ',']) {
        let (inner, end) = match word.find([' ', '\n', ',']) {
            Some(end) => word.split_at(end),
            None => (word, ""),
        };
        let bare = inner.trim_matches('"');
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

/// Returns whether it is a time as people read it, or milliseconds since 1970.
fn is_time(word: &str) -> bool {
    (word.ends_with('Z') && word.contains('T'))
        || (word.len() == 13 && word.bytes().all(|byte| byte.is_ascii_digit()))
}
