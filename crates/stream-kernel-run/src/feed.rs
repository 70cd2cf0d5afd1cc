//! The feed: takes every line of an input through a session, and writes its output.

use std::io::{self, BufRead, Write};

use stream_kernel_exec::StepFailure;

use crate::{Application, Event, LineReader, MAX_LINES_AHEAD, Position, Session};

/// The input, the session and the output of a feed.
pub(crate) struct Feed<I, O> {
    pub(crate) lines: LineReader<I>,
    pub(crate) output: O,
}

/// Why no more lines are taken; `E` is why the last commit failed.
pub(crate) enum Interruption<E> {
    /// The input cannot be read.
    Read(io::Error),
    /// The output of the last line cannot be written.
    Write(io::Error),
    /// A step has ended the run.
    Step(StepFailure),
    /// A commit failed.
    Commit(E),
}

impl<I: BufRead, O: Write> Feed<I, O> {
    /// Takes every line through the session, to the end or until the run is to stop; returns whether it was stopped.
    ///
    /// `between_lines` is asked before every line and after the last; `line_done` is called when the output of a line
    /// is written.
    pub(crate) fn take_all<A: Application, E>(
        &mut self,
        session: &mut Session<A>,
        between_lines: &mut dyn FnMut(Position) -> bool,
        tell: &mut dyn FnMut(Event<'_>),
        mut line_done: impl FnMut(&mut Self, &mut Session<A>, &mut dyn FnMut(Event<'_>)) -> Result<(), E>,
    ) -> Result<bool, Interruption<E>> {
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
            session.tell_abandoned(tell);
            tell_notices(session, tell);
            self.output.write_all(session.written()).map_err(Interruption::Write)?;
            line_done(self, session, tell).map_err(Interruption::Commit)?;
        }
    }

    /// Prepares the next line and those that are already read, and returns whether there is one.
    fn prepare<A: Application, E>(
        &mut self,
        session: &mut Session<A>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, Interruption<E>> {
        session.publish_if_asked();
        match self.lines.next_line() {
            Ok(Some(line)) => session.prepare(line, self.lines.bytes_read()),
            Ok(None) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Before the run waits, it flushes both, because somebody may be waiting for them.
                session.idle();
                session.publish();
                self.output.flush().map_err(Interruption::Write)?;
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

/// Passes the steps' notices to people.
pub(crate) fn tell_notices<A: Application>(session: &mut Session<A>, tell: &mut dyn FnMut(Event<'_>)) {
    for notice in session.take_notices() {
        tell(Event::Notice(&notice));
    }
}
