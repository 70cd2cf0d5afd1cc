//! Messages between processes that have proved who they are, until the run begins.

use std::io::{self, ErrorKind};

use super::fields::{Fields, put_text, put_u32};
use super::hello::RunNumber;
use super::identity::{Difference, MAX_DIFFERENCES_BYTES, put_differences, take_differences};
use super::link::Link;

/// The longest reason for which a run has ended, in bytes; a longer one is cut.
pub(super) const MAX_REASON_BYTES: u16 = 2048;
/// The longest message of several fields: a process number, and the longer one of a reason and differences.
const MAX_MESSAGE_BYTES: usize = 4 + MAX_DIFFERENCES_BYTES;
const _: () = assert!(2 + MAX_REASON_BYTES as usize <= MAX_DIFFERENCES_BYTES);

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// Process 0 takes the other one in.
    Welcome {
        /// The seed of the run's hashes.
        seed: u64,
        /// The run's number.
        run: RunNumber,
    },
    /// A process other than 0 takes the other one in.
    Joined,
    /// Another process has the number already.
    Taken,
    /// The other process belongs to another run.
    OtherRun,
    /// The sender is connected to all; to process 0.
    Complete,
    /// All are connected to all, the run begins; from process 0. The last message.
    Go,
    /// The sender was told to stop. One byte, so that who has begun already does not take it for data.
    Stopped,
    /// The sender does not wait any longer. One byte, as above.
    GaveUp,
    /// The run has ended before it began.
    Ended {
        /// The process that ended it.
        process: usize,
        /// Why, for people.
        reason: String,
    },
    /// The run has ended because a process differs from process 0.
    Differs {
        /// Which.
        process: usize,
        /// In what.
        differences: Vec<Difference>,
    },
}

impl Message {
    /// Returns the message as bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.tag()];
        match self {
            Self::Welcome { seed, run } => {
                out.extend_from_slice(&seed.to_be_bytes());
                out.extend_from_slice(run);
            }
            Self::Ended { process, reason } => {
                let mut body = Vec::new();
                put_u32(&mut body, *process);
                put_text(&mut body, reason, MAX_REASON_BYTES);
                put_u32(&mut out, body.len());
                out.append(&mut body);
            }
            Self::Differs { process, differences } => {
                let mut body = Vec::new();
                put_u32(&mut body, *process);
                put_differences(&mut body, differences);
                put_u32(&mut out, body.len());
                out.append(&mut body);
            }
            _ => {}
        }
        out
    }

    fn tag(&self) -> u8 {
        match self {
            Self::Welcome { .. } => 1,
            Self::Joined => 2,
            Self::Taken => 3,
            Self::OtherRun => 4,
            Self::Complete => 5,
            Self::Go => 6,
            Self::Stopped => 7,
            Self::GaveUp => 8,
            Self::Ended { .. } => 9,
            Self::Differs { .. } => 10,
        }
    }

    /// Writes the message to `link`.
    pub(super) fn send(&self, link: &mut Link<'_>) -> io::Result<()> {
        link.write(&self.encode())
    }

    /// Reads a message from `link`, and nothing after it.
    ///
    /// # Errors
    ///
    /// What comes is not a message (kind `InvalidData`). Else what the system says.
    pub(super) fn receive(link: &mut Link<'_>) -> io::Result<Self> {
        let invalid = || io::Error::from(ErrorKind::InvalidData);
        let [tag] = link.read()?;
        Ok(match tag {
            1 => {
                let seed = u64::from_be_bytes(link.read()?);
                Self::Welcome { seed, run: link.read()? }
            }
            2 => Self::Joined,
            3 => Self::Taken,
            4 => Self::OtherRun,
            5 => Self::Complete,
            6 => Self::Go,
            7 => Self::Stopped,
            8 => Self::GaveUp,
            9 => Self::decode_ended(&link.read_sized(MAX_MESSAGE_BYTES)?).ok_or_else(invalid)?,
            10 => Self::decode_differs(&link.read_sized(MAX_MESSAGE_BYTES)?).ok_or_else(invalid)?,
            _ => return Err(invalid()),
        })
    }

    fn decode_ended(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let process = fields.u32()? as usize;
        let reason = fields.text(MAX_REASON_BYTES)?.to_owned();
        fields.end(Self::Ended { process, reason })
    }

    fn decode_differs(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let process = fields.u32()? as usize;
        Some(Self::Differs { process, differences: take_differences(fields)? })
    }
}
