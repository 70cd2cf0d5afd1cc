//! Prefix of an input: the part that was read, which a commit describes and after which a resumed run goes on.

use stream_kernel_disk::DiskFile;

use crate::committed::{Committed, CommittedInput};
use crate::injected::{InjectedFault, is_injected};
use crate::prefix::{PrefixError, PrefixHash};

/// The block size for reading an input.
const PIECE_BYTES: usize = 256 * 1024;

/// The prefix of an input that was read.
#[derive(Clone, Debug, Default)]
pub struct InputPrefix {
    bytes: u64,
    hash: PrefixHash,
    /// Whether the last line had no LF.
    is_torn: bool,
}

impl InputPrefix {
    /// Returns an empty prefix.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the committed prefix of an input, and returns the beginning of the next line: after the LF of the last
    /// one, even if that had none when it was committed.
    ///
    /// # Errors
    ///
    /// The input cannot be read, is too short, begins differently, or its last line has changed because something was
    /// appended to it.
    pub fn of_committed(input: &dyn DiskFile, committed: &Committed) -> Result<Self, PrefixError> {
        let CommittedInput { bytes: committed_bytes, prefix: committed_prefix, .. } = committed.input;
        let path = || input.path().to_owned();
        let failed = |cause| PrefixError::Read { path: path(), cause };
        let bytes = input.len().map_err(failed)?;
        if bytes < committed_bytes {
            return Err(PrefixError::Shorter { path: path(), bytes, committed: committed_bytes });
        }
        let mut prefix = Self::new();
        let mut piece = vec![0; PIECE_BYTES];
        while prefix.bytes < committed_bytes {
            let left = usize::try_from(committed_bytes - prefix.bytes).unwrap_or(usize::MAX);
            let piece = &mut piece[..left.min(PIECE_BYTES)];
            input.read_exact_at(piece, prefix.bytes).map_err(failed)?;
            prefix.update(piece);
        }
        if prefix.hash.digest() != committed_prefix && !is_injected(InjectedFault::PrefixNotVerified) {
            return Err(PrefixError::Differs { path: path(), committed: committed_bytes });
        }
        if committed.lines == 0 {
            // The committed prefix may be a byte order mark alone: it is skipped again, with the line that it now
            // begins.
            return Ok(Self::new());
        }
        if !prefix.is_torn || bytes == committed_bytes {
            return Ok(prefix);
        }
        let last = committed_bytes - 1;
        let mut around = [0; 2];
        input.read_exact_at(&mut around, last).map_err(failed)?;
        let line_no = committed.lines;
        match around {
            [_, next] if next != b'\n' => Err(PrefixError::Joined { path: path(), line_no }),
            // A CR belongs to the line end only before LF; with an LF appended, the line is another one.
            [b'\r', _] => Err(PrefixError::LosesCr { path: path(), line_no }),
            _ => {
                prefix.update(b"\n");
                Ok(prefix)
            }
        }
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
        if let Some(last) = bytes.last() {
            self.is_torn = *last != b'\n';
        }
    }

