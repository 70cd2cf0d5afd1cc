//! Accepting processes with higher numbers, while strangers come and are turned away.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, Scope};
use std::time::Duration;

use super::deadline::Deadline;
use super::error::MeshError;
use super::gathering::{Gathering, MESSAGE_TIME};
use super::handshake::{Arrival, Own, TurnedAway, answer};
use super::link::{Link, Pending, TICK, pending};
use super::message::Message;

/// The most handshakes at a time; who comes then waits in the system's queue.
pub(super) const MAX_HANDSHAKES: usize = 64;
/// How long the oldest handshake is left alone while others wait.
const UNDISTURBED: Duration = Duration::from_millis(500);

/// How a handshake has ended.
struct Report {
    id: u64,
    stream: TcpStream,
    address: SocketAddr,
    arrival: Result<Arrival, TurnedAway>,
}

/// A handshake that goes on in a thread of its own.
struct Ongoing {
    id: u64,
    /// The connection, to end it.
    stream: TcpStream,
    undisturbed: Deadline,
}

/// All handshakes that go on.
struct Handshakes<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    own: Own<'env>,
    is_ended: &'env AtomicBool,
    time: Duration,
    reports: Sender<Report>,
    ongoing: VecDeque<Ongoing>,
    last_id: u64,
}

impl Handshakes<'_, '_> {
    /// Starts handshakes with who waits in the system's queue, as many as there may be.
    fn accept(&mut self, listener: &TcpListener) -> std::io::Result<()> {
        while self.ongoing.len() < MAX_HANDSHAKES {
            match listener.accept() {
                Ok((stream, address)) => self.start(stream, address)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error)
                    if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(error) => return Err(error),
            }
        }
        // Others may wait: the oldest has had its time. Its report makes room.
        if let Some(oldest) = self.ongoing.front().filter(|oldest| oldest.undisturbed.has_passed()) {
            let _ = oldest.stream.shutdown(Shutdown::Both);
        }
        Ok(())
    }

    fn start(&mut self, stream: TcpStream, address: SocketAddr) -> std::io::Result<()> {
        stream.set_nonblocking(false)?;
        self.last_id += 1;
        let (id, own, is_ended) = (self.last_id, self.own, self.is_ended);
        let undisturbed = Deadline::after(UNDISTURBED);
        let ongoing = Ongoing { id, stream: stream.try_clone()?, undisturbed };
        let (deadline, reports) = (Deadline::after(self.time), self.reports.clone());
        thread::Builder::new().name("mesh:handshake".to_owned()).spawn_scoped(self.scope, move || {
            let is_ended = || is_ended.load(Ordering::Relaxed);
            let arrival = answer(own, &mut Link::new(&stream, deadline, &is_ended));
            // Nobody may wait for it any longer.
            let _ = reports.send(Report { id, stream, address, arrival });
        })?;
        self.ongoing.push_back(ongoing);
        Ok(())
    }

    /// Returns how a handshake has ended, if one does soon.
    fn next(&mut self, inbox: &Receiver<Report>) -> Option<Report> {
        let report = inbox.recv_timeout(TICK).ok()?;
        self.ongoing.retain(|ongoing| ongoing.id != report.id);
        Some(report)
    }

    fn end_all(&self) {
        self.is_ended.store(true, Ordering::Relaxed);
        for ongoing in &self.ongoing {
            let _ = ongoing.stream.shutdown(Shutdown::Both);
        }
    }
}

