//! Errors of processes that come together.

use std::fmt;
use std::io;
use std::time::Duration;

use super::hosts::{Hosts, HostsError};
use super::identity::Difference;
use super::message::{MAX_REASON_BYTES, Message};

/// A process, as errors name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its number.
    pub(crate) process: usize,
    /// Its `host:port`.
    pub(crate) host: String,
}

impl Peer {
    /// Returns process number `process`, which may be beyond the list.
    pub(super) fn new(hosts: &Hosts, process: usize) -> Self {
        let host = hosts.as_slice().get(process).map_or_else(|| "not listed".to_owned(), ToString::to_string);
        Self { process, host }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} (`{}`)", self.process, self.host)
    }
}

/// Why processes did not come together. The run has touched nothing yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MeshError {
    /// The process is not in the list of hosts.
    #[error(transparent)]
    Hosts(#[from] HostsError),
    /// The system gives no randomness, or no socket options.
    #[error("cannot {doing}")]
    System {
        /// What could not be done.
        doing: &'static str,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The own address cannot be listened on.
    #[error("{own} cannot listen: {cause} (stop what listens there, or list an address of this machine)")]
    CannotListen {
        /// This process.
        own: Peer,
        /// What the system said.
        cause: io::Error,
    },
    /// A name has no address.
    #[error("the name of {peer} has no address: {cause} (correct it in the list of hosts)")]
    Unresolved {
        /// Whose.
        peer: Peer,
        /// What the resolver said.
        cause: io::Error,
    },
    /// A process did not come in time.
    #[error("{peer} did not come within {waited:?}{} (start every process, with the same list of hosts)", and_seen(seen.as_deref()))]
    NeverCame {
        /// Which.
        peer: Peer,
        /// How long it was waited for.
        waited: Duration,
        /// What was seen instead.
        seen: Option<String>,
    },
    /// A process came, but did not say in time that it is connected to all others.
    #[error(
        "{peer} was not connected to all others within {waited:?} (see what it says, and whether it can reach every host)"
    )]
    NotConnected {
        /// Which.
        peer: Peer,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Process 0 did not say in time that all are connected.
    #[error("{peer} did not begin the run within {waited:?} (see what it says)")]
    NotBegun {
        /// Process 0.
        peer: Peer,
        /// How long it was waited for.
        waited: Duration,
    },
    /// A process does not hold the same secret.
    #[error("{peer} has another secret (give every process the same `secret_file`)")]
    SecretDiffers {
        /// Which.
        peer: Peer,
    },
    /// A process speaks another version of the protocol.
    #[error(
        "{peer} speaks version {theirs} of the protocol, not {ours} (run the same program in every process)"
    )]
    VersionDiffers {
        /// Which.
        peer: Peer,
        /// Its version.
        theirs: u16,
        /// That of this process.
        ours: u16,
    },
    /// What is at a process's address is another process.
    #[error(
        "{peer} says that it is process {actual} (give every process the same list of hosts, and its own number)"
    )]
    WrongNumber {
        /// Which.
        peer: Peer,
        /// The number that it has.
        actual: usize,
    },
    /// There is another process with this one's number.
    #[error("{own} is there twice: {by} knows another one (give every process its own number)")]
    NumberTaken {
        /// This process.
        own: Peer,
        /// Who says so.
        by: Peer,
    },
    /// A process differs from process 0. Each process says the same.
    #[error("{peer} differs from {first}: {} (give every process the same)", listed(differences))]
    Differs {
        /// Process 0.
        first: Peer,
        /// Which.
        peer: Peer,
        /// In what, at least one.
        differences: Vec<Difference>,
    },
    /// A process that had come is gone.
    #[error("{peer} is gone (see what it says, and start every process again)")]
    Gone {
        /// Which.
        peer: Peer,
    },
    /// A process that holds the secret sent what the protocol does not know.
    #[error("{peer} sent what is not part of the protocol (run the same program in every process)")]
    Garbled {
        /// Which.
        peer: Peer,
    },
    /// Another process has ended the run, for a reason of its own.
    #[error("{peer} ended the run: {reason}")]
    Ended {
        /// Which.
        peer: Peer,
        /// What it says.
        reason: String,
    },
    /// This process was told to stop.
    #[error("stopped before all processes had come")]
    Stopped,
}

impl MeshError {
    /// Returns what the others are told when `own` process ends the run with this error.
    pub(super) fn to_message(&self, own: usize) -> Message {
        match self {
            Self::Differs { peer, differences, .. } => {
                Message::Differs { process: peer.process, differences: differences.clone() }
            }
            Self::Ended { peer, reason } => Message::Ended { process: peer.process, reason: reason.clone() },
            Self::Stopped => Message::Ended { process: own, reason: "it was told to stop".to_owned() },
            other => Message::Ended { process: own, reason: other.to_string() },
        }
    }

    /// Returns the error of a process that was told of `process`'s `reason`, which came over the network.
    pub(super) fn ended(hosts: &Hosts, process: usize, reason: &str) -> Self {
        let mut reason: String = reason.chars().flat_map(escape_control).collect();
        reason.truncate(reason.floor_char_boundary(usize::from(MAX_REASON_BYTES)));
        Self::Ended { peer: Peer::new(hosts, process), reason }
    }

    /// Returns the error of `process` differing from process 0.
    pub(super) fn differs(hosts: &Hosts, process: usize, differences: Vec<Difference>) -> Self {
        Self::Differs { first: Peer::new(hosts, 0), peer: Peer::new(hosts, process), differences }
    }
}

/// Returns `c`, so that it cannot steer a terminal.
fn escape_control(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

fn and_seen(seen: Option<&str>) -> String {
    seen.map(|seen| format!(": {seen}")).unwrap_or_default()
}

fn listed(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
