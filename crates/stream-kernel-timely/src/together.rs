//! Processes of a run, brought together: connections for the engine, and a watch over them.

use std::any::Any;
use std::cell::RefCell;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};
use stream_kernel_exec::trace::{Clock, MonotonicClock, Timestamp};
use stream_kernel_run::{Application, Job, OpenInput, Position};
use stream_kernel_text::hex;
use timely::communication::allocator::ProcessBuilder;
use timely::communication::allocator::generic::AllocatorBuilder;
use timely::communication::allocator::zero_copy::initialize::initialize_networking_from_sockets;
use timely::communication::{Config as Allocators, Hooks};

use crate::connection::{Connection, Peer};
use crate::dataflow::Control;
use crate::mesh::hosts::Hosts;
use crate::mesh::{Identity, MeshError, MeshSettings, Secret, connect};
use crate::run::{WorkerOptions, WorkersError};

/// How much of each end of the input is compared among processes.
const COMPARED_BYTES: u64 = 64 * 1024;
/// How often a process tells the others that it is there.
const ALIVE_EVERY: Duration = Duration::from_secs(5);
/// How often that is looked after while something takes its time.
const LOOKED_EVERY: Duration = Duration::from_millis(500);
/// After how long without a sign a process counts as gone.
const SILENT_FOR: Duration = Duration::from_secs(30);

/// The processes of a run: this one alone, or several that are connected.
pub(crate) struct Together {
    pub(crate) processes: usize,
    pub(crate) process: usize,
    /// The seed of the owners' hash, the same everywhere.
    pub(crate) seed: u64,
    pub(crate) builders: Vec<AllocatorBuilder>,
    pub(crate) connections: Box<dyn Any + Send>,
    pub(crate) peers: Vec<Arc<Peer>>,
}

impl Together {
    /// Brings the processes together, and makes sure that they run the same.
    pub(crate) fn new<A: Application>(
        job: &Job<A>,
        options: &mut WorkerOptions<'_>,
        input: &OpenInput,
        control: &Arc<Control>,
    ) -> Result<Self, WorkersError> {
        let threads = options.workers;
        let Some(cluster) = &options.cluster else {
            let allocators = if threads == 1 { Allocators::Thread } else { Allocators::Process(threads) };
            let (builders, connections) = allocators.try_build().map_err(WorkersError::NotStarted)?;
            // Keys come from outside, and nobody there should know the seed.
            let seed = RandomState::new().hash_one(0);
            return Ok(Self { processes: 1, process: 0, seed, builders, connections, peers: Vec::new() });
        };
        let not_together = |error: &dyn std::error::Error| WorkersError::NotTogether(error.to_string());
        let hosts = Hosts::from_list(&cluster.hosts).map_err(|error| not_together(&error))?;
        let mut settings = MeshSettings::new(hosts, cluster.process);
        if let Some(secret) = &cluster.secret {
            settings.secret = Some(Secret::new(secret).map_err(|error| not_together(&error))?);
        }
        let identity = Identity::new(facts(job, options, input)?).map_err(|error| not_together(&error))?;
        let between_lines = RefCell::new(&mut *options.between_lines);
        let should_stop = || (between_lines.borrow_mut())(Position::default()).is_some();
        let mesh = connect(&settings, &identity, &should_stop).map_err(|error| match error {
            MeshError::Differs { .. } => WorkersError::Differs(error.to_string()),
            error => not_together(&error),
        })?;
        let mut peers = Vec::new();
        let connections = mesh.sockets.into_iter().enumerate().map(|(process, socket)| {
            let name = format!("process {process} (`{}`)", cluster.hosts[process]);
            let peer = Arc::new(Peer { name, was_heard: true.into() });
            peers.extend(socket.as_ref().map(|_| Arc::clone(&peer)));
            socket.map(|socket| Connection::new(socket, peer, Arc::clone(control)))
        });
        let connections: Vec<_> = connections.collect();
        let hooks = Hooks::default();
        let local = ProcessBuilder::new_typed_vector(threads, hooks.refill.clone(), None);
        let built = initialize_networking_from_sockets(local, connections, cluster.process, threads, hooks);
        let (builders, guard) = built.map_err(|error| WorkersError::NotStarted(error.to_string()))?;
        Ok(Self {
            processes: cluster.hosts.len(),
            process: cluster.process,
            seed: mesh.seed,
            builders: builders.into_iter().map(AllocatorBuilder::Tcp).collect(),
            connections: Box::new(guard),
            peers,
        })
    }
}

