//! Repair: the cut of a torn tail.

use std::io;
use std::path::Path;

use stream_kernel_disk::try_lock;
use stream_kernel_trace_reader::reading::TornTail;

use crate::failure::Failure;
use crate::trace_commands::source::{is_folder_of_parts, is_regular_file};
use stream_kernel_run::files::write_to_what_is_there;

/// Fails for anything that cannot be cut, and for a link, because runs do not write traces through links either.
pub(super) fn refuse_other_than_files(name: &str) -> Result<(), Failure> {
    if is_folder_of_parts(name) {
        let text = format!("`{name}` is a folder of parts, which --repair does not mend (run it again)");
        return Err(Failure::usage(text));
    }
    if !is_regular_file(name)? {
        return Err(Failure::usage(format!("`{name}` is not a regular file, which --repair needs")));
    }
    if Path::new(name).is_symlink() {
        let text = format!(
            "`{name}` is a symbolic link, which --repair does not follow (name the file that it leads to)"
        );
        return Err(Failure::usage(text));
    }
    Ok(())
}

/// Cuts the tail, provided that the file still ends with it, and that no run writes to it.
pub(super) fn cut(tail: TornTail, name: &str) -> Result<(), Failure> {
    let failed =
        |cause: io::Error| Failure::told(2, format!("the trace `{name}` cannot be repaired: {cause}"));
    let file = write_to_what_is_there(Path::new(name)).map_err(&failed)?;
    // A run may be between the two writes of one record, at the length that was seen.
    let is_ours = try_lock(&file, Path::new(name)).map_err(&failed)?;
    if !is_ours || file.metadata().map_err(&failed)?.len() != tail.offset + tail.bytes {
        let text = format!("the trace `{name}` is still being written, so nothing was cut");
        return Err(Failure::told(2, text));
    }
    file.set_len(tail.offset).and_then(|()| file.sync_all()).map_err(&failed)
}
