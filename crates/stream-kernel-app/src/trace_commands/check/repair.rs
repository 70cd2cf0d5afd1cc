//! The cut of a torn tail.

use std::fs::{self, File};
use std::io;

use serde::de::IgnoredAny;
use stream_kernel_trace::reading::MAX_LINE_BYTES;

use crate::adapters::STANDARD_STREAM;
use crate::failure::Failure;

/// How every record begins.
const RECORD_START: &[u8] = b"{\"trace_id\":";

/// A torn tail that is cut.
pub(super) struct Cut {
    pub(super) line_no: u64,
    /// Where it begins in the file.
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// Fails for what cannot be cut.
pub(super) fn refuse_other_than_files(name: &str) -> Result<(), Failure> {
    let failed = |cause| Failure::ReadTrace { name: name.to_owned(), cause };
    if name == STANDARD_STREAM || !fs::metadata(name).map_err(failed)?.is_file() {
        return Err(Failure::Usage(format!("`{name}` is no regular file, which --repair needs")));
    }
    Ok(())
}

/// Returns why `tail`, `bytes` long, must not be cut, `None` if it is a part of a record and nothing else.
pub(super) fn refusal(tail: &[u8], bytes: u64) -> Option<&'static str> {
    if bytes > MAX_LINE_BYTES as u64 {
        return Some("is too long to be judged");
    }
    let common = tail.len().min(RECORD_START.len());
    // A power cut may leave zeros where data were to be.
    let begins_as_record = tail[..common] == RECORD_START[..common] || tail.iter().all(|byte| *byte == 0);
    let is_whole = serde_json::from_slice::<IgnoredAny>(tail).is_ok();
    (is_whole || !begins_as_record).then_some("is no part of a record (is it a trace?)")
}

impl Cut {
    /// Cuts the tail, provided that the file still ends with it.
    pub(super) fn apply(&self, name: &str) -> Result<(), Failure> {
        let failed = |cause: io::Error| Failure::Command {
            exit_code: 2,
            text: format!("the trace `{name}` cannot be repaired: {cause}"),
        };
        let file = File::options().write(true).open(name).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() != self.offset + self.bytes {
            let text = format!("the trace `{name}` is still being written, so nothing was cut");
            return Err(Failure::Command { exit_code: 2, text });
        }
        file.set_len(self.offset).and_then(|()| file.sync_all()).map_err(failed)
    }
}
