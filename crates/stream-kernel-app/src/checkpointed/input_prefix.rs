//! The hash of what was read of the input, found when a commit is made.

use std::sync::Arc;

use stream_kernel_checkpoint::{CommitError, PrefixDigest, PrefixHash};
use stream_kernel_disk::DiskFile;

/// How many bytes are read at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Hashes the input up to where lines were read, beside the run: what it has just read is still in the system's cache.
pub(super) struct InputPrefix {
    input: Arc<dyn DiskFile>,
    hash: PrefixHash,
    hashed: u64,
    piece: Vec<u8>,
}

impl InputPrefix {
    /// Returns the prefix of `input` of which `hashed` bytes are in `hash` already.
    pub(super) fn new(input: Arc<dyn DiskFile>, hash: PrefixHash, hashed: u64) -> Self {
        Self { input, hash, hashed, piece: vec![0; PIECE_BYTES] }
    }

    /// Returns the hash of the first `bytes` bytes, at least as many as the last time.
    pub(super) fn up_to(&mut self, bytes: u64) -> Result<PrefixDigest, CommitError> {
        while self.hashed < bytes {
            let left = usize::try_from(bytes - self.hashed).unwrap_or(usize::MAX);
            let piece = &mut self.piece[..left.min(PIECE_BYTES)];
            self.input.read_exact_at(piece, self.hashed).map_err(|cause| CommitError::Io {
                doing: "be read again",
                path: self.input.path().to_owned(),
                cause: Arc::new(cause),
            })?;
            self.hash.update(piece);
            self.hashed += piece.len() as u64;
        }
        Ok(self.hash.digest())
    }
}
