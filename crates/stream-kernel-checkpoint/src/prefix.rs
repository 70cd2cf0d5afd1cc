//! Hash of a stream of bytes: of the prefix of an input, by which a resumed run recognises it, or of output.

use std::fmt;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use twox_hash::XxHash3_128;

/// Hashes an input as it is read, or an output as it is written (XXH3-128). It detects different content, not content
/// crafted to have the same hash. It is fastest with many lines at a time.
///
/// ```
/// use stream_kernel_checkpoint::PrefixHash;
///
/// let mut hash = PrefixHash::new();
/// hash.update(b"first line\n");
/// let of_first = hash.digest();
/// hash.update(b"second line\n");
/// assert_ne!(hash.digest(), of_first);
/// ```
#[derive(Clone, Default)]
pub struct PrefixHash(XxHash3_128);

/// The hash of the bytes given to a [`PrefixHash`]. As text: 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixDigest(u128);

/// Why an input differs from the one that was read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrefixError {
    /// It cannot be read.
    #[error("the input `{}` cannot be read", path.display())]
    Read {
        /// The input.
        path: PathBuf,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// It is shorter than the part that was read.
    #[error("the input `{}` has {bytes} bytes, but {committed} were committed", path.display())]
    Shorter {
        /// The input.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The number of bytes committed.
        committed: u64,
    },
    /// It begins differently.
    #[error("the input `{}` differs from the one that was committed within its first {committed} bytes", path.display())]
    Differs {
        /// The input.
        path: PathBuf,
        /// The number of bytes committed.
        committed: u64,
    },
    /// Text appended to it continues its last line.
    #[error(
        "the last line of `{}` that is committed, line {line_no}, had no line end, and what was appended continues it: it is another line now (restore the input as it was, or start over)",
        path.display()
    )]
    Joined {
        /// The input.
        path: PathBuf,
        /// The last line committed.
        line_no: u64,
    },
    /// With the appended text, the last line no longer ends in the CR with which it was read.
    #[error(
        "the last line of `{}` that is committed, line {line_no}, ended in CR, which was taken as a part of it; with the LF that was appended, the CR is none any longer (only a run that starts over can take the line so)",
        path.display()
    )]
    LosesCr {
        /// The input.
        path: PathBuf,
        /// The last line committed.
        line_no: u64,
    },
}

impl PrefixHash {
    /// Returns the hash of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the digest of all these bytes.
    pub(crate) fn of(bytes: &[u8]) -> PrefixDigest {
        let mut hash = Self::new();
        hash.update(bytes);
        hash.digest()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// Returns the hash of all bytes so far.
    pub fn digest(&self) -> PrefixDigest {
        PrefixDigest(self.0.finish_128())
    }
}

/// The hash of nothing.
impl Default for PrefixDigest {
    fn default() -> Self {
        PrefixHash::new().digest()
    }
}

impl fmt::Debug for PrefixHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrefixHash").field(&self.digest()).finish()
    }
}

impl fmt::Display for PrefixDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for PrefixDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PrefixDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::PrefixHash;

    /// The vectors of the reference implementation: a different hash would refuse every existing checkpoint.
    #[test]
    fn the_hash_is_xxh3_of_128_bits() {
        let digest = |bytes: &[u8]| {
            let mut hash = PrefixHash::new();
            bytes.chunks(7).for_each(|piece| hash.update(piece));
            hash.digest().to_string()
        };
        assert_eq!(digest(b""), "99aa06d3014798d86001c324468d497f");
        assert_eq!(digest(b"a"), "a96faf705af16834e6c632b61e964e1f");
    }

    #[test]
    fn pieces_do_not_matter() {
        let content: Vec<u8> = (0..=250).cycle().take(64 * 1024).collect();
        let mut whole = PrefixHash::new();
        whole.update(&content);
        for piece_bytes in [1, 120, 1_000, 40_000] {
            let mut hash = PrefixHash::new();
            content.chunks(piece_bytes).for_each(|piece| hash.update(piece));
            assert_eq!(hash.digest(), whole.digest(), "in pieces of {piece_bytes} bytes");
        }
    }
}
