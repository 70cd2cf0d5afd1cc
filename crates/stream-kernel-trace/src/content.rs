//! The canonical content of a message, and its hash.

use std::borrow::Cow;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::json::{push_integer, push_wide_integer};

/// The canonical content of a message: its type's name, then its fields in a fixed order, as unambiguous bytes.
///
/// The format, so that anybody can recompute a hash with a shell:
///
/// ```text
/// LoadAttempt\n            the type's name
/// line_no=7\n              an integer: decimal digits, a minus before them if it is negative
/// id=5:15887\n             a text or bytes: the length in bytes, a colon, the bytes as they are
/// prime=true\n             a truth value: true or false
/// ratio=0.25\n             a floating-point number: as few digits as read back as the same; NaN, inf, -inf
/// reason=null\n            nothing
/// ```
///
/// The hash is the first 16 bytes of the content's SHA-256, in lower-case hexadecimal. It identifies a content on every
/// machine and in every run; half of SHA-256 keeps records short and is still free of collisions in practice.
///
/// ```
/// use stream_kernel_trace::CanonicalContent;
///
/// let mut content = CanonicalContent::default();
/// content.begin("Greeting");
/// content.text("to", "world");
/// assert_eq!(content.as_bytes(), b"Greeting\nto=5:world\n");
/// // printf 'Greeting\nto=5:world\n' | sha256sum | cut -c1-32
/// assert_eq!(stream_kernel_text::hex(&content.hash()), "613c1430d502972ebdcfab34b9a96515");
/// ```
#[derive(Debug, Default)]
pub struct CanonicalContent {
    bytes: Vec<u8>,
}

impl CanonicalContent {
    /// Begins the content of a message of type `type_name`; clears earlier content and keeps its allocation.
    pub fn begin(&mut self, type_name: &str) {
        self.bytes.clear();
        self.bytes.extend_from_slice(type_name.as_bytes());
        self.bytes.push(b'\n');
    }

    /// Appends a text field.
    pub fn text(&mut self, name: &str, value: &str) {
        self.bytes(name, value.as_bytes());
    }

    /// Appends a field of bytes.
    pub fn bytes(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        push_integer(&mut self.bytes, value.len());
        self.bytes.push(b':');
        self.bytes.extend_from_slice(value);
        self.bytes.push(b'\n');
    }

    /// Appends an optional text field.
    pub fn optional_text(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.raw(name, b"null"),
        }
    }

    /// Appends an unsigned integer field.
    pub fn unsigned(&mut self, name: &str, value: impl Into<u128>) {
        self.name(name);
        push_wide_integer(&mut self.bytes, value.into());
        self.bytes.push(b'\n');
    }

    /// Appends an integer field.
    pub fn integer(&mut self, name: &str, value: impl Into<i128>) {
        self.name(name);
        let value = value.into();
        if value < 0 {
            self.bytes.push(b'-');
        }
        push_wide_integer(&mut self.bytes, value.unsigned_abs());
        self.bytes.push(b'\n');
    }

    /// Appends a floating-point field: as few digits as read back as the same number, without an exponent.
    ///
    /// ```
    /// use stream_kernel_trace::CanonicalContent;
    ///
    /// let mut content = CanonicalContent::default();
    /// for value in [0.1, 1.0, -0.0, 1e20, f64::NAN, f64::NEG_INFINITY] {
    ///     content.float("x", value);
    /// }
    /// assert_eq!(content.as_bytes(), b"x=0.1\nx=1\nx=-0\nx=100000000000000000000\nx=NaN\nx=-inf\n");
    /// ```
    pub fn float(&mut self, name: &str, value: f64) {
        self.raw(name, value.to_string().as_bytes());
    }

    /// Appends a field with the text that people read.
    pub fn display(&mut self, name: &str, value: impl fmt::Display) {
        self.text(name, &value.to_string());
    }

    /// Appends a boolean field.
    pub fn boolean(&mut self, name: &str, value: bool) {
        self.raw(name, if value { b"true" } else { b"false" });
    }

    /// Returns the content so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the hash of the content so far.
    pub fn hash(&self) -> [u8; 16] {
        let digest = Sha256::digest(&self.bytes);
        std::array::from_fn(|byte| digest[byte])
    }

    fn raw(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.bytes.extend_from_slice(value);
        self.bytes.push(b'\n');
    }

    fn name(&mut self, name: &str) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(b'=');
    }
}

