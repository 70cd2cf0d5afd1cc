//! A disk that watches every operation.

use std::ffi::OsString;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

use stream_kernel_disk::{Disk, DiskFile, FileId, OpenHow};

/// A watcher of operations on a disk.
pub trait Watch: Debug + Send + Sync + 'static {
    /// Runs an operation, with any action around it, and returns its result; `name` says in a word or two what it does
    /// to the file at `path`.
    ///
    /// # Errors
    ///
    /// Returns the error of the operation, or of an action around it.
    fn around<T>(&self, name: &str, path: &Path, operation: impl FnOnce() -> io::Result<T>) -> io::Result<T>;
}

/// A disk with a watcher.
#[derive(Debug)]
pub struct WatchedDisk<D, W> {
    /// The disk.
    pub disk: D,
    /// The watcher.
    pub watch: Arc<W>,
}

impl<D: Disk, W: Watch> Disk for WatchedDisk<D, W> {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn DiskFile>> {
        let name = match how {
            OpenHow::ReadOnly | OpenHow::ReadOnlyNoFollow => "open for reading",
            OpenHow::Existing => "open",
            OpenHow::New => "create",
            OpenHow::ExistingOrNew => "open or create",
        };
        let file = self.watch.around(name, path, || self.disk.open(path, how))?;
        Ok(Box::new(WatchedFile { file, watch: Arc::clone(&self.watch) }))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.watch.around("create directory", path, || self.disk.create_dir(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.watch.around("sync directory", path, || self.disk.sync_dir(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.watch.around("rename", from, || self.disk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.watch.around("remove", path, || self.disk.remove(path))
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        self.watch.around("list", dir, || self.disk.names(dir))
    }
}

/// A file on that disk.
#[derive(Debug)]
struct WatchedFile<W> {
    file: Box<dyn DiskFile>,
    watch: Arc<W>,
}

impl<W: Watch> WatchedFile<W> {
    fn around<T>(&self, name: &str, operation: impl FnOnce(&dyn DiskFile) -> io::Result<T>) -> io::Result<T> {
        self.watch.around(name, self.file.path(), || operation(&*self.file))
    }
}

impl<W: Watch> DiskFile for WatchedFile<W> {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn id(&self) -> io::Result<FileId> {
        self.around("tell apart", |file| file.id())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.around("read", |file| file.read_at(buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.around("write", |file| file.write_at(bytes, offset))
    }

    fn len(&self) -> io::Result<u64> {
        self.around("measure", |file| file.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.around("cut", |file| file.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.around("sync", |file| file.sync_data())
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.around("lock", |file| file.try_lock())
    }

    fn is_locked(&self) -> io::Result<bool> {
        self.around("look for a lock on", |file| file.is_locked())
    }
}
