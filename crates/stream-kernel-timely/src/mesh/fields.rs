//! Fields of messages: numbers and texts as bytes, numbers with their highest byte first.

/// Appends a number.
pub(super) fn put_u16(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_be_bytes());
}

/// Appends a number, the greatest there is if it is greater than that.
pub(super) fn put_u32(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
}

/// Appends as much of `text` as has `most` bytes, with its length.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str, most: u16) {
    let mut end = text.len().min(usize::from(most));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    put_u16(out, u16::try_from(end).unwrap_or(most));
    out.extend_from_slice(&text.as_bytes()[..end]);
}

/// What is left of a message. Every method returns `None` if the message does not have what it should.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// Takes `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    /// Takes a number.
    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// Takes a number.
    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// Takes a text of `most` bytes at most.
    pub(super) fn text(&mut self, most: u16) -> Option<&'a str> {
        let length = self.u16().filter(|length| *length <= most)?;
        let (text, rest) = self.0.split_at_checked(usize::from(length))?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    /// Returns `value` if nothing is left.
    pub(super) fn end<T>(self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}
