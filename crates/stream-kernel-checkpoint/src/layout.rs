//! Layout of a checkpoint's directory: the names of its files.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use stream_kernel_disk::Disk;

/// Locked by the run that uses the checkpoint.
pub(crate) const LOCK: &str = "lock";

/// The two slots.
pub(crate) const MANIFEST: &str = "manifest";

/// The text of the configuration.
pub(crate) const CONFIGURATION: &str = "configuration";

const SNAPSHOT: &str = "snapshot-";

/// Returns the path of the snapshot with this number.
pub(crate) fn snapshot_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{SNAPSHOT}{number}"))
}

/// Returns the number of the snapshot with this name, if it is one.
pub(crate) fn snapshot_number(name: &OsString) -> Option<u64> {
    let digits = name.to_str()?.strip_prefix(SNAPSHOT)?;
    let number = digits.parse().ok()?;
    // Names such as `+7` and `007` are not ours.
    (format!("{number}") == digits).then_some(number)
}

/// Returns whether `dir` has a file that is made only after the manifest.
pub(crate) fn holds_later_files(disk: &dyn Disk, dir: &Path) -> io::Result<bool> {
    let names = disk.names(dir)?;
    Ok(names.iter().any(|name| name == CONFIGURATION || snapshot_number(name).is_some()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{snapshot_number, snapshot_path};

    #[test]
    fn only_our_own_names_count() {
        let path = snapshot_path(Path::new("dir"), 12);
        assert_eq!(path, Path::new("dir/snapshot-12"));
        assert_eq!(snapshot_number(&path.file_name().unwrap().to_owned()), Some(12));
        for name in ["snapshot-", "snapshot-+7", "snapshot-007", "snapshot-1~", "Xsnapshot-1", "lock"] {
            assert_eq!(snapshot_number(&name.into()), None, "{name}");
        }
    }
}
