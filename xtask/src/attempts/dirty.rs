//! A dirty stream: lines that cannot be adjudicated among lines that can.

use super::clean::CleanStream;
use super::hostile;
use super::random::Random;

/// Returns the fixture: every bad line of the table once, with a good line after every third.
///
/// It begins with a byte order mark, has a few lines that end in CR LF, and no LF after the last line.
pub(crate) fn fixture() -> Vec<u8> {
    let mut good = hostile::odd_but_good().into_iter();
    let mut lines = Vec::new();
    for (index, bad) in hostile::bad().into_iter().enumerate() {
        if index % 3 == 0 {
            lines.extend(good.next());
        }
        lines.push(bad);
    }
    lines.extend(good);

    let mut bytes = b"\xef\xbb\xbf".to_vec();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            bytes.extend_from_slice(if index % 10 == 0 { b"\r\n" } else { b"\n" });
        }
        bytes.extend_from_slice(line);
    }
    bytes
}

/// Yields the lines of a clean stream, about one in eight replaced by a bad one, without line ends.
pub(crate) struct DirtyStream {
    clean: CleanStream,
    bad: Vec<Vec<u8>>,
    random: Random,
}

impl DirtyStream {
    /// Returns the stream of `seed` with `lines` lines.
    pub(crate) fn new(seed: u64, lines: u64) -> Self {
        Self { clean: CleanStream::new(seed, lines), bad: hostile::bad(), random: Random::new(!seed) }
    }
}

impl Iterator for DirtyStream {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let attempt = self.clean.next()?;
        if self.random.once_in(8) {
            let index = self.random.index(self.bad.len());
            return Some(self.bad[index].clone());
        }
        Some(attempt.to_string().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::{fixture, hostile};

    #[test]
    fn the_fixture_has_bytes_that_are_not_text() {
        let bytes = fixture();
        let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);

        assert!(bytes.starts_with(b"\xef\xbb\xbf"), "a byte order mark");
        assert!(has(b"\r\n"), "a line that ends in CR LF");
        assert!(has(b"\n\n"), "a blank line");
        assert!(!bytes.ends_with(b"\n"), "a last line without LF");
        assert!(std::str::from_utf8(&bytes).is_err(), "bytes that are not UTF-8");
    }

    #[test]
    fn every_line_of_the_tables_is_one_line_of_the_fixture() {
        let expected = hostile::bad().len() + hostile::odd_but_good().len();
        assert_eq!(fixture().split(|byte| *byte == b'\n').count(), expected);
    }
}
