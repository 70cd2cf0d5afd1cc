//! Gathering of processes: who has come, what they say, and how all begin or none.
//!
//! Process 0 knows all. Each other process tells it once it is connected to everyone; when all have, process 0 says so,
//! and all begin. Whoever ends the run before that tells process 0, which tells the rest.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use super::MeshSettings;
use super::deadline::Deadline;
use super::error::MeshError;
use super::handshake::{Own, TurnedAway};
use super::hello::RunNumber;
use super::link::{Link, Pending, pending};
use super::message::Message;

/// How long a message between processes that know each other may take.
pub(super) const MESSAGE_TIME: Duration = Duration::from_secs(1);
/// The most bytes of a peer that are read and dropped before its connection is closed.
const MAX_UNREAD_BYTES: usize = 64;

/// The processes that have come so far.
pub(super) struct Gathering<'a> {
    pub(super) own: Own<'a>,
    pub(super) should_stop: &'a dyn Fn() -> bool,
    /// Until when all must have come.
    pub(super) deadline: Deadline,
    /// How long that was at the beginning.
    pub(super) waited: Duration,
    /// How long a handshake may take.
    pub(super) handshake: Duration,
    /// How long process 0 tells who comes that the run has ended.
    pub(super) farewell: Duration,
    pub(super) run: RunNumber,
    pub(super) seed: u64,
    /// The connections, by process.
    pub(super) sockets: Vec<Option<TcpStream>>,
    /// In process 0, which others are connected to all; elsewhere, at 0, whether the run begins.
    heard: Vec<bool>,
    /// Who was turned away last that claimed to be a process, or what was at its address instead, by process.
    seen: Vec<Option<String>>,
    /// Who was turned away last and claimed nothing that could be.
    stranger: Option<String>,
    /// Whether process 0 has been told that this one is connected to all.
    is_complete: bool,
    /// Whether the run may have begun somewhere: what is sent from then on would be taken for its data.
    has_begun: bool,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(own: Own<'a>, should_stop: &'a dyn Fn() -> bool, settings: &MeshSettings) -> Self {
        let MeshSettings { deadline: waited, handshake, farewell, .. } = *settings;
        let processes = own.hosts.as_slice().len();
        Self {
            own,
            should_stop,
            deadline: Deadline::after(waited),
            waited,
            handshake,
            farewell,
            run: RunNumber::default(),
            seed: 0,
            sockets: (0..processes).map(|_| None).collect(),
            heard: vec![false; processes],
            seen: vec![None; processes],
            stranger: None,
            is_complete: false,
            has_begun: false,
        }
    }

    /// Looks, without waiting, whether the run is to end, and takes what others have said.
    pub(super) fn check(&mut self) -> Result<(), MeshError> {
        if (self.should_stop)() {
            return Err(MeshError::Stopped);
        }
        // Everybody tells process 0, and hears from nobody else.
        let watched = if self.own.process == 0 { self.sockets.len() } else { 1 };
        for process in 0..watched {
            let Some(socket) = &self.sockets[process] else { continue };
            if self.begins() {
                break;
            }
            match pending(socket) {
                Pending::Nothing => {}
                Pending::End => return Err(MeshError::Gone { peer: self.own.peer(process) }),
                Pending::Bytes => {
                    let mut link = Link::new(socket, Deadline::after(MESSAGE_TIME), &|| false);
                    let message = Message::receive(&mut link);
                    self.hear(process, message)?;
                }
            }
        }
        Ok(())
    }

    fn hear(&mut self, process: usize, message: std::io::Result<Message>) -> Result<(), MeshError> {
        let is_first = self.own.process == 0;
        match message {
            Ok(Message::Complete) if is_first && !self.heard[process] => self.heard[process] = true,
            Ok(Message::Go) if !is_first && self.is_complete => self.heard[0] = true,
            Ok(Message::Stopped) => {
                return Err(MeshError::ended(self.own.hosts, process, "it was told to stop"));
            }
            Ok(Message::GaveUp) if is_first => return Err(self.missing(process)),
            Ok(Message::Ended { process, reason }) => {
                return Err(MeshError::ended(self.own.hosts, process, &reason));
            }
            Ok(Message::Differs { process, differences }) => {
                return Err(MeshError::differs(self.own.hosts, process, differences));
            }
            Ok(_) => return Err(MeshError::Garbled { peer: self.own.peer(process) }),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                return Err(MeshError::Garbled { peer: self.own.peer(process) });
            }
            Err(_) => return Err(MeshError::Gone { peer: self.own.peer(process) }),
        }
        Ok(())
    }

    /// Returns whether process 0 has said that all begin.
    fn begins(&self) -> bool {
        self.own.process != 0 && self.heard[0]
    }

    /// Returns the first process that is not there.
    fn absent(&self) -> Option<usize> {
        (0..self.sockets.len())
            .find(|process| *process != self.own.process && self.sockets[*process].is_none())
    }

    /// Goes on once all have come: tells process 0, or, in process 0, everybody once all have told it. Returns whether
    /// the run begins.
    pub(super) fn advance(&mut self) -> Result<bool, MeshError> {
        if self.absent().is_some() {
            return Ok(false);
        }
        if self.own.process != 0 {
            if !self.is_complete {
                self.is_complete = true;
                // If process 0 is gone, what it said last is still to be read.
                let _ = self.tell(0, &Message::Complete, Deadline::after(MESSAGE_TIME));
            }
            return Ok(self.begins());
        }
        if (1..self.heard.len()).any(|process| !self.heard[process]) {
            return Ok(false);
        }
        self.has_begun = true;
        for process in 1..self.sockets.len() {
            self.tell(process, &Message::Go, Deadline::after(MESSAGE_TIME))
                .map_err(|_| MeshError::Gone { peer: self.own.peer(process) })?;
        }
        Ok(true)
    }

    /// Ends the waiting if its time is over. Process 0 gives those who have come a moment to say what they lack, and the
    /// others give process 0 one to say who did not come.
    pub(super) fn check_time(&mut self, has_given_up: &mut bool) -> Result<(), MeshError> {
        if !self.deadline.has_passed() {
            return Ok(());
        }
        if self.absent().is_some() {
            return Err(self.missing(0));
        }
        if self.own.process != 0 && !*has_given_up {
            *has_given_up = true;
            let _ = self.tell(0, &Message::GaveUp, Deadline::after(MESSAGE_TIME));
        }
        if self.deadline.and(MESSAGE_TIME).has_passed() { Err(self.missing(0)) } else { Ok(()) }
    }

    /// Returns the error for the first process that is not there, or not connected to all others; for process `told` if
    /// there is none.
    fn missing(&mut self, told: usize) -> MeshError {
        if let Some(process) = self.absent() {
            return self.never_came(process);
        }
        let waited = self.waited;
        if self.own.process != 0 {
            return MeshError::NotBegun { peer: self.own.peer(0), waited };
        }
        let process = (1..self.heard.len()).find(|process| !self.heard[*process]).unwrap_or(told);
        MeshError::NotConnected { peer: self.own.peer(process), waited }
    }

    pub(super) fn never_came(&mut self, process: usize) -> MeshError {
        let seen = self.seen[process].take().or_else(|| self.stranger.take());
        MeshError::NeverCame { peer: self.own.peer(process), waited: self.waited, seen }
    }

    /// Remembers who was turned away, for the case that nobody else comes.
    pub(super) fn note(&mut self, who: &str, away: &TurnedAway) {
        let TurnedAway { claims, because } = away;
        match claims.and_then(|process| self.seen.get_mut(process).map(|seen| (process, seen))) {
            Some((process, seen)) => {
                *seen = Some(format!("{who}, which says that it is process {process}, {because}"));
            }
            None => self.stranger = Some(format!("{who} {because}")),
        }
    }

    /// Remembers what is at the address of `process` instead of that.
    pub(super) fn note_at(&mut self, process: usize, seen: String) {
        self.seen[process] = Some(seen);
    }

    fn tell(&self, process: usize, message: &Message, deadline: Deadline) -> std::io::Result<()> {
        match &self.sockets[process] {
            Some(socket) => message.send(&mut Link::new(socket, deadline, &|| false)),
            None => Ok(()),
        }
    }

    /// Tells the others that this process ends the run with `error`.
    pub(super) fn say_farewell(&self, error: &MeshError) {
        let deadline = Deadline::after(MESSAGE_TIME);
        if self.own.process != 0 && self.is_complete {
            // Process 0 may have begun: a byte alone can do no harm there.
            if matches!(error, MeshError::Stopped) {
                let _ = self.tell(0, &Message::Stopped, deadline);
            }
            return;
        }
        if self.has_begun {
            return;
        }
        let message = error.to_message(self.own.process);
        let told = if self.own.process == 0 { self.sockets.len() } else { 1 };
        for process in 0..told {
            let _ = self.tell(process, &message, deadline);
            // The system drops what it has not delivered of a connection that is closed with something unread.
            if let Some(socket) = &self.sockets[process] {
                let is_read = || pending(socket) != Pending::Bytes;
                Link::new(socket, deadline, &is_read).drain(MAX_UNREAD_BYTES);
            }
        }
    }
}
