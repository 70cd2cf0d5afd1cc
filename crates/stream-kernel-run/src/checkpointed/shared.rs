//! Checkpoint of a run on several workers: one process keeps it, and commits what all workers have come to.
//!
//! It is the checkpoint of a run on one worker, so that a run may go on with any number of them.

use stream_kernel_exec::{Memory, RunReport};
use stream_kernel_trace::{Clock, Timestamp};

use super::commits::Mark;
use super::files::Trace;
use super::opening::{Opened, open};
use super::{CheckpointFailure, CheckpointOptions, Ended};
use crate::{Application, Job, Position, SummaryRow};

/// How far all workers of a run have come, at the end of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// The last line, and where the next one begins in the input.
    pub position: Position,
    /// The counts of all lines, those of earlier runs included.
    pub report: RunReport,
    /// How many bytes of output lines have written.
    pub output_bytes: u64,
    /// How many bytes the trace has; 0 without one.
    pub trace_bytes: u64,
    /// The time of the last record.
    pub last_time: Timestamp,
}

/// The checkpoint of a run on several workers, and the files that it speaks of. Workers write these by themselves.
pub struct SharedCheckpoint<A: Application>(Opened<A>);

impl<A: Application> SharedCheckpoint<A> {
    /// Opens the checkpoint and the files, and comes to where the last commit was made, by itself: restores the last snapshot, and decides
    /// the lines after it again. Then commits, if nothing may be written before.
    ///
    /// # Errors
    ///
    /// Says why the run is refused, with nothing touched, or why it cannot begin; [`CheckpointFailure::Stopped`] if it was stopped on the way.
    pub fn open<C: Clock + 'static>(
        job: Job<A>,
        clock: impl FnOnce() -> C,
        options: &mut CheckpointOptions<'_>,
    ) -> Result<Self, CheckpointFailure> {
        let mut opened = open(job, clock, options)?;
        opened.begin(options.tell)?;
        opened
            .commits
            .trace
            .as_ref()
            .map(Trace::flush)
            .transpose()
            .map_err(CheckpointFailure::WriteOutput)?;
        Ok(Self(opened))
    }

    /// Returns where the run goes on.
    pub fn reached(&self) -> Reached {
        let Opened { commits, feed, .. } = &self.0;
        let last_time = commits.last.trace.as_ref().map_or(0, |trace| trace.last_time_ns);
        Reached {
            position: commits.mark.position,
            report: commits.mark.report,
            output_bytes: feed.output.written.bytes,
            trace_bytes: commits.trace.as_ref().map_or(0, Trace::bytes),
            last_time: Timestamp::from_nanos(last_time),
        }
    }

    /// Returns whether the run has a trace: not if none is configured, and not if what an earlier run had to record could not be written.
    pub fn has_trace(&self) -> bool {
        self.0.commits.trace.is_some()
    }

    /// Returns whether the run was complete, and nothing was appended to the input since: it has nothing to do but to [end](Self::end).
    pub fn is_finished(&self) -> bool {
        self.0.commits.is_finished
    }

    /// Returns the last line that the last snapshot covers; 0 without one.
    pub fn snapshot_line_no(&self) -> u64 {
        self.0.commits.last.replay.lines
    }

    /// Takes what one worker would remember by now, to be dealt out.
    pub fn take_memory(&mut self) -> Memory {
        self.0.session.take_memory()
    }

    /// Begins a commit of what all workers have come to, once the one before is made; with a snapshot if there is memory, which is waited
    /// for. `rows` are the application's part of the summary.
    ///
    /// # Errors
    ///
    /// Returns why this commit, or the one before, cannot be made: the run has to end.
    pub fn commit(
        &mut self,
        reached: &Reached,
        rows: Vec<SummaryRow>,
        memory: Option<&Memory>,
    ) -> Result<(), CheckpointFailure> {
        self.come_to(reached)?;
        let Opened { feed, commits, .. } = &mut self.0;
        commits.commit_mark(feed, (rows, reached.last_time), memory, false)
    }

    /// Returns whether what was begun is committed, or has failed.
    pub fn is_idle(&self) -> bool {
        self.0.commits.committer.is_idle()
    }

    /// Takes note of how far the workers have come: reads what they have read and written.
    fn come_to(&mut self, reached: &Reached) -> Result<(), CheckpointFailure> {
        let Opened { feed, commits, .. } = &mut self.0;
        let &Reached { position, report, output_bytes, trace_bytes, .. } = reached;
        let input = feed.lines.input_mut();
        let passed = input.pass_up_to(position.bytes);
        passed.map_err(|cause| CheckpointFailure::ReadInput {
            path: input.path().to_owned(),
            line_no: position.line_no,
            cause,
        })?;
        feed.output.read_up_to(output_bytes)?;
        commits.mark = Mark { position, report, output: output_bytes, trace: trace_bytes };
        Ok(())
    }

    /// Makes the last commit of a run that has come to its end, or was stopped. At its end, the output gets this `tail`, and takes its name.
    ///
    /// # Errors
    ///
    /// Says why that cannot be; started again, the run goes on from the last commit.
    pub fn end(
        mut self,
        reached: &Reached,
        rows: Vec<SummaryRow>,
        tail: &[u8],
        bytes_left: u64,
        is_stopped: bool,
    ) -> Result<Ended, CheckpointFailure> {
        if !self.is_finished() {
            self.come_to(reached)?;
            self.0.feed.output.file.cut_to(reached.output_bytes)?;
        }
        let Opened {
            mut session, mut feed, mut commits, files, resumed_after, bytes_left: left_before, ..
        } = self.0;
        let rows = if commits.is_finished { commits.rows(&mut session) } else { rows };
        files.end(&mut commits, &mut feed, tail, is_stopped, &mut |commits, feed| {
            feed.output.flush_and_check()?;
            commits.commit_mark(feed, (rows.clone(), reached.last_time), None, !is_stopped)?;
            commits.wait()
        })?;
        Ok(Ended {
            is_stopped,
            report: reached.report,
            resumed_after,
            trace_ends_after: commits.trace_end().map(|(_, line_no)| line_no),
            bytes_left: if commits.is_finished { left_before } else { bytes_left },
            summary: rows,
        })
    }
}
