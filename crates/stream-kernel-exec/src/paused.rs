//! Inputs between steps.

use crate::emitter::Notice;
use crate::memory::{Stage, read_count, write_count};
use crate::{Encode, MessageSet, StepError};

/// An input that the steps before some position have handled: it waits for its turn, or is on its way to another
/// worker.
#[derive(Debug)]
pub struct Paused<M> {
    pub(crate) line_no: u64,
    /// The number of messages emitted for it.
    pub(crate) emitted: usize,
    /// The number of those that no step receives.
    pub(crate) undeliverable: u64,
    /// The output of its steps, and their notices: usually none.
    pub(crate) told: Option<Box<(Vec<u8>, Vec<Notice>)>>,
    pub(crate) at: At<M>,
    /// Whether its steps are recorded, if anything is. A line on its way to another worker is.
    pub(crate) is_recorded: bool,
}

#[derive(Debug)]
pub(crate) enum At<M> {
    /// One message is under way, the usual case.
    One(usize, M),
    /// Several messages are under way, or none; in the order in which they are due.
    Many(Vec<(usize, M)>),
    /// The step at this position has failed.
    Failed(usize, StepError),
}

impl<M> At<M> {
    /// Returns the place of no message.
    pub(crate) fn none() -> Self {
        Self::Many(Vec::new())
    }

    /// Puts a message in the place of [none](Self::none), which need not be dropped.
    #[inline]
    pub(crate) fn put(&mut self, step: usize, message: M) {
        debug_assert!(matches!(self, Self::Many(messages) if messages.capacity() == 0), "a message is there");
        std::mem::forget(std::mem::replace(self, Self::One(step, message)));
    }
}

/// A message that enters a stage.
#[derive(Debug)]
pub struct Entering<M> {
    /// The position of its step.
    pub step: usize,
    /// Its index among the messages of its line that enter the stage.
    pub index: usize,
    /// The message.
    pub message: M,
}

/// The header of a packed line.
mod tag {
    pub(super) const ONE: u8 = 0;
    pub(super) const MANY: u8 = 1;
    pub(super) const FAILED: u8 = 2;
    pub(super) const HAS_TOLD: u8 = 4;
}

impl<M> Paused<M> {
    /// Returns the line's number.
    pub fn line_no(&self) -> u64 {
        self.line_no
    }

    /// Returns the number of messages emitted for it.
    pub fn emitted(&self) -> usize {
        self.emitted
    }

    /// Returns its message and the position of the receiving step, if it has exactly one message.
    pub fn alone(&self) -> Option<(usize, &M)> {
        if let At::One(step, message) = &self.at { Some((*step, message)) } else { None }
    }

    /// Returns the messages that enter a stage, each with the position of its step.
    pub fn entering(&self, stage: &Stage) -> impl Iterator<Item = (usize, &M)> {
        let (one, many) = match &self.at {
            At::One(step, message) => (Some((*step, message)), &[][..]),
            At::Many(messages) => (None, messages.as_slice()),
            At::Failed(..) => (None, &[][..]),
        };
        let many = many.iter().map(|(step, message)| (*step, message));
        one.into_iter().chain(many).filter(|(step, _)| stage.steps.contains(step))
    }

    /// Returns the messages themselves.
    pub fn into_entering(self, stage: &Stage) -> impl Iterator<Item = Entering<M>> {
        let (one, many) = match self.at {
            At::One(step, message) => (Some((step, message)), Vec::new()),
            At::Many(messages) => (None, messages),
            At::Failed(..) => (None, Vec::new()),
        };
        let entering = one.into_iter().chain(many).filter(|(step, _)| stage.steps.contains(step));
        entering.enumerate().map(|(index, (step, message))| Entering { step, index, message })
    }
}

impl<M: MessageSet> Paused<M> {
    /// Prefetches the content of its message, if it has exactly one: see
    /// [`Payload::prefetch`](crate::Payload::prefetch).
    #[inline]
    pub fn prefetch(&self) {
        if let At::One(_, message) = &self.at {
            message.prefetch();
        }
    }

    /// Appends the line as bytes, without its number, and returns whether all of its messages can be packed.
    pub fn pack(&self, to: &mut Vec<u8>) -> bool {
        let tag = match self.at {
            At::One(..) => tag::ONE,
            At::Many(_) => tag::MANY,
            At::Failed(..) => tag::FAILED,
        };
        to.push(tag | if self.told.is_some() { tag::HAS_TOLD } else { 0 });
        write_count(self.emitted, to);
        self.undeliverable.encode(to);
        if let Some(told) = &self.told {
            let (written, notices) = &**told;
            written.encode(to);
            write_count(notices.len(), to);
            for (topic, most, text) in notices {
                (topic.clone().into_owned(), (*most, text.clone())).encode(to);
            }
        }
        match &self.at {
            At::One(step, message) => {
                write_count(*step, to);
                message.pack(to)
            }
            At::Many(messages) => {
                write_count(messages.len(), to);
                messages.iter().all(|(step, message)| {
                    write_count(*step, to);
                    message.pack(to)
                })
            }
            At::Failed(step, error) => {
                write_count(*step, to);
                error.encode(to);
                true
            }
        }
    }

