//! Output of an earlier run: finds it among several files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_kernel_disk::{Disk, DiskFile, OpenHow};

use crate::committed::Committed;
use crate::committed_file::{LastLine, UncutFile};
use crate::error::FileError;

/// A file that may be the output.
struct Candidate {
    file: Arc<dyn DiskFile>,
    /// Whether it has the name of an unfinished output.
    is_partial: bool,
}

impl UncutFile {
    /// Opens the committed output, and locks it for as long as it is open. It is at its committed path, or under its
    /// present names, first `partial` and in the end `path`: somebody may have moved it there, or a run may have ended
    /// before it could commit the rename.
    ///
    /// # Errors
    ///
    /// The file is missing, cannot be opened, is shorter than committed, or is locked by another run; or two files
    /// could be the committed one.
    pub fn open_output(
        disk: &dyn Disk,
        committed: &Committed,
        partial: &Path,
        path: &Path,
    ) -> Result<Self, FileError> {
        let candidates = candidates(disk, committed, [partial, path], OpenHow::Existing)?;
        for Candidate { file, .. } in candidates.iter().filter(|_| candidates.len() > 1) {
            if file.is_locked().map_err(FileError::io("be looked at", file.path()))? {
                return Err(FileError::InUse { path: file.path().to_owned() });
            }
        }
        Self::locked(only(candidates, committed)?, committed.output.bytes, LastLine::IsWhole)
    }

    /// Checks that the file exists at its committed path, without write access or a lock.
    pub(crate) fn check_output(disk: &dyn Disk, committed: &Committed) -> Result<(), FileError> {
        let names = [&committed.output.partial, &committed.output.path].map(Path::new);
        let candidates = candidates(disk, committed, names, OpenHow::ReadOnlyNoFollow)?;
        Self::whole(only(candidates, committed)?, committed.output.bytes, LastLine::IsWhole).map(drop)
    }
}

/// Opens all files that may be the output, each once: at least one.
fn candidates(
    disk: &dyn Disk,
    committed: &Committed,
    [partial, path]: [&Path; 2],
    how: OpenHow,
) -> Result<Vec<Candidate>, FileError> {
    let output = &committed.output;
    let names =
        [(partial, true), (path, false), (output.partial.as_ref(), true), (output.path.as_ref(), false)];
    let mut found: Vec<Candidate> = Vec::new();
    for (index, (path, is_partial)) in names.into_iter().enumerate() {
        // Until the run is complete, a file under the final name is an earlier output.
        if !(is_partial || committed.complete) || names[..index].contains(&(path, is_partial)) {
            continue;
        }
        match disk.open(path, how) {
            Ok(file) if is_among(&found, &*file)? => {}
            Ok(file) => found.push(Candidate { file: file.into(), is_partial }),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(FileError::io("be opened", path)(cause)),
        }
    }
    if found.is_empty() {
        return Err(FileError::io("be opened", committed.output_place())(io::ErrorKind::NotFound.into()));
    }
    Ok(found)
}

/// Returns whether the file is among these: several paths may lead to it.
fn is_among(found: &[Candidate], file: &dyn DiskFile) -> Result<bool, FileError> {
    for other in found {
        let same = other.file.id().and_then(|id| Ok(id == file.id()?));
        if same.map_err(FileError::io("be looked at", file.path()))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the output, if it is certain.
fn only(mut candidates: Vec<Candidate>, committed: &Committed) -> Result<Arc<dyn DiskFile>, FileError> {
    if candidates.len() == 1 {
        return Ok(candidates.remove(0).file);
    }
    // A run that was cut off just before the final rename may have left an earlier output under the final name. Its own
    // output has exactly the committed length.
    if let [a, b] = &candidates[..]
        && a.is_partial != b.is_partial
        && committed.complete
        && !committed.output.is_named
    {
        let partial = &if a.is_partial { a } else { b }.file;
        if partial.len().map_err(FileError::io("be read", partial.path()))? == committed.output.bytes {
            return Ok(Arc::clone(partial));
        }
    }
    let place = committed.output_place();
    let own = candidates.iter().position(|it| it.file.path() == place).unwrap_or(0);
    let path_of = |candidate: &Candidate| candidate.file.path().to_owned();
    let path = path_of(&candidates.swap_remove(own));
    let other = candidates.first().map_or_else(PathBuf::new, path_of);
    Err(FileError::InTheWay { other, path })
}

#[cfg(test)]
mod tests;