impl Gathering<'_> {
    /// Waits until all processes with higher numbers have come, and all begin.
    pub(super) fn gather(&mut self, listener: &TcpListener) -> Result<(), MeshError> {
        listener
            .set_nonblocking(true)
            .map_err(|cause| MeshError::System { doing: "listen without blocking", cause })?;
        let is_ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let (reports, inbox) = mpsc::channel();
            let mut handshakes = Handshakes {
                scope,
                own: self.own,
                is_ended: &is_ended,
                time: self.handshake,
                reports,
                ongoing: VecDeque::new(),
                last_id: 0,
            };
            let result = self.wait(listener, &mut handshakes, &inbox);
            if let Err(error) = &result {
                self.say_farewell(error);
                self.tell_who_is_late(error, listener, &mut handshakes, &inbox);
            }
            handshakes.end_all();
            result
        })
    }

    fn wait(
        &mut self,
        listener: &TcpListener,
        handshakes: &mut Handshakes<'_, '_>,
        inbox: &Receiver<Report>,
    ) -> Result<(), MeshError> {
        let mut has_given_up = false;
        loop {
            if let Err(error) = handshakes.accept(listener) {
                // Too many open files, for instance: it may pass.
                let because = format!("cannot be accepted ({error})");
                self.note("who connects", &TurnedAway { claims: None, because });
            }
            if let Some(report) = handshakes.next(inbox) {
                self.take(report)?;
            }
            self.check()?;
            if self.advance()? && !has_given_up {
                return Ok(());
            }
            self.check_time(&mut has_given_up)?;
        }
    }

    /// Tells those who come now why process 0 has ended the run, for a short time: processes are mostly started together,
    /// and else the last ones would wait for one that is gone.
    fn tell_who_is_late(
        &self,
        error: &MeshError,
        listener: &TcpListener,
        handshakes: &mut Handshakes<'_, '_>,
        inbox: &Receiver<Report>,
    ) {
        let is_for_others = matches!(
            error,
            MeshError::Differs { .. }
                | MeshError::Ended { .. }
                | MeshError::Garbled { .. }
                | MeshError::Gone { .. }
        );
        if self.own.process != 0 || !is_for_others {
            return;
        }
        let mut is_told: Vec<_> = self.sockets.iter().map(Option::is_some).collect();
        is_told[0] = true;
        if let MeshError::Differs { peer, .. } = error {
            is_told.get_mut(peer.process).into_iter().for_each(|is_told| *is_told = true);
        }
        let until = self.deadline.or_after(self.farewell);
        while is_told.contains(&false) && !until.has_passed() && !(self.should_stop)() {
            // What goes wrong now changes nothing.
            let _ = handshakes.accept(listener);
            let Some(Report { stream, arrival: Ok(arrival), .. }) = handshakes.next(inbox) else { continue };
            let mut link = Link::new(&stream, Deadline::after(MESSAGE_TIME), &|| false);
            let _ = error.to_message(self.own.process).send(&mut link);
            is_told.get_mut(arrival.from).into_iter().for_each(|is_told| *is_told = true);
        }
    }

    fn take(&mut self, report: Report) -> Result<(), MeshError> {
        let Report { stream, address, arrival, .. } = report;
        let who = address.to_string();
        match arrival.map(|arrival| (arrival.from, self.admit(&stream, arrival))) {
            Ok((_, Err(error))) => Err(error),
            Ok((process, Ok(Ok(())))) => {
                self.sockets[process] = Some(stream);
                Ok(())
            }
            Ok((_, Ok(Err(away)))) | Err(away) => {
                self.note(&who, &away);
                Ok(())
            }
        }
    }

    /// Decides on a process that holds the secret, and tells it. The outer error ends the run, the inner one the
    /// connection.
    fn admit(&self, stream: &TcpStream, arrival: Arrival) -> Result<Result<(), TurnedAway>, MeshError> {
        let Arrival { from, run, identity } = arrival;
        let away = |because: &str| Ok(Err(TurnedAway { claims: Some(from), because: because.to_owned() }));
        let mut link = Link::new(stream, Deadline::after(MESSAGE_TIME), &|| false);
        let mut tell = |message: &Message| message.send(&mut link).is_ok();
        let has_come = |socket: &TcpStream| pending(socket) != Pending::End;
        if identity.is_none() && run != self.run {
            tell(&Message::OtherRun);
            return away("belongs to another run");
        }
        if self.sockets.get(from).and_then(Option::as_ref).is_some_and(has_come) {
            tell(&Message::Taken);
            return away("came when that one was there already");
        }
        if let Some(identity) = &identity {
            let differences = self.own.identity.differences(identity);
            if !differences.is_empty() {
                tell(&Message::Differs { process: from, differences: differences.clone() });
                return Err(MeshError::differs(self.own.hosts, from, differences));
            }
        }
        if from <= self.own.process || from >= self.sockets.len() {
            return away("has a number that cannot connect here");
        }
        let message = match identity {
            Some(_) => Message::Welcome { seed: self.seed, run: self.run },
            None => Message::Joined,
        };
        if tell(&message) { Ok(Ok(())) } else { away("broke the connection off") }
    }
}
