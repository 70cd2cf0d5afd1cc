//! New files, in a place that may hold an earlier one or be in use by another run.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use stream_kernel_disk::{Disk, DiskFile, OpenHow};

use crate::committed_file::{CommittedFile, lock};
use crate::error::FileError;

/// The place of a new file. An existing file stays there until [`NewFile::create`].
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    /// The existing file, locked so that nobody else replaces it meanwhile; none if it cannot be opened as a file.
    there: Option<Box<dyn DiskFile>>,
    /// Whether that is the new file, because there was none.
    is_created: bool,
}

impl NewFile {
    /// Checks whether a file can be made at `path`, by making it if there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be created, or another run writes to the one that is there.
    pub fn at(disk: &dyn Disk, path: &Path) -> Result<Self, FileError> {
        let (there, is_created) = match disk.open(path, OpenHow::Existing) {
            Ok(file) => {
                lock(&*file)?;
                (Some(file), false)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Some(created(disk, path)?), true),
            Err(error) if is_of_what_can_be_removed(&error) => (None, false),
            Err(cause) => return Err(FileError::io("be opened", path)(cause)),
        };
        Ok(Self { path: path.to_owned(), there, is_created })
    }

    /// Makes the file in place of the existing one, for writing in blocks of about `block_bytes`. It is locked for as
    /// long as it is open.
    ///
    /// # Errors
    ///
    /// The file cannot be created, the existing one cannot be removed, or another run was faster.
    pub fn create(self, disk: &dyn Disk, block_bytes: usize) -> Result<CommittedFile, FileError> {
        let Self { path, there, is_created } = self;
        let file = match there {
            Some(file) if is_created => file,
            // Removed, not overwritten, to avoid links and other owners' permissions.
            _still_locked => match disk.remove(&path) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                    return Err(FileError::io("be removed", &path)(cause));
                }
                _ => created(disk, &path)?,
            },
        };
        Ok(CommittedFile::new(file.into(), 0, block_bytes))
    }
}

fn created(disk: &dyn Disk, path: &Path) -> Result<Box<dyn DiskFile>, FileError> {
    let file = disk.open(path, OpenHow::New).map_err(FileError::io("be created", path))?;
    lock(&*file)?;
    Ok(file)
}

/// Returns whether it is a link, a pipe or the like, or a file of somebody else.
fn is_of_what_can_be_removed(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
        || matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use stream_kernel_disk::{Disk, Fault, OpenHow, OsDisk, PlannedFault, SimulatedDisk};

    use super::NewFile;
    use crate::FileError;

    fn path() -> &'static Path {
        Path::new("/output")
    }

    #[test]
    fn a_leftover_stays_until_the_file_is_made() {
        let disk = SimulatedDisk::new(1);
        disk.put(path(), b"left over");
        let place = NewFile::at(&disk, path()).unwrap();
        assert_eq!(disk.contents(path()).unwrap(), b"left over");
        let file = place.create(&disk, 1).unwrap();
        assert_eq!((file.bytes(), disk.contents(path()).unwrap()), (0, b"".to_vec()));
    }

    /// Somebody may still need a file that cannot be removed: it is neither overwritten nor taken for an empty one.
    #[test]
    fn a_file_that_cannot_be_removed_stays() {
        let disk = SimulatedDisk::new(1);
        disk.put(path(), b"left over");
        let place = NewFile::at(&disk, path()).unwrap();
        let at = disk.operations();
        disk.plan(PlannedFault { fault: Fault::Device, at, from_then_on: false });
        assert_eq!(place.create(&disk, 4).unwrap_err().to_string(), "`/output` cannot be removed");
        assert_eq!(disk.contents(path()).unwrap(), b"left over");
    }

    /// The file may be ours: a failure to open it now does not make it another's.
    #[test]
    fn an_unreadable_file_is_not_missing() {
        let disk = SimulatedDisk::new(1);
        let at = disk.operations();
        disk.plan(PlannedFault { fault: Fault::Device, at, from_then_on: false });
        assert_eq!(NewFile::at(&disk, path()).unwrap_err().to_string(), "`/output` cannot be opened");
    }

    /// The target of the link stays unchanged.
    #[test]
    fn a_link_in_the_place_is_replaced() {
        let dir = tempfile::TempDir::new().unwrap();
        let (aim, link) = (dir.path().join("aim"), dir.path().join("link"));
        std::fs::write(&aim, "somebody's").unwrap();
        std::os::unix::fs::symlink(&aim, &link).unwrap();
        let mut file = NewFile::at(&OsDisk, &link).unwrap().create(&OsDisk, 1).unwrap();
        file.append(b"ours").unwrap();
        file.flush().unwrap();
        let texts = [&aim, &link].map(|path| std::fs::read_to_string(path).unwrap());
        assert_eq!(texts, ["somebody's", "ours"]);
        assert!(!link.is_symlink());
    }

    #[test]
    fn a_leftover_may_be_gone_already() {
        let disk = SimulatedDisk::new(1);
        disk.put(path(), b"left over");
        let place = NewFile::at(&disk, path()).unwrap();
        disk.remove(path()).unwrap();
        assert_eq!(place.create(&disk, 1).unwrap().bytes(), 0);
    }

    #[test]
    fn an_impossible_file_is_noticed_at_once() {
        let disk = SimulatedDisk::new(1);
        NewFile::at(&disk, Path::new("/missing/output")).unwrap_err();
        disk.create_dir(path()).unwrap();
        NewFile::at(&disk, path()).unwrap_err();
    }

    /// From the first check until the file is closed, with or without an existing file.
    #[test]
    fn of_two_runs_one_has_the_place() {
        for left_over in [None, Some(b"left over")] {
            let disk = SimulatedDisk::new(1);
            if let Some(bytes) = left_over {
                disk.put(path(), bytes);
            }
            let is_in_use = || matches!(NewFile::at(&disk, path()), Err(FileError::InUse { .. }));
            let place = NewFile::at(&disk, path()).unwrap();
            assert!(is_in_use());
            let file = place.create(&disk, 1).unwrap();
            assert!(is_in_use());
            drop(file);
            assert!(!is_in_use());
        }
    }

    /// Another run may have removed the existing file just after this one has opened it.
    #[test]
    fn a_file_replaced_meanwhile_is_in_use() {
        let disk = SimulatedDisk::new(1);
        disk.put(path(), b"left over");
        let opened = disk.open(path(), OpenHow::Existing).unwrap();
        let file = NewFile::at(&disk, path()).unwrap().create(&disk, 1).unwrap();
        assert!(!opened.try_lock().unwrap(), "the lock of what is gone says nothing");
        drop(file);
    }
}
