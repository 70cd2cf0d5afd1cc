//! Where the output of an earlier run is, and how it gets to where this one writes.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use stream_kernel_checkpoint::{Checkpoint, Committed, CommittedFile, FileError, UncutFile};
use stream_kernel_disk::{Disk, dir_of};

use super::CheckpointFailure;
use super::files::OUTPUT_BLOCK_BYTES;

/// The output of an earlier run, as far as it is committed. Nothing is changed until it is [taken up](Self::take_up).
pub(super) struct EarlierOutput {
    file: UncutFile,
    /// Where it was then.
    committed_at: PathBuf,
    /// The last line that it is committed for.
    line_no: u64,
}

impl EarlierOutput {
    /// Finds the output where it was committed, or where this run writes, `path` and until it is complete `partial`: somebody may have moved
    /// it there, or a run may have ended before it could commit that it had.
    pub(super) fn find(
        disk: &dyn Disk,
        committed: &Committed,
        path: &Path,
        partial: &Path,
    ) -> Result<Self, CheckpointFailure> {
        let bytes = committed.output.bytes;
        let opened = UncutFile::open_output(disk, committed, partial, path);
        let file = opened.map_err(|error| missing("output", committed.output_place(), bytes, error))?;
        Ok(Self { file, committed_at: committed.output_place().to_owned(), line_no: committed.lines })
    }

    /// Returns the name that it has.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Gives the output the name `partial` and cuts it to what was committed. Returns, beside it, the name that it had, if that was
    /// neither this one nor `path`.
    pub(super) fn take_up(
        self,
        checkpoint: &mut Checkpoint,
        path: &Path,
        partial: &Path,
    ) -> Result<(CommittedFile, Option<PathBuf>), CheckpointFailure> {
        let found = self.file.path().to_owned();
        if found != partial {
            let failed =
                |cause| CheckpointFailure::Move { from: found.clone(), to: partial.to_owned(), cause };
            checkpoint.rename(&found, partial).map_err(failed)?;
        }
        let failed = |cause| CheckpointFailure::Commit { line_no: self.line_no, cause };
        // Where it was committed to be, a run that was killed when it had moved it, or somebody else, may have left that undone.
        let left: BTreeSet<_> = [&found, &self.committed_at].into_iter().map(|place| dir_of(place)).collect();
        for dir in left.into_iter().filter(|dir| *dir != dir_of(partial)) {
            checkpoint.sync_left(dir).map_err(failed)?;
        }
        let output = checkpoint.cut(self.file, OUTPUT_BLOCK_BYTES).map_err(failed)?;
        let has_moved = found != partial && found != path;
        Ok((output, has_moved.then_some(found)))
    }
}

/// Returns the failure to open what an earlier run has written; that nothing is there is one of its own.
pub(super) fn missing(
    what: &'static str,
    path: &Path,
    committed: u64,
    error: FileError,
) -> CheckpointFailure {
    match error {
        FileError::Io { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
            CheckpointFailure::Missing { what, path: path.into(), committed }
        }
        error => error.into(),
    }
}
