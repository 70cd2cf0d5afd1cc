//! Physical lines from bytes.

use std::io::{self, BufRead};
use std::mem;

use sha2::{Digest, Sha256};

use crate::{LineContent, RawLine, UnterminatedLine};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads physical lines: up to LF, without a CR before it, and a last line without LF.
///
/// A byte order mark at the very beginning is skipped. A line that is too long is skipped in constant memory and
/// reported as such. The end of the input is final: bytes that are appended later are not read.
/// [`LineReader::unterminated_line`] decides about a last line without LF.
#[derive(Debug)]
pub struct LineReader<R> {
    input: R,
    max_line_bytes: usize,
    line_no: u64,
    bytes_read: u64,
    /// The number of consumed bytes of the line that has begun.
    bytes_of_line: u64,
    /// The number of bytes read from the input and not yet consumed.
    buffered_bytes: usize,
    /// The present line so far; after an interruption, reading continues here.
    line: Vec<u8>,
    overlong: Option<Overlong>,
    /// The end of the input was seen. Bytes after a last line without LF would look like a line of their own.
    has_ended: bool,
    unterminated_line: UnterminatedLine,
}

/// The state of a line that turned out to be too long.
#[derive(Debug)]
struct Overlong {
    bytes: u64,
    hash: Sha256,
    /// The last byte was a CR, which belongs to the line only if no LF follows.
    holds_back_cr: bool,
}

impl Overlong {
    fn push(&mut self, mut part: &[u8]) {
        if part.is_empty() {
            return;
        }
        if self.holds_back_cr {
            self.count(b"\r");
        }
        self.holds_back_cr = part.ends_with(b"\r");
        if self.holds_back_cr {
            part = &part[..part.len() - 1];
        }
        self.count(part);
    }

    fn count(&mut self, part: &[u8]) {
        self.bytes += part.len() as u64;
        self.hash.update(part);
    }

    fn finish(mut self, ends_in_lf: bool) -> LineContent {
        if self.holds_back_cr && !ends_in_lf {
            self.count(b"\r");
        }
        LineContent::Overlong { bytes: self.bytes, sha256: self.hash.finalize().into() }
    }
}

impl<R: BufRead> LineReader<R> {
    /// Returns a reader of the lines of `input`; none may be longer than `max_line_bytes`.
    pub fn new(input: R, max_line_bytes: usize) -> Self {
        Self {
            input,
            max_line_bytes,
            line_no: 0,
            bytes_read: 0,
            bytes_of_line: 0,
            buffered_bytes: 0,
            line: Vec::new(),
            overlong: None,
            has_ended: false,
            unterminated_line: UnterminatedLine::Take,
        }
    }

    /// Takes a last line without LF, the default, or leaves it in the input.
    #[must_use]
    pub fn unterminated_line(self, unterminated_line: UnterminatedLine) -> Self {
        Self { unterminated_line, ..self }
    }

    /// Continues after line `line_no`, which ended after `bytes_read` bytes of the input: `input` begins there.
    #[must_use]
    pub fn after(self, line_no: u64, bytes_read: u64) -> Self {
        Self { line_no, bytes_read, ..self }
    }

    /// Returns the number of the last line read, 0 before the first.
    pub fn line_no(&self) -> u64 {
        self.line_no
    }

