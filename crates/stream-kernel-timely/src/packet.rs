//! Packets between workers: each worker sends one of a kind to each other worker in each epoch, empty ones as well.

use stream_kernel_exec::Encode;

/// What a packet is about. Within a worker, packets of one epoch are expected in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Topic {
    /// How many lines the sender has, and whether the run is to stop behind this epoch.
    Lines,
    /// What the sender's lines look up in a stage.
    Asks { stage: usize },
    /// What the sender has added to gates, and how much it has counted, after so many rounds.
    Round { stage: usize, round: u32 },
    /// Everything that limits have counted at the sender.
    Counted { stage: usize },
    /// What the receiver's lines find in a stage.
    Answers { stage: usize },
    /// What the sender's lines have come to.
    Told,
    /// After the last line: which memory worker 0 wants to see.
    Wanted,
    /// The sender's part of that.
    Memory,
    /// Worker 0 has everything.
    Done,
    /// The sender is there.
    Alive,
    /// What the sender's lines have written, if worker 0 writes it.
    Gathered,
    /// A piece of something large, such as what a worker remembers.
    Piece { number: u32 },
}

/// Some bytes from one worker to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) epoch: u64,
    pub(crate) topic: Topic,
    pub(crate) bytes: Vec<u8>,
}

impl Topic {
    /// Returns the topic in numbers, for the wire.
    pub(crate) fn numbers(self) -> (u8, u32, u32) {
        let stage_number = |stage| u32::try_from(stage).unwrap_or(u32::MAX);
        match self {
            Self::Lines => (0, 0, 0),
            Self::Asks { stage } => (1, stage_number(stage), 0),
            Self::Round { stage, round } => (2, stage_number(stage), round),
            Self::Counted { stage } => (3, stage_number(stage), 0),
            Self::Answers { stage } => (4, stage_number(stage), 0),
            Self::Told => (5, 0, 0),
            Self::Wanted => (6, 0, 0),
            Self::Memory => (7, 0, 0),
            Self::Done => (8, 0, 0),
            Self::Alive => (9, 0, 0),
            Self::Gathered => (10, 0, 0),
            Self::Piece { number } => (11, number, 0),
        }
    }

    /// Returns the topic that these numbers stand for, if there is one.
    pub(crate) fn of_numbers((topic, number, round): (u8, u32, u32)) -> Option<Self> {
        let stage = number as usize;
        Some(match topic {
            0 => Self::Lines,
            1 => Self::Asks { stage },
            2 => Self::Round { stage, round },
            3 => Self::Counted { stage },
            4 => Self::Answers { stage },
            5 => Self::Told,
            6 => Self::Wanted,
            7 => Self::Memory,
            8 => Self::Done,
            9 => Self::Alive,
            10 => Self::Gathered,
            11 => Self::Piece { number },
            _ => return None,
        })
    }
}

/// A packet does not hold what it should: a fault of a peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "worker {from} has sent {topic:?} of epoch {epoch} that cannot be read (run the same program everywhere)"
)]
pub(crate) struct BadPacket {
    from: usize,
    epoch: u64,
    topic: Topic,
}

impl Packet {
    /// Returns the error that it cannot be read.
    pub(crate) fn bad(&self) -> BadPacket {
        BadPacket { from: self.from, epoch: self.epoch, topic: self.topic }
    }
}

/// Bytes that do not hold what they should.
pub(crate) struct Torn;

/// Appends bytes with their length.
pub(crate) fn write_bytes(bytes: &[u8], to: &mut Vec<u8>) {
    write_number(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}

/// Takes bytes with their length off the front.
pub(crate) fn read_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(read_number(from)?).ok()?;
    let (bytes, rest) = from.split_at_checked(len)?;
    *from = rest;
    Some(bytes)
}

/// Appends what is known last and read first, and how long it is.
pub(crate) fn write_head_behind(head: &[u8], to: &mut Vec<u8>) {
    to.extend_from_slice(head);
    to.extend_from_slice(&(head.len() as u64).to_le_bytes());
}

/// Splits a head off that was written behind its body.
pub(crate) fn split_head(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, len) = bytes.split_last_chunk()?;
    let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
    let (body, head) = rest.split_at_checked(rest.len().checked_sub(len)?)?;
    Some((head, body))
}

/// Appends a number in as few bytes as it takes, 7 bits each.
pub(crate) fn write_number(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    to.push(number.to_le_bytes()[0]);
}

/// Takes a number off the front.
pub(crate) fn read_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = u8::decode(from)?;
        let bits = u64::from(byte & 0x7f);
        if (bits << shift) >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}
