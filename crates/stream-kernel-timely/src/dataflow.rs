//! The dataflow: one operator a worker, whose packets go round through an exchange by receiver.
//!
//! The engine brings packets to workers, wherever these are, and lets them wait. What an epoch waits for, workers count themselves:
//! nothing here depends on how the engine schedules.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stream_kernel_exec::StepFailure;
use stream_kernel_run::{Application, Event};
use timely::WorkerConfig;
use timely::communication::allocator::AllocatorBuilder;
use timely::communication::initialize_from;
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::Operator;
use timely::dataflow::operators::{ConnectLoop, Feedback};
use timely::scheduling::Activator;
use timely::worker::Worker as EngineWorker;

use crate::packet::{Packet, Topic};
use crate::part::Bytes;
use crate::worker::{Begin, Outcome, Places, Saved, Worker};

/// How often a worker that waits looks whether the run is to stop.
const WAIT: Duration = Duration::from_millis(50);

/// What the workers of a process share.
#[derive(Debug, Default)]
pub(crate) struct Control {
    /// The signal for which the run is to stop; 0 for none.
    pub(crate) signal: AtomicU8,
    /// Whether a worker has broken down, so that the others need not wait for it.
    is_broken: AtomicBool,
    why: Mutex<Option<String>>,
    /// How many workers of this process are still at work.
    at_work: AtomicUsize,
    /// Whether the other processes are to be told that this one is there.
    pub(crate) says_alive: AtomicBool,
    /// What worker 0 is to tell all, if the run has a checkpoint.
    begin: Mutex<Option<BeginAll>>,
    /// How often something has changed for which workers have to look.
    wakes: AtomicU64,
}

/// Where a run goes on, and what it remembers there.
#[derive(Debug, Default)]
pub(crate) struct BeginAll {
    pub(crate) begin: Begin,
    /// By worker.
    pub(crate) memory: Vec<Vec<u8>>,
    pub(crate) tallies: Vec<u8>,
}

impl Control {
    /// Ends all workers of the process.
    pub(crate) fn break_off(&self, why: String) {
        let mut first = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(why);
        self.is_broken.store(true, Ordering::Release);
    }

    /// Has worker 0 tell all where the run goes on.
    pub(crate) fn begin(&self, all: BeginAll) {
        *self.begin.lock().unwrap_or_else(PoisonError::into_inner) = Some(all);
        self.wake();
    }

