//! Questions in packets, as homes write them and owners read them.

use std::ops::Range;

use smallvec::SmallVec;

use stream_kernel_exec::{Entering, Paused, Share};
use stream_kernel_run::{LineMessage, RawLine};

use super::OwnerRunners;
use crate::home::{read_content, tell_written};
use crate::packet::read_number;

/// The first byte of a question with the messages that enter the stage.
pub(crate) const MESSAGES: u8 = 0;
/// The first byte of a question with the line, and its finds in earlier stages.
pub(crate) const LINE: u8 = 1;
/// The first byte of a question with a line that the owner passes through the stage.
pub(crate) const PASS: u8 = 2;

/// The messages of a line that enter a stage: usually one.
type Messages<M> = SmallVec<[Entering<M>; 1]>;

/// A question of a line.
pub(super) struct Ask {
    pub(super) line_no: u64,
    /// The worker that asks.
    pub(super) home: usize,
    pub(super) question: QuestionAt,
    /// The beginning of its answer in the finds.
    pub(super) found_at: usize,
    /// The number of moves taken in before.
    pub(super) next_move: usize,
}

/// The place of a question.
pub(super) enum QuestionAt {
    /// In the packet of the worker that asks.
    Packet(Range<usize>),
    /// The line with this index of those that are handed over, kept here.
    Kept(usize, Range<usize>),
}

/// A line's question in a packet.
pub(super) enum Question<M> {
    /// Messages of a line, the number of messages emitted for it, and whether the line has only one that enters.
    Messages(Messages<M>, usize, bool),
    /// A line to be passed.
    Pass(Paused<M>),
}

/// Reads a question of a packet; `None` if it is corrupt.
pub(super) fn read_question<M: LineMessage>(
    mut bytes: &[u8],
    line_no: u64,
    runners: &mut OwnerRunners<'_, M>,
    number: usize,
) -> Option<Question<M>> {
    let stage = &runners.stages[number];
    let (&kind, rest) = bytes.split_first()?;
    bytes = rest;
    let (emitted, mut entering) = match kind {
        MESSAGES => {
            let emitted = usize::try_from(read_number(&mut bytes)?).ok()?;
            let mut entering = Messages::new();
            while !bytes.is_empty() {
                let step = usize::try_from(read_number(&mut bytes)?).ok()?;
                let message = M::unpack(&mut bytes).filter(|_| stage.steps.contains(&step))?;
                entering.push(Entering { step, index: entering.len(), message });
            }
            (emitted, entering)
        }
        LINE => {
            let raw = RawLine::new(line_no, read_content(&mut bytes)?);
            for earlier in &runners.stages[..number] {
                tell_written(runners.scout.memory(), earlier, &mut bytes)?;
            }
            let paused = runners.scout.start(line_no, raw, stage.steps.start);
            (paused.emitted(), paused.into_entering(stage).collect())
        }
        PASS => {
            let paused = runners.owner.unpack(line_no, &mut bytes)?;
            return bytes.is_empty().then_some(Question::Pass(paused));
        }
        _ => return None,
    };
    let is_alone = entering.len() == 1;
    if !is_alone {
        let mut share = Share::default();
        entering.retain(|one: &mut Entering<M>| {
            runners.scout.share(stage, one.step, &one.message, &mut share);
            share.owner().is_some_and(|owner| runners.owners.of(owner) == runners.index)
        });
    }
    Some(Question::Messages(entering, emitted, is_alone))
}
