//! Party: the processes of a test, with listeners that the system has found ports for.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::super::deadline::Deadline;
use super::super::handshake::{Own, Refusal, introduce};
use super::super::hello::{BODY_BYTES, Hello, PREAMBLE_BYTES, RunNumber};
use super::super::hosts::Hosts;
use super::super::link::Link;
use super::super::message::Message;
use super::super::secret::Secret;
use super::super::{Identity, Mesh, MeshError, MeshSettings, connect_from};

/// Long enough for what does come, on any machine.
pub(super) const LONG: Duration = Duration::from_mins(1);
/// Short enough to be waited for.
pub(super) const SHORT: Duration = Duration::from_millis(700);

pub(super) fn secret(text: &str) -> Secret {
    Secret::new(text.repeat(16).as_bytes()).unwrap()
}

pub(super) fn identity(length: &str) -> Identity {
    Identity::new(vec![("program version", "0.1.0".to_owned()), ("input length", length.to_owned())]).unwrap()
}

/// Processes that may be started.
pub(super) struct Party {
    pub(super) hosts: Hosts,
    listeners: Vec<Option<TcpListener>>,
}

/// A process that has been started.
pub(super) struct Running {
    thread: JoinHandle<Result<Mesh, MeshError>>,
    stop: Arc<AtomicBool>,
}

impl Running {
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }

    pub(super) fn result(self) -> Result<Mesh, MeshError> {
        self.thread.join().unwrap()
    }

    pub(super) fn mesh(self) -> Mesh {
        self.result().unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn error(self) -> MeshError {
        self.result().expect_err("processes came together")
    }
}

/// Returns an address for one party, so that a port that is free there stays free while other tests run.
fn own_address() -> String {
    static LAST: AtomicU8 = AtomicU8::new(0);
    // Other systems than Linux listen on 127.0.0.1 only, without more ado.
    if cfg!(target_os = "linux") {
        format!("127.83.19.{}", LAST.fetch_add(1, Ordering::Relaxed) % 250 + 1)
    } else {
        "127.0.0.1".to_owned()
    }
}

impl Party {
    pub(super) fn of(processes: usize) -> Self {
        let address = own_address();
        let listeners: Vec<_> =
            (0..processes).map(|_| TcpListener::bind((address.as_str(), 0)).unwrap()).collect();
        let list: Vec<_> =
            listeners.iter().map(|listener| listener.local_addr().unwrap().to_string()).collect();
        Self { hosts: Hosts::from_list(&list).unwrap(), listeners: listeners.into_iter().map(Some).collect() }
    }

    pub(super) fn host(&self, process: usize) -> String {
        self.hosts.as_slice()[process].to_string()
    }

    pub(super) fn settings(&self, process: usize, deadline: Duration) -> MeshSettings {
        let secret = Some(secret("s"));
        MeshSettings {
            secret,
            deadline,
            handshake: LONG,
            farewell: LONG,
            ..MeshSettings::new(self.hosts.clone(), process)
        }
    }

    /// Returns the listener of a process that is not started.
    pub(super) fn listener(&mut self, process: usize) -> TcpListener {
        self.listeners[process].take().unwrap()
    }

    pub(super) fn start(&mut self, process: usize) -> Running {
        self.start_as(&self.settings(process, LONG), identity("5"))
    }

    pub(super) fn start_as(&mut self, settings: &MeshSettings, identity: Identity) -> Running {
        let listener = self.listener(settings.process);
        start_on(listener, settings, identity)
    }

    pub(super) fn connect(&self, process: usize) -> TcpStream {
        let stream = TcpStream::connect(self.host(process)).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
    }

    /// Connects to process `to` as process `from` of the same party, up to how that takes it in.
    pub(super) fn introduce(
        &self,
        from: usize,
        to: usize,
        run: RunNumber,
        identity: &Identity,
    ) -> (TcpStream, Result<Message, Refusal>) {
        let identity = identity.with_processes(self.listeners.len());
        let own = Own { hosts: &self.hosts, process: from, secret: &secret("s"), identity: &identity };
        let stream = self.connect(to);
        let message = introduce(own, to, run, &mut Link::new(&stream, Deadline::after(LONG), &|| false));
        (stream, message)
    }
}

pub(super) fn start_on(listener: TcpListener, settings: &MeshSettings, identity: Identity) -> Running {
    let stop = Arc::new(AtomicBool::new(false));
    let (settings, asked) = (settings.clone(), Arc::clone(&stop));
    let thread = thread::spawn(move || {
        connect_from(Some(listener), &settings, &identity, &|| asked.load(Ordering::Relaxed))
    });
    Running { thread, stop }
}

/// Returns whether the other side has closed the connection, in whatever way.
pub(super) fn is_closed(mut stream: &TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

/// Says `hello` to who listens, and returns what that says.
pub(super) fn exchange_hellos(mut stream: &TcpStream, hello: &Hello) -> Hello {
    stream.write_all(&hello.encode()).unwrap();
    let mut theirs = [0; PREAMBLE_BYTES + BODY_BYTES];
    stream.read_exact(&mut theirs).unwrap();
    Hello::decode(theirs[PREAMBLE_BYTES..].try_into().unwrap()).unwrap()
}

/// What process `from` of two says to process 0.
pub(super) fn hello_of(from: usize) -> Hello {
    Hello { processes: 2, from, to: 0, run: RunNumber::default(), nonce: [7; 16] }
}
