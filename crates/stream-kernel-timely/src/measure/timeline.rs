//! A worker's own time in a measured run: it moves by what work takes, and to the next packet while the worker waits.

use std::collections::BTreeMap;

use stream_kernel_run::Application;

use super::names::Names;
use super::network::{Network, sent_bytes};
use super::{Measurable, Sent, WorkerTimes};
use crate::packet::{BadPacket, Packet, Topic};
use crate::run::WorkersError;
use crate::worker::Work;

/// A worker and its time.
pub(super) struct Timeline<A: Application> {
    pub(super) worker: Measurable<A>,
    pub(super) now_ns: u64,
    /// Whether it has found nothing to do, and waits for a packet.
    waits: bool,
    /// Packets on their way to it: when they arrive, and how many were sent before by anybody.
    arriving: BTreeMap<(u64, u64), Packet>,
    work: BTreeMap<Did, u64>,
    waited_ns: u64,
    written_ns: Option<u64>,
    sent: BTreeMap<Topic, Sent>,
    received_bytes: u64,
}

/// What a worker's time goes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Did {
    Work(Work),
    /// It took a packet in and found that others are missing.
    WokeUp,
    /// It wrote or read packets.
    Copied,
}

impl<A: Application> Timeline<A> {
    pub(super) fn new(worker: Measurable<A>) -> Self {
        Self {
            worker,
            now_ns: 0,
            waits: false,
            arriving: BTreeMap::new(),
            work: BTreeMap::new(),
            waited_ns: 0,
            written_ns: None,
            sent: BTreeMap::new(),
            received_bytes: 0,
        }
    }

    /// Returns when it can go on; `None` if it is at its end, or nothing is on its way to it.
    pub(super) fn ready_ns(&self) -> Option<u64> {
        if self.worker.outcome().is_some() {
            None
        } else if self.waits {
            self.arriving.first_key_value().map(|((arrives_ns, _), _)| self.now_ns.max(*arrives_ns))
        } else {
            Some(self.now_ns)
        }
    }

    /// Takes in what has arrived, does a piece of work, and returns what it sends.
    pub(super) fn go_on(
        &mut self,
        now_ns: &mut dyn FnMut() -> u64,
        network: &Network,
    ) -> Result<Vec<Packet>, WorkersError> {
        let ready_ns = self.ready_ns().unwrap_or(self.now_ns);
        self.waited_ns += ready_ns - self.now_ns;
        self.now_ns = ready_ns;
        let mut arrived = Vec::new();
        while let Some(first) = self.arriving.first_entry() {
            if first.key().0 > self.now_ns {
                break;
            }
            let packet = first.remove();
            if packet.from != packet.to {
                let bytes = sent_bytes(&packet);
                self.received_bytes += bytes;
                self.spend(Did::Copied, network.copy_ns(bytes));
            }
            arrived.push(packet);
        }
        let broken = |bad: BadPacket| WorkersError::Broken(bad.to_string());
        let begun_ns = now_ns();
        for packet in arrived {
            self.worker.receive(packet).map_err(broken)?;
        }
        let work = self.worker.work_once(&mut |_| {}).map_err(broken)?;
        let took_ns = now_ns().saturating_sub(begun_ns);
        if work == Some(Work::End) {
            self.written_ns.get_or_insert(self.now_ns);
        }
        self.waits = work.is_none();
        self.spend(work.map_or(Did::WokeUp, Did::Work), took_ns);
        Ok(self.worker.take_outgoing())
    }

    /// Takes note of a packet that is on its way to it: when it arrives, and how many were sent before by anybody.
    pub(super) fn will_receive(&mut self, packet: Packet, key: (u64, u64)) {
        self.arriving.insert(key, packet);
    }

    fn spend(&mut self, on: Did, ns: u64) {
        self.now_ns += ns;
        *self.work.entry(on).or_default() += ns;
    }

    /// Takes note of a packet that it sends, and copies it if it goes to another worker.
    pub(super) fn note_sent(&mut self, packet: &Packet, network: &Network) {
        if packet.from == packet.to {
            return;
        }
        let bytes = sent_bytes(packet);
        self.spend(Did::Copied, network.copy_ns(bytes));
        // Rounds of a stage are one kind: there may be many.
        let kind = match packet.topic {
            Topic::Round { stage, .. } | Topic::Counted { stage } => Topic::Round { stage, round: 0 },
            Topic::Wanted | Topic::Memory => Topic::Done,
            topic => topic,
        };
        let sent = self.sent.entry(kind).or_default();
        sent.packets += 1;
        sent.bytes += bytes;
    }

    pub(super) fn times(&self, names: &Names) -> WorkerTimes {
        WorkerTimes {
            work: self.work.iter().map(|(did, ns)| (names.of_work(*did), *ns)).collect(),
            waited_ns: self.waited_ns,
            written_ns: self.written_ns.unwrap_or(self.now_ns),
            ended_ns: self.now_ns,
            sent: self.sent.iter().map(|(topic, sent)| (names.of_topic(*topic), *sent)).collect(),
            received_bytes: self.received_bytes,
        }
    }
}
