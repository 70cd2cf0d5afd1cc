//! Witness of what a worker has written to a file: its last byte. Once the file was shortened, that is missing, or reads as zero.
//!
//! What is written later, here or by other workers, hides behind a gap of zeros that the file was shortened. Whoever has written the byte
//! that was the last one then looks before it writes again, and before what was written is committed.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Where the last byte is that was written, and what it is.
#[derive(Debug, Default)]
pub(crate) struct Witness(Option<(u64, u8)>);

impl Witness {
    /// Notes what was written at an offset.
    pub(crate) fn note(&mut self, bytes: &[u8], at: u64) {
        if let Some(&last) = bytes.last() {
            self.0 = Some((at + bytes.len() as u64 - 1, last));
        }
    }

    /// Returns whether what was written last is still there.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(crate) fn is_there(&self, file: &File) -> io::Result<bool> {
        let Some((at, last)) = self.0 else { return Ok(true) };
        let mut byte = [0];
        match file.read_exact_at(&mut byte, at) {
            Ok(()) => Ok(byte == [last]),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;

    #[test]
    fn a_gap_is_noticed_by_whoever_wrote_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path).unwrap();
        let (mut first, mut second) = (Witness::default(), Witness::default());
        let write = |witness: &mut Witness, bytes: &[u8], at| {
            file.write_all_at(bytes, at).unwrap();
            witness.note(bytes, at);
        };
        write(&mut first, b"a\n", 0);
        write(&mut second, b"b\n", 2);
        write(&mut first, b"", 4);
        assert!(first.is_there(&file).unwrap() && second.is_there(&file).unwrap());
        file.set_len(3).unwrap();
        assert!(first.is_there(&file).unwrap() && !second.is_there(&file).unwrap());
        write(&mut first, b"c\n", 4);
        assert!(first.is_there(&file).unwrap() && !second.is_there(&file).unwrap(), "behind a gap");
    }
}