/// A value that can be a field of canonical content.
///
/// ```
/// use stream_kernel_trace::{CanonicalContent, ContentField};
///
/// let mut content = CanonicalContent::default();
/// 7_u32.append("count", &mut content);
/// Some("a text").append("remark", &mut content);
/// None::<bool>.append("known", &mut content);
/// assert_eq!(content.as_bytes(), b"count=7\nremark=6:a text\nknown=null\n");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of canonical content",
    note = "implement `ContentField` for it, or write `#[payload(display)]` on the field if its text says everything"
)]
pub trait ContentField {
    /// Appends the value as the field `name`.
    fn append(&self, name: &str, content: &mut CanonicalContent);
}

macro_rules! fields {
    ($($type:ty: |$value:ident, $name:ident, $content:ident| $append:expr;)+) => {$(
        impl ContentField for $type {
            fn append(&self, $name: &str, $content: &mut CanonicalContent) {
                let $value = self;
                $append;
            }
        }
    )+};
}

fields! {
    str: |value, name, content| content.text(name, value);
    String: |value, name, content| content.text(name, value);
    Cow<'_, str>: |value, name, content| content.text(name, value);
    [u8]: |value, name, content| content.bytes(name, value);
    Vec<u8>: |value, name, content| content.bytes(name, value);
    bool: |value, name, content| content.boolean(name, *value);
    f64: |value, name, content| content.float(name, *value);
    f32: |value, name, content| content.raw(name, value.to_string().as_bytes());
    usize: |value, name, content| content.unsigned(name, *value as u64);
    isize: |value, name, content| content.integer(name, *value as i64);
}

macro_rules! integer_fields {
    ($method:ident: $($type:ty)+) => {
        fields! { $($type: |value, name, content| content.$method(name, *value);)+ }
    };
}

integer_fields!(unsigned: u8 u16 u32 u64 u128);
integer_fields!(integer: i8 i16 i32 i64 i128);

impl<T: ContentField + ?Sized> ContentField for &T {
    fn append(&self, name: &str, content: &mut CanonicalContent) {
        (**self).append(name, content);
    }
}

impl<T: ContentField + ?Sized> ContentField for Box<T> {
    fn append(&self, name: &str, content: &mut CanonicalContent) {
        (**self).append(name, content);
    }
}

impl<T: ContentField> ContentField for Option<T> {
    fn append(&self, name: &str, content: &mut CanonicalContent) {
        match self {
            Some(value) => value.append(name, content),
            None => content.raw(name, b"null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(fill: impl FnOnce(&mut CanonicalContent)) -> CanonicalContent {
        let mut content = CanonicalContent::default();
        content.begin("Sample");
        fill(&mut content);
        content
    }

    #[test]
    fn every_form_of_field_is_written_as_documented() {
        let content = content(|content| {
            content.text("text", "a\nb");
            content.bytes("bytes", &[0xff]);
            content.optional_text("some", Some(""));
            content.optional_text("none", None);
            content.unsigned("unsigned", u128::MAX);
            content.integer("integer", -7);
            content.integer("zero", 0);
            content.boolean("yes", true);
            content.boolean("no", false);
        });
        let expected = b"Sample\ntext=3:a\nb\nbytes=1:\xff\nsome=0:\nnone=null\n\
            unsigned=340282366920938463463374607431768211455\ninteger=-7\nzero=0\nyes=true\nno=false\n";
        assert_eq!(content.as_bytes(), expected);
    }

    #[test]
    fn texts_that_imitate_other_fields_do_not_collide_with_them() {
        let one = content(|content| content.text("a", "1:x\nb=1:y"));
        let two = content(|content| {
            content.text("a", "x");
            content.text("b", "y");
        });
        assert_ne!(one.hash(), two.hash());
    }

    #[test]
    fn a_new_beginning_clears_the_content() {
        let mut again = content(|content| content.text("a", "x"));
        again.begin("Sample");
        assert_eq!(again.as_bytes(), b"Sample\n");
    }
}
