//! Text of bounded length: texts from data are cut at 256 characters before they enter a record.

use std::fmt;

/// The number of characters after which a text in a record is cut.
pub const MAX_TEXT_CHARS: usize = 256;

/// The end of a cut text, after its first [`MAX_TEXT_CHARS`] characters.
pub const TRUNCATED: &str = "...(truncated)";

/// A text of at most [`MAX_TEXT_CHARS`] characters; a longer one is cut there and ends in [`TRUNCATED`].
///
/// Two texts that differ only behind the cut read the same but are not equal: the comparison includes a digest of the
/// cut part, so that a change there is noticed. Clearing keeps the allocation.
///
/// ```
/// use stream_kernel_trace::ShortText;
///
/// let text = ShortText::from("x".repeat(300));
/// assert_eq!(text.as_str(), "x".repeat(256) + "...(truncated)");
/// assert_ne!(text, ShortText::from("x".repeat(301)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShortText {
    text: String,
    /// FNV-1a of the bytes behind the cut; `None` if nothing was cut.
    cut_digest: Option<u64>,
}

impl ShortText {
    /// Returns the text, with its mark if it was cut.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Replaces the text by the one that `value` displays.
    pub fn set(&mut self, value: impl fmt::Display) {
        self.clear();
        // This writer never fails, nor does a correct `Display`; an incorrect one leaves the text that it wrote.
        let _ = fmt::Write::write_fmt(self, format_args!("{value}"));
    }

    /// Replaces the text by `text`, like [`set`](Self::set) without formatting, which saves 4 % of a line whose
    /// identities are traced.
    pub fn set_text(&mut self, text: &str) {
        self.clear();
        self.push(text);
    }

    /// Empties the text and keeps its allocation.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cut_digest = None;
    }

    /// Returns the digest of the part behind the cut, 0 if nothing was cut.
    pub(crate) fn cut_digest(&self) -> u64 {
        self.cut_digest.unwrap_or(0)
    }

    fn push(&mut self, part: &str) {
        if let Some(digest) = &mut self.cut_digest {
            *digest = fnv1a(*digest, part);
            return;
        }
        // A text with as many bytes as the limit has characters always fits: the usual path need not count.
        if self.text.len() + part.len() <= MAX_TEXT_CHARS {
            self.text.push_str(part);
            return;
        }
        let room = MAX_TEXT_CHARS - self.text.chars().count();
        match part.char_indices().nth(room) {
            None => self.text.push_str(part),
            Some((at, _)) => {
                let (kept, cut) = part.split_at(at);
                self.text.push_str(kept);
                self.text.push_str(TRUNCATED);
                self.cut_digest = Some(fnv1a(FNV_OFFSET, cut));
            }
        }
    }
}

impl fmt::Write for ShortText {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.push(part);
        Ok(())
    }
}

impl<T: AsRef<str>> From<T> for ShortText {
    fn from(text: T) -> Self {
        let mut short = Self::default();
        short.push(text.as_ref());
        short
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv1a(state: u64, text: &str) -> u64 {
    text.bytes().fold(state, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn exactly_256_characters_are_kept_and_one_more_is_cut() {
        for unit in ["a", "é", "🙂"] {
            let at_bound = unit.repeat(256);
            assert_eq!(ShortText::from(&at_bound).as_str(), at_bound);
            assert_eq!(ShortText::from(unit.repeat(257)).as_str(), at_bound.clone() + TRUNCATED);
        }
    }

    #[test]
    fn writing_in_pieces_cuts_at_the_same_place() {
        let mut pieces = ShortText::default();
        for _ in 0..100 {
            pieces.write_str("añb").unwrap();
        }
        assert_eq!(pieces, ShortText::from("añb".repeat(100)));
        assert_eq!(pieces.as_str().chars().count(), 256 + TRUNCATED.len());
    }

    #[test]
    fn a_difference_behind_the_cut_is_a_difference() {
        let (one, two) = (ShortText::from("x".repeat(300) + "1"), ShortText::from("x".repeat(300) + "2"));
        assert_eq!(one.as_str(), two.as_str());
        assert_ne!(one, two);
    }

    #[test]
    fn a_cleared_text_is_as_new() {
        let mut text = ShortText::from("x".repeat(300));
        text.set("y");
        assert_eq!(text, ShortText::from("y"));
    }
}
