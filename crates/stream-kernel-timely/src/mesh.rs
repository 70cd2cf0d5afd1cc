//! Mesh of the processes of a run on several machines: each is connected to each other one.
//!
//! timely's own connections have no authentication, no limits and no deadline, and print to standard output. So [`connect`]
//! makes them, for `timely_communication`'s `initialize_networking_from_sockets`: each process listens on its listed address,
//! connects to those with lower numbers, and both sides of each connection prove that they hold the same secret. Process 0
//! compares the identity of every process with its own, and gives out the seed and the number of the run. All begin, or none:
//! whatever ends the run before that is an error in every process that has come.
//!
//! A handshake protects against whoever can connect. It does not encrypt what follows, nor protect it against whoever can
//! change packets on their way.

mod accept;
mod deadline;
mod dial;
mod error;
mod fields;
mod gathering;
mod handshake;
mod hello;
pub(crate) mod hosts;
mod identity;
mod link;
mod message;
mod secret;
mod sockets;
#[cfg(test)]
mod tests;

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

pub(crate) use error::MeshError;
use gathering::Gathering;
use handshake::Own;
#[cfg(test)]
pub(crate) use hello::RunNumber;
use hosts::Hosts;
pub(crate) use identity::Identity;
pub(crate) use secret::Secret;
use secret::random;

/// How long processes may take to come together, unless said otherwise.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// How long a handshake may take, unless said otherwise.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long process 0 tells those who come late that the run has ended, unless said otherwise.
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);

/// Who comes together, and how.
#[derive(Clone, Debug)]
pub(crate) struct MeshSettings {
    /// All processes, in their order.
    pub(crate) hosts: Hosts,
    /// The number of this one.
    pub(crate) process: usize,
    /// What all of them hold. Without one, anybody who can connect can be a process: the caller allows that among loopback
    /// addresses only.
    pub(crate) secret: Option<Secret>,
    /// How long this process waits for the others, a day at most; it may take two seconds more to hear why they did not
    /// come.
    pub(crate) deadline: Duration,
    /// How long a handshake may take.
    pub(crate) handshake: Duration,
    /// How long process 0, once it has ended the run, tells those who come late why.
    pub(crate) farewell: Duration,
}

impl MeshSettings {
    /// Returns settings with the usual times, and without a secret.
    pub(crate) fn new(hosts: Hosts, process: usize) -> Self {
        Self { hosts, process, secret: None, deadline: DEADLINE, handshake: HANDSHAKE, farewell: FAREWELL }
    }
}

/// Processes that have come together.
#[derive(Debug)]
pub(crate) struct Mesh {
    /// The connections by process, `None` for this one. They block, send at once, have no time-outs for calls, and fail when
    /// the other machine has not answered for 30 s.
    pub(crate) sockets: Vec<Option<TcpStream>>,
    /// The seed of the run's hashes, the same in all processes. Drawn at random.
    pub(crate) seed: u64,
    /// The number of the run, the same in all processes. Drawn at random.
    #[cfg(test)]
    pub(crate) run: RunNumber,
}

/// Comes together with the other processes of a run, and returns the connections to them. Once `should_stop` returns true, it
/// must go on to do so; it is asked about 50 times a second.
///
/// # Errors
///
/// Returns why they did not come together. Those that have come are told, and return an error as well.
pub(crate) fn connect(
    settings: &MeshSettings,
    identity: &Identity,
    should_stop: &dyn Fn() -> bool,
) -> Result<Mesh, MeshError> {
    connect_from(None, settings, identity, should_stop)
}

/// As [`connect`], but on a listener that is there already, if there is one.
fn connect_from(
    listener: Option<TcpListener>,
    settings: &MeshSettings,
    identity: &Identity,
    should_stop: &dyn Fn() -> bool,
) -> Result<Mesh, MeshError> {
    settings.hosts.of_process(settings.process)?;
    let processes = settings.hosts.as_slice().len();
    let secret = match &settings.secret {
        Some(secret) => secret.clone(),
        None => Secret::absent().map_err(|error| MeshError::System {
            doing: "make an empty secret",
            cause: std::io::Error::other(error),
        })?,
    };
    let identity = identity.with_processes(processes);
    let own = Own { hosts: &settings.hosts, process: settings.process, secret: &secret, identity: &identity };
    let mut gathering = Gathering::new(own, should_stop, settings);
    if settings.process == 0 {
        let drawn = |cause| MeshError::System { doing: "draw random numbers", cause };
        gathering.seed = u64::from_ne_bytes(random().map_err(drawn)?);
        gathering.run = random().map_err(drawn)?;
    }
    if processes > 1 {
        let listener = match listener {
            Some(listener) => listener,
            None => gathering.listen()?,
        };
        come_together(&mut gathering, &listener)?;
    }
    for socket in gathering.sockets.iter().flatten() {
        sockets::prepare(socket)
            .map_err(|cause| MeshError::System { doing: "set the options of a connection", cause })?;
    }
    Ok(Mesh {
        sockets: gathering.sockets,
        seed: gathering.seed,
        #[cfg(test)]
        run: gathering.run,
    })
}

fn come_together(gathering: &mut Gathering<'_>, listener: &TcpListener) -> Result<(), MeshError> {
    // Process 0 comes first: the others ask for the run's number, which it gives out.
    for process in 0..gathering.own.process {
        if let Err(error) = gathering.dial(process) {
            gathering.say_farewell(&error);
            return Err(error);
        }
    }
    gathering.gather(listener)
}
