//! What lies where in a checkpoint's directory.

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

/// Returns the path of the state log of that number.
pub(crate) fn log_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("state-{number}.log"))
}

/// What is wrong with a manifest in which there is nothing, not even the zeros that are made durable before any log.
pub(crate) const LOGS_ALONE: &str = "there are state logs beside it, but it is empty";

/// Returns whether there are state logs in `dir`.
pub(crate) fn holds_logs(disk: &dyn Disk, dir: &Path) -> io::Result<bool> {
    Ok(disk.names(dir)?.iter().any(|name| log_number(name).is_some()))
}

/// Returns the number of the state log that has this name, if one has.
pub(crate) fn log_number(name: &OsString) -> Option<u64> {
    let digits = name.to_str()?.strip_prefix("state-")?.strip_suffix(".log")?;
    let number = digits.parse().ok()?;
    // `+7` and `007` are other people's files.
    (format!("{number}") == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{log_number, log_path};

    #[test]
    fn only_names_that_we_give_are_ours() {
        let path = log_path(Path::new("dir"), 12);
        assert_eq!(path, Path::new("dir/state-12.log"));
        assert_eq!(log_number(&path.file_name().unwrap().to_owned()), Some(12));
        for name in ["state-.log", "state-+7.log", "state-007.log", "state-1.log~", "Xstate-1.log", "lock"] {
            assert_eq!(log_number(&name.into()), None, "{name}");
        }
    }
}
