//! The command `merge`: the single file that the parts of several workers come to.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use stream_kernel_run::files::{OutputFile, Target, is_link_to_file, is_standard_stream};
use stream_kernel_run::parts::{PartsFolder, PartsKind, PartsReader, ReadPartsError, single_file};
use stream_kernel_text::{counted, escaped, with_causes};

use crate::failure::Failure;
use crate::progress::{Progress, make_room_for_results, now};
use crate::report::say;
use crate::trace_commands::result_file::is_within;

/// Parts are read in blocks of this size.
const BLOCK_BYTES: usize = 256 * 1024;

/// Writes the single file and returns the exit code. Whatever is wrong with the folder, it is found before the file is touched.
pub(crate) fn run(program: &str, folder: &Path, output: Option<&Path>) -> Result<u8, Failure> {
    let unreadable = |error: ReadPartsError| Failure::told(2, with_causes(&error));
    if folder.is_file() {
        let text = format!(
            "`{}` is a file, not a folder of parts (name the folder `OUTPUT.parts`)",
            folder.display()
        );
        return Err(Failure::usage(text));
    }
    let parts = PartsFolder::open(folder).map_err(unreadable)?;
    parts.check_complete().map_err(unreadable)?;
    let to = output_of(&parts, folder, output)?;
    let reader = parts.reader().map_err(unreadable)?;
    if is_standard_stream(&to) {
        make_room_for_results();
    }
    let mut file = OutputFile::open(&to)?;
    let progress = Progress::new(now(), Some(parts.bytes()));
    let done = copy(reader, &mut file, progress).and_then(|bytes| {
        if bytes == parts.bytes() {
            return file.complete().map_err(Failure::WriteOutput);
        }
        let folder = folder.display();
        Err(Failure::told(2, format!("`{folder}` has changed while it was merged (merge it again)")))
    });
    if let Err(failure) = done {
        if let Some(partial) = file.left() {
            // Why it failed matters more than what is left of it.
            let _ = fs::remove_file(partial);
        }
        return Err(failure);
    }
    let merged = format!("{} of {}", counted(parts.workers() as u64, "part"), counted(parts.bytes(), "byte"));
    say(format!("{program}: merged {merged} into `{}`", escaped(&to.to_string_lossy())));
    Ok(0)
}

/// Returns where the single file goes.
fn output_of(parts: &PartsFolder, folder: &Path, output: Option<&Path>) -> Result<PathBuf, Failure> {
    let Some(to) = output.map(Path::to_owned).or_else(|| single_file(folder)) else {
        let name = folder.display();
        let text = format!(
            "the name `{name}` does not end in `.parts`, which tells the output (use `--output FILE`)"
        );
        return Err(Failure::usage(text));
    };
    let refused = |why: &str| Err(Failure::usage(format!("the output `{}` {why}", to.display())));
    if is_standard_stream(&to) {
        return Ok(to);
    }
    if is_link_to_file(&to) {
        return refused("is a symbolic link (name the file that it leads to)");
    }
    if is_within(&to, Target::Path(folder)) {
        return refused("would be in the folder of parts itself (name a file elsewhere)");
    }
    if parts.kind() == PartsKind::Trace && to.is_file() {
        return refused(
            "is there already, and a trace may hold other runs (move it, or use `--output FILE`)",
        );
    }
    Ok(to)
}

/// Returns how many bytes were copied.
fn copy(mut from: PartsReader, to: &mut OutputFile, mut progress: Progress) -> Result<u64, Failure> {
    let mut block = vec![0; BLOCK_BYTES];
    let mut bytes = 0;
    loop {
        let read = match from.read(&mut block) {
            Ok(0) => return Ok(bytes),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::told(2, error.to_string())),
        };
        to.write_all(&block[..read]).map_err(Failure::WriteOutput)?;
        bytes += read as u64;
        progress.update_bytes(bytes);
    }
}
