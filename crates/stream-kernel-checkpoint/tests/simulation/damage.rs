//! Damage that no crash explains: bits that change, files that are cut.

use std::path::{Path, PathBuf};

use stream_kernel_checkpoint::inspect;
use stream_kernel_disk::SimulatedDisk;

use crate::case::Scene;
use crate::sweep::mixed;
use crate::toy::{self, CHECKPOINT, INPUT, Promise};

/// How many times a file is damaged after each kill.
const DAMAGES: u64 = 24;

/// Damages a file of a killed run and resumes that, again and again; returns the first harm that is done.
pub(crate) fn sweep(scene: &Scene) -> Result<u64, String> {
    let mut resumed = 0;
    for operation in 0..scene.operations {
        let killed = scene.killed_at(operation);
        for number in 0..DAMAGES {
            let seed = operation * DAMAGES + number;
            let disk = killed.after_kill(seed);
            let Some(what) = damage(&disk, mixed(seed)) else { continue };
            resumed += 1;
            check(scene, &disk).map_err(|error| {
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

/// Either the run ends as it must, or it is refused and every file is as it was.
fn check(scene: &Scene, disk: &SimulatedDisk) -> Result<(), String> {
    let before = contents(disk);
    if toy::run(disk, &mut Promise::default()).is_ok() {
        return scene.check_result(disk);
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

/// Changes a bit in the checkpoint or in what was read of the input, or cuts any file but the input behind that. Returns what it did.
fn damage(disk: &SimulatedDisk, random: u64) -> Option<String> {
    let files = disk.files();
    let path = &files[(random % files.len() as u64) as usize];
    let mut bytes = disk.contents(path)?;
    let committed = inspect(disk, Path::new(CHECKPOINT)).ok()?.last?.committed;
    let is_input = path == Path::new(INPUT.trim_start_matches('/'));
    let is_checked = is_input || path.starts_with(CHECKPOINT.trim_start_matches('/'));
    let reach = if is_input { committed.input.bytes } else { bytes.len() as u64 };
    if reach == 0 {
        return None;
    }
    // Most of a slot is zeros: damage is to hit its text as often as them.
    let reach = if random & 0x100 == 0 { reach } else { reach.min(600) };
    let at = ((random >> 16) % reach) as usize;
    if is_checked && random & 0x200 != 0 {
        bytes[at] ^= 1 << ((random >> 10) & 7);
        disk.put(path, &bytes);
        return Some(format!("a bit changed in byte {at} of `{}`", path.display()));
    }
    bytes.truncate(at);
    disk.put(path, &bytes);
    Some(format!("`{}` was cut to {at} bytes", path.display()))
}
