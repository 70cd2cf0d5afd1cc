//! Signatures: the description of a message in a record.

use stream_kernel_text::hex_digits;

use crate::json::{push_optional_string, push_string};
use crate::{CanonicalContent, Message, Redaction, ShortText};

/// How much of a message a record shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureMode {
    /// Its kind.
    #[default]
    TypeOnly,
    /// Its kind and its identity.
    TypeAndIdentity,
    /// Its kind, its identity and a hash of its canonical content.
    Hash,
}

/// The description of one message in a record: its kind and, depending on the mode, its identity and hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    type_name: &'static str,
    has_identity: bool,
    identity: ShortText,
    /// In lower-case hexadecimal, because it is usually written twice: as output of one step and input of the next.
    hash: Option<[u8; 32]>,
}

impl Signature {
    /// Returns the name of the message's kind.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Returns the message's identity; `None` if it has none or the mode does not show it.
    pub fn identity(&self) -> Option<&str> {
        self.has_identity.then(|| self.identity.as_str())
    }

    /// Returns the hash of the message's content, in lower-case hexadecimal; `None` if the mode or the redaction does not
    /// show it.
    pub fn hash(&self) -> Option<&str> {
        self.hash.as_ref().and_then(|digits| str::from_utf8(digits).ok())
    }

    /// Makes this the signature of `message`, under `redaction`; `content` is a buffer. Keeps its allocations.
    pub(crate) fn describe(
        &mut self,
        message: &impl Message,
        mode: SignatureMode,
        redaction: &Redaction,
        content: &mut CanonicalContent,
    ) {
        self.type_name = message.type_name();
        self.has_identity = false;
        self.hash = None;
        if mode == SignatureMode::TypeOnly {
            return;
        }
        self.identity.clear();
        self.has_identity = message.identity(&mut self.identity);
        if self.has_identity && !message.identity_is_public() {
            redaction.redact_identity(&mut self.identity);
        }
        if mode == SignatureMode::Hash {
            content.begin(self.type_name);
            message.digest(content);
            let hash = redaction.content_hash(content);
            self.hash = hash.map(|hash| std::array::from_fn(|digit| hex_digits(hash[digit / 2])[digit % 2]));
        }
    }

    /// Returns whether it shows only the kind.
    pub(crate) fn is_bare(&self) -> bool {
        !self.has_identity && self.hash.is_none()
    }

    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type_name\":");
        push_string(out, self.type_name);
        out.extend_from_slice(b",\"identity\":");
        push_optional_string(out, self.identity());
        out.extend_from_slice(b",\"hash\":");
        match &self.hash {
            None => out.extend_from_slice(b"null"),
            Some(hash) => {
                out.push(b'"');
                out.extend_from_slice(hash);
                out.push(b'"');
            }
        }
        out.push(b'}');
    }
}
