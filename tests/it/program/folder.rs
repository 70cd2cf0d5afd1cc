//! A test's own folder, removed when the test is over.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

/// A folder in which a program works and leaves its files.
pub(super) struct Folder(TempDir);

impl Folder {
    /// Returns an empty folder.
    pub(super) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Returns a folder with `input.txt`, which the built-in configuration reads.
    pub(super) fn with_input(input: impl AsRef<[u8]>) -> Self {
        let folder = Self::new();
        folder.write("input.txt", input);
        folder
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path_of(name), content).unwrap();
    }

    /// Returns a file's text.
    pub(super) fn read(&self, name: &str) -> String {
        let path = self.path_of(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.path_of(name).symlink_metadata().is_ok()
    }

    /// Returns the length of the file in bytes; 0 if it does not exist.
    pub(super) fn length(&self, name: &str) -> u64 {
        self.path_of(name).metadata().map_or(0, |metadata| metadata.len())
    }

    /// Returns the names of everything in the folder, sorted.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = (fs::read_dir(self.path()).unwrap())
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Returns a fingerprint of a file: its bytes, its inode and its time of modification.
    pub(super) fn fingerprint(&self, name: &str) -> (Vec<u8>, u64, i64, i64) {
        let metadata = self.path_of(name).symlink_metadata().unwrap();
        let bytes = fs::read(self.path_of(name)).unwrap();
        (bytes, metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
    }

    /// Returns the file's permission bits.
    pub(super) fn mode(&self, name: &str) -> u32 {
        self.path_of(name).metadata().unwrap().permissions().mode() & 0o777
    }

    /// Makes a named pipe.
    pub(super) fn make_pipe(&self, name: &str) {
        mknodat(CWD, self.path_of(name), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    }
}
