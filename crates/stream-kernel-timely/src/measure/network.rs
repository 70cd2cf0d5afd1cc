//! The network between simulated workers: when a packet that is sent at one time arrives.

use crate::packet::Packet;

/// What it takes to bring bytes from one worker to another. Within a worker, nothing does.
///
/// Links are full duplex: a worker sends and receives at the same time, each at the whole rate, and one packet after the other. So a
/// worker to which many send at once receives what they send no faster than its own link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// How long the first byte takes from one worker to another, in nanoseconds; between threads, how long it takes to wake one.
    pub latency_ns: u64,
    /// How many bytes a link takes in a second; `None` if it takes no time, as between threads.
    pub bytes_per_second: Option<u64>,
    /// How much processor time it takes a worker to write or to read 1,024 bytes of a packet, in nanoseconds: once at each end.
    pub copy_ns_per_kib: u64,
}

/// How much longer a packet is on the wire than what it holds: its numbers, its length, and the engine's header.
const HEADER_BYTES: u64 = 96;

/// Returns how many bytes of a packet are sent.
pub(super) fn sent_bytes(packet: &Packet) -> u64 {
    packet.bytes.len() as u64 + HEADER_BYTES
}

impl Network {
    /// Returns how long it takes a worker to write a packet, or to read one, in nanoseconds.
    pub(super) fn copy_ns(&self, bytes: u64) -> u64 {
        if self.bytes_per_second.is_none() { 0 } else { scaled(bytes, self.copy_ns_per_kib, 1024) }
    }

    /// Returns how long a packet keeps a link busy, in nanoseconds.
    pub(super) fn link_ns(&self, bytes: u64) -> u64 {
        self.bytes_per_second.map_or(0, |rate| scaled(bytes, 1_000_000_000, rate))
    }
}

fn scaled(bytes: u64, times: u64, per: u64) -> u64 {
    let scaled = u128::from(bytes) * u128::from(times) / u128::from(per.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// Until when the links of all workers are taken, in nanoseconds from the beginning of the run.
pub(super) struct Links {
    network: Network,
    out_ns: Vec<u64>,
    in_ns: Vec<u64>,
}

impl Links {
    pub(super) fn new(network: Network, workers: usize) -> Self {
        Self { network, out_ns: vec![0; workers], in_ns: vec![0; workers] }
    }

    /// Sends a packet at `now_ns`; returns when all of it has arrived.
    pub(super) fn send(&mut self, from: usize, to: usize, bytes: u64, now_ns: u64) -> u64 {
        if from == to {
            return now_ns;
        }
        let link_ns = self.network.link_ns(bytes);
        let leaves_ns = self.out_ns[from].max(now_ns);
        self.out_ns[from] = leaves_ns + link_ns;
        // What arrives first is received first: its first byte waits until the bytes before it are in.
        let arrived_ns = self.in_ns[to].max(leaves_ns + self.network.latency_ns) + link_ns;
        self.in_ns[to] = arrived_ns;
        arrived_ns
    }
}

#[cfg(test)]
mod tests {
    use super::{Links, Network};

    /// A byte takes a nanosecond.
    const NETWORK: Network =
        Network { latency_ns: 50, bytes_per_second: Some(1_000_000_000), copy_ns_per_kib: 2048 };

    #[test]
    fn a_packet_takes_latency_and_its_length() {
        let mut links = Links::new(NETWORK, 3);
        assert_eq!(links.send(0, 1, 1000, 7), 1057);
        assert_eq!(links.send(1, 1, 1000, 7), 7, "to itself at once");
    }

    #[test]
    fn packets_wait_for_the_links_of_both_ends() {
        let mut links = Links::new(NETWORK, 3);
        assert_eq!(links.send(0, 1, 1000, 0), 1050);
        assert_eq!(links.send(0, 2, 1000, 0), 2050, "behind the first one on the sender's link");
        assert_eq!(links.send(2, 1, 500, 0), 1550, "behind the first one on the receiver's link");
        assert_eq!(links.send(1, 0, 1000, 0), 1050, "the other direction is free");
        assert_eq!(links.send(0, 1, 10, 9000), 9060, "everything is long gone");
    }

    #[test]
    fn threads_have_latency_alone() {
        let network = Network { bytes_per_second: None, ..NETWORK };
        assert_eq!((network.copy_ns(1 << 30), network.link_ns(1 << 30)), (0, 0));
        assert_eq!(Links::new(network, 2).send(0, 1, 1 << 30, 5), 55);
    }

    #[test]
    fn bytes_are_copied_and_sent_in_proportion() {
        assert_eq!(NETWORK.copy_ns(512), 1024);
        assert_eq!(NETWORK.copy_ns(u64::MAX), u64::MAX, "as long as can be");
        let slow = Network { bytes_per_second: Some(0), ..NETWORK };
        assert_eq!(slow.link_ns(2), 2_000_000_000, "no rate is a byte a second");
    }
}
