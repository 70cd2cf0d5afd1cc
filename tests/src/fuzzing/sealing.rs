//! Checkpoint files made of a fuzzer's bytes, with valid checksums, which it would never guess.

use twox_hash::XxHash3_64;

/// The size of a slot in bytes.
const SLOT_BYTES: usize = 12 * 1024;

const SLOT_TEXT_AT: usize = 24;
const BLOCK_HEADER_BYTES: usize = 20;

/// Returns a slot with as much of `text` as fits; one of zeros for an empty text.
pub(super) fn slot(text: &[u8]) -> Vec<u8> {
    let mut slot = vec![0; SLOT_BYTES];
    if text.is_empty() {
        return slot;
    }
    let checksum_at = SLOT_BYTES - 8;
    let text = &text[..text.len().min(checksum_at - SLOT_TEXT_AT)];
    slot[..16].copy_from_slice(b"stream-kernel-ck");
    slot[16] = 3;
    // A slot's text is shorter than 64 KiB.
    slot[20..22].copy_from_slice(&text.len().to_le_bytes()[..2]);
    slot[SLOT_TEXT_AT..][..text.len()].copy_from_slice(text);
    let checksum = XxHash3_64::oneshot(&slot[..checksum_at]);
    slot[checksum_at..].copy_from_slice(&checksum.to_le_bytes());
    slot
}

/// Gives every block of a snapshot a valid checksum, as far as there are blocks.
pub(super) fn seal_blocks(snapshot: &mut [u8]) {
    let mut offset = 0;
    while let Some(length) = snapshot.get(offset + 16..offset + BLOCK_HEADER_BYTES) {
        let length = length.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte));
        let rest = snapshot.get_mut(offset..);
        let Some(block) = rest.and_then(|rest| rest.get_mut(..BLOCK_HEADER_BYTES + length)) else {
            return;
        };
        let checksum = XxHash3_64::oneshot_with_seed(offset as u64, &block[8..]);
        block[..8].copy_from_slice(&checksum.to_le_bytes());
        offset += block.len();
    }
}
