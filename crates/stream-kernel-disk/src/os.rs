//! The operating system's files.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::{Disk, DiskFile, FileId, OpenHow};

/// The files of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsDisk;

impl Disk for OsDisk {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(how.is_writable()).mode(0o600);
        options.create_new(how == OpenHow::New).create(how == OpenHow::ExistingOrNew);
        let link = if how == OpenHow::ReadOnly { OFlags::empty() } else { OFlags::NOFOLLOW };
        // Otherwise, opening a pipe would wait for its other end. Regular files ignore this flag.
        options.custom_flags((link | OFlags::NONBLOCK).bits().cast_signed());
        let file = options.open(path)?;
        let kind = file.metadata()?.file_type();
        if kind.is_dir() {
            return Err(Errno::ISDIR.into());
        }
        if !kind.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        Ok(Box::new(OsFile { file, path: path.to_owned(), sync_failure: SyncFailure::default() }))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            done => done,
        }
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let mut names =
            fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }
}

/// A file of the operating system.
#[derive(Debug)]
struct OsFile {
    file: File,
    path: PathBuf,
    sync_failure: SyncFailure,
}

/// The error of the first failed sync.
///
/// The system reports bytes that it could not write once, to the first sync, and forgets them. So that nobody, least of
/// all another thread, takes the next sync for a success, all later syncs return the first failure.
#[derive(Debug, Default)]
struct SyncFailure(Mutex<Option<io::Error>>);

impl SyncFailure {
    fn unless_failed(&self, sync: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        // Held during the sync: a second caller must learn the result of the first.
        let mut failure = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.is_none() {
            *failure = sync().err();
        }
        failure.as_ref().map_or(Ok(()), |first| Err(again(first)))
    }
}

/// Returns a copy of the error.
fn again(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

impl DiskFile for OsFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn id(&self) -> io::Result<FileId> {
        Ok(id_of(&self.file.metadata()?))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync_failure.unless_failed(|| self.file.sync_data())
    }

    fn try_lock(&self) -> io::Result<bool> {
        try_lock(&self.file, &self.path)
    }

    fn is_locked(&self) -> io::Result<bool> {
        let is_free = is_free(self.file.try_lock_shared())?;
        if is_free {
            self.file.unlock()?;
        }
        Ok(!is_free)
    }
}

/// Locks a file that was opened at `path` as [`DiskFile::try_lock`] does.
///
/// # Errors
///
/// Returns the system's error.
pub fn try_lock(file: &File, path: &Path) -> io::Result<bool> {
    if !is_free(file.try_lock())? {
        return Ok(false);
    }
    let file = file.metadata()?;
    match path.symlink_metadata() {
        Ok(there) => Ok(id_of(&there) == id_of(&file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn id_of(metadata: &Metadata) -> FileId {
    FileId(metadata.dev(), metadata.ino())
}

/// Returns whether the lock was free.
fn is_free(locked: Result<(), TryLockError>) -> io::Result<bool> {
    match locked {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests;
