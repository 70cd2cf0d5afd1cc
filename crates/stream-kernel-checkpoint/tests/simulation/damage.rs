//! Damage that no crash explains: changed bits and cut files.

use std::path::{Path, PathBuf};

use stream_kernel_checkpoint::inspect;
use stream_kernel_disk::{SimulatedDisk, random_number};

use crate::case::Scene;
use crate::toy::{self, BROKEN, CHECKPOINT, INPUT, Promise};

/// The number of damages after each kill.
const DAMAGES: u64 = 24;

/// Damages a file of a killed run and resumes it, again and again; returns the first harm.
pub(crate) fn sweep(scene: &Scene) -> Result<u64, String> {
    let mut resumed = 0;
    for operation in 0..scene.operations {
        let killed = scene.killed_at(operation);
        for number in 0..DAMAGES {
            let seed = operation * DAMAGES + number;
            let disk = killed.after_kill(seed);
            let Some((path, what)) = damage(&disk, random_number(seed)) else { continue };
            resumed += 1;
            check(scene, &disk, &path).map_err(|error| {
                let name = scene.name;
                format!(
                    "after {resumed} recoveries: {error}\nscene {name}, killed at {operation}, {what}\n{}",
                    disk.history()
                )
            })?;
        }
    }
    Ok(resumed)
}

/// Either the run ends as it must, or it is refused and every file is unchanged. Another input is always refused.
fn check(scene: &Scene, disk: &SimulatedDisk, damaged: &Path) -> Result<(), String> {
    let before = contents(disk);
    match toy::run(disk, &mut Promise::default()) {
        Ok(()) if damaged == root(INPUT) => return Err("another input was not refused".to_owned()),
        Ok(()) => return scene.check_result(disk),
        Err(error) if error.starts_with(BROKEN) => return Err(error),
        Err(_) => {}
    }
    let after = contents(disk);
    let is_kept = |(path, bytes): &(PathBuf, Vec<u8>)| after.contains(&(path.clone(), bytes.clone()));
    match before.iter().find(|file| !is_kept(file)) {
        Some((path, _)) => Err(format!("refused, but `{}` was changed", path.display())),
        None => Ok(()),
    }
}

fn contents(disk: &SimulatedDisk) -> Vec<(PathBuf, Vec<u8>)> {
    let files = disk.files().into_iter();
    files.map(|path| (path.clone(), disk.contents(&path).unwrap())).collect()
}

/// Changes a bit in the checkpoint or in the part of the input that was read, or cuts a file, the input only within
/// that part. Returns the file, and the damage.
fn damage(disk: &SimulatedDisk, random: u64) -> Option<(PathBuf, String)> {
    let files = disk.files();
    let path = files[index(random, files.len())].clone();
    let mut bytes = disk.contents(&path)?;
    let committed = inspect(disk, Path::new(CHECKPOINT)).ok()?.last?.committed;
    let is_input = path == root(INPUT);
    let is_checked = is_input || path.starts_with(root(CHECKPOINT));
    let reach = if is_input { usize::try_from(committed.input.bytes).ok()? } else { bytes.len() };
    // Most of a slot is zeros, but its text is to be hit as often.
    let reach = if random & 0x100 == 0 { reach } else { reach.min(600) };
    if reach == 0 {
        return None;
    }
    let at = index(random >> 16, reach);
    let bit = random >> 10 & 7;
    let done = if is_checked && random & 0x200 != 0 {
        bytes[at] ^= 1 << bit;
        format!("bit {bit} of byte {at} changed in `{}`", path.display())
    } else {
        bytes.truncate(at);
        format!("`{}` cut to {at} bytes", path.display())
    };
    disk.put(&path, &bytes);
    Some((path, done))
}

/// Returns a path as the disk lists it.
fn root(path: &str) -> &Path {
    Path::new(path.trim_start_matches('/'))
}

/// Returns an index into something of that length.
fn index(random: u64, len: usize) -> usize {
    usize::try_from(random % len as u64).unwrap_or_default()
}
