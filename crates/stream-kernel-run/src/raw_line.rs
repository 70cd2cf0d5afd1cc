//! Lines as they were read.

use std::mem;

use smallvec::SmallVec;
use stream_kernel_exec::trace::{CanonicalContent, ShortText};
use stream_kernel_exec::{Kind, MessageSet, Payload, Recycled, VariantOf, recycle};
use stream_kernel_text::hex;

/// A physical line of the input, without its line end: the input of every application.
///
/// One pointer in size, so that messages stay small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawLine(Recycled<NumberedLine>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct NumberedLine {
    line_no: u64,
    content: LineContent,
}

recycle!(NumberedLine, |line| {
    if line.content.is_on_heap() {
        line.content = LineContent::empty();
    }
});

impl RawLine {
    /// Returns the line with number `line_no`, from 1, on which `content` stands.
    #[inline]
    pub fn new(line_no: u64, content: LineContent) -> Self {
        Self(Recycled::new(NumberedLine { line_no, content }))
    }

    /// Returns the line with number `line_no`, from 1, on which `text` stands.
    #[inline]
    pub(crate) fn of(line_no: u64, text: &[u8]) -> Self {
        let make = |text: &[u8]| NumberedLine { line_no, content: LineContent::Whole(text.into()) };
        Self(Recycled::written(text, make, |line, text| {
            line.line_no = line_no;
            match &mut line.content {
                LineContent::Whole(earlier) => {
                    earlier.clear();
                    earlier.extend_from_slice(text);
                }
                overlong @ LineContent::Overlong { .. } => *overlong = LineContent::Whole(text.into()),
            }
        }))
    }

    /// Returns the line's number, from 1.
    pub fn line_no(&self) -> u64 {
        self.0.line_no
    }

    /// Returns its content.
    pub fn content(&self) -> &LineContent {
        &self.0.content
    }

    /// Returns its text; `None` if it is too long or not UTF-8.
    ///
    /// ```
    /// use stream_kernel_run::{LineContent, RawLine};
    ///
    /// let line = |bytes: &[u8]| RawLine::new(1, LineContent::Whole(bytes.into()));
    /// assert_eq!(line(b"a line").text(), Some("a line"));
    /// assert_eq!(line(b"\xff").text(), None);
    /// ```
    pub fn text(&self) -> Option<&str> {
        match self.content() {
            LineContent::Whole(text) => str::from_utf8(text).ok(),
            LineContent::Overlong { .. } => None,
        }
    }

    /// Returns its content, and drops the rest.
    pub fn into_content(mut self) -> LineContent {
        mem::replace(&mut self.0.content, LineContent::empty())
    }
}

/// A message enum with [`RawLine`] as a variant; [`messages!`](stream_kernel_exec::messages) implements it.
pub trait LineMessage: MessageSet + From<RawLine> {
    /// The kind of messages that carry a line.
    const LINE_KIND: Kind;
}

impl<M: MessageSet> LineMessage for M
where
    M: From<RawLine>,
    RawLine: VariantOf<M>,
{
    const LINE_KIND: Kind = Kind::of::<M, RawLine>();
}

/// The content of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineContent {
    /// All of it. A text of up to 128 bytes is stored inline, a longer one on the heap.
    Whole(SmallVec<[u8; 128]>),
    /// The line is too long: it was skipped without being stored.
    Overlong {
        /// Its length.
        bytes: u64,
        /// Its SHA-256.
        sha256: [u8; 32],
    },
}

impl LineContent {
    fn empty() -> Self {
        Self::Whole(SmallVec::new())
    }

    fn is_on_heap(&self) -> bool {
        matches!(self, Self::Whole(text) if text.spilled())
    }
}

/// The identity of a line is its number; its content is its number and its text.
impl Payload for RawLine {
    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(self.line_no());
        true
    }

    fn identity_is_public(&self) -> bool {
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.unsigned("line_no", self.line_no());
        match self.content() {
            LineContent::Whole(text) => content.bytes("text", text),
            LineContent::Overlong { bytes, sha256 } => {
                content.optional_text("text", None);
                content.unsigned("text_bytes", *bytes);
                content.text("text_sha256", &hex(sha256));
            }
        }
    }
}
