//! Reading records from lines.

use std::io::{self, BufRead, Read};

use stream_kernel_trace::TraceRecord;

use super::usual;

/// The longest readable line, in bytes; a longer one is skipped and counts as wrong.
pub const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// Reads a trace line by line, in constant memory.
///
/// A byte order mark at the beginning of a line is not part of the line: editors put it at the head of a file, and
/// `cat` then moves it into the middle of one. A line of such a mark only is skipped.
///
/// ```
/// use stream_kernel_trace_reader::reading::{Tail, TornTail, TraceLine, TraceReader};
///
/// let mut reader = TraceReader::new(&b"no record\n{\"trace_id\":\"run:1\",\"sce"[..]);
/// assert!(matches!(reader.next_line()?, Some(TraceLine::Wrong(wrong)) if wrong.line_no == 1));
/// assert!(reader.next_line()?.is_none());
/// assert!(matches!(reader.tail(), Some(Tail::Torn(TornTail { line_no: 2, offset: 10, bytes: 24 }))));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TraceReader<R> {
    input: R,
    /// The present line, or the part of it that was there at the last read.
    line: Vec<u8>,
    is_whole: bool,
    /// The length of the present line, including skipped bytes.
    line_bytes: u64,
    line_no: u64,
    /// The offset of the present line.
    offset: u64,
}

/// A whole line of a trace.
#[derive(Debug)]
pub enum TraceLine {
    /// It holds a record.
    Record(Box<TraceRecord>),
    /// It does not hold a record.
    Wrong(WrongLine),
}

/// A line that holds no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line_no}: {why}")]
pub struct WrongLine {
    /// Its number, from 1.
    pub line_no: u64,
    /// The error.
    pub why: String,
}

/// The content after the last line end.
#[derive(Debug)]
pub enum Tail {
    /// A whole record, without its line end.
    Record(Box<TraceRecord>),
    /// The beginning of a record: the writer was cut off, or is still writing.
    Torn(TornTail),
    /// Neither: no writer of records has written this.
    Wrong(WrongLine),
}

/// The beginning of a record after the last line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The number of the line, from 1.
    pub line_no: u64,
    /// Its offset, in bytes from the beginning of the trace.
    pub offset: u64,
    /// Its length.
    pub bytes: u64,
}

/// The byte order mark that some editors put at the head of a file.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The first bytes of every record.
const RECORD_START: &[u8] = b"{\"trace_id\":";

impl<R: BufRead> TraceReader<R> {
    /// Returns a reader of the trace in `input`.
    pub fn new(input: R) -> Self {
        Self::after(input, 0, 0)
    }

    /// Returns a reader of the rest of a trace after its first `lines` lines, which have `bytes` bytes.
    pub(super) fn after(input: R, lines: u64, bytes: u64) -> Self {
        Self { input, line: Vec::new(), is_whole: true, line_bytes: 0, line_no: lines, offset: bytes }
    }

    /// Returns the next whole line; `None` if there is none, or none yet: on a growing file, call it again.
    ///
    /// # Errors
    ///
    /// Returns the error of the input.
    pub fn next_line(&mut self) -> io::Result<Option<TraceLine>> {
        let mut record = Box::default();
        Ok(self.next_into(&mut record)?.map(|read| match read {
            Ok(()) => TraceLine::Record(record),
            Err(wrong) => TraceLine::Wrong(wrong),
        }))
    }

    /// As [`next_line`](Self::next_line), but fills `record` and reuses its memory: with one record for all lines, most
    /// lines allocate nothing. After a wrong line, the content of `record` is meaningless.
    ///
    /// # Errors
    ///
    /// Returns the error of the input.
    pub fn next_into(&mut self, record: &mut TraceRecord) -> io::Result<Option<Result<(), WrongLine>>> {
        loop {
            if !self.fill_line()? {
                return Ok(None);
            }
            if !(self.line().is_empty() && self.begins_with_mark()) {
                return Ok(Some(self.read_line(record)));
            }
        }
    }

    /// Reads on to the end of the present line, or of the next one if the present is whole; returns whether the end is
    /// there.
    fn fill_line(&mut self) -> io::Result<bool> {
        if self.is_whole {
            self.offset += self.line_bytes;
            self.line.clear();
            self.line.shrink_to(USUAL_LINE_BYTES);
            self.line_bytes = 0;
            self.line_no += 1;
            self.is_whole = false;
        }
        while !self.is_whole {
            // A line beyond the bound is kept just long enough to be recognised as too long.
            self.line.truncate(MAX_LINE_BYTES + 1);
            let mut part = self.input.by_ref().take(USUAL_LINE_BYTES as u64);
            let read = part.read_until(b'\n', &mut self.line)?;
            if read == 0 {
                return Ok(false);
            }
            self.line_bytes += read as u64;
            self.is_whole = self.line.pop_if(|last| *last == b'\n').is_some();
        }
        Ok(true)
    }

