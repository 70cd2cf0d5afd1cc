//! Open files of a simulated disk.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::content::Content;
use super::names::Node;
use super::plan::{Operation, Verdict};
use super::{SimulatedDisk, key};
use crate::{DiskFile, FileId};

pub(super) struct SimulatedFile {
    pub(super) disk: SimulatedDisk,
    pub(super) path: PathBuf,
    pub(super) is_writable: bool,
    /// The file's number.
    pub(super) file: usize,
    /// This handle's number.
    pub(super) handle: u64,
}

impl SimulatedFile {
    /// Counts an operation, and does it unless it is planned to fail.
    fn operate<T>(
        &self,
        operation: Operation,
        act: impl FnOnce(&mut Content) -> io::Result<T>,
    ) -> io::Result<T> {
        self.disk.operate(operation, |state| act(&mut state.files[self.file]))
    }

    fn operation(&self, name: &'static str) -> Operation {
        Operation::new(name, &self.path)
    }

    fn check_writable(&self) -> io::Result<()> {
        if self.is_writable { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}

impl DiskFile for SimulatedFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn id(&self) -> io::Result<FileId> {
        self.operate(self.operation("id"), |_| Ok(FileId(0, self.file as u64)))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let operation = self.operation("read").at(offset).len(buffer.len() as u64);
        self.operate(operation, |content| Ok(content.read(buffer, offset)))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.check_writable()?;
        let mut state = self.disk.state();
        let verdict = state.begin(self.operation("write").at(offset).len(bytes.len() as u64));
        let written = match &verdict {
            Verdict::Go => bytes.len(),
            Verdict::WriteLess => 1 + state.random.below(bytes.len().saturating_sub(1)),
            Verdict::Fail(_) => state.random.below(bytes.len() + 1),
        };
        let written = written.min(bytes.len());
        // An interrupted call has written nothing.
        let is_untouched =
            matches!(&verdict, Verdict::Fail(error) if error.kind() == io::ErrorKind::Interrupted);
        if !is_untouched {
            state.files[self.file].write(&bytes[..written], offset)?;
        }
        match verdict {
            Verdict::Fail(error) => Err(error),
            Verdict::Go | Verdict::WriteLess => Ok(written),
        }
    }

    fn len(&self) -> io::Result<u64> {
        self.operate(self.operation("len"), |content| Ok(content.bytes().len() as u64))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check_writable()?;
        self.operate(self.operation("set_len").len(len), |content| content.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let verdict = state.begin(self.operation("sync"));
        let state = &mut *state;
        let content = &mut state.files[self.file];
        match verdict {
            Verdict::Go | Verdict::WriteLess => {
                content.sync(|| true);
                Ok(())
            }
            Verdict::Fail(error) => {
                content.sync(|| state.random.coin());
                Err(error)
            }
        }
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.disk.operate(self.operation("lock"), |state| {
            let holder = *state.files[self.file].locked_by.get_or_insert(self.handle);
            let is_there = state.names.get(&key(&self.path)) == Some(Node::File(self.file));
            Ok(holder == self.handle && is_there)
        })
    }

    fn is_locked(&self) -> io::Result<bool> {
        self.operate(self.operation("is_locked"), |content| {
            Ok(content.locked_by.is_some_and(|holder| holder != self.handle))
        })
    }
}

impl Drop for SimulatedFile {
    /// Closing the file releases its lock.
    fn drop(&mut self) {
        let mut state = self.disk.state();
        let locked_by = &mut state.files[self.file].locked_by;
        if *locked_by == Some(self.handle) {
            *locked_by = None;
        }
    }
}

impl fmt::Debug for SimulatedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedFile").field("path", &self.path).finish_non_exhaustive()
    }
}
