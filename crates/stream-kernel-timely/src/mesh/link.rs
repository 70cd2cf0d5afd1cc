//! Link: a connection whose reads and writes end at a deadline.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::net::{RecvFlags, recv};

use super::deadline::Deadline;

/// How long a blocking call waits before it looks whether it should go on.
pub(super) const TICK: Duration = Duration::from_millis(20);

/// A connection while processes come together. All of what is read or written through it ends at one deadline,
/// however slowly the other side sends.
pub(super) struct Link<'a> {
    stream: &'a TcpStream,
    deadline: Deadline,
    is_ended: &'a dyn Fn() -> bool,
}

impl<'a> Link<'a> {
    /// Returns a link that gives up at `deadline`, or soon after `is_ended` returns true.
    pub(super) fn new(stream: &'a TcpStream, deadline: Deadline, is_ended: &'a dyn Fn() -> bool) -> Self {
        Self { stream, deadline, is_ended }
    }

    /// Reads exactly `N` bytes.
    pub(super) fn read<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads a length of four bytes and as many bytes.
    ///
    /// # Errors
    ///
    /// The length is more than `most`; nothing is reserved for it then. Else what the system says.
    pub(super) fn read_sized(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let length = u32::from_be_bytes(self.read()?) as usize;
        if length > most {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        let mut read = 0;
        while read < bytes.len() {
            self.stream.set_read_timeout(Some(self.patience()?))?;
            match (&mut &*self.stream).read(&mut bytes[read..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(more) => read += more,
                Err(error) if is_to_try_again(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes all of `bytes`.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut written = 0;
        while written < bytes.len() {
            self.stream.set_write_timeout(Some(self.patience()?))?;
            match (&mut &*self.stream).write(&bytes[written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if is_to_try_again(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads and drops what comes until the other side closes, `most` bytes came, or the deadline is reached. What was
    /// written last could be lost with a connection that is closed while something is unread.
    pub(super) fn drain(&mut self, most: usize) {
        for _ in 0..most {
            if self.read::<1>().is_err() {
                return;
            }
        }
    }

    /// Returns how long the next call may block.
    fn patience(&self) -> io::Result<Duration> {
        let left = self.deadline.left();
        if left.is_zero() || (self.is_ended)() { Err(ErrorKind::TimedOut.into()) } else { Ok(left.min(TICK)) }
    }
}

fn is_to_try_again(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// What a connection has for who reads it next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    /// Nothing yet.
    Nothing,
    /// At least a byte.
    Bytes,
    /// Its end: the other side is gone.
    End,
}

/// Returns what `stream` has, without waiting and without taking it.
pub(super) fn pending(stream: &TcpStream) -> Pending {
    let mut byte = [0];
    match recv(stream, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT) {
        Ok((_, 0)) => Pending::End,
        Ok(_) => Pending::Bytes,
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Pending::Nothing,
        Err(_) => Pending::End,
    }
}