    /// Returns the next line; `None` after the last, and from then on even if the input grows.
    ///
    /// # Errors
    ///
    /// Returns the error of the input. After [`io::ErrorKind::Interrupted`] and [`io::ErrorKind::WouldBlock`] the call
    /// may be repeated; nothing is lost.
    pub fn next_line(&mut self) -> io::Result<Option<RawLine>> {
        if self.has_ended {
            return Ok(None);
        }
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                self.has_ended = true;
                return Ok(self.finish_last_line());
            }
            let line_end = memchr::memchr(b'\n', chunk);
            if let (Some(len), true) = (line_end, self.line.is_empty() && self.overlong.is_none()) {
                // The usual line is in the buffer as a whole and is copied once, which saves 3 % of the time of a line,
                // 4 % of its instructions.
                let line = whole_line(self.line_no + 1, &chunk[..len], true, self.max_line_bytes);
                let left = chunk.len() - (len + 1);
                self.end_line(len + 1, left);
                return Ok(Some(line));
            }
            let part = &chunk[..line_end.unwrap_or(chunk.len())];
            let consumed = part.len() + usize::from(line_end.is_some());
            // A byte order mark and a CR do not count towards the length.
            let room = self.max_line_bytes + BYTE_ORDER_MARK.len() + 1;
            if let Some(overlong) = &mut self.overlong {
                overlong.push(part);
            } else if self.line.len() + part.len() <= room {
                self.line.extend_from_slice(part);
            } else {
                self.overlong = Some(begin_overlong(&self.line, part, self.line_no == 0));
                self.line = Vec::new();
            }
            let left = chunk.len() - consumed;
            self.consume(consumed, left);
            if line_end.is_some() {
                return Ok(Some(self.finish_line(true)));
            }
        }
    }

    /// Returns the next line if it is in the buffer as a whole, without reading and so without waiting.
    pub fn buffered_line(&mut self) -> Option<RawLine> {
        if self.buffered_bytes == 0 || !self.line.is_empty() || self.overlong.is_some() {
            return None;
        }
        // Lines in the buffer are returned without reading.
        let buffered = self.input.fill_buf().ok()?;
        let len = memchr::memchr(b'\n', buffered)?;
        let line = whole_line(self.line_no + 1, &buffered[..len], true, self.max_line_bytes);
        let left = buffered.len() - (len + 1);
        self.end_line(len + 1, left);
        Some(line)
    }

    /// Returns whether the end of the input was seen.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Returns the number of bytes without LF that were left at the end of the input; 0 before its end.
    pub fn bytes_left(&self) -> u64 {
        if self.has_ended { self.bytes_of_line } else { 0 }
    }

    /// Returns the number of bytes that the lines so far have taken; a line that has begun does not count yet, even if
    /// reading it was interrupted.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Returns the input, which must not be read or consumed.
    pub(crate) fn input_mut(&mut self) -> &mut R {
        &mut self.input
    }

    /// Ends a line that is in the buffer as a whole, with `left` bytes after it.
    fn end_line(&mut self, bytes: usize, left: usize) {
        self.line_no += 1;
        self.consume(bytes, left);
        self.bytes_read += mem::take(&mut self.bytes_of_line);
    }

    fn consume(&mut self, bytes: usize, left: usize) {
        self.input.consume(bytes);
        self.bytes_of_line += bytes as u64;
        self.buffered_bytes = left;
    }

    fn finish_last_line(&mut self) -> Option<RawLine> {
        if self.line_no == 0 && self.line == BYTE_ORDER_MARK {
            self.line.clear();
            self.bytes_read += mem::take(&mut self.bytes_of_line);
        }
        if self.unterminated_line == UnterminatedLine::Leave {
            return None;
        }
        (!self.line.is_empty() || self.overlong.is_some()).then(|| self.finish_line(false))
    }

    fn finish_line(&mut self, ends_in_lf: bool) -> RawLine {
        self.line_no += 1;
        self.bytes_read += mem::take(&mut self.bytes_of_line);
        let line = mem::take(&mut self.line);
        match self.overlong.take() {
            None => whole_line(self.line_no, &line, ends_in_lf, self.max_line_bytes),
            Some(overlong) => RawLine::new(self.line_no, overlong.finish(ends_in_lf)),
        }
    }
}

/// Returns a line that was kept as a whole; without the bytes that do not count it may be short enough.
#[inline]
fn whole_line(line_no: u64, mut line: &[u8], ends_in_lf: bool, max_line_bytes: usize) -> RawLine {
    if ends_in_lf {
        line = line.strip_suffix(b"\r").unwrap_or(line);
    }
    if line_no == 1 {
        line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    }
    if line.len() <= max_line_bytes {
        return RawLine::of(line_no, line);
    }
    let content = LineContent::Overlong { bytes: line.len() as u64, sha256: Sha256::digest(line).into() };
    RawLine::new(line_no, content)
}

fn begin_overlong(line: &[u8], part: &[u8], is_first_line: bool) -> Overlong {
    let mut overlong = Overlong { bytes: 0, hash: Sha256::new(), holds_back_cr: false };
    // The mark may be split between the bytes read before and now.
    let mut start = [line, part].concat();
    if is_first_line && start.starts_with(BYTE_ORDER_MARK) {
        start.drain(..BYTE_ORDER_MARK.len());
    }
    overlong.push(&start);
    overlong
}

#[cfg(test)]
mod tests;
