//! Checkpoint files of any content: looking and opening change nothing, and agree.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fund_load::FundLoad;
use stream_kernel_disk::{Disk, SimulatedDisk};
use stream_kernel_run::checkpoint::{Checkpoint, MAX_BLOCK_BYTES, inspect, verify};
use stream_kernel_run::empty_memory;
use stream_kernel_run::exec::Memory;

use super::sealing::{seal_blocks, slot};

const DIR: &str = "/checkpoint";
/// An attempt, a line without one, and the attempt again.
const INPUT: &[u8] = b"\
{\"id\":\"7\",\"customer_id\":\"8\",\"load_amount\":\"$1.00\",\"time\":\"2026-03-02T00:00:00Z\"}\n\
no attempt\n\
{\"id\":\"7\",\"customer_id\":\"8\",\"load_amount\":\"$1.00\",\"time\":\"2026-03-02T00:00:00Z\"}\n";

/// If this bit is set in the first byte, the manifest or the snapshot is left as it is, and hardly ever has a valid
/// checksum.
const RAW_MANIFEST: u8 = 1;
const RAW_SNAPSHOT: u8 = 2;

/// Takes `bytes` as a byte of switches, the text of two slots, each with `FF` after it, and a snapshot.
///
/// # Panics
///
/// If a file is changed, an obstacle to resuming is not found beforehand, or fund-load is handed more than a block at a
/// time.
pub fn checkpoint(bytes: &[u8]) {
    let Some((switches, rest)) = bytes.split_first() else { return };
    let mut parts = rest.splitn(3, |byte| *byte == 0xff);
    let [first, second, snapshot] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let mut snapshot = snapshot.to_vec();
    if switches & RAW_SNAPSHOT == 0 {
        seal_blocks(&mut snapshot);
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
        ("/checkpoint/snapshot-1", &snapshot),
    ] {
        disk.put(Path::new(path), content);
    }
    check(&disk);
}

fn check(disk: &SimulatedDisk) {
    let before = contents(disk);
    let dir = Path::new(DIR);
    let seen = inspect(disk, dir).unwrap_or_else(|error| panic!("{error:?}"));
    let of_no_run = memory();
    let mut check = |records: &[u8]| of_no_run.check(records).map_err(|error| format!("{error:?}"));
    let verified = verify(disk, dir, &mut check);
    let (_, findings) = verified.unwrap_or_else(|error| panic!("{error:?}"));
    match Checkpoint::open(Arc::new(disk.clone()), dir) {
        Ok((checkpoint, committed)) => {
            assert_eq!(committed, seen.last.map(|last| last.committed), "opened otherwise than looked at");
            let mut memory = memory();
            // Only restoring finds a key that comes twice.
            let mut do_records_clash = false;
            let restored = checkpoint.restore(&mut |records| {
                assert!(records.len() <= MAX_BLOCK_BYTES);
                memory.restore(records).map_err(|error| {
                    do_records_clash |= memory.check(records).is_ok();
                    format!("{error:?}")
                })
            });
            let is_found = restored.is_ok() || !findings.is_empty() || do_records_clash;
            assert!(is_found, "{restored:?} is not found");
        }
        Err(error) => {
            assert_eq!(seen.last, None, "{error}");
            assert!(!findings.is_empty(), "not found: {error}");
        }
    }
    assert_eq!(contents(disk), before, "a file was changed");
}

/// Returns fund-load's memory before a run.
fn memory() -> Memory {
    empty_memory::<FundLoad>().unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn contents(disk: &SimulatedDisk) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    disk.files().into_iter().map(|path| (path.clone(), disk.contents(&path))).collect()
}