    /// Returns the content after the last line end, once [`next_line`](Self::next_line) has returned `None`; `None` if
    /// there is none.
    pub fn tail(&self) -> Option<Tail> {
        let line = self.line();
        if self.is_whole || line.is_empty() {
            return None;
        }
        let line_no = self.line_no;
        let wrong = |why| Some(Tail::Wrong(WrongLine { line_no, why }));
        if self.line.len() > MAX_LINE_BYTES {
            return wrong(format!("longer than {MAX_LINE_BYTES} bytes"));
        }
        let common = line.len().min(RECORD_START.len());
        let begins_as_record = line[..common] == RECORD_START[..common];
        // A power cut may leave zeros in the place of data.
        let is_zeros = || line.iter().all(|byte| *byte == 0);
        match serde_json::from_slice(line) {
            Ok(record) => Some(Tail::Record(Box::new(record))),
            Err(error) if (begins_as_record && error.is_eof()) || is_zeros() => {
                let bytes = line.len() as u64;
                Some(Tail::Torn(TornTail { line_no, offset: self.bytes_read() - bytes, bytes }))
            }
            Err(_) => wrong("neither a record nor the beginning of one".to_owned()),
        }
    }

    /// Returns the input.
    pub fn input(&self) -> &R {
        &self.input
    }

    /// Returns the number of the present line, from 1.
    pub fn line_no(&self) -> u64 {
        self.line_no
    }

    /// Returns the number of bytes read.
    pub fn bytes_read(&self) -> u64 {
        self.offset + self.line_bytes
    }

    /// Returns the present line's text, without its line end and a byte order mark before it.
    pub fn line(&self) -> &[u8] {
        self.line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.line)
    }

    /// Returns whether the present line is the first of the trace.
    pub(crate) fn is_at_head(&self) -> bool {
        self.offset == 0
    }

    /// Returns whether a byte order mark stands at the beginning of the present line.
    pub(crate) fn begins_with_mark(&self) -> bool {
        self.line.starts_with(BYTE_ORDER_MARK)
    }

    fn read_line(&self, record: &mut TraceRecord) -> Result<(), WrongLine> {
        let line_no = self.line_no;
        let wrong = |why| Err(WrongLine { line_no, why });
        if self.line.len() > MAX_LINE_BYTES {
            return wrong(format!("longer than {MAX_LINE_BYTES} bytes"));
        }
        // One check of the whole line replaces a check of each text.
        let line = match std::str::from_utf8(self.line()) {
            Ok(line) => line,
            Err(error) => return wrong(format!("no record: {error}")),
        };
        if usual::read(line, record) {
            return Ok(());
        }
        match serde_json::from_str(line) {
            Ok(read) => {
                *record = read;
                Ok(())
            }
            Err(error) => wrong(format!("no record: {}", without_line(&error))),
        }
    }
}

/// Returns the message of `error` without its "line 1", which would mislead in a trace of many lines.
fn without_line(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    error.to_string().replace(&format!(" at line {line} column {column}"), &format!(" at column {column}"))
}

