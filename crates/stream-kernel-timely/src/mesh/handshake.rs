//! Handshake of a connection: each side proves that it holds the secret, and only then says more.
//!
//! Both say hello with random bytes of their own, then the dialer proves first, so that a stranger who connects hears no
//! proof. A proof covers both hellos and the role: it fits no other connection, direction or number.
//!
//! ```text
//! dialer                                listener
//! hello (numbers, run, nonce)    ->
//!                                <-     hello (numbers, nonce)
//! proof                          ->
//!                                <-     1 and proof, or 0 and zeros: the secret differs
//! identity, to process 0 only    ->
//!                                <-     Welcome or Joined, or why not
//! ```

use std::io::{self, ErrorKind};

use super::error::{MeshError, Peer};
use super::hello::{BODY_BYTES, Hello, RunNumber, VERSION, preamble, version_of};
use super::hosts::Hosts;
use super::identity::{Identity, MAX_IDENTITY_BYTES};
use super::link::Link;
use super::message::Message;
use super::secret::{PROOF_BYTES, Role, Secret, random};

/// What a listener answers to a proof of the right secret, before its own.
const PROVED: u8 = 1;
/// What a listener answers to a proof of another secret.
const NOT_PROVED: u8 = 0;
/// The most bytes that are read from who speaks another version, so that the answer is not lost.
const MAX_DRAINED_BYTES: usize = 1024;

/// Who this process is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own<'a> {
    /// All processes.
    pub(super) hosts: &'a Hosts,
    /// The number of this one.
    pub(super) process: usize,
    /// What all of them hold.
    pub(super) secret: &'a Secret,
    /// What must be the same in all of them.
    pub(super) identity: &'a Identity,
}

impl Own<'_> {
    fn hello(&self, to: usize, run: RunNumber) -> io::Result<Hello> {
        let processes = self.hosts.as_slice().len();
        Ok(Hello { processes, from: self.process, to, run, nonce: random()? })
    }

    pub(super) fn peer(&self, process: usize) -> Peer {
        Peer::new(self.hosts, process)
    }
}

/// A process that has connected and holds the secret.
#[derive(Debug)]
pub(super) struct Arrival {
    /// Its number: not compared with anything yet.
    pub(super) from: usize,
    /// The run that it belongs to, zeros if it speaks to process 0.
    pub(super) run: RunNumber,
    /// What it is, if it speaks to process 0.
    pub(super) identity: Option<Identity>,
}

/// Somebody who has connected and is turned away.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TurnedAway {
    /// The number that it claims, if it came as far.
    pub(super) claims: Option<usize>,
    /// Why, as the end of a sentence that begins with who it is.
    pub(super) because: String,
}

impl TurnedAway {
    fn new(claims: Option<usize>, because: &str) -> Self {
        Self { claims, because: because.to_owned() }
    }
}

/// Takes the listener's part, up to the answer that the list of those who have come decides on.
///
/// # Errors
///
/// Returns why the other side is turned away: the connection can be dropped.
pub(super) fn answer(own: Own<'_>, link: &mut Link<'_>) -> Result<Arrival, TurnedAway> {
    let silent = |_| TurnedAway::new(None, "did not say who it is in time");
    match version_of(link.read().map_err(silent)?) {
        Some(VERSION) => {}
        Some(theirs) => {
            // It learns of this version, whatever the rest of its hello is.
            let _ = link.write(&preamble(VERSION));
            link.drain(MAX_DRAINED_BYTES);
            let because = format!("speaks version {theirs} of the protocol, not {VERSION}");
            return Err(TurnedAway { claims: None, because });
        }
        None => return Err(TurnedAway::new(None, "does not speak the protocol")),
    }
    let body = link.read::<BODY_BYTES>().map_err(silent)?;
    let theirs = Hello::decode(&body).ok_or(TurnedAway::new(None, "does not speak the protocol"))?;

    let claims = Some(theirs.from);
    let broken = |error: io::Error| TurnedAway::new(claims, broken(&error));
    let ours = own.hello(theirs.from, RunNumber::default()).map_err(broken)?;
    let transcript = [theirs.encode(), ours.encode()].concat();
    link.write(&ours.encode()).map_err(broken)?;
    let proof = link.read().map_err(broken)?;
    if !own.secret.verify(Role::Dialer, &transcript, &proof) {
        let _ = link.write(&[NOT_PROVED; 1 + PROOF_BYTES]);
        return Err(TurnedAway::new(claims, "has another secret"));
    }
    let mut proved = vec![PROVED];
    proved.extend_from_slice(&own.secret.prove(Role::Listener, &transcript));
    link.write(&proved).map_err(broken)?;

    if theirs.to != own.process {
        let because = format!("takes this process for process {}", theirs.to);
        return Err(TurnedAway { claims, because });
    }
    let identity = if own.process == 0 {
        let message = link.read_sized(MAX_IDENTITY_BYTES).map_err(broken)?;
        Some(Identity::decode(&message).ok_or(TurnedAway::new(claims, "sent what is not an identity"))?)
    } else {
        None
    };
    Ok(Arrival { from: theirs.from, run: theirs.run, identity })
}