impl Together {
    /// Returns a number that all processes of this run know, and no other run has; it does not tell the seed.
    pub(crate) fn run_number(&self) -> u64 {
        let mut hash = Sha256::new();
        hash.update(b"run");
        hash.update(self.seed.to_le_bytes());
        hash.finalize().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// Returns what must be the same in all processes.
fn facts<A: Application>(
    job: &Job<A>,
    options: &WorkerOptions<'_>,
    input: &OpenInput,
) -> Result<Vec<(&'static str, String)>, WorkersError> {
    Ok(vec![
        ("program", format!("{} {}", A::ABOUT.name, A::ABOUT.version)),
        ("configuration", job.effective().digest()),
        // The digest leaves them out: two runs decide alike if neither comes to one.
        ("limits", format!("{:?}", job.config().runtime.limits)),
        ("run id", options.run_id.to_owned()),
        ("workers of a process", options.workers.to_string()),
        ("restart", options.committing.as_ref().is_some_and(|committing| committing.restart).to_string()),
        ("redaction key", job.redaction().key_id().map_or_else(String::new, |id| hex(&id))),
        ("way to write", crate::plan::way_to_write(job).to_owned()),
        ("epoch bytes", options.epoch_bytes.to_string()),
        ("input length", input.bytes.to_string()),
        ("input ends", digest_of_ends(&input.file, input.bytes).map_err(crate::run::unreadable)?),
    ])
}

/// Returns the digest of the first and the last bytes of the input.
fn digest_of_ends(input: &File, len: u64) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    for start in [0, len.saturating_sub(COMPARED_BYTES)] {
        let mut bytes = vec![0; usize::try_from(COMPARED_BYTES.min(len)).unwrap_or_default()];
        input.read_exact_at(&mut bytes, start)?;
        hash.update(&bytes);
    }
    Ok(hex(&hash.finalize()))
}

/// Watches whether the other processes are there, and tells them that this one is.
pub(crate) struct Watch {
    clock: MonotonicClock,
    peers: Vec<(Arc<Peer>, Timestamp)>,
    said_alive: Timestamp,
}

impl Watch {
    pub(crate) fn new(peers: Vec<Arc<Peer>>) -> Self {
        let clock = MonotonicClock::new();
        let now = clock.now();
        Self { clock, peers: peers.into_iter().map(|peer| (peer, now)).collect(), said_alive: now }
    }

    /// Looks after the other processes while `act` takes its time.
    pub(crate) fn during<T>(&mut self, control: &Control, act: impl FnOnce() -> T) -> T {
        if self.peers.is_empty() {
            return act();
        }
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                while !is_over.load(Ordering::Acquire) {
                    self.look(control);
                    thread::park_timeout(LOOKED_EVERY);
                }
            });
            // Also if it panics: or nobody would ever know.
            let done = catch_unwind(AssertUnwindSafe(act));
            is_over.store(true, Ordering::Release);
            watcher.thread().unpark();
            done.unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// Breaks the run off if a process has been silent for too long.
    pub(crate) fn look(&mut self, control: &Control) {
        if self.peers.is_empty() {
            return;
        }
        let now = self.clock.now();
        let since = |then: Timestamp| Duration::from_nanos(now.as_nanos().saturating_sub(then.as_nanos()));
        if since(self.said_alive) >= ALIVE_EVERY {
            self.said_alive = now;
            control.says_alive.store(true, Ordering::Relaxed);
        }
        for (peer, heard) in &mut self.peers {
            if peer.was_heard.swap(false, Ordering::Relaxed) {
                *heard = now;
            } else if since(*heard) >= SILENT_FOR {
                let seconds = SILENT_FOR.as_secs();
                let name = &peer.name;
                control.break_off(format!(
                    "{name} has not been heard of for {seconds} s (see whether it hangs, and start all again)"
                ));
            }
        }
    }
}
