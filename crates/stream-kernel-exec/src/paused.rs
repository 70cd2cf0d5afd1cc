//! Lines on their way from stage to stage.

use crate::emitter::Notice;
use crate::memory::{Stage, read_count, write_count};
use crate::{Encode, MessageSet, StepError};

/// A line that has come to the beginning of a stage.
#[derive(Debug)]
pub struct Paused<M> {
    pub(crate) line_no: u64,
    /// How many messages were emitted for it.
    pub(crate) emitted: usize,
    /// How many of them no step receives.
    pub(crate) undeliverable: u64,
    /// What its steps have written to the output, and their notices: mostly none.
    pub(crate) told: Option<Box<(Vec<u8>, Vec<Notice>)>>,
    pub(crate) at: At<M>,
}

#[derive(Debug)]
pub(crate) enum At<M> {
    /// One message is on its way, as mostly.
    One(usize, M),
    /// Several are, or none, in the order in which they are due.
    Many(Vec<(usize, M)>),
    /// The step at this position has failed.
    Failed(usize, StepError),
}

/// A message that enters a stage.
#[derive(Debug)]
pub struct Entering<M> {
    /// The position of the step that takes it.
    pub step: usize,
    /// Which of the messages of its line that enter the stage it is.
    pub index: usize,
    /// The message.
    pub message: M,
}

/// What begins a packed line.
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

    /// Returns how many messages were emitted for it.
    pub fn emitted(&self) -> usize {
        self.emitted
    }

    /// Returns whether it has one message only.
    pub fn is_alone(&self) -> bool {
        matches!(self.at, At::One(..))
    }

    /// Returns the messages that enter a stage, each with the position of the step that takes it.
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
                let texts = (error.type_name().to_owned(), error.message().to_owned());
                (texts, error.always_stops()).encode(to);
                true
            }
        }
    }

    /// Takes a line of a pipeline with so many steps off the front of `from`.
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
            tag::FAILED => {
                let step = step(from)?;
                let ((type_name, message), always_stops) = <((String, String), bool)>::decode(from)?;
                let error = StepError::new(type_name, message);
                At::Failed(step, if always_stops { error.stopping() } else { error })
            }
            _ => return None,
        };
        Some(Self { line_no, emitted, undeliverable, told, at })
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
