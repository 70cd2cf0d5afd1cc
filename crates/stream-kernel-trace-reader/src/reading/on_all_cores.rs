//! Lines of a trace, read on all cores where that can be, and on one thread where it cannot.

#[cfg(test)]
mod tests;

use std::io::{self, BufRead};
use std::mem;

use stream_kernel_trace::TraceRecord;

use super::parts::{Digested, Parts};
use super::{Tail, TornFrame, TraceInput, TraceReader, WrongLine, is_compressed};

/// What is to be kept of each record, made of it by the thread that reads it.
pub trait Digest: Clone + Send + 'static {
    /// That. Its memory is used again.
    type Kept: Default + Send + 'static;

    /// Puts into `kept` what is to be kept of `record`, which the present line of `reader` holds. What `record` holds
    /// afterwards is of no matter, nor what `kept` held before.
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

/// Reads a trace line by line, in constant memory, and hands out what a [`Digest`] keeps of each record.
///
/// That can be done by several threads, of which each takes a part of the trace, cut at line ends. Its lines come out in the
/// order of the trace, as [`TraceReader`] returns them. What stands behind the last line end is read by the thread that asks for
/// it, and so is everything from a line on of which 1 MiB have no end. So are compressed traces, whose frames come one after the other,
/// and traces that come bit by bit, of which this would wait for whole parts.
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
    /// How many lines and bytes there are before this part.
    lines_before: u64,
    bytes_before: u64,
    /// The present line of the part.
    line_no: u64,
    /// What this thread reads: all of it, or what is left once the parts are over.
    rest: TraceReader<TraceInput<Box<dyn BufRead>>>,
    digest: G,
    record: TraceRecord,
}

impl<G: Digest> LineDigests<G> {
    /// Returns a reader of the trace that `input` holds, compressed or not, on this thread alone.
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

    /// Returns a reader of the trace that `input` holds, by so many `threads` and in parts of so many bytes:
    /// [`MAX_THREADS`](super::MAX_THREADS) and [`PART_BYTES`](super::PART_BYTES) are what this was made for. If the trace is compressed, there is one thread, this
    /// one.
    pub fn by_threads(threads: usize, part_bytes: usize, mut input: Box<dyn BufRead>, digest: G) -> Self {
        if begins_compressed(&mut input) {
            return Self::new(input, digest);
        }
        let parts = Parts::new(input, threads, part_bytes, &digest);
        Self { parts: Some(parts), ..Self::new(Box::new(io::empty()), digest) }
    }

    /// Returns whether the next whole line holds a record, of which `kept` then has what is to be kept; `None` if there is no
    /// further line, or none yet: of what grows it can be asked again.
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

    /// Returns what stands behind the last line end, once [`next_line`](Self::next_line) has returned `None`; `None` if
    /// nothing does. If that is a record, `kept` then has of it what is to be kept.
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

    /// Returns how many bytes were read: up to the end of the present line, or those before its part; of a compressed trace, those of its
    /// frames.
    pub fn bytes_read(&self) -> u64 {
        match &self.parts {
            Some(_) => self.bytes_before,
            None if self.is_compressed() => self.rest.input().bytes_read(),
            None => self.rest.bytes_read(),
        }
    }

    /// Returns whether the trace is compressed, as far as that is known: nothing may have come yet.
    pub fn is_compressed(&self) -> bool {
        self.rest.input().is_compressed()
    }

    /// Returns the frame in which a compressed trace breaks off, once [`next_line`](Self::next_line) has returned `None`.
    pub fn torn_frame(&self) -> Option<TornFrame> {
        self.rest.input().torn_frame()
    }
}

/// Returns whether the trace that `input` holds is compressed; what cannot be read, whoever reads on will find.
fn begins_compressed(input: &mut impl BufRead) -> bool {
    loop {
        match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            beginning => return beginning.is_ok_and(is_compressed),
        }
    }
}
