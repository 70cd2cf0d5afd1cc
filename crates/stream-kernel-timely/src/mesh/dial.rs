//! Dialing: finding the addresses of a host, listening on the own one, connecting to another.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::deadline::Deadline;
use super::error::MeshError;
use super::gathering::Gathering;
use super::handshake::{Refusal, introduce};
use super::hosts::Host;
use super::link::{Link, TICK};
use super::message::Message;

/// How long a single attempt to connect may take.
const CONNECT_TIME: Duration = Duration::from_secs(1);
/// How long it is waited before a name is looked up again.
const RESOLVE_PAUSE: Duration = Duration::from_millis(500);
/// The most addresses of a name that are tried.
const MAX_ADDRESSES: usize = 16;

/// Returns the addresses of `host`: at least one, at most [`MAX_ADDRESSES`].
///
/// # Errors
///
/// Returns what the resolver says; a time-out at `deadline`, or soon after `should_stop` returns true.
fn resolve(host: &Host, deadline: Deadline, should_stop: &dyn Fn() -> bool) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.name().parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, host.port())]);
    }
    // The system's resolver has no deadline: a thread waits for it, and ends when it does.
    let (name, port) = (host.name().to_owned(), host.port());
    let (answer, answered) = mpsc::channel();
    thread::Builder::new().name("mesh:resolve".to_owned()).spawn(move || {
        let addresses = (name.as_str(), port).to_socket_addrs();
        // Nobody may wait any longer.
        let _ = answer.send(addresses.map(|all| all.take(MAX_ADDRESSES).collect::<Vec<_>>()));
    })?;
    loop {
        match answered.recv_timeout(TICK) {
            Ok(Ok(addresses)) if addresses.is_empty() => return Err(ErrorKind::NotFound.into()),
            Ok(answer) => return answer,
            Err(RecvTimeoutError::Timeout) if !deadline.has_passed() && !should_stop() => {}
            Err(_) => return Err(ErrorKind::TimedOut.into()),
        }
    }
}

/// Why an attempt to connect failed.
enum Failure {
    Unresolved(io::Error),
    /// Nothing listens there, or nothing can be sent there.
    Unreachable(String),
    Refusal(Refusal),
}

impl Gathering<'_> {
    /// Returns a listener on the address of this process, and on no other.
    pub(super) fn listen(&self) -> Result<TcpListener, MeshError> {
        let own = || self.own.peer(self.own.process);
        let host = self.own.hosts.of_process(self.own.process)?;
        let addresses = match resolve(host, self.deadline, self.should_stop) {
            Ok(addresses) => addresses,
            Err(_) if (self.should_stop)() => return Err(MeshError::Stopped),
            Err(cause) => return Err(MeshError::Unresolved { peer: own(), cause }),
        };
        TcpListener::bind(&addresses[..]).map_err(|cause| MeshError::CannotListen { own: own(), cause })
    }

    /// Connects to process `to`, however often that takes.
    pub(super) fn dial(&mut self, to: usize) -> Result<(), MeshError> {
        loop {
            self.check()?;
            let failure = match self.attempt(to) {
                Ok((stream, message)) => {
                    if let Message::Welcome { seed, run } = message {
                        (self.seed, self.run) = (seed, run);
                    }
                    self.sockets[to] = Some(stream);
                    return Ok(());
                }
                Err(failure) => failure,
            };
            let (pause, unresolved) = match failure {
                Failure::Refusal(Refusal::ForGood(error)) => return Err(error),
                Failure::Refusal(Refusal::ForNow(because)) => {
                    self.note_at(to, format!("what listens there {because}"));
                    (TICK, None)
                }
                Failure::Unreachable(because) => {
                    self.note_at(to, format!("it cannot be reached ({because})"));
                    (TICK, None)
                }
                // The names of machines that are about to start can come late.
                Failure::Unresolved(error) => (RESOLVE_PAUSE, Some(error)),
            };
            let until = self.deadline.or_after(pause);
            loop {
                self.check()?;
                if self.deadline.has_passed() {
                    let peer = self.own.peer(to);
                    return Err(match unresolved {
                        Some(cause) => MeshError::Unresolved { peer, cause },
                        None => self.never_came(to),
                    });
                }
                if until.has_passed() {
                    break;
                }
                thread::sleep(until.left().min(TICK));
            }
        }
    }

    /// Connects to process `to` once.
    fn attempt(&self, to: usize) -> Result<(TcpStream, Message), Failure> {
        let host = self
            .own
            .hosts
            .of_process(to)
            .map_err(|error| Failure::Refusal(Refusal::ForGood(error.into())))?;
        let addresses = resolve(host, self.deadline, self.should_stop).map_err(Failure::Unresolved)?;
        let stream = self.connect_to_one(&addresses).map_err(Failure::Unreachable)?;
        let deadline = self.deadline.or_after(self.handshake);
        let mut link = Link::new(&stream, deadline, self.should_stop);
        let message = introduce(self.own, to, self.run, &mut link).map_err(Failure::Refusal)?;
        Ok((stream, message))
    }

    fn connect_to_one(&self, addresses: &[SocketAddr]) -> Result<TcpStream, String> {
        let mut last = "nobody listens".to_owned();
        for address in addresses {
            let time = self.deadline.left().min(CONNECT_TIME);
            if time.is_zero() || (self.should_stop)() {
                break;
            }
            match TcpStream::connect_timeout(address, time) {
                // A port that nobody listens on can be given to the connection itself, which then leads to itself.
                Ok(stream) if stream.local_addr().ok() == Some(*address) => {}
                Ok(stream) => return Ok(stream),
                Err(error) => last = error.to_string(),
            }
        }
        Err(last)
    }
}
