//! The lines of the input that a commit covers, for a state that is restored.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use stream_kernel_disk::DiskFile;

use crate::{LineReader, RawLine, Reached};

/// The input is read in blocks of this size.
const BLOCK_BYTES: usize = 64 * 1024;

/// The lines of the input that a commit covers: they are those that the run was handed, byte for byte.
///
/// The input is its own log. A state that is a function of lines, and of a little that it notes of each, need not keep what stands in
/// them: restored, it reads them again.
///
/// ```
/// use std::path::Path;
/// use std::sync::Arc;
///
/// use stream_kernel_run::{CommittedLines, LineContent, Reached};
/// use stream_kernel_disk::{Disk, OpenHow, SimulatedDisk};
///
/// let disk = SimulatedDisk::new(1);
/// disk.put(Path::new("/input"), b"one\ntwo\nthree\nfour\n");
/// let input = Arc::from(disk.open(Path::new("/input"), OpenHow::ReadOnly)?);
/// let mut lines = CommittedLines::new(input, 1_024, 14);
/// lines.go_to(Reached { line_no: 1, bytes: 4 });
/// assert_eq!(lines.next_line()?.map(|line| line.line_no()), Some(2));
/// let third = lines.next_line()?.map(|line| line.into_content());
/// assert_eq!(third, Some(LineContent::Whole(b"three"[..].into())));
/// assert_eq!(lines.next_line()?, None, "the fourth is not committed");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct CommittedLines {
    input: Arc<dyn DiskFile>,
    max_line_bytes: usize,
    committed_bytes: u64,
    reader: LineReader<BufReader<Committed>>,
}

impl CommittedLines {
    /// Returns the lines in the first `committed_bytes` bytes of the input, from its beginning; longer ones than `max_line_bytes` were skipped.
    pub fn new(input: Arc<dyn DiskFile>, max_line_bytes: usize, committed_bytes: u64) -> Self {
        let begin = Reached { line_no: 0, bytes: 0 };
        let reader = reader(&input, max_line_bytes, committed_bytes, begin);
        Self { input, max_line_bytes, committed_bytes, reader }
    }

    /// Goes to where a run was when it had come so far.
    pub fn go_to(&mut self, reached: Reached) {
        if reached != self.reached() {
            self.reader = reader(&self.input, self.max_line_bytes, self.committed_bytes, reached);
        }
    }

    /// Returns the next line, `None` if no other is committed.
    ///
    /// # Errors
    ///
    /// The input cannot be read.
    pub fn next_line(&mut self) -> io::Result<Option<RawLine>> {
        self.reader.next_line()
    }

    /// Returns the last line that was read, and where it ends.
    pub fn reached(&self) -> Reached {
        Reached { line_no: self.reader.line_no(), bytes: self.reader.bytes_read() }
    }
}

fn reader(
    input: &Arc<dyn DiskFile>,
    max_line_bytes: usize,
    end: u64,
    Reached { line_no, bytes: offset }: Reached,
) -> LineReader<BufReader<Committed>> {
    let committed = Committed { input: Arc::clone(input), offset, end };
    LineReader::new(BufReader::with_capacity(BLOCK_BYTES, committed), max_line_bytes).after(line_no, offset)
}

/// The bytes from `offset` on, as far as they are committed.
#[derive(Debug)]
struct Committed {
    input: Arc<dyn DiskFile>,
    offset: u64,
    end: u64,
}

impl Read for Committed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let len = buffer.len().min(left);
        self.input.read_exact_at(&mut buffer[..len], self.offset)?;
        self.offset += len as u64;
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use stream_kernel_disk::{Disk, OpenHow, SimulatedDisk};

    use super::*;
    use crate::LineContent;

    const INPUT: &str = "/input";

    fn lines(content: &[u8], max_line_bytes: usize, committed: u64) -> CommittedLines {
        let disk = SimulatedDisk::new(1);
        disk.put(Path::new(INPUT), content);
        let input = disk.open(Path::new(INPUT), OpenHow::ReadOnly).unwrap().into();
        CommittedLines::new(input, max_line_bytes, committed)
    }

    /// Returns the next lines, each with its number; what was skipped is left empty.
    fn rest(lines: &mut CommittedLines) -> Vec<(u64, Vec<u8>)> {
        let next = || lines.next_line().unwrap();
        std::iter::from_fn(next)
            .map(|line| match (line.line_no(), line.into_content()) {
                (line_no, LineContent::Whole(content)) => (line_no, content.to_vec()),
                (line_no, LineContent::Overlong { .. }) => (line_no, Vec::new()),
            })
            .collect()
    }

    /// A line that had no end when it was committed may have one by now, and others behind it.
    #[test]
    fn a_line_is_what_it_was_when_it_was_committed() {
        let content = b"\xef\xbb\xbfa\r\nbc\r\nd\n";
        let line = |line_no, content: &[u8]| (line_no, content.to_vec());
        for (committed, expected) in [
            (0, vec![]),
            (4, vec![line(1, b"a")]),
            (5, vec![line(1, b"a\r")]),
            (8, vec![line(1, b"a"), line(2, b"bc")]),
            (10, vec![line(1, b"a"), line(2, b"bc")]),
            (12, vec![line(1, b"a"), line(2, b"bc"), line(3, b"d")]),
        ] {
            assert_eq!(rest(&mut lines(content, 9, committed)), expected, "{committed} bytes");
        }
        assert_eq!(rest(&mut lines(b"123\n12\n", 2, 7)), [line(1, b""), line(2, b"12")]);
    }

    #[test]
    fn lines_are_numbered_from_wherever_they_are_read() {
        let mut lines = lines(b"a\nbb\nccc\ndddd\n", 9, 14);
        let third = Reached { line_no: 2, bytes: 5 };
        for _ in 0..2 {
            lines.go_to(third);
            assert_eq!(lines.reached(), third);
            assert_eq!(lines.next_line().unwrap().unwrap().line_no(), 3);
        }
        lines.go_to(Reached { line_no: 3, bytes: 9 });
        assert_eq!(rest(&mut lines), [(4, b"dddd".to_vec())]);
        lines.go_to(Reached { line_no: 9, bytes: 1_000 });
        assert_eq!(rest(&mut lines), [], "nothing is committed there");
    }

    /// Nobody may take what is left of an input for all of it.
    #[test]
    fn an_input_that_is_shorter_than_what_was_committed_cannot_be_read() {
        let error = lines(b"a\nb\n", 9, 5).next_line().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    /// Lines that fill a block to its last byte, that end in the next one, and that go through several.
    #[test]
    fn lines_are_whole_wherever_blocks_end() {
        let lengths = [1, BLOCK_BYTES - 1, 3, BLOCK_BYTES, BLOCK_BYTES - 3, 7, 3 * BLOCK_BYTES, 2, 90];
        let content = lengths.map(|bytes| [vec![b'x'; bytes - 1], vec![b'\n']].concat()).concat();
        let found = rest(&mut lines(&content, content.len(), content.len() as u64));
        assert_eq!(found.iter().map(|(_, line)| line.len() + 1).collect::<Vec<_>>(), lengths);
    }
}
