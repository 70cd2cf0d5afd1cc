//! Parts of the input: a worker reads those lines of a block that begin in its share of the bytes.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use stream_kernel_run::{InputSettings, LineReader, UnterminatedLine};

/// Where the input's bytes come from.
pub(crate) trait Bytes {
    /// Reads bytes at an offset; fewer than asked for only at the end of the input.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// The input, and how it is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Where the first line begins.
    start: u64,
    /// The length of the input in bytes, without what is left in it.
    len: u64,
    /// Its length with all that is in it.
    input_bytes: u64,
    /// How many bytes without LF are left at its end, for the next run.
    pub(crate) bytes_left: u64,
    epoch_bytes: u64,
    workers: usize,
    max_line_bytes: usize,
}

/// The input is searched for its last line end in blocks of this size.
const SEARCHED_BYTES: usize = 64 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Cut {
    /// Returns how an input of `len` bytes is cut.
    ///
    /// # Errors
    ///
    /// The input cannot be read, or has become shorter.
    pub(crate) fn new<I: Bytes>(
        input: &I,
        len: u64,
        settings: &InputSettings,
        epoch_bytes: u64,
        workers: usize,
    ) -> io::Result<Self> {
        let mut cut = Self {
            start: 0,
            len,
            input_bytes: len,
            bytes_left: 0,
            epoch_bytes,
            workers,
            max_line_bytes: settings.max_line_bytes,
        };
        let mut start = [0; BYTE_ORDER_MARK.len()];
        if len == start.len() as u64 {
            read_exact_at(input, &mut start, 0, len)?;
        }
        if start == BYTE_ORDER_MARK {
            // A byte order mark alone is not a line.
            cut.len = 0;
        } else if settings.unterminated_line == UnterminatedLine::Leave {
            cut.len = end_of_last_line(input, len)?;
            cut.bytes_left = len - cut.len;
        }
        Ok(cut)
    }

    /// Begins at an offset, where a line begins that is not the first, or the input ends.
    #[must_use]
    pub(crate) fn from(self, start: u64) -> Self {
        Self { start, ..self }
    }

    /// Returns the length of the input in bytes: its lines, and what is left behind them.
    pub(crate) fn input_bytes(&self) -> u64 {
        self.input_bytes
    }

    /// Returns the number of epochs.
    pub(crate) fn epochs(&self) -> u64 {
        self.len.saturating_sub(self.start).div_ceil(self.epoch_bytes)
    }

    /// Returns where an epoch ends.
    pub(crate) fn end_of(&self, epoch: u64) -> u64 {
        self.len.min((epoch + 1).saturating_mul(self.epoch_bytes).saturating_add(self.start))
    }

    /// Returns the bytes of a worker's part of an epoch: its lines are those that begin there.
    pub(crate) fn range(&self, epoch: u64, worker: usize) -> Range<u64> {
        let start = self.start + epoch * self.epoch_bytes;
        let bytes = u128::from(self.end_of(epoch) - start);
        let edge = |worker: usize| {
            let offset = bytes * worker as u128 / self.workers as u128;
            start + u64::try_from(offset).unwrap_or(u64::MAX)
        };
        edge(worker)..edge(worker + 1)
    }
}

/// The lines of a worker's part of an epoch.
pub(crate) struct Part {
    bytes: Vec<u8>,
    /// Where the first line begins in `bytes`.
    first: usize,
    /// Where `bytes` begins in the input.
    offset: u64,
    pub(crate) lines: u64,
    cut: Cut,
}

impl Part {
    /// Reads the part; `bytes` is a buffer to be used again.
    ///
    /// # Errors
    ///
    /// The input cannot be read, or has become shorter.
    pub(crate) fn read<I: Bytes>(
        input: &I,
        cut: &Cut,
        epoch: u64,
        worker: usize,
        mut bytes: Vec<u8>,
    ) -> io::Result<Self> {
        let range = cut.range(epoch, worker);
        // The byte before the range tells whether a line begins with it.
        let is_first = range.start == cut.start;
        let offset = if is_first { range.start } else { range.start.saturating_sub(1) };
        let len = if range.is_empty() { 0 } else { range.end - offset };
        let len = usize::try_from(len).map_err(io::Error::other)?;
        bytes.resize(len, 0);
        read_exact_at(input, &mut bytes, offset, cut.len)?;
        let first = if is_first {
            0
        } else {
            memchr::memchr(b'\n', &bytes[..len.saturating_sub(1)]).map_or(len, |lf| lf + 1)
        };
        let lines = match bytes[first..].split_last() {
            None => 0,
            Some((_, before_last)) => 1 + memchr::memchr_iter(b'\n', before_last).count() as u64,
        };
        Ok(Self { bytes, first, offset, lines, cut: *cut })
    }

