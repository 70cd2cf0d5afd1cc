//! Questions in packets, as homes write them and owners read them.

use smallvec::SmallVec;

use stream_kernel_exec::{Entering, Paused, Share};
use stream_kernel_run::{LineMessage, RawLine};

use super::OwnerRunners;
use crate::home::{read_content, tell_written};
use crate::packet::read_number;

/// A question begins with this if it holds the messages that enter the stage.
pub(crate) const MESSAGES: u8 = 0;
/// A question begins with this if it holds the line, and what that finds in earlier stages.
pub(crate) const LINE: u8 = 1;
/// A question begins with this if it holds a line that the owner takes through the stage once and for all.
pub(crate) const PASS: u8 = 2;

/// The messages of a line that enter a stage: one, mostly.
type Messages<M> = SmallVec<[Entering<M>; 1]>;

/// What a line asks in a packet.
pub(super) enum Question<M> {
    /// Messages of a line, how many were emitted for it, and whether the line has only one that enters.
    Messages(Messages<M>, usize, bool),
    /// A line to be passed.
    Pass(Paused<M>),
}

/// Reads a question of a packet; `None` if it cannot be read.
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
