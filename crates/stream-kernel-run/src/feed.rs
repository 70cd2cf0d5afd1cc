//! Every line of an input through a session, and what it writes to an output.

use std::io::{self, BufRead};

use stream_kernel_checkpoint::{FileError, InputPrefix};
use stream_kernel_exec::StepFailure;

use crate::checkpointed::{CheckpointFailure, Ends};
use crate::{Application, Event, LineReader, MAX_LINES_AHEAD, Position, Session};

/// The bytes of an input.
pub(crate) trait Input: BufRead {
    /// Returns what was read up to `bytes` bytes, where a line ends; `None` if the input does not know.
    fn up_to(&mut self, bytes: u64) -> Option<&InputPrefix>;
}

/// Where output goes.
pub(crate) trait Output {
    /// Writes what a line has written, or what comes after the last.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Brings out what is buffered.
    fn flush(&mut self) -> io::Result<()>;

    /// Brings out what is buffered, and checks that all that was written is there.
    fn flush_for_commit(&mut self) -> Result<(), FileError>;
}

/// What a session is fed from, and what it feeds.
pub(crate) struct Feed<I, O> {
    pub(crate) lines: LineReader<I>,
    pub(crate) output: O,
}

/// Why no more lines are taken.
pub(crate) enum Interruption {
    /// The input cannot be read.
    Read(io::Error),
    /// The output of the last line cannot be written.
    Write(io::Error),
    /// A step has ended the run.
    Step(StepFailure),
    /// A commit could not be made.
    Commit(CheckpointFailure),
}

impl<I: Input, O: Output> Ends for Feed<I, O> {
    fn input_up_to(&mut self, bytes: u64) -> Option<&InputPrefix> {
        self.lines.input_mut().up_to(bytes)
    }

    fn flush_output(&mut self) -> Result<(), FileError> {
        self.output.flush_for_commit()
    }
}

impl<I: Input, O: Output> Feed<I, O> {
    /// Takes every line through the session, until there is none left or the run is to stop; returns whether it was stopped.
    ///
    /// `between_lines` is asked before every line, and behind the last.
    pub(crate) fn take_all<A: Application>(
        &mut self,
        session: &mut Session<A>,
        between_lines: &mut dyn FnMut(Position) -> bool,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, Interruption> {
        loop {
            if between_lines(session.position()) {
                return Ok(true);
            }
            if session.prepared() == 0 && !self.prepare(session, tell)? {
                if self.lines.has_ended() {
                    session.reach_end(self.lines.bytes_read());
                    return Ok(false);
                }
                continue;
            }
            session.take_prepared().map_err(Interruption::Step)?;
            self.output.write(session.written()).map_err(Interruption::Write)?;
            session.commit_if_due(self).map_err(Interruption::Commit)?;
            session.tell_events(tell);
        }
    }

    /// Prepares the next line and those that are read already, and returns whether there is one.
    fn prepare<A: Application>(
        &mut self,
        session: &mut Session<A>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, Interruption> {
        tell_notices(session, tell);
        match self.lines.next_line() {
            Ok(Some(line)) => session.prepare(line, self.lines.bytes_read()),
            Ok(None) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Before it waits, the run brings out what somebody may be waiting for in turn.
                self.output.flush().map_err(Interruption::Write)?;
                session.idle();
                tell(Event::Waits(session.position()));
                return Ok(false);
            }
            Err(error) => return Err(Interruption::Read(error)),
        }
        while session.prepared() < MAX_LINES_AHEAD
            && let Some(line) = self.lines.buffered_line()
        {
            session.prepare(line, self.lines.bytes_read());
        }
        session.prefetch();
        Ok(true)
    }
}

/// Tells people what steps want them to know.
pub(crate) fn tell_notices<A: Application>(session: &mut Session<A>, tell: &mut dyn FnMut(Event<'_>)) {
    for notice in session.take_notices() {
        tell(Event::Notice(&notice));
    }
}
