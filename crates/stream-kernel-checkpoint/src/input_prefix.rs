//! Beginning of an input, as far as it was read: what a commit says of it, and from where a resumed run goes on.

use stream_kernel_disk::DiskFile;

use crate::committed::{Committed, CommittedInput};
use crate::prefix::{PrefixError, PrefixHash};

/// The beginning of an input, as far as it was read.
#[derive(Clone, Debug)]
pub struct InputPrefix {
    bytes: u64,
    hash: PrefixHash,
    ends_in_lf: bool,
}

impl InputPrefix {
    /// Returns that nothing was read.
    pub fn new() -> Self {
        Self { bytes: 0, hash: PrefixHash::new(), ends_in_lf: true }
    }

    /// Reads what was committed of an input, and returns where the next line begins: behind the LF of the last one,
    /// though that may have had none when it was committed.
    ///
    /// # Errors
    ///
    /// The input cannot be read, is shorter than what was committed, begins differently, or the last line is no longer
    /// the one that it was: something was appended to it.
    pub fn of_committed(input: &dyn DiskFile, committed: &Committed) -> Result<Self, PrefixError> {
        let hash = PrefixHash::of_committed(input, &committed.input)?;
        let CommittedInput { bytes, ends_in_lf, .. } = committed.input;
        if committed.lines == 0 {
            // A byte order mark may have been all there was: it is skipped again, with the line that it now begins.
            return Ok(Self::new());
        }
        let mut prefix = Self { bytes, hash, ends_in_lf };
        let path = || input.path().to_owned();
        let failed = |cause| PrefixError::Read { path: path(), cause };
        let Some(last) = bytes.checked_sub(1) else { return Ok(prefix) };
        if ends_in_lf || input.len().map_err(failed)? == bytes {
            return Ok(prefix);
        }
        let mut around = [0; 2];
        input.read_exact_at(&mut around, last).map_err(failed)?;
        let line_no = committed.lines;
        match around {
            [_, next] if next != b'\n' => Err(PrefixError::Joined { path: path(), line_no }),
            // A CR belongs to the line end only if LF follows: then the line was another one when it was read.
            [b'\r', _] => Err(PrefixError::LosesCr { path: path(), line_no }),
            _ => {
                prefix.update(b"\n");
                Ok(prefix)
            }
        }
    }

    /// Adds what was read next.
    pub fn update(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
        if let Some(last) = bytes.last() {
            self.ends_in_lf = *last == b'\n';
        }
    }

    /// Returns the number of bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns what a commit says of the input at `path`.
    pub fn committed(&self, path: String) -> CommittedInput {
        CommittedInput { path, bytes: self.bytes, prefix: self.hash.digest(), ends_in_lf: self.ends_in_lf }
    }
}

impl Default for InputPrefix {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use stream_kernel_disk::{Disk, OpenHow, SimulatedDisk};

    use super::InputPrefix;
    use crate::committed::Committed;
    use crate::committed::tests::after_lines;

    /// Returns the commit of `before`, which holds `lines` lines.
    fn committed(before: &[u8], lines: u64) -> Committed {
        let mut prefix = InputPrefix::new();
        before.chunks(3).for_each(|piece| prefix.update(piece));
        Committed { input: prefix.committed("/input".to_owned()), ..after_lines(lines) }
    }

    /// Commits `before` and returns where a run goes on that finds `appended` behind it.
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
}
