//! Pieces of something large from one worker to another: packets stay small, whatever a worker remembers.

use stream_kernel_run::Application;

use super::{Places, Worker};
use crate::packet::{BadPacket, Topic};
use crate::part::Bytes;

/// The most bytes of a piece: enough for its packet to cost little, few enough for the engine's buffers.
pub(super) const PIECE_BYTES: usize = 1024 * 1024;

/// A piece begins with this if others follow.
const MORE: u8 = 1;
const LAST: u8 = 0;

/// What has come of something large so far.
#[derive(Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
    pieces: u32,
    is_whole: bool,
}

impl Incoming {
    /// Returns all of it, once it is there.
    pub(super) fn whole(&self) -> Option<&[u8]> {
        self.is_whole.then_some(&self.bytes)
    }
}

impl<A: Application, I: Bytes, P: Places> Worker<A, I, P> {
    /// Sends bytes in pieces.
    pub(super) fn send_pieces(&mut self, to: usize, epoch: u64, bytes: &[u8]) {
        let mut rest = bytes;
        for number in 0.. {
            let (piece, left) = rest.split_at(rest.len().min(PIECE_BYTES));
            rest = left;
            let head = if rest.is_empty() { LAST } else { MORE };
            self.send(to, epoch, Topic::Piece { number }, [&[head], piece].concat());
            if rest.is_empty() {
                return;
            }
        }
    }

    /// Takes in the pieces that have come from a worker, in their order.
    pub(super) fn take_pieces(
        &mut self,
        from: usize,
        epoch: u64,
        incoming: &mut Incoming,
    ) -> Result<(), BadPacket> {
        while !incoming.is_whole {
            let key = (epoch, Topic::Piece { number: incoming.pieces });
            let Some(senders) = self.inbox.get_mut(&key) else { return Ok(()) };
            let Some(packet) = senders.get_mut(from).and_then(Option::take) else { return Ok(()) };
            if senders.iter().all(Option::is_none) {
                self.inbox.remove(&key);
            }
            match packet.bytes.split_first() {
                Some((&head @ (MORE | LAST), piece)) => {
                    incoming.bytes.extend_from_slice(piece);
                    incoming.is_whole = head == LAST;
                    incoming.pieces += 1;
                }
                _ => return Err(packet.bad()),
            }
        }
        Ok(())
    }
}
