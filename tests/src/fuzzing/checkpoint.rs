//! Whatever lies in a checkpoint's files, looking at it and opening it changes nothing, and both come to the same.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fund_load::FundLoad;
use stream_kernel_disk::{Disk, OpenHow, SimulatedDisk};
use stream_kernel_run::checkpoint::{Checkpoint, MAX_BLOCK_BYTES, inspect, verify};
use stream_kernel_run::{Application, CommittedLines, Job, State};

use super::sealing::{seal_blocks, slot};

const DIR: &str = "/checkpoint";
/// An attempt, a line without one, and the attempt again.
const INPUT: &[u8] = b"\
{\"id\":\"7\",\"customer_id\":\"8\",\"load_amount\":\"$1.00\",\"time\":\"2026-03-02T00:00:00Z\"}\n\
no attempt\n\
{\"id\":\"7\",\"customer_id\":\"8\",\"load_amount\":\"$1.00\",\"time\":\"2026-03-02T00:00:00Z\"}\n";

/// Set in the first byte, the manifest, or the log, is left as it is, and hardly ever has a checksum that is right.
const RAW_MANIFEST: u8 = 1;
const RAW_LOG: u8 = 2;

/// Takes `bytes` as a byte of switches, the text of two slots, each with `FF` after it, and a state log.
///
/// # Panics
///
/// If a file is changed, what cannot be resumed is not found beforehand, or fund-load is handed more than a block at a time.
pub fn checkpoint(bytes: &[u8]) {
    let Some((switches, rest)) = bytes.split_first() else { return };
    let mut parts = rest.splitn(3, |byte| *byte == 0xff);
    let [first, second, log] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let mut log = log.to_vec();
    if switches & RAW_LOG == 0 {
        seal_blocks(&mut log);
    }
    let manifest = if switches & RAW_MANIFEST == 0 {
        [slot(first), slot(second)].concat()
    } else {
        [first, second].concat()
    };
    let disk = SimulatedDisk::new(1);
    assert!(disk.create_dir(Path::new(DIR)).is_ok());
    for (path, content) in [
        ("/input", INPUT),
        ("/output.partial", b"out\n"),
        ("/trace", b"trace\n"),
        ("/checkpoint/lock", b""),
        ("/checkpoint/configuration", b""),
        ("/checkpoint/manifest", &manifest),
        ("/checkpoint/state-1.log", &log),
    ] {
        disk.put(Path::new(path), content);
    }
    check(&disk);
}

fn check(disk: &SimulatedDisk) {
    let before = contents(disk);
    let dir = Path::new(DIR);
    let seen = inspect(disk, dir).unwrap_or_else(|error| panic!("{error}: {}", error.cause));
    let verified = verify(disk, dir, &mut FundLoad::check_state);
    let (_, findings) = verified.unwrap_or_else(|error| panic!("{error}: {}", error.cause));
    match Checkpoint::open(Arc::new(disk.clone()), dir) {
        Ok((mut checkpoint, committed)) => {
            assert_eq!(committed, seen.last.map(|last| last.committed), "opened otherwise than looked at");
            let (mut state, mut lines) = (state(), lines(disk));
            // Which lines did what is told of is known only to who reads them.
            let mut do_lines_differ = false;
            let restored = checkpoint.restore(&mut |records| {
                assert!(records.len() <= MAX_BLOCK_BYTES);
                state.restore(records, &mut lines).map_err(|error| {
                    let what = error.to_string();
                    do_lines_differ = what.contains("is not the line that was read");
                    what
                })
            });
            let is_found = restored.is_ok() || !findings.is_empty() || do_lines_differ;
            assert!(is_found, "{restored:?} is not found");
        }
        Err(error) => {
            assert_eq!(seen.last, None, "{error}");
            assert!(!findings.is_empty(), "not found: {error}");
        }
    }
    assert_eq!(contents(disk), before, "a file was changed");
}

/// Returns what fund-load remembers, of a run that has not begun.
fn state() -> Box<dyn State> {
    let loader = Job::<FundLoad>::loader().set("runtime.checkpoint.dir=checkpoint");
    let job = Job::<FundLoad>::prepare(loader).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    job.state().unwrap_or_else(|| panic!("with a checkpoint there is a state"))
}

/// Returns the lines of the input, as if all of them were committed.
fn lines(disk: &SimulatedDisk) -> CommittedLines {
    let input = disk.open(Path::new("/input"), OpenHow::ReadOnly);
    let input = input.unwrap_or_else(|error| panic!("the input cannot be opened: {error}"));
    CommittedLines::new(input.into(), 1_024, INPUT.len() as u64)
}

fn contents(disk: &SimulatedDisk) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    disk.files().into_iter().map(|path| (path.clone(), disk.contents(&path))).collect()
}
