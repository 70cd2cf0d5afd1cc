//! A file that a command writes its result to.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::failure::Failure;
use crate::output::{OutputFile, partial_path};
use crate::path_checks::are_same;

/// Has `write` write to a new file, which takes the name `path` when it is complete; if that fails, nothing of it is left.
///
/// A link, and the file that is read, are refused before anything is touched.
pub(super) fn write_to(
    path: &Path,
    trace: &str,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    check(path, trace)?;
    let mut file = OutputFile::open(path)?;
    let partial = file.partial().map(Path::to_owned);
    let done = write(&mut file).and_then(|()| file.complete().map_err(Failure::WriteOutput));
    if done.is_err()
        && let Some(partial) = partial
    {
        // Why it failed matters more than what is left of it.
        let _ = fs::remove_file(partial);
    }
    done
}

fn check(path: &Path, trace: &str) -> Result<(), Failure> {
    let refused = |why| Err(Failure::Usage(format!("the output `{}` {why}", path.display())));
    if path.is_symlink() {
        return refused("is a symbolic link (name the file that it leads to, or leave `--output` out)");
    }
    if are_same(path, Path::new(trace)) || are_same(&partial_path(path), Path::new(trace)) {
        return refused("would be written over the trace (name another file)");
    }
    Ok(())
}
