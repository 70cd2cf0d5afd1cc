//! Checkpoints of a run on several workers: one process keeps the checkpoint and commits the progress of all.
//!
//! It equals the checkpoint of one worker, so that a run may go on with any number of them.

use stream_kernel_exec::{Memory, RunReport};
use stream_kernel_trace::{Clock, Timestamp};

use super::commits::Mark;
use super::files::Trace;
use super::opening::{Opened, open};
use super::{CheckpointFailure, CheckpointOptions, Ended};
use crate::{Application, Job, Position, SummaryRow};

/// The progress of all workers at the end of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// The last line, and the offset of the next one in the input.
    pub position: Position,
    /// The counts of all lines, including those of earlier runs.
    pub report: RunReport,
    /// The number of bytes of output that lines have written.
    pub output_bytes: u64,
    /// The length of the trace in bytes; 0 without one.
    pub trace_bytes: u64,
    /// The time of the last record.
    pub last_time: Timestamp,
}

/// The checkpoint of a run on several workers, and its files. Workers write these files themselves.
pub struct SharedCheckpoint<A: Application>(Opened<A>);

impl<A: Application> SharedCheckpoint<A> {
    /// Opens the checkpoint and the files, and recovers alone: restores the last snapshot, and decides the lines after
    /// it again. Then commits, if nothing may be written before a commit.
    ///
    /// # Errors
    ///
    /// Returns why the run is refused, with nothing touched, or why it cannot begin; [`CheckpointFailure::Stopped`] if
    /// it was stopped on the way.
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

    /// Returns the progress from which the run goes on.
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

    /// Returns whether the run has a trace. It has none if none is configured, or if an earlier run could not write its
    /// records.
    pub fn has_trace(&self) -> bool {
        self.0.commits.trace.is_some()
    }

    /// Returns whether the run was complete and the input has not grown since: it only has to [end](Self::end).
    pub fn is_finished(&self) -> bool {
        self.0.commits.is_finished
    }

    /// Returns the last line that the last snapshot covers; 0 without one.
    pub fn snapshot_line_no(&self) -> u64 {
        self.0.commits.last.replay.lines
    }

    /// Takes the memory that one worker would have now, to be dealt out.
    pub fn take_memory(&mut self) -> Memory {
        self.0.session.take_memory()
    }

    /// Begins a commit of all workers' progress, after the one before; with a snapshot if there is memory, which is
    /// waited for. `rows` are the application's part of the summary.
    ///
    /// # Errors
    ///
    /// Returns why this commit, or the one before, failed: the run has to end.
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

    /// Returns whether the commit that was begun has ended, well or not.
    pub fn is_idle(&self) -> bool {
        self.0.commits.committer.is_idle()
    }

    /// Notes the progress of the workers: reads the bytes that they have read and written.
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

    /// Makes the last commit of a run that is complete or was stopped. A complete output gets this `tail`, and takes
    /// its name.
    ///
    /// # Errors
    ///
    /// Returns why that failed. Started again, the run goes on from the last commit.
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
