//! zstd frames: each holds whole records, so a torn frame spoils no other.

use std::fmt;
use std::io;

use zstd_safe::{CCtx, CParameter, compress_bound, get_error_name};

/// The encoding of records before they are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// None: lines of JSON.
    #[default]
    None,
    /// Each write becomes a zstd frame, with a checksum.
    Zstd {
        /// From 1, fast, to 19, small; values beyond are clamped.
        level: u8,
    },
}

/// The first bytes of every frame.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// An encoder of frames.
pub(crate) struct Encoder {
    context: CCtx<'static>,
    /// The last frame, and spare capacity for another.
    frame: Vec<u8>,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Encoder").finish_non_exhaustive()
    }
}

impl Encoder {
    pub(crate) fn new(level: u8) -> Self {
        let mut context = CCtx::create();
        for parameter in
            [CParameter::CompressionLevel(level.clamp(1, 19).into()), CParameter::ChecksumFlag(true)]
        {
            // Both are within their bounds.
            let _ = context.set_parameter(parameter);
        }
        Self { context, frame: Vec::new() }
    }

    /// Returns a frame that holds `lines`.
    pub(crate) fn encode(&mut self, lines: &[u8]) -> io::Result<&[u8]> {
        self.frame.clear();
        self.frame.reserve(compress_bound(lines.len()));
        let encoded = self.context.compress2(&mut self.frame, lines);
        encoded.map_err(|code| io::Error::other(get_error_name(code)))?;
        Ok(&self.frame)
    }

    /// Releases memory beyond the need of `usual_bytes` of lines.
    pub(crate) fn shrink_to(&mut self, usual_bytes: usize) {
        self.frame.clear();
        self.frame.shrink_to(compress_bound(usual_bytes));
    }
}

/// Returns whether a file of `length` bytes, which `read_at` reads, ends in the middle of a line. Then the line must be
/// ended before records are appended.
///
/// # Errors
///
/// The existing records are compressed and the new ones are not, or the reverse; the last frame is torn; or the file
/// cannot be read.
pub fn ends_torn(
    compression: Compression,
    length: u64,
    mut read_at: impl FnMut(&mut [u8], u64) -> io::Result<()>,
) -> io::Result<bool> {
    if length == 0 {
        return Ok(false);
    }
    let mut first = [0; MAGIC.len()];
    let first = &mut first[..usize::try_from(length).unwrap_or(usize::MAX).min(MAGIC.len())];
    read_at(first, 0)?;
    let refused = |why: String| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    match (compression, MAGIC.starts_with(first)) {
        (Compression::None, false) => {
            let mut last = [0];
            read_at(&mut last, length - 1)?;
            Ok(last != *b"\n")
        }
        (Compression::Zstd { .. }, true) => match end_of_whole_frames(length, read_at)? {
            end if end == length => Ok(false),
            end => refused(format!(
                "its last frame, from byte {end} on, is torn (cut it with `trace check --repair`, or name another file)"
            )),
        },
        (Compression::None, true) => refused(
            "its records are compressed, and these would not be (name another file, or compress them with `compress: zstd` on one worker)"
                .to_owned(),
        ),
        (Compression::Zstd { .. }, false) => refused(
            "its records are not compressed, and these would be (do not compress them, or name another file)"
                .to_owned(),
        ),
    }
}

/// Returns the end of the last whole frame in a compressed file of `length` bytes, which `read_at` reads. Frames are
/// skipped by the lengths of their blocks, without reading their content.
///
/// # Errors
///
/// The file cannot be read.
pub fn end_of_whole_frames(
    length: u64,
    mut read_at: impl FnMut(&mut [u8], u64) -> io::Result<()>,
) -> io::Result<u64> {
    let mut end = 0;
    loop {
        match frame_bytes(end, length, &mut read_at) {
            Ok(Some(bytes)) if bytes <= length - end => end += bytes,
            Ok(_) => return Ok(end),
            Err(error) => return Err(error),
        }
    }
}

/// Returns the length of the frame at `start`; `None` if the file ends too early to tell.
fn frame_bytes(
    start: u64,
    length: u64,
    read_at: &mut impl FnMut(&mut [u8], u64) -> io::Result<()>,
) -> io::Result<Option<u64>> {
    let mut take = |offset: u64, bytes: &mut [u8]| {
        let is_there = start + offset + bytes.len() as u64 <= length;
        if is_there { read_at(bytes, start + offset).map(|()| true) } else { Ok(false) }
    };
    let mut head = [0; MAGIC.len() + 1];
    if !take(0, &mut head)? || !head.starts_with(&MAGIC) {
        return Ok(None);
    }
    let descriptor = head[MAGIC.len()];
    let is_single_segment = descriptor & 0x20 != 0;
    let content_size = [u64::from(is_single_segment), 2, 4, 8][usize::from(descriptor >> 6)];
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let checksum = if descriptor & 4 == 0 { 0 } else { 4 };
    let mut bytes = head.len() as u64 + u64::from(!is_single_segment) + dictionary + content_size;
    loop {
        let mut block = [0; 4];
        if !take(bytes, &mut block[..3])? {
            return Ok(None);
        }
        let block = u32::from_le_bytes(block);
        // A block of one repeated byte stores that byte only.
        let content = if block >> 1 & 3 == 1 { 1 } else { block >> 3 };
        bytes += 3 + u64::from(content);
        if block & 1 == 1 {
            return Ok(Some(bytes + checksum));
        }
    }
}

#[cfg(test)]
mod tests;
