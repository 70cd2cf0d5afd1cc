//! A terminal for a program, and the bytes that it received.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::running::Capture;

/// A terminal without a user.
pub(super) struct PseudoTerminal {
    user_end: OwnedFd,
    sent: Capture,
}

impl PseudoTerminal {
    pub(super) fn open() -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let user_end = open(OsStr::from_bytes(name.as_bytes()), flags, Mode::empty()).unwrap();
        Self { user_end, sent: Capture::new(File::from(controller)) }
    }

    /// Returns a stream for a program.
    pub(super) fn stream(&self) -> OwnedFd {
        self.user_end.try_clone().unwrap()
    }

    /// Returns the bytes that it received, with the original line ends, once the programs have ended.
    pub(super) fn sent(mut self) -> String {
        drop(self.user_end);
        self.sent.finish().replace("\r\n", "\n")
    }
}