/// The memory that the buffer keeps after an unusually long line.
const USUAL_LINE_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    const RECORD: &str = r#"{"trace_id":"run:1","scenario":"s","line_no":1,"step_index":0,"step_name":"a\u0062","work_index":0,"t_enter":"2026-01-21T01:23:45.123456Z","t_exit":"2026-01-21T01:23:45.123599Z","duration_ms":0.143,"msg_in":{"type_name":"In","identity":null,"hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":{"tags":{}},"ctx_after":{"tags":{}},"ctx_diff":{},"status":"ok","error":null}"#;

    /// Reads `text` in chunks of every small size and returns each line and the tail.
    fn check(text: &str) -> Vec<String> {
        let told_by_chunks_of = |chunk_bytes| {
            let mut reader = TraceReader::new(BufReader::with_capacity(chunk_bytes, text.as_bytes()));
            let mut told = Vec::new();
            while let Some(line) = reader.next_line().unwrap() {
                told.push(match line {
                    TraceLine::Record(record) => format!("record of {}", record.step_name),
                    TraceLine::Wrong(wrong) => wrong.to_string(),
                });
            }
            told.push(match reader.tail() {
                None => "nothing".to_owned(),
                Some(Tail::Record(record)) => format!("whole record of {}", record.step_name),
                Some(Tail::Torn(TornTail { line_no, offset, bytes })) => {
                    format!("torn: {line_no} at {offset}, {bytes}")
                }
                Some(Tail::Wrong(wrong)) => wrong.to_string(),
            });
            assert_eq!(reader.bytes_read(), text.len() as u64);
            told
        };
        let told = told_by_chunks_of(10_000);
        for chunk_bytes in [1, 7, 100, 400] {
            assert_eq!(told_by_chunks_of(chunk_bytes), told);
        }
        told
    }

    #[test]
    fn records_are_read_and_wrong_lines_are_named() {
        let told = check(&format!("{RECORD}\n\n{{\"trace_id\":1}}\n{RECORD}\n"));
        assert_eq!(told[0], "record of ab");
        assert!(told[1].starts_with("line 2: no record: "), "{}", told[1]);
        assert!(told[2].starts_with("line 3: no record: invalid type"), "{}", told[2]);
        assert!(told[2].ends_with(" at column 13"), "{}", told[2]);
        assert_eq!(told[3..], ["record of ab", "nothing"]);
    }

    #[test]
    fn a_torn_end_differs_from_a_missing_line_end() {
        assert_eq!(check(""), ["nothing"]);
        assert_eq!(check(RECORD), ["whole record of ab"]);
        let torn = &RECORD[..RECORD.len() - 1];
        let at = RECORD.len() + 1;
        assert_eq!(check(&format!("{RECORD}\n{torn}"))[1..], [format!("torn: 2 at {at}, {}", torn.len())]);
    }

    #[test]
    fn byte_order_marks_before_lines_cost_no_record() {
        let mark = "\u{feff}";
        assert_eq!(check(mark), ["nothing"]);
        assert_eq!(check(&format!("{mark}{RECORD}\n")), ["record of ab", "nothing"]);
        assert_eq!(check(&format!("{mark}{RECORD}")), ["whole record of ab"]);
        assert_eq!(
            check(&format!("{mark}\n{RECORD}\nx")),
            ["record of ab", "line 3: neither a record nor the beginning of one"]
        );
        assert_eq!(
            check(&format!("{RECORD}\n{mark}{RECORD}\n{mark}")),
            ["record of ab", "record of ab", "nothing"]
        );
        // The mark stays when the record is cut.
        assert_eq!(check(&format!("{mark}{{\"trace_id")), ["torn: 1 at 3, 10"]);
        assert_eq!(
            check(&format!("{RECORD}\n{mark}{{")),
            ["record of ab".to_owned(), format!("torn: 2 at {}, 1", RECORD.len() + 4)]
        );
        // Two marks, half a mark, and one in the middle are not skipped.
        for wrong in [format!("{mark}{mark}{RECORD}\n"), format!("{{{mark}}}\n"), "\n".to_owned()] {
            assert!(check(&wrong)[0].starts_with("line 1: no record: "), "{wrong:?}");
        }
    }

    #[test]
    fn a_tail_that_cannot_be_a_record_is_a_wrong_line() {
        for tail in
            ["my letter", "{}", "[", " ", "7", "{\"trace_id\":1,", "{\"trace_id\":\"a\"}", "{\"line_no\":1"]
        {
            let wrong = "line 2: neither a record nor the beginning of one";
            assert_eq!(check(&format!("{RECORD}\n{tail}")), ["record of ab", wrong], "{tail}");
        }
        let at = RECORD.len() + 1;
        for bytes in 1..RECORD.len() {
            let torn = format!("{RECORD}\n{}", &RECORD[..bytes]);
            assert_eq!(check(&torn)[1], format!("torn: 2 at {at}, {bytes}"));
        }
        let zeros = "\0".repeat(512);
        assert_eq!(check(&format!("{RECORD}\n{zeros}"))[1], format!("torn: 2 at {at}, 512"));
    }

    #[test]
    fn a_tail_beyond_the_bound_of_a_line_is_wrong() {
        let start = br#"{"trace_id":""#;
        for (bytes, is_torn) in [(MAX_LINE_BYTES, true), (MAX_LINE_BYTES + 1, false)] {
            let text = [&start[..], &vec![b'x'; bytes - start.len()]].concat();
            let mut reader = TraceReader::new(BufReader::new(&text[..]));
            assert!(reader.next_line().unwrap().is_none());
            assert_eq!(matches!(reader.tail(), Some(Tail::Torn(_))), is_torn, "{bytes}");
        }
    }

    #[test]
    fn a_growing_file_is_read_on() {
        /// Returns its pieces one after the other, with an end of file between them.
        struct Growing(Vec<&'static [u8]>, &'static [u8]);
        impl io::Read for Growing {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                io::Read::read(&mut self.1, buffer)
            }
        }
        let (head, rest) = RECORD.as_bytes().split_at(50);
        let mut reader = TraceReader::new(BufReader::new(Growing(vec![rest, b"\n"], head)));
        while !reader.input.get_ref().0.is_empty() {
            assert!(reader.next_line().unwrap().is_none());
            let growing = reader.input.get_mut();
            growing.1 = growing.0.remove(0);
        }
        assert!(matches!(reader.next_line().unwrap(), Some(TraceLine::Record(_))));
        assert!(reader.next_line().unwrap().is_none() && reader.tail().is_none());
    }

    #[test]
    fn a_line_beyond_the_bound_is_skipped() {
        let line = |bytes: usize| [&vec![b'x'; bytes][..], b"\n", RECORD.as_bytes(), b"\n"].concat();
        for (bytes, why) in [(MAX_LINE_BYTES, "no record"), (MAX_LINE_BYTES + 1, "longer than")] {
            let text = line(bytes);
            let mut reader = TraceReader::new(BufReader::new(&text[..]));
            let first = reader.next_line().unwrap();
            assert!(
                matches!(&first, Some(TraceLine::Wrong(wrong)) if wrong.why.starts_with(why)),
                "{first:?}"
            );
            assert!(matches!(reader.next_line().unwrap(), Some(TraceLine::Record(_))));
        }
    }
}
