//! Recovery: what a run remembers is restored from the last snapshot, and the committed lines after it are decided again, muted.

use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use stream_kernel_checkpoint::{Checkpoint, Committed, ReplayFrom};
use stream_kernel_disk::DiskFile;
use stream_kernel_exec::{InputOutcome, NotRestored, RunReport, SyncRunner};

use super::CheckpointFailure;
use super::commits::WrittenOutput;
use super::opening::report_of;
use crate::{LineMessage, LineReader, MAX_LINES_AHEAD, Position};

/// Lines are read in blocks of this size.
const BLOCK_BYTES: usize = 64 * 1024;

/// It is asked whether the run is to stop once in about this many lines.
const LINES_PER_LOOK: u64 = 1024;

/// What is read again of an input.
pub(super) struct Replayed<'a> {
    pub(super) input: &'a Arc<dyn DiskFile>,
    pub(super) max_line_bytes: usize,
    /// The checkpoint's directory.
    pub(super) dir: &'a Path,
}

/// Brings a new runner to where the commit was made, and returns it with the output so far.
///
/// # Errors
///
/// The snapshot cannot be read or restored, the lines cannot be read, deciding them again comes to something else, or `between_lines` says
/// that the run is to stop.
pub(super) fn recover<M: LineMessage>(
    mut runner: SyncRunner<M>,
    checkpoint: &Checkpoint,
    committed: &Committed,
    Replayed { input, max_line_bytes, dir }: Replayed<'_>,
    between_lines: &mut dyn FnMut(Position) -> bool,
) -> Result<(SyncRunner<M>, WrittenOutput), CheckpointFailure> {
    restore(&mut runner, checkpoint, dir)?;
    let ReplayFrom { lines, input_bytes, output_bytes, abandoned, undeliverable } = committed.replay;
    runner = runner.after(RunReport { inputs: lines, abandoned, undeliverable });
    let rest = CommittedBytes { input: Arc::clone(input), offset: input_bytes, end: committed.input.bytes };
    let reader = LineReader::new(BufReader::with_capacity(BLOCK_BYTES, rest), max_line_bytes);
    let mut reader = reader.after(lines, input_bytes);
    let mut output = WrittenOutput::after(output_bytes);
    let mut looked_at = lines;
    loop {
        let line_no = runner.report().inputs;
        if line_no - looked_at >= LINES_PER_LOOK {
            looked_at = line_no;
            if between_lines(Position { line_no, bytes: reader.bytes_read() }) {
                return Err(CheckpointFailure::Stopped { report: report_of(committed) });
            }
        }
        for _ in 0..MAX_LINES_AHEAD {
            let line = reader.next_line().map_err(|cause| CheckpointFailure::ReadInput {
                path: input.path().to_owned(),
                line_no: runner.report().inputs,
                cause,
            })?;
            let Some(line) = line else { break };
            runner.prepare(line.line_no(), line);
        }
        runner.prefetch();
        while let Some(done) = runner.process_prepared() {
            match done {
                Ok(InputOutcome::Completed) => output.push(runner.written()),
                Ok(InputOutcome::Abandoned(_)) => {}
                Err(cause) => return Err(CheckpointFailure::NotDecidedAgain { dir: dir.to_owned(), cause }),
            }
        }
        if runner.report().inputs == line_no {
            break;
        }
    }
    // An earlier run has told people.
    runner.reset_notices();
    let is_output_there = output.bytes == committed.output.bytes
        || (committed.complete && output.bytes < committed.output.bytes);
    if runner.report() != report_of(committed)
        || !is_output_there
        || output.digest() != committed.output.since_snapshot
    {
        return Err(CheckpointFailure::DecidedOtherwise { dir: dir.to_owned() });
    }
    Ok((runner, output))
}

/// Takes in the snapshot.
fn restore<M: LineMessage>(
    runner: &mut SyncRunner<M>,
    checkpoint: &Checkpoint,
    dir: &Path,
) -> Result<(), CheckpointFailure> {
    let mut beyond_limit = None;
    let restored = checkpoint.restore(&mut |records| {
        runner.memory().restore(records).map_err(|error| match error {
            NotRestored::Corrupt => "it is not a record of what this program remembers".to_owned(),
            NotRestored::BeyondLimit(what) => beyond_limit.insert(what).clone(),
        })
    });
    match beyond_limit {
        Some(what) => Err(CheckpointFailure::BeyondLimit { dir: dir.to_owned(), what }),
        None => Ok(restored?),
    }
}

/// The bytes of an input from `offset` on, as far as they are committed.
#[derive(Debug)]
struct CommittedBytes {
    input: Arc<dyn DiskFile>,
    offset: u64,
    end: u64,
}

impl Read for CommittedBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let len = buffer.len().min(left);
        self.input.read_exact_at(&mut buffer[..len], self.offset)?;
        self.offset += len as u64;
        Ok(len)
    }
}
