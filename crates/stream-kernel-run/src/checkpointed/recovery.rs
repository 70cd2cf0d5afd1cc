//! Recovery: restores the last snapshot, and decides the committed lines after it again, muted.

use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use stream_kernel_checkpoint::{Checkpoint, Committed, ReplayFrom};
use stream_kernel_disk::DiskFile;
use stream_kernel_exec::{NotRestored, RunReport};

use super::CheckpointFailure;
use super::commits::report_of;
use super::files::WrittenOutput;
use crate::feed::{Feed, Interruption};
use crate::{Application, LineReader, Position, Session};

/// Lines are read in blocks of this size.
const BLOCK_BYTES: usize = 64 * 1024;

/// The number of lines between two checks for a stop.
const LINES_PER_LOOK: u64 = 1024;

/// Restores the snapshot of the checkpoint in `dir`.
///
/// # Errors
///
/// The snapshot cannot be read or restored.
pub(super) fn restore<A: Application>(
    session: &mut Session<A>,
    checkpoint: &Checkpoint,
    dir: &Path,
) -> Result<(), CheckpointFailure> {
    let mut beyond_limit = None;
    let restored = checkpoint.restore(&mut |records| {
        session.memory().restore(records).map_err(|error| match error {
            NotRestored::BeyondLimit(what) => beyond_limit.insert(what).clone(),
            _ => "it is not a record of what this program remembers".to_owned(),
        })
    });
    match beyond_limit {
        Some(what) => {
            let what = format!("the checkpoint `{}` holds {what}", dir.display());
            Err(CheckpointFailure::Refused { what, restart_helps: false })
        }
        None => Ok(restored?),
    }
}

/// Brings a session with a restored snapshot up to the commit, and returns it with the output so far.
///
/// # Errors
///
/// The lines cannot be read, deciding them again gives another output, or `between_lines` asks to stop.
pub(super) fn decide_again<A: Application>(
    session: Session<A>,
    committed: &Committed,
    input: &Arc<dyn DiskFile>,
    max_line_bytes: usize,
    dir: &Path,
    between_lines: &mut dyn FnMut(Position) -> bool,
) -> Result<(Session<A>, WrittenOutput), CheckpointFailure> {
    let ReplayFrom { lines, input_bytes, output_bytes, abandoned, undeliverable } = committed.replay;
    let report = RunReport { inputs: lines, abandoned, undeliverable };
    let mut session = session.after(report, Position { line_no: lines, bytes: input_bytes });
    let rest = CommittedBytes { input: Arc::clone(input), offset: input_bytes, end: committed.input.bytes };
    let reader = LineReader::new(BufReader::with_capacity(BLOCK_BYTES, rest), max_line_bytes);
    let mut feed =
        Feed { lines: reader.after(lines, input_bytes), output: WrittenOutput::after(output_bytes) };
    let mut between_lines = |position: Position| {
        position.line_no > lines && position.line_no.is_multiple_of(LINES_PER_LOOK) && between_lines(position)
    };
    // An earlier run has told people.
    let taken = feed.take_all(&mut session, &mut between_lines, &mut |_| {}, |_, _, _| Ok(()));
    session.reset_notices();
    let is_stopped = taken.map_err(|interruption| match interruption {
        Interruption::Step(cause) => CheckpointFailure::Refused {
            what: format!(
                "the checkpoint `{}` cannot be gone on from: what was decided before is not decided again: {cause}",
                dir.display()
            ),
            restart_helps: false,
        },
        Interruption::Read(cause) | Interruption::Write(cause) => CheckpointFailure::ReadInput {
            path: input.path().to_owned(),
            line_no: session.position().line_no,
            cause,
        },
        Interruption::Commit(failure) => failure,
    })?;
    if is_stopped {
        return Err(CheckpointFailure::Stopped { report: report_of(committed) });
    }
    let mut output = feed.output;
    let is_output_there = output.bytes == committed.output.bytes
        || (committed.complete && output.bytes < committed.output.bytes);
    if session.report() != report_of(committed)
        || !is_output_there
        || output.digest() != committed.output.since_snapshot
    {
        return Err(CheckpointFailure::refused(format!(
            "the checkpoint `{}` cannot be gone on from: the committed lines, decided again, come to another output (was the \
             program built anew, with other rules?)",
            dir.display()
        )));
    }
    Ok((session, output))
}

/// The committed bytes of an input from `offset` on.
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
        let read = self.input.read_exact_at(&mut buffer[..len], self.offset);
        // The disk has retried as many interruptions as signals explain; the loop over lines would retry without end.
        read.map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => io::Error::other("reading is interrupted without end"),
            _ => error,
        })?;
        self.offset += len as u64;
        Ok(len)
    }
}