    fn take_begin(&self) -> Option<BeginAll> {
        self.begin.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Has all workers look what they can do.
    pub(crate) fn wake(&self) {
        self.wakes.fetch_add(1, Ordering::Release);
    }

    /// Returns whether all workers of this process have come to their end, or have broken off.
    pub(crate) fn is_over(&self) -> bool {
        self.is_broken() || self.at_work.load(Ordering::Acquire) == 0
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken.load(Ordering::Acquire)
    }

    /// Returns why a worker has broken down, if one has.
    pub(crate) fn why_broken(&self) -> Option<String> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Something that a worker says while it runs.
pub(crate) enum Said {
    Abandoned(StepFailure),
    Notice(String),
    /// How far worker 0 has come: the last line, and how many bytes of the input.
    Position(u64, u64),
    /// What all workers have saved, to be committed.
    Saved(Box<Saved>),
}

/// Runs workers on the engine, one a thread, and returns what each has come to; `None` if a worker of this process has broken down.
pub(crate) fn drive<A, I, P>(
    builders: Vec<AllocatorBuilder>,
    connections: Box<dyn Any + Send>,
    workers: Vec<Worker<A, I, P>>,
    control: &Arc<Control>,
    others: &[usize],
    said: &Sender<Said>,
) -> Result<Engine, String>
where
    A: Application,
    I: Bytes + Send + 'static,
    P: Places + Send + 'static,
    Worker<A, I, P>: Send,
{
    let places: Vec<_> = workers.into_iter().map(|worker| Mutex::new(Some((worker, said.clone())))).collect();
    let control = Arc::clone(control);
    control.at_work.store(places.len(), Ordering::Release);
    let others = others.to_vec();
    let guards = initialize_from(builders, connections, move |allocator| {
        // Without a timer, the engine would never let a worker wait.
        let mut engine = EngineWorker::new(WorkerConfig::default(), allocator, Some(started()));
        let place = places.get(engine.index() % places.len());
        let taken = place.and_then(|place| place.lock().unwrap_or_else(PoisonError::into_inner).take());
        let (worker, said) = taken?;
        let done =
            catch_unwind(AssertUnwindSafe(|| run_worker(&mut engine, worker, &control, &others, said)));
        done.unwrap_or_else(|_| {
            control.break_off("a worker has panicked: what it received cannot be read".to_owned());
            None
        })
    })?;
    Ok(Engine(guards))
}

/// Returns the moment from which the engine counts.
#[expect(clippy::disallowed_methods, reason = "the engine waits by this; nothing else comes of it")]
fn started() -> Instant {
    Instant::now()
}

/// Workers that run.
pub(crate) struct Engine(timely::communication::WorkerGuards<Option<Outcome>>);

impl Engine {
    /// Returns whether all workers have ended.
    pub(crate) fn is_done(&self) -> bool {
        self.0.guards().iter().all(std::thread::JoinHandle::is_finished)
    }

    /// Lets go of workers that have broken off: their connections may wait for ever.
    pub(crate) fn abandon(self) {
        std::mem::forget(self.0);
    }

    /// Waits for all workers, and returns what each has come to.
    pub(crate) fn join(self) -> Vec<Option<Outcome>> {
        self.0.join().into_iter().map(|outcome| outcome.ok().flatten()).collect()
    }
}

fn run_worker<A: Application, I: Bytes + 'static, P: Places + 'static>(
    engine: &mut EngineWorker,
    mut worker: Worker<A, I, P>,
    control: &Arc<Control>,
    others: &[usize],
    said: Sender<Said>,
) -> Option<Outcome> {
    let others = others.to_vec();
    let outcome = Arc::new(Mutex::new(None));
    let result = Arc::clone(&outcome);
    let shared = Arc::clone(control);
    let activator: Rc<RefCell<Option<Activator>>> = Rc::default();
    let kept = Rc::clone(&activator);
    engine.dataflow::<u64, _, _>(move |scope| {
        let (handle, packets) = scope.feedback::<Vec<Packet>>(1);
        let receiver = Exchange::new(|packet: &Packet| packet.to as u64);
        let sent = packets.unary::<CapacityContainerBuilder<Vec<Packet>>, _, _, _>(
            receiver,
            "worker",
            move |capability, info| {
                let activator = scope.activator_for(Rc::clone(&info.address));
                *kept.borrow_mut() = Some(scope.activator_for(info.address));
                let mut capability = Some(capability);
                move |input, output| {
                    let mut taken_in = Vec::new();
                    input.for_each(|_, packets| taken_in.append(packets));
                    let Some(held) = &capability else { return };
                    worker.signal = shared.signal.load(Ordering::Relaxed);
                    if shared.says_alive.swap(false, Ordering::Relaxed) {
                        worker.say_alive(others.iter().copied());
                    }
                    if worker.is_first()
                        && let Some(BeginAll { begin, memory, tallies }) = shared.take_begin()
                    {
                        worker.begin_run(&begin, &memory, &tallies);
                    }
                    let sent = catch_unwind(AssertUnwindSafe(|| work(&mut worker, taken_in, &said)));
                    let sent = match sent {
                        Ok(Ok(sent)) => sent,
                        Ok(Err(error)) => return shared.break_off(error),
                        Err(_) => return shared.break_off("a worker has panicked".to_owned()),
                    };
                    if !sent.is_empty() {
                        // The engine sends what this has handed out before the next part of the work.
                        activator.activate();
                    }
                    let mut session = output.session(held);
                    for packet in sent {
                        session.give(packet);
                    }
                    drop(session);
                    if let Some(outcome) = worker.take_outcome() {
                        *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
                        shared.at_work.fetch_sub(1, Ordering::Release);
                        capability = None;
                    }
                }
            },
        );
        sent.connect_loop(handle);
    });
    let mut seen = 0;
    while engine.has_dataflows() && !control.is_broken() {
        let wakes = control.wakes.load(Ordering::Acquire);
        if (control.says_alive.load(Ordering::Relaxed) || wakes != seen)
            && let Some(activator) = &*activator.borrow()
        {
            activator.activate();
            seen = wakes;
        }
        engine.step_or_park(Some(WAIT));
    }
    outcome.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn work<A: Application, I: Bytes, P: Places>(
    worker: &mut Worker<A, I, P>,
    taken_in: Vec<Packet>,
    said: &Sender<Said>,
) -> Result<Vec<Packet>, String> {
    for packet in taken_in {
        worker.receive(packet).map_err(|bad| bad.to_string())?;
    }
    // Whoever listens may have gone, when the run is over.
    let mut tell = |event: Event<'_>| match event {
        Event::Abandoned(failure) => drop(said.send(Said::Abandoned(failure.clone()))),
        Event::Notice(notice) => drop(said.send(Said::Notice(notice.to_owned()))),
        _ => {}
    };
    let before = worker.position();
    worker.work(&mut tell).map_err(|bad| bad.to_string())?;
    let position = worker.position();
    if position != before {
        let _ = said.send(Said::Position(position.0, position.1));
    }
    if let Some(saved) = worker.take_saved() {
        let _ = said.send(Said::Saved(Box::new(saved)));
    }
    Ok(worker.take_outgoing())
}

/// Between processes, a packet is its numbers and its bytes.
impl Serialize for Packet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { from, to, epoch, topic, bytes } = self;
        (from, to, epoch, topic.numbers(), ByteString(bytes)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Packet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (from, to, epoch, numbers, ByteString(bytes)) =
            <(usize, usize, u64, (u8, u32, u32), ByteString<Vec<u8>>)>::deserialize(deserializer)?;
        let topic =
            Topic::of_numbers(numbers).ok_or_else(|| de::Error::custom("a packet without a topic"))?;
        Ok(Self { from, to, epoch, topic, bytes })
    }
}

/// Bytes that are written as such, not one by one.
struct ByteString<B>(B);

impl Serialize for ByteString<&Vec<u8>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for ByteString<Vec<u8>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Owned;

        impl Visitor<'_> for Owned {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }

            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }

        deserializer.deserialize_byte_buf(Owned).map(Self)
    }
}
