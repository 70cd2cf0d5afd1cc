//! Connections to the other processes of a run, watched: whichever breaks or falls silent ends the run.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use timely::communication::allocator::zero_copy::stream::Stream;

use crate::dataflow::Control;

/// A connection to another process.
pub(crate) struct Connection {
    stream: TcpStream,
    peer: Arc<Peer>,
    control: Arc<Control>,
}

/// The process at the other end.
#[derive(Debug)]
pub(crate) struct Peer {
    /// How people know it: ``process 1 (`host:port`)``.
    pub(crate) name: String,
    /// Whether anything has come from it since somebody looked last.
    pub(crate) was_heard: AtomicBool,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, peer: Arc<Peer>, control: Arc<Control>) -> Self {
        Self { stream, peer, control }
    }

    /// Ends the run, unless it is over. The engine would panic if it saw the error: its thread waits for the end of the process
    /// instead.
    fn check<T>(&self, done: io::Result<T>) -> io::Result<T> {
        let Err(error) = done else { return done };
        if matches!(error.kind(), io::ErrorKind::Interrupted) || self.control.is_over() {
            return Err(error);
        }
        self.control.break_off(format!(
            "{} is gone: {error} (see what it says, and start all again)",
            self.peer.name
        ));
        loop {
            thread::park();
        }
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) if !self.control.is_over() => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                read => read,
            };
            match self.check(read) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    self.peer.was_heard.store(true, Ordering::Relaxed);
                    return read;
                }
            }
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes);
        self.check(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stream.flush();
        self.check(flushed)
    }
}

impl Stream for Connection {
    fn try_clone(&self) -> io::Result<Self> {
        let stream = self.stream.try_clone()?;
        Ok(Self::new(stream, Arc::clone(&self.peer), Arc::clone(&self.control)))
    }

    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.stream.set_nonblocking(nonblocking)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        // A peer that has gone already needs no goodbye.
        let _ = self.stream.shutdown(how);
        Ok(())
    }
}
