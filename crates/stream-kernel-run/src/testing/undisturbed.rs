//! An undisturbed run in memory, with the results that every other one must have.

use stream_kernel_exec::RunReport;

use super::{CapturedTrace, Scene, again, clock, difference};
use crate::{Application, Job, RawLine, Session, SummaryRow};

/// The results of an undisturbed run.
pub(super) struct Undisturbed {
    pub(super) output: Vec<u8>,
    pub(super) trace: Vec<u8>,
    /// The lengths of output and trace before the first line and after each.
    pub(super) ends: Vec<(usize, usize)>,
    pub(super) report: RunReport,
    pub(super) summary: Vec<SummaryRow>,
}

/// A run in memory.
pub(super) struct MemoryRun<A: Application> {
    pub(super) session: Session<A>,
    output: Vec<u8>,
    trace: CapturedTrace,
    ends: Vec<(usize, usize)>,
}

impl Undisturbed {
    pub(super) fn of<A: Application>(scene: &Scene<A>, job: &Job<A>) -> Result<Self, String> {
        let mut lines = scene.reader(job, 0, 0);
        let mut run = MemoryRun::begin(again(job)?);
        while let Some(line) = lines.next_line().map_err(|error| error.to_string())? {
            run.take(line)?;
        }
        Ok(run.end())
    }

    /// Checks the results of a run that was resumed after this many lines.
    pub(super) fn check(&self, found: &Self, lines: usize) -> Result<(), String> {
        let (output, trace) = self.ends.get(lines).copied().unwrap_or_default();
        for (what, found, expected) in
            [("output", &found.output, &self.output[output..]), ("trace", &found.trace, &self.trace[trace..])]
        {
            if found != expected {
                return Err(difference(what, found, expected));
            }
        }
        self.check_summary(&found.summary)
    }

    pub(super) fn check_summary(&self, found: &[SummaryRow]) -> Result<(), String> {
        if found == self.summary {
            return Ok(());
        }
        Err(format!("the summary is\n{found:?}\ninstead of\n{:?}", self.summary))
    }
}

impl<A: Application> MemoryRun<A> {
    pub(super) fn begin(job: Job<A>) -> Self {
        let trace = CapturedTrace::default();
        let recorder = job.recorder(clock, Some(Box::new(trace.clone())));
        Self { session: job.start("run", recorder), output: Vec::new(), trace, ends: vec![(0, 0)] }
    }

    pub(super) fn take(&mut self, line: RawLine) -> Result<(), String> {
        let end = self.session.position().bytes;
        self.session
            .take(line, end)
            .map_err(|failure| format!("the run does not come to its end: {failure}"))?;
        self.output.extend_from_slice(self.session.written());
        self.ends.push((self.output.len(), self.trace.bytes()));
        Ok(())
    }

    pub(super) fn end(self) -> Undisturbed {
        let Self { mut session, mut output, trace, ends } = self;
        output.extend(session.complete());
        let (report, summary) = (session.report(), session.summary());
        Undisturbed { output, trace: trace.take(), ends, report, summary }
    }
}
