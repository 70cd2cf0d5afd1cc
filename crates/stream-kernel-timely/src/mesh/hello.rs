//! Hello: what both sides of a connection say first.

use super::fields::{Fields, put_u32};

/// The first bytes of every hello, of every version.
const MAGIC: [u8; 6] = *b"skmesh";
/// The version of the protocol.
pub(super) const VERSION: u16 = 1;
/// The length of the first bytes and the version: the same in every version.
pub(super) const PREAMBLE_BYTES: usize = 8;
/// The length of the rest in this version.
pub(super) const BODY_BYTES: usize = 44;

/// The number of a run: it keeps those of another one out.
pub(crate) type RunNumber = [u8; 16];

/// Who somebody says to be, not proved yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hello {
    /// How many processes the run has.
    pub(super) processes: usize,
    /// The number of the process that says it.
    pub(super) from: usize,
    /// The number of the process that it is said to.
    pub(super) to: usize,
    /// The run, or zeros from who does not know it yet.
    pub(super) run: RunNumber,
    /// Random bytes, never the same.
    pub(super) nonce: [u8; 16],
}

impl Hello {
    /// Returns the hello as a message.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = preamble(VERSION).to_vec();
        put_u32(&mut out, self.processes);
        put_u32(&mut out, self.from);
        put_u32(&mut out, self.to);
        out.extend_from_slice(&self.run);
        out.extend_from_slice(&self.nonce);
        out
    }

    /// Reads what follows the preamble.
    pub(super) fn decode(body: &[u8; BODY_BYTES]) -> Option<Self> {
        let mut fields = Fields(body);
        let mut number = || fields.u32().map(|number| number as usize);
        let (processes, from, to) = (number()?, number()?, number()?);
        let (run, nonce) = (fields.array()?, fields.array()?);
        fields.end(Self { processes, from, to, run, nonce })
    }
}

/// Returns the beginning of a hello of `version`.
pub(super) fn preamble(version: u16) -> [u8; PREAMBLE_BYTES] {
    let mut bytes = [0; PREAMBLE_BYTES];
    bytes[..6].copy_from_slice(&MAGIC);
    bytes[6..].copy_from_slice(&version.to_be_bytes());
    bytes
}

/// Returns the version of who sent `preamble`; `None` if that is none.
pub(super) fn version_of(preamble: [u8; PREAMBLE_BYTES]) -> Option<u16> {
    let [magic @ .., high, low] = preamble;
    (magic == MAGIC).then_some(u16::from_be_bytes([high, low]))
}