    /// Returns the number of bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the commit's description of the input at `path`.
    pub fn committed(&self, path: String) -> CommittedInput {
        CommittedInput { path, bytes: self.bytes, prefix: self.hash.digest(), ends_in_lf: !self.is_torn }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use stream_kernel_disk::{Disk, OpenHow, SimulatedDisk};

    use super::{InputPrefix, PIECE_BYTES};
    use crate::PrefixError;
    use crate::committed::Committed;
    use crate::committed::tests::after_lines;

    /// Returns a commit of `before`, which holds `lines` lines.
    fn committed(before: &[u8], lines: u64) -> Committed {
        let mut prefix = InputPrefix::new();
        before.chunks(3).for_each(|piece| prefix.update(piece));
        Committed { input: prefix.committed("/input".to_owned()), ..after_lines(lines) }
    }

    /// Commits `before`, and returns where a run goes on after `appended` was added.
    fn go_on(before: &[u8], lines: u64, appended: &[u8]) -> Result<u64, String> {
        let disk = SimulatedDisk::new(1);
        disk.put(Path::new("/input"), &[before, appended].concat());
        let input = disk.open(Path::new("/input"), OpenHow::ReadOnly).unwrap();
        let prefix = InputPrefix::of_committed(&*input, &committed(before, lines));
        let prefix = prefix.map_err(|error| error.to_string())?;
        let mut read_again = vec![0; usize::try_from(prefix.bytes()).unwrap()];
        input.read_exact_at(&mut read_again, 0).unwrap();
        assert_eq!(prefix.committed(String::new()).prefix, committed(&read_again, 0).input.prefix);
        Ok(prefix.bytes())
    }

    #[test]
    fn a_commit_knows_the_last_line_end() {
        for (read, ends_in_lf) in [(&b""[..], true), (b"ab\n", true), (b"ab", false), (b"ab\r", false)] {
            let input = committed(read, 1).input;
            assert_eq!((input.bytes, input.ends_in_lf), (read.len() as u64, ends_in_lf));
        }
    }

    #[test]
    fn the_next_line_begins_behind_the_line_end() {
        for (before, appended, offset) in [
            ("a\nb\n", "", 4),
            ("a\nb\n", "c", 4),
            ("a\nbc", "", 4),
            ("a\nbc", "\n", 5),
            ("a\nbc", "\n\nd", 5),
        ] {
            assert_eq!(
                go_on(before.as_bytes(), 2, appended.as_bytes()),
                Ok(offset),
                "{before:?} {appended:?}"
            );
        }
        assert_eq!(go_on(b"a\r", 1, b""), Ok(2));
        assert_eq!(go_on(b"\xef\xbb\xbf", 0, b"a\n"), Ok(0), "the mark is skipped again");
    }

    #[test]
    fn a_changed_last_line_is_noticed() {
        for appended in ["d\n", " ", "\r\n"] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(go_on(b"a\nbc", 2, appended.as_bytes()).unwrap_err(), @"the last line of `/input` that is committed, line 2, had no line end, and what was appended continues it: it is another line now (restore the input as it was, or start over)");
            }
        }
        insta::assert_snapshot!(go_on(b"a\nbc\r", 2, b"\n").unwrap_err(), @"the last line of `/input` that is committed, line 2, ended in CR, which was taken as a part of it; with the LF that was appended, the CR is none any longer (only a run that starts over can take the line so)");
    }

    #[test]
    fn an_input_is_recognised_by_its_committed_part() {
        let content: Vec<u8> = (0..=250).cycle().take(PIECE_BYTES * 2 + 3).collect();
        let disk = SimulatedDisk::new(1);
        let path = Path::new("/input");
        for committed_bytes in [0, 1, PIECE_BYTES, PIECE_BYTES + 1, content.len()] {
            let mut prefix = InputPrefix::new();
            prefix.update(&content[..committed_bytes]);
            let committed = Committed { input: prefix.committed("input".to_owned()), ..after_lines(0) };
            let check = |content: &[u8]| {
                disk.put(path, content);
                let input = disk.open(path, OpenHow::ReadOnly).unwrap();
                InputPrefix::of_committed(&*input, &committed)
            };
            assert!(check(&content).is_ok());
            let mut changed = content.clone();
            if let Some(byte) = changed.get_mut(committed_bytes) {
                *byte ^= 1;
                assert!(check(&changed).is_ok(), "what follows may differ");
            }
            if let Some(last) = committed_bytes.checked_sub(1) {
                let mut changed = content.clone();
                changed[last] ^= 1;
                assert!(matches!(check(&changed), Err(PrefixError::Differs { .. })));
                assert!(matches!(check(&content[..last]), Err(PrefixError::Shorter { .. })));
            }
        }
    }
}
