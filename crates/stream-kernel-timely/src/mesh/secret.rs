//! Secret of a mesh, and what is proved with it and drawn at random.

use std::fmt;
use std::io;

use hmac::{Hmac, KeyInit, Mac};
use rustix::rand::{GetRandomFlags, getrandom};
use sha2::Sha256;

/// The shortest secret, in bytes: with less, whoever hears one proof could try all.
pub(crate) const MIN_SECRET_BYTES: usize = 16;
/// The longest secret, in bytes.
pub(crate) const MAX_SECRET_BYTES: usize = 4096;
/// The length of a proof, in bytes.
pub(super) const PROOF_BYTES: usize = 32;

/// A secret that all processes of a run share. Its `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Secret(Hmac<Sha256>);

impl Secret {
    /// Returns the secret that is `bytes`, all of them: whoever reads them from a file removes the line end.
    ///
    /// # Errors
    ///
    /// There are fewer than [`MIN_SECRET_BYTES`] or more than [`MAX_SECRET_BYTES`].
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, InvalidSecret> {
        match bytes.len() {
            MIN_SECRET_BYTES..=MAX_SECRET_BYTES => Self::of_any_length(bytes),
            bytes => Err(InvalidSecret { bytes }),
        }
    }

    /// Returns the secret of a mesh without one: empty, so it keeps out accidents only.
    pub(super) fn absent() -> Result<Self, InvalidSecret> {
        Self::of_any_length(&[])
    }

    fn of_any_length(bytes: &[u8]) -> Result<Self, InvalidSecret> {
        // HMAC takes a key of any length.
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| InvalidSecret { bytes: bytes.len() })
    }

    fn over(&self, role: Role, transcript: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(role.label());
        mac.update(transcript);
        mac
    }

    /// Returns the proof that whoever is `role` in `transcript` holds the secret.
    pub(super) fn prove(&self, role: Role, transcript: &[u8]) -> [u8; PROOF_BYTES] {
        self.over(role, transcript).finalize().into_bytes().into()
    }

    /// Returns whether `proof` proves that whoever is `role` holds the secret. Takes the same time for every proof.
    pub(super) fn verify(&self, role: Role, transcript: &[u8], proof: &[u8; PROOF_BYTES]) -> bool {
        self.over(role, transcript).verify_slice(proof).is_ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A secret that is too short or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret has {bytes} bytes (give {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} random ones)")]
pub(crate) struct InvalidSecret {
    /// How long it is.
    pub(crate) bytes: usize,
}

/// Which side of a connection proves something. A proof of one side is not one of the other, so that none can be
/// sent back to where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The side that connects.
    Dialer,
    /// The side that listens.
    Listener,
}

impl Role {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Dialer => b"stream-kernel mesh dialer\0",
            Self::Listener => b"stream-kernel mesh listener\0",
        }
    }
}

/// Returns `N` bytes, at most 256, from the system's source of randomness.
///
/// # Errors
///
/// Returns what the system says.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    loop {
        match getrandom(&mut bytes, GetRandomFlags::empty()) {
            // The system never gives a part of so few.
            Ok(given) if given == N => return Ok(bytes),
            Ok(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