/// Why a process that was connected to did not take this one in.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It may do so later, or what answered is not the process. Why, as the end of a sentence about what is there.
    ForNow(String),
    /// It will not.
    ForGood(MeshError),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::ForNow(broken(&error).to_owned())
    }
}

/// Takes the dialer's part with process `to`, and returns how that takes this process in.
///
/// # Errors
///
/// Returns why it does not.
pub(super) fn introduce(
    own: Own<'_>,
    to: usize,
    run: RunNumber,
    link: &mut Link<'_>,
) -> Result<Message, Refusal> {
    let peer = || own.peer(to);
    let strange = || Refusal::ForNow("does not speak the protocol".to_owned());
    let ours = own.hello(to, run)?;
    link.write(&ours.encode())?;
    match version_of(link.read()?) {
        Some(VERSION) => {}
        Some(theirs) => {
            return Err(Refusal::ForGood(MeshError::VersionDiffers { peer: peer(), theirs, ours: VERSION }));
        }
        None => return Err(strange()),
    }
    let theirs = Hello::decode(&link.read()?).ok_or_else(strange)?;
    let transcript = [ours.encode(), theirs.encode()].concat();
    link.write(&own.secret.prove(Role::Dialer, &transcript))?;
    let [proved] = link.read()?;
    let proof = link.read()?;
    if proved != PROVED || !own.secret.verify(Role::Listener, &transcript, &proof) {
        return Err(Refusal::ForGood(MeshError::SecretDiffers { peer: peer() }));
    }
    if theirs.from != to {
        return Err(Refusal::ForGood(MeshError::WrongNumber { peer: peer(), actual: theirs.from }));
    }
    if to == 0 {
        let identity = own.identity.encode();
        let length = u32::try_from(identity.len()).unwrap_or(u32::MAX);
        link.write(&[&length.to_be_bytes()[..], &identity].concat())?;
    }
    match Message::receive(link)? {
        welcome @ Message::Welcome { .. } if to == 0 => Ok(welcome),
        joined @ Message::Joined if to != 0 => Ok(joined),
        Message::OtherRun => Err(Refusal::ForNow("belongs to another run".to_owned())),
        Message::Taken => {
            Err(Refusal::ForGood(MeshError::NumberTaken { own: own.peer(own.process), by: peer() }))
        }
        Message::Ended { process, reason } => {
            Err(Refusal::ForGood(MeshError::ended(own.hosts, process, &reason)))
        }
        Message::Differs { process, differences } => {
            Err(Refusal::ForGood(MeshError::differs(own.hosts, process, differences)))
        }
        _ => Err(Refusal::ForGood(MeshError::Garbled { peer: peer() })),
    }
}

/// Returns what somebody does whose connection ended with `error`.
fn broken(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::TimedOut => "did not answer in time",
        ErrorKind::InvalidData => "sent what is not part of the protocol",
        _ => "broke the connection off",
    }
}