    /// Takes a line of a pipeline with `steps` steps off the front of `from`.
    pub(crate) fn unpack(line_no: u64, steps: usize, from: &mut &[u8]) -> Option<Self> {
        let tag = u8::decode(from)?;
        let (emitted, undeliverable) = (read_count(from)?, u64::decode(from)?);
        let told = if tag & tag::HAS_TOLD == 0 { None } else { Some(Box::new(unpack_told(from)?)) };
        let step = |from: &mut &[u8]| read_count(from).filter(|step| *step < steps);
        let at = match tag & !tag::HAS_TOLD {
            tag::ONE => At::One(step(from)?, M::unpack(from)?),
            tag::MANY => {
                let mut messages = Vec::new();
                for _ in 0..read_count(from)? {
                    messages.push((step(from)?, M::unpack(from)?));
                }
                At::Many(messages)
            }
            tag::FAILED => At::Failed(step(from)?, StepError::decode(from)?),
            _ => return None,
        };
        Some(Self { line_no, emitted, undeliverable, told, at, is_recorded: true })
    }
}

fn unpack_told(from: &mut &[u8]) -> Option<(Vec<u8>, Vec<Notice>)> {
    let written = Encode::decode(from)?;
    let mut notices = Vec::new();
    for _ in 0..read_count(from)? {
        let (topic, (most, text)) = <(String, (u32, String))>::decode(from)?;
        notices.push((topic.into(), most, text));
    }
    Some((written, notices))
}

#[cfg(test)]
mod tests {
    use stream_kernel_trace::CanonicalContent;

    use super::*;
    use crate::{Payload, messages};

    #[derive(Debug, PartialEq)]
    pub(super) struct Number(u64);

    impl Payload for Number {
        fn digest(&self, content: &mut CanonicalContent) {
            content.unsigned("number", self.0);
        }

        /// Odd numbers cannot be packed.
        fn pack(&self, to: &mut Vec<u8>) -> bool {
            self.0.encode(to);
            self.0.is_multiple_of(2)
        }

        fn unpack(from: &mut &[u8]) -> Option<Self> {
            u64::decode(from).map(Self)
        }
    }

    messages! {
        #[derive(Debug)]
        pub(super) enum Numbers { Number }
    }

    const STEPS: usize = 3;

    fn lines() -> Vec<Paused<Numbers>> {
        let number = |step, number| (step, Numbers::Number(Number(number)));
        let line =
            |at| Paused { line_no: 7, emitted: 300, undeliverable: 2, told: None, at, is_recorded: true };
        let (step, message) = number(2, 8);
        let mut with_told = line(At::Many(vec![number(1, 2), number(2, 4)]));
        let notices = vec![("topic".into(), 3, "text".to_owned())];
        with_told.told = Some(Box::new((b"written".to_vec(), notices)));
        vec![
            line(At::One(step, message)),
            with_told,
            line(At::Many(Vec::new())),
            line(At::Failed(0, StepError::new("Fails", "why"))),
            line(At::Failed(2, StepError::new("Fails", "why").stopping())),
        ]
    }

    #[test]
    fn lines_round_trip_and_truncated_ones_are_rejected() {
        for line in lines() {
            let mut bytes = Vec::new();
            assert!(line.pack(&mut bytes), "{line:?}");
            for len in 0..bytes.len() {
                assert!(
                    Paused::<Numbers>::unpack(7, STEPS, &mut &bytes[..len]).is_none(),
                    "{line:?} cut at {len}"
                );
            }
            bytes.push(0xee);
            let mut rest = bytes.as_slice();
            let back = Paused::<Numbers>::unpack(7, STEPS, &mut rest);
            assert_eq!(format!("{back:?}"), format!("{:?}", Some(&line)));
            assert_eq!(rest, [0xee], "{line:?} ends where it ends");
        }
    }

    #[test]
    fn lines_at_missing_steps_and_unknown_tags_are_rejected() {
        for line in lines() {
            let mut bytes = Vec::new();
            line.pack(&mut bytes);
            let goes_beyond = match &line.at {
                At::One(step, _) | At::Failed(step, _) => *step >= 2,
                At::Many(messages) => !messages.is_empty(),
            };
            let back = Paused::<Numbers>::unpack(7, 2, &mut bytes.as_slice());
            assert_eq!(back.is_none(), goes_beyond, "{line:?} of a pipeline with two steps");
            bytes[0] = 3;
            assert!(Paused::<Numbers>::unpack(7, STEPS, &mut bytes.as_slice()).is_none());
        }
    }

    #[test]
    fn a_line_whose_message_cannot_be_packed_says_so() {
        let mut line = lines().remove(0);
        line.at = At::One(0, Numbers::Number(Number(1)));
        assert!(!line.pack(&mut Vec::new()));
    }
}
