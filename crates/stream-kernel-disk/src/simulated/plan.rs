//! Plan of a simulated disk: the operation that fails, and the fault; and the history of operations.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The device fails (`EIO`).
    Device,
    /// The disk is full (`ENOSPC`).
    Full,
    /// A signal interrupts (`EINTR`).
    Interrupted,
    /// A write takes some of its bytes, at least one. Other operations succeed.
    ShortWrite,
    /// The power goes, or the process is killed: this operation and all later ones fail.
    Crash,
}

/// A fault at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedFault {
    /// The fault.
    pub fault: Fault,
    /// The number of the operation, counted from 0 over the whole life of the disk.
    pub at: u64,
    /// Whether all later operations fail, too.
    pub from_then_on: bool,
}

/// The result that an operation is to have.
pub(super) enum Verdict {
    Go,
    WriteLess,
    Fail(io::Error),
}

impl PlannedFault {
    pub(super) fn verdict(self, number: u64) -> Verdict {
        let is_over = !self.from_then_on && self.fault != Fault::Crash && number > self.at;
        if number < self.at || is_over {
            return Verdict::Go;
        }
        let failed = |errno: Errno| Verdict::Fail(errno.into());
        match self.fault {
            Fault::Device => failed(Errno::IO),
            Fault::Full => failed(Errno::NOSPC),
            Fault::Interrupted => failed(Errno::INTR),
            Fault::ShortWrite => Verdict::WriteLess,
            Fault::Crash => Verdict::Fail(io::Error::other(format!("crashed at operation {}", self.at))),
        }
    }
}

/// An operation, for the history.
pub(super) struct Operation {
    pub(super) number: u64,
    name: &'static str,
    path: PathBuf,
    /// Offset and length, or the length alone.
    place: (Option<u64>, Option<u64>),
    pub(super) failure: Option<String>,
}

impl Operation {
    pub(super) fn new(name: &'static str, path: &Path) -> Self {
        Self { number: 0, name, path: path.to_owned(), place: (None, None), failure: None }
    }

    pub(super) fn at(mut self, offset: u64) -> Self {
        self.place.0 = Some(offset);
        self
    }

    pub(super) fn len(mut self, len: u64) -> Self {
        self.place.1 = Some(len);
        self
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5} {} {}", self.number, self.name, self.path.display())?;
        if let Some(len) = self.place.1 {
            write!(f, ", {len} bytes")?;
        }
        if let Some(offset) = self.place.0 {
            write!(f, " at {offset}")?;
        }
        self.failure.as_ref().map_or(Ok(()), |failure| write!(f, ": {failure}"))
    }
}
