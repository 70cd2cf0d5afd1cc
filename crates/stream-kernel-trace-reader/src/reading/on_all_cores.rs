//! Lines of a trace, read on all cores where possible, and otherwise on one thread.

#[cfg(test)]
mod tests;

use std::io::{self, BufRead};
use std::mem;

use stream_kernel_trace::TraceRecord;

use super::parts::{Digested, Parts};
use super::{Tail, TornFrame, TraceInput, TraceReader, WrongLine, is_compressed};

/// A digest of records, made by the threads that read them.
pub trait Digest: Clone + Send + 'static {
    /// The digest of one record. Its memory is reused.
    type Kept: Default + Send + 'static;

    /// Puts the digest of `record`, from the present line of `reader`, into `kept`. It may leave anything in `record`;
    /// the previous content of `kept` is meaningless.
    fn digest<R: BufRead>(
        &mut self,
        reader: &TraceReader<R>,
        record: &mut TraceRecord,
        kept: &mut Self::Kept,
    );
}

/// Keeps each record as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Whole;

impl Digest for Whole {
    type Kept = TraceRecord;

    fn digest<R: BufRead>(&mut self, _: &TraceReader<R>, record: &mut TraceRecord, kept: &mut TraceRecord) {
        mem::swap(record, kept);
    }
}

/// Reads a trace line by line, in constant memory, and returns the [`Digest`] of each record.
///
/// Several threads can do this, each with a part of the trace, cut at line ends. The lines come out in the order of the
/// trace, as [`TraceReader`] returns them. The calling thread reads everything after the last line end, and everything
/// from a line on whose first 1 MiB have no end. It also reads compressed traces, whose frames must be read in order,
/// and traces that arrive bit by bit, where threads would wait for whole parts.
///
/// ```
/// use stream_kernel_trace_reader::reading::{AsStep, LineDigests, PART_BYTES, StepRecordBuf, Steps};
///
/// let trace = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_record.json"));
/// let mut lines = LineDigests::by_threads(2, PART_BYTES, Box::new(&trace[..]), Steps);
/// let mut record = StepRecordBuf::default();
/// while let Some(read) = lines.next_line(&mut record)? {
///     assert!(read.is_ok());
///     assert_eq!(record.as_step().line_no, 1);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct LineDigests<G: Digest> {
    parts: Option<Parts<G>>,
    part: Digested<G::Kept>,
    /// The number of lines and bytes before this part.
    lines_before: u64,
    bytes_before: u64,
    /// The present line of the part.
    line_no: u64,
    /// What the calling thread reads: everything, or the rest after the parts.
    rest: TraceReader<TraceInput<Box<dyn BufRead>>>,
    digest: G,
    record: TraceRecord,
}

impl<G: Digest> LineDigests<G> {
    /// Returns a reader of the trace in `input`, compressed or not, on the calling thread alone.
    pub fn new(input: Box<dyn BufRead>, digest: G) -> Self {
        Self {
            parts: None,
            part: Digested::default(),
            lines_before: 0,
            bytes_before: 0,
            line_no: 0,
            rest: TraceReader::new(TraceInput::new(input)),
            digest,
            record: TraceRecord::default(),
        }
    }

    /// Returns a reader of the trace in `input`, with `threads` threads and parts of `part_bytes` bytes:
    /// [`MAX_THREADS`](super::MAX_THREADS) and [`PART_BYTES`](super::PART_BYTES) are the intended values. A compressed
    /// trace is read by the calling thread.
    pub fn by_threads(threads: usize, part_bytes: usize, mut input: Box<dyn BufRead>, digest: G) -> Self {
        if begins_compressed(&mut input) {
            return Self::new(input, digest);
        }
        let parts = Parts::new(input, threads, part_bytes, &digest);
        Self { parts: Some(parts), ..Self::new(Box::new(io::empty()), digest) }
    }

    /// Returns whether the next whole line holds a record, whose digest is then in `kept`; `None` if there is no
    /// further line, or none yet: on a growing file, call it again.
    ///
    /// # Errors
    ///
    /// Returns the error of the input.
    pub fn next_line(&mut self, kept: &mut G::Kept) -> io::Result<Option<Result<(), WrongLine>>> {
        while let Some(parts) = &mut self.parts {
            if let Some(line) = self.part.next() {
                let line_no = self.lines_before + line.line_no;
                self.line_no = line_no;
                mem::swap(kept, &mut line.kept);
                return Ok(Some(line.wrong.take().map_or(Ok(()), |why| Err(WrongLine { line_no, why }))));
            }
            if let Some((lines, bytes)) = self.part.ended {
                self.lines_before += lines;
                self.bytes_before += bytes;
            }
            if let Some(part) = parts.next(mem::take(&mut self.part))? {
                self.part = part;
            } else if let Some(parts) = self.parts.take() {
                let rest = TraceInput::plain(parts.into_rest());
                self.rest = TraceReader::after(rest, self.lines_before, self.bytes_before);
            }
        }
        let read = self.rest.next_into(&mut self.record)?;
        if let Some(Ok(())) = read {
            self.digest.digest(&self.rest, &mut self.record, kept);
        }
        Ok(read)
    }

    /// Returns the content after the last line end, once [`next_line`](Self::next_line) has returned `None`; `None` if
    /// there is none. If it is a record, its digest is then in `kept`.
    pub fn tail(&mut self, kept: &mut G::Kept) -> Option<Tail> {
        let tail = self.rest.tail();
        if let Some(Tail::Record(record)) = &tail {
            self.digest.digest(&self.rest, &mut record.clone(), kept);
        }
        tail
    }

    /// Returns the number of the present line, from 1.
    pub fn line_no(&self) -> u64 {
        if self.parts.is_some() { self.line_no } else { self.rest.line_no() }
    }

    /// Returns the number of bytes read: up to the end of the present line, or before its part; of a compressed trace,
    /// those of its frames.
    pub fn bytes_read(&self) -> u64 {
        match &self.parts {
            Some(_) => self.bytes_before,
            None if self.is_compressed() => self.rest.input().bytes_read(),
            None => self.rest.bytes_read(),
        }
    }

    /// Returns whether the trace is compressed; `false` while nothing has arrived.
    pub fn is_compressed(&self) -> bool {
        self.rest.input().is_compressed()
    }

    /// Returns the incomplete last frame of a compressed trace, once [`next_line`](Self::next_line) has returned
    /// `None`.
    pub fn torn_frame(&self) -> Option<TornFrame> {
        self.rest.input().torn_frame()
    }
}

/// Returns whether the trace in `input` is compressed. Errors are left to the next read, which will see them again.
fn begins_compressed(input: &mut impl BufRead) -> bool {
    loop {
        match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            beginning => return beginning.is_ok_and(is_compressed),
        }
    }
}
