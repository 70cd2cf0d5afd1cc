//! The input of a run with a checkpoint: its bytes, and the hash of those that decisions were made on.

use std::io::{self, BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use stream_kernel_checkpoint::InputPrefix;
use stream_kernel_disk::{DiskFile, MAX_INTERRUPTIONS};

use crate::input::check_not_shortened;

/// The input is read in blocks of this size. A block is hashed when its lines are done: it should still be near the processor then, after all
/// that these have looked up.
const BLOCK_BYTES: usize = 64 * 1024;

/// Reads a file, and hashes what it has handed out: the file may hold something else by the time of a commit.
pub(super) struct HashedInput {
    file: Arc<dyn DiskFile>,
    /// What was read last, in its first `filled` bytes.
    block: Box<[u8]>,
    filled: usize,
    consumed: usize,
    /// Where in the file the block begins.
    begins_at: u64,
    /// All that is hashed; it ends in the block, or where that begins.
    hashed: InputPrefix,
    /// What is hashed up to the end of the last line in there: a line may have begun before the block.
    lines: InputPrefix,
    /// How often in a row reading was interrupted.
    interruptions: u32,
    /// The length of the file when it was opened.
    bytes_at_first: u64,
}

impl HashedInput {
    /// Returns what comes behind `prefix`, with which a line ends, in a file that had `bytes_at_first` bytes when it was opened.
    pub(super) fn new(file: Arc<dyn DiskFile>, prefix: InputPrefix, bytes_at_first: u64) -> Self {
        Self {
            file,
            block: vec![0; BLOCK_BYTES].into(),
            filled: 0,
            consumed: 0,
            begins_at: prefix.bytes(),
            lines: prefix.clone(),
            hashed: prefix,
            interruptions: 0,
            bytes_at_first,
        }
    }

    /// Returns the path of the file.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Returns what was read up to `bytes` bytes of the file, where a line ends that lies in the block, or the last one before it.
    pub(super) fn hashed_up_to(&mut self, bytes: u64) -> &InputPrefix {
        if bytes >= self.hashed.bytes() {
            let [from, to] = [self.hashed.bytes(), bytes].map(|at| self.in_block(at));
            self.hashed.update(&self.block[from..to]);
            self.lines = self.hashed.clone();
        }
        debug_assert_eq!(self.lines.bytes(), bytes, "a line ends there");
        &self.lines
    }

    /// Passes over everything up to `bytes` bytes of the file, which others have read.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is shorter.
    pub(super) fn pass_up_to(&mut self, bytes: u64) -> io::Result<()> {
        loop {
            let left = bytes.saturating_sub(self.begins_at + self.consumed as u64);
            if left == 0 {
                return Ok(());
            }
            let len = match self.fill_buf() {
                Ok(block) => block.len(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if len == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.consume(usize::try_from(left).map_or(len, |left| left.min(len)));
        }
    }

    /// Hashes the rest of the block, and reads the next one.
    fn read_block(&mut self) -> io::Result<()> {
        let rest = &self.block[self.in_block(self.hashed.bytes())..self.filled];
        let (lines, torn) = rest.split_at(memchr::memrchr(b'\n', rest).map_or(0, |last| last + 1));
        if !lines.is_empty() {
            self.hashed.update(lines);
            self.lines = self.hashed.clone();
        }
        self.hashed.update(torn);
        self.begins_at += self.filled as u64;
        (self.filled, self.consumed) = (0, 0);
        self.filled = match self.read_or_end() {
            // It goes to whoever reads, so that a signal is heeded; more of them than signals explain are another error.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.interruptions += 1;
                let is_bearable = self.interruptions <= MAX_INTERRUPTIONS;
                return Err(if is_bearable {
                    error
                } else {
                    io::Error::other("reading is interrupted without end")
                });
            }
            read => read?,
        };
        self.interruptions = 0;
        Ok(())
    }

    /// Reads into the block, and returns how many bytes that were: 0 at the end, which must not have come nearer
    /// meanwhile.
    fn read_or_end(&mut self) -> io::Result<usize> {
        let read = self.file.read_at(&mut self.block, self.begins_at)?;
        if read == 0 {
            check_not_shortened(self.file.len()?, self.bytes_at_first.max(self.begins_at))?;
        }
        Ok(read)
    }

    /// Returns the place in the block of what stands in the file at `offset`.
    fn in_block(&self, offset: u64) -> usize {
        // A block is smaller than any address space.
        usize::try_from(offset - self.begins_at).unwrap_or(usize::MAX)
    }
}

/// Returns whether there is an LF in a file from the byte `offset` on.
pub(super) fn has_line_end(file: &dyn DiskFile, mut offset: u64) -> io::Result<bool> {
    let mut block = vec![0; BLOCK_BYTES];
    let end = file.len()?;
    while offset < end {
        let bytes = usize::try_from(end - offset).map_or(BLOCK_BYTES, |left| left.min(BLOCK_BYTES));
        file.read_exact_at(&mut block[..bytes], offset)?;
        if memchr::memchr(b'\n', &block[..bytes]).is_some() {
            return Ok(true);
        }
        offset += bytes as u64;
    }
    Ok(false)
}

impl BufRead for HashedInput {
    // Called a few times a line.
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.consumed == self.filled {
            self.read_block()?;
        }
        Ok(&self.block[self.consumed..self.filled])
    }

    #[inline]
    fn consume(&mut self, bytes: usize) {
        self.consumed += bytes;
    }
}

impl Read for HashedInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use stream_kernel_disk::{Disk, OpenHow, SimulatedDisk};

    use super::*;
    use crate::LineReader;

    const INPUT: &str = "/input";

    fn opened(content: &[u8]) -> (SimulatedDisk, Arc<dyn DiskFile>) {
        let disk = SimulatedDisk::new(1);
        disk.put(Path::new(INPUT), content);
        let file = disk.open(Path::new(INPUT), OpenHow::ReadOnly).unwrap();
        (disk, file.into())
    }

    fn reader(file: Arc<dyn DiskFile>, max_line_bytes: usize) -> LineReader<HashedInput> {
        let bytes = file.len().unwrap();
        LineReader::new(HashedInput::new(file, InputPrefix::new(), bytes), max_line_bytes)
    }

    fn prefix_of(content: &[u8]) -> InputPrefix {
        let mut prefix = InputPrefix::new();
        prefix.update(content);
        prefix
    }

    #[track_caller]
    fn assert_same(found: &InputPrefix, expected: &[u8]) {
        let [found, expected] = [found, &prefix_of(expected)].map(|prefix| prefix.committed(String::new()));
        assert_eq!(found, expected);
    }

    /// Lines that fill a block to its last byte, that end in the next one, and that go through several.
    #[test]
    fn the_hash_is_that_of_the_lines_wherever_blocks_end() {
        let line = |bytes: usize| [vec![b'x'; bytes - 1], vec![b'\n']].concat();
        let lengths = [1, BLOCK_BYTES - 1, 3, BLOCK_BYTES, BLOCK_BYTES - 3, 7, 3 * BLOCK_BYTES, 2, 90];
        for torn in ["", "no line end"] {
            let content = [lengths.map(line).concat(), torn.into()].concat();
            for hash_every in [1, 2, 3, usize::MAX] {
                let (_, file) = opened(&content);
                let mut lines = reader(file, content.len());
                let mut before = 0;
                while lines.next_line().unwrap().is_some() {
                    let (line_no, end) = (lines.line_no(), lines.bytes_read());
                    if line_no.is_multiple_of(hash_every as u64) {
                        // The last line may be rolled back.
                        for bytes in [before, end] {
                            let expected = &content[..usize::try_from(bytes).unwrap()];
                            assert_same(lines.input_mut().hashed_up_to(bytes), expected);
                        }
                    }
                    before = end;
                }
                assert_same(lines.input_mut().hashed_up_to(before), &content);
            }
        }
    }

    /// What a commit says of the input must be what was decided on, even if somebody has changed it since.
    #[test]
    fn the_hash_is_that_of_what_was_read_whatever_the_file_holds_now() {
        let (disk, file) = opened(b"a 1\nb 2\n");
        let mut lines = reader(file, 8);
        lines.next_line().unwrap();
        disk.put(Path::new(INPUT), b"a 9\nb 2\n");
        assert_same(lines.input_mut().hashed_up_to(4), b"a 1\n");
    }

    /// Lines are taken from the buffer; a reader gives the same bytes to whoever wants them so.
    #[test]
    fn bytes_that_are_read_are_those_of_the_file() {
        let content: Vec<u8> = (0..=250).cycle().take(2 * BLOCK_BYTES + 3).collect();
        let (_, file) = opened(&content);
        let mut read = Vec::new();
        let input = HashedInput::new(file, InputPrefix::new(), content.len() as u64);
        input.take(1 + content.len() as u64).read_to_end(&mut read).unwrap();
        assert!(read == content);
    }

    #[test]
    fn it_goes_on_behind_a_prefix() {
        let (_, file) = opened(b"a\nb\nc");
        let mut lines = LineReader::new(HashedInput::new(file, prefix_of(b"a\n"), 5), 8).after(1, 2);
        assert_same(lines.input_mut().hashed_up_to(2), b"a\n");
        assert_eq!(lines.next_line().unwrap().unwrap().line_no(), 2);
        assert_same(lines.input_mut().hashed_up_to(4), b"a\nb\n");
    }

    /// Somebody may shorten the input at any time: what then seems to be its last line may be a part of one.
    #[test]
    fn an_input_that_became_shorter_has_no_end() {
        let content = b"a\n".repeat(BLOCK_BYTES);
        for (read_before, left) in
            [(1, 0), (1, BLOCK_BYTES), (1, content.len() - 1), (BLOCK_BYTES / 2 + 1, 1)]
        {
            let disk = SimulatedDisk::new(1);
            disk.put(Path::new(INPUT), &content);
            let file = disk.open(Path::new(INPUT), OpenHow::Existing).unwrap();
            let other = disk.open(Path::new(INPUT), OpenHow::Existing).unwrap();
            let mut lines = reader(file.into(), 8);
            for _ in 0..read_before {
                lines.next_line().unwrap().unwrap();
            }
            other.set_len(left as u64).unwrap();
            let error = std::iter::repeat_with(|| lines.next_line()).find_map(Result::err).unwrap();
            let told = format!("it has {left} bytes now, and had {}", content.len());
            assert!(error.to_string().contains(&told), "{error}");
            // What was decided until then counts.
            let bytes = lines.bytes_read();
            assert_eq!(lines.input_mut().hashed_up_to(bytes).bytes(), bytes);
        }
    }

    #[test]
    fn an_input_that_grew_and_became_shorter_than_what_was_read_has_no_end() {
        let disk = SimulatedDisk::new(1);
        disk.put(Path::new(INPUT), b"a\n");
        let file = disk.open(Path::new(INPUT), OpenHow::Existing).unwrap();
        let other = disk.open(Path::new(INPUT), OpenHow::Existing).unwrap();
        let mut lines = reader(file.into(), 8);
        lines.next_line().unwrap().unwrap();
        other.write_all_at(b"b\nc\n", 2).unwrap();
        lines.next_line().unwrap().unwrap();
        other.set_len(4).unwrap();
        lines.next_line().unwrap().unwrap();
        assert!(lines.next_line().is_err());
    }

    #[test]
    fn a_line_end_is_found_wherever_it_is() {
        for (content, from, is_there) in [
            (b"a\nb".to_vec(), 0, true),
            (b"a\nb".to_vec(), 2, false),
            (b"a\n".to_vec(), 2, false),
            ([vec![b'x'; BLOCK_BYTES], b"\n".to_vec()].concat(), 0, true),
            (vec![b'x'; 2 * BLOCK_BYTES + 1], 0, false),
        ] {
            let (_, file) = opened(&content);
            assert_eq!(has_line_end(&*file, from).unwrap(), is_there);
        }
    }
}
