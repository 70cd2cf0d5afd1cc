//! Slots of the manifest: one commit in a fixed number of bytes, with a checksum.
//!
//! ```text
//! 0       magic, 16 bytes
//! 16      version of this format, u32        (numbers are little-endian)
//! 20      length of the text, u32
//! 24      what was committed, JSON
//! ...     zeros
//! 12280   checksum of all before it (XXH3-64), u64
//! ```

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use crate::committed::{Committed, OutOfBounds};
use crate::injected::{InjectedFault, is_injected};
use crate::snapshot::SnapshotFile;

/// The size of a slot in bytes.
pub const SLOT_BYTES: usize = 12 * 1024;

const MAGIC: &[u8; 16] = b"stream-kernel-ck";
const FORMAT: u32 = 3;
const TEXT_AT: usize = 24;
const CHECKSUM_AT: usize = SLOT_BYTES - 8;

/// A commit as stored in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// Its number, from 1.
    pub sequence: u64,
    /// Its snapshot; without one, a resumed run decides again from the first line.
    pub snapshot: Option<SnapshotFile>,
    /// The committed data.
    pub committed: Committed,
}

/// The content of a slot. A commit that was cut off leaves a damaged slot beside a whole one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Zeros: the slot was never written.
    Empty,
    /// A whole commit.
    Whole(Box<Commit>),
    /// It is whole, but in a format that this program does not know.
    OtherFormat(u32),
    /// It is damaged.
    Damaged,
}

impl Commit {
    /// Returns the bytes of the slot, or the part that does not fit: none, if each part is within its bounds.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, OutOfBounds> {
        const MAX_TEXT_BYTES: usize = CHECKSUM_AT - TEXT_AT;
        let text = serde_json::to_vec(self).unwrap_or_default();
        let len = u32::try_from(text.len()).ok().filter(|_| (1..=MAX_TEXT_BYTES).contains(&text.len()));
        let too_long =
            OutOfBounds::TextTooLong { what: "the commit", bytes: text.len(), max: MAX_TEXT_BYTES };
        let mut bytes = vec![0; SLOT_BYTES];
        bytes[..16].copy_from_slice(MAGIC);
        bytes[16..20].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[20..TEXT_AT].copy_from_slice(&len.ok_or(too_long)?.to_le_bytes());
        bytes[TEXT_AT..][..text.len()].copy_from_slice(&text);
        let checksum = XxHash3_64::oneshot(&bytes[..CHECKSUM_AT]);
        bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
        Ok(bytes)
    }
}

impl Slot {
    pub(crate) fn decode(bytes: &[u8; SLOT_BYTES]) -> Self {
        if bytes.iter().all(|byte| *byte == 0) {
            return Self::Empty;
        }
        let (checked, checksum) = bytes.split_at(CHECKSUM_AT);
        let is_sound = XxHash3_64::oneshot(checked).to_le_bytes() == checksum
            || is_injected(InjectedFault::SlotChecksumIgnored);
        if !is_sound || &bytes[..16] != MAGIC {
            return Self::Damaged;
        }
        if let Some(version) = other_format(bytes) {
            return Self::OtherFormat(version);
        }
        let len = usize::try_from(number(bytes, 20)).unwrap_or(usize::MAX);
        let text = bytes[TEXT_AT..CHECKSUM_AT].get(..len);
        match text.and_then(|text| serde_json::from_slice::<Commit>(text).ok()) {
            Some(commit) if commit.committed.replay.is_within(&commit.committed) => {
                Self::Whole(Box::new(commit))
            }
            _ => Self::Damaged,
        }
    }
}

/// Returns the format version in a manifest, if it is another one.
pub(crate) fn other_format(bytes: &[u8]) -> Option<u32> {
    Some(number(bytes, 16)).filter(|version| bytes.starts_with(MAGIC) && *version != FORMAT)
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::{CHECKSUM_AT, Commit, SLOT_BYTES, Slot, TEXT_AT};
    use crate::committed::tests::greatest;
    use crate::snapshot::SnapshotFile;
    use twox_hash::XxHash3_64;

    fn greatest_slot() -> Commit {
        let snapshot = SnapshotFile { number: u64::MAX, bytes: u64::MAX };
        Commit { sequence: u64::MAX, snapshot: Some(snapshot), committed: greatest() }
    }

    fn encoded() -> [u8; SLOT_BYTES] {
        greatest_slot().encode().unwrap().try_into().unwrap()
    }

    #[test]
    fn the_greatest_commit_fits() {
        let bytes = encoded();
        assert_eq!(Slot::decode(&bytes), Slot::Whole(Box::new(greatest_slot())));
        let spare = bytes[TEXT_AT..CHECKSUM_AT].iter().rev().take_while(|byte| **byte == 0).count();
        assert!(spare > 0, "the bounds leave no room for another digit");
    }

    #[test]
    fn a_commit_that_does_not_fit_is_not_written() {
        let mut slot = greatest_slot();
        slot.committed.configuration.digest = "x".repeat(SLOT_BYTES);
        assert!(slot.encode().is_err());
    }

    /// A resumed run may subtract the one from the other.
    #[test]
    fn a_snapshot_of_later_lines_is_damage() {
        type Lessen = fn(&mut Commit);
        let lessen: [Lessen; 2] = [|it| it.committed.lines -= 1, |it| it.committed.output.bytes -= 1];
        for lessen in lessen {
            let mut slot = greatest_slot();
            lessen(&mut slot);
            let bytes = slot.encode().unwrap().try_into().unwrap();
            assert_eq!(Slot::decode(&bytes), Slot::Damaged);
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let mut bytes = encoded();
        for at in 0..SLOT_BYTES {
            for flip in [1, 0x80] {
                bytes[at] ^= flip;
                assert_eq!(Slot::decode(&bytes), Slot::Damaged, "bit flipped in byte {at}");
                bytes[at] ^= flip;
            }
        }
    }

    /// A torn write leaves a part of the new slot and a part of the old one, or zeros.
    #[test]
    fn every_torn_write_is_noticed() {
        let new = encoded();
        let mut slot = greatest_slot();
        slot.sequence -= 2;
        let before: [u8; SLOT_BYTES] = slot.encode().unwrap().try_into().unwrap();
        for old in [&[0; SLOT_BYTES], &before] {
            for end in 1..SLOT_BYTES {
                let mut torn = *old;
                torn[..end].copy_from_slice(&new[..end]);
                let is_new = torn == new;
                let found = Slot::decode(&torn);
                assert!(is_new || torn == *old || found == Slot::Damaged, "torn after {end} bytes");
            }
        }
    }

    #[test]
    fn empty_and_other_formats_are_not_damage() {
        assert_eq!(Slot::decode(&[0; SLOT_BYTES]), Slot::Empty);
        let mut bytes = encoded();
        bytes[16] = 2;
        let checksum = XxHash3_64::oneshot(&bytes[..CHECKSUM_AT]);
        bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
        assert_eq!(Slot::decode(&bytes), Slot::OtherFormat(2));
    }
}