    /// Returns a reader of the lines, of which the first has the number `line_no` + 1.
    pub(crate) fn reader<'a, I: Bytes>(
        &'a self,
        input: &'a I,
        line_no: u64,
    ) -> LineReader<impl BufRead + 'a> {
        self.reader_at(input, self.first, line_no)
    }

    /// Returns a reader of the lines from this [start](Self::start) on.
    pub(crate) fn reader_at<'a, I: Bytes>(
        &'a self,
        input: &'a I,
        start: usize,
        line_no: u64,
    ) -> LineReader<impl BufRead + 'a> {
        let bytes = PartBytes {
            bytes: &self.bytes[start..],
            next: self.offset + self.bytes.len() as u64,
            end: self.cut.len,
            input,
            tail: Vec::new(),
            tail_read: 0,
        };
        LineReader::new(bytes, self.cut.max_line_bytes).after(line_no, self.offset + start as u64)
    }

    /// Returns where in the part a line begins that begins at this offset of the input.
    pub(crate) fn start(&self, offset: u64) -> usize {
        usize::try_from(offset - self.offset).unwrap_or(usize::MAX)
    }

    /// Returns the buffer, to be used again.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }
}

fn read_exact_at<I: Bytes>(input: &I, bytes: &mut [u8], offset: u64, input_len: u64) -> io::Result<()> {
    let mut read = 0;
    while read < bytes.len() {
        match input.read_at(&mut bytes[read..], offset + read as u64) {
            Ok(0) => return Err(shortened(input_len, offset + read as u64)),
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Returns where the last line that has a LF ends, 0 if none has.
fn end_of_last_line<I: Bytes>(input: &I, len: u64) -> io::Result<u64> {
    let mut end = len;
    let mut bytes = vec![0; SEARCHED_BYTES];
    while end > 0 {
        let start = end.saturating_sub(SEARCHED_BYTES as u64);
        let block = &mut bytes[..usize::try_from(end - start).unwrap_or(SEARCHED_BYTES)];
        read_exact_at(input, block, start, len)?;
        if let Some(lf) = memchr::memrchr(b'\n', block) {
            return Ok(start + lf as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Returns the error that the input is shorter than it was.
fn shortened(len: u64, has: u64) -> io::Error {
    io::Error::other(format!(
        "it was shortened while it was read: it has {has} bytes now, and had {len} (restore it)"
    ))
}

/// The last line of a part goes on behind it: in blocks of this size.
const TAIL_BYTES: usize = 16 * 1024;

/// The bytes of a part, and what follows.
struct PartBytes<'a, I> {
    bytes: &'a [u8],
    input: &'a I,
    /// Where the bytes behind these are in the input.
    next: u64,
    end: u64,
    tail: Vec<u8>,
    tail_read: usize,
}

impl<I: Bytes> Read for PartBytes<'_, I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<I: Bytes> BufRead for PartBytes<'_, I> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.bytes.is_empty() {
            return Ok(self.bytes);
        }
        if self.tail_read == self.tail.len() && self.next < self.end {
            let len = usize::try_from(self.end - self.next).unwrap_or(TAIL_BYTES).min(TAIL_BYTES);
            self.tail.resize(len, 0);
            let read = self.input.read_at(&mut self.tail, self.next)?;
            if read == 0 {
                return Err(shortened(self.end, self.next));
            }
            self.tail.truncate(read);
            self.next += read as u64;
            self.tail_read = 0;
        }
        Ok(&self.tail[self.tail_read..])
    }

    fn consume(&mut self, bytes: usize) {
        if self.bytes.is_empty() {
            self.tail_read += bytes;
        } else {
            self.bytes = &self.bytes[bytes..];
        }
    }
}
