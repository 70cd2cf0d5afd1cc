//! The result of a command: on standard output, or in a file that takes its name when it is complete.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::rotated::is_earlier;
use crate::failure::Failure;
use stream_kernel_disk::dir_of;
use stream_kernel_run::files::{OutputFile, partial_path};
use stream_kernel_run::files::{STANDARD_STREAM, is_standard_stream};
use stream_kernel_run::files::{Target, is_link_to_file};

/// Lets `write` write to a new file, which takes the name `path` when it is complete; if that fails, nothing of it is
/// left. Without a `path`, or if it is `-`, `write` gets `out`. It also gets a function that makes the failure of a
/// write.
///
/// A link to a file, and the files `traces` themselves, are refused before anything is touched.
pub(super) fn write_to(
    path: Option<&Path>,
    traces: &[&str],
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write, fn(io::Error) -> Failure) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Some(path) = path.filter(|path| !is_standard_stream(path)) else {
        return write(out, Failure::Print);
    };
    traces.iter().try_for_each(|trace| check(path, trace))?;
    let mut file = OutputFile::open(path)?;
    let written = write(&mut file, Failure::WriteOutput);
    let done = written.and_then(|()| file.complete().map_err(Failure::WriteOutput));
    if done.is_err()
        && let Some(partial) = file.left()
    {
        // The cause of the failure matters more than the remains.
        let _ = fs::remove_file(partial);
    }
    done
}

/// Returns whether the file is, or would be, in the folder.
pub(crate) fn is_within(path: &Path, folder: Target<'_>) -> bool {
    let Target::Path(folder) = folder else { return false };
    let resolved = |folder: &Path| folder.canonicalize().ok();
    folder.is_dir() && resolved(folder).is_some_and(|folder| resolved(dir_of(path)) == Some(folder))
}

fn check(path: &Path, name: &str) -> Result<(), Failure> {
    let refused = |why| Err(Failure::usage(format!("the output `{}` {why}", path.display())));
    if is_link_to_file(path) {
        return refused("is a symbolic link (name the file that it leads to)");
    }
    let trace = if name == STANDARD_STREAM { Target::StandardInput } else { Target::Path(Path::new(name)) };
    let is_trace = |path: &Path| {
        let result = Target::Path(path);
        result.is_same_file(trace) || is_earlier(name, |old| result.is_same_file(Target::Path(old)))
    };
    if is_trace(path) || is_trace(&partial_path(path)) || is_within(path, trace) {
        return refused("would be written over the trace (name another file)");
    }
    Ok(())
}
