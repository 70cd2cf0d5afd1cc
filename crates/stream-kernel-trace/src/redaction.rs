//! Redaction of identities and tags in records.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stream_kernel_text::push_hex;

use crate::{CanonicalContent, ShortText};

/// The text in place of a masked value.
pub const MASK: &str = "***";

/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 4_096;

/// The length of a keyed hash in a record, in hexadecimal digits.
const HASH_DIGITS: usize = 32;

/// A constant whose keyed hash identifies a key.
const KEY_ID_CONTENT: &[u8] = b"which key this is";

/// How records show the identities of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdentityRedaction {
    /// Unchanged.
    #[default]
    None,
    /// As [`MASK`].
    Mask,
    /// As keyed hashes: equal identities have equal hashes.
    Hash,
}

/// A redaction: it hides identities of messages, and values of tags.
///
/// A hidden value reads [`MASK`]. If identities are hashed, it is the first 16 bytes of its HMAC-SHA-256 in lower-case
/// hexadecimal, so that equal values stay equal and nobody can try values without the key. An empty text stays empty.
///
/// Hashes of contents cover hidden values too. With a key, they are keyed (HMAC-SHA-256 instead of SHA-256); if
/// something is hidden and there is no key, records show none.
///
/// ```
/// use stream_kernel_trace::{IdentityRedaction, Redaction, RedactionKey};
///
/// let key = RedactionKey::new(b"a secret of the operator")?;
/// let redaction = Redaction::new(IdentityRedaction::Hash, ["customer_id".to_owned()], Some(key));
/// assert!(!format!("{redaction:?}").contains("secret"));
/// # Ok::<(), stream_kernel_trace::InvalidKey>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Redaction {
    identity: IdentityRedaction,
    tags: Vec<String>,
    key: Option<RedactionKey>,
}

impl Redaction {
    /// Returns a redaction of identities as `identity` says, and of the values of `tags`.
    ///
    /// Without a `key`, values are masked instead of hashed.
    pub fn new(
        identity: IdentityRedaction,
        tags: impl IntoIterator<Item = String>,
        key: Option<RedactionKey>,
    ) -> Self {
        // A context cuts the names of its tags.
        let tags = tags.into_iter().map(|name| ShortText::from(name).as_str().to_owned()).collect();
        Self { identity, tags, key }
    }

    /// Returns whether records must leave out hashes of contents, because anybody could try contents against them.
    pub fn leaves_out_hashes(&self) -> bool {
        self.key.is_none() && (self.identity != IdentityRedaction::None || !self.tags.is_empty())
    }

    /// Returns the id of the key, `None` if there is no key: a keyed hash of a constant, which does not reveal the key.
    pub fn key_id(&self) -> Option<[u8; 16]> {
        self.key.as_ref().map(|key| key.hash([KEY_ID_CONTENT]))
    }

    pub(crate) fn hides_tag(&self, name: &str) -> bool {
        self.tags.iter().any(|hidden| hidden == name)
    }

    /// Replaces an identity by its text in a record.
    pub(crate) fn redact_identity(&self, identity: &mut ShortText) {
        if self.identity != IdentityRedaction::None {
            let mut shown = Vec::with_capacity(HASH_DIGITS);
            self.push_shown(&mut shown, identity);
            identity.set_text(&String::from_utf8_lossy(&shown));
        }
    }

    /// Appends a tag's value as a record shows it, as a JSON string.
    pub(crate) fn push_hidden_tag(&self, out: &mut Vec<u8>, value: &ShortText) {
        out.push(b'"');
        self.push_shown(out, value);
        out.push(b'"');
    }

    /// Returns the hash of a message's content, if records may show one.
    pub(crate) fn content_hash(&self, content: &CanonicalContent) -> Option<[u8; 16]> {
        match &self.key {
            Some(key) => Some(key.hash([content.as_bytes()])),
            None => (!self.leaves_out_hashes()).then(|| content.hash()),
        }
    }

    /// Appends the mask or the hash of `value`; neither needs an escape.
    fn push_shown(&self, out: &mut Vec<u8>, value: &ShortText) {
        match &self.key {
            _ if value.as_str().is_empty() => {}
            Some(key) if self.identity == IdentityRedaction::Hash => {
                // Values that differ only behind the cut are still different.
                let cut = value.cut_digest().to_be_bytes();
                let cut = if value.cut_digest() == 0 { &[][..] } else { &cut };
                push_hex(out, &key.hash([value.as_str().as_bytes(), cut]));
            }
            _ => out.extend_from_slice(MASK.as_bytes()),
        }
    }
}

/// The key of the hashes in a trace. Its `Debug` does not show it.
#[derive(Clone)]
pub struct RedactionKey(Hmac<Sha256>);

impl RedactionKey {
    /// Returns the key with exactly these `bytes`.
    ///
    /// # Errors
    ///
    /// There are no bytes, or more than [`MAX_KEY_BYTES`].
    pub fn new(bytes: &[u8]) -> Result<Self, InvalidKey> {
        match bytes.len() {
            0 => Err(InvalidKey::Empty),
            // HMAC itself accepts a key of any length.
            1..=MAX_KEY_BYTES => Hmac::new_from_slice(bytes).map(Self).map_err(|_| InvalidKey::TooLong),
            _ => Err(InvalidKey::TooLong),
        }
    }

    fn hash<const N: usize>(&self, parts: [&[u8]; N]) -> [u8; 16] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        let digest = mac.finalize().into_bytes();
        std::array::from_fn(|byte| digest[byte])
    }
}

impl fmt::Debug for RedactionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedactionKey(..)")
    }
}

/// Why bytes cannot be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// There are none.
    #[error("it is empty")]
    Empty,
    /// There are too many.
    #[error("it is longer than {MAX_KEY_BYTES} bytes")]
    TooLong,
}

/// Returns whether `text`, in a trace, may stand for a hidden value: it is [`MASK`], or has the form of a hash.
///
/// A reader of a trace must conclude nothing from the form of such a text, and nothing at all from two equal masks.
///
/// ```
/// use stream_kernel_trace::may_be_hidden;
///
/// assert!(may_be_hidden("***") && may_be_hidden("613c1430d502972ebdcfab34b9a96515"));
/// assert!(!may_be_hidden("15887"));
/// ```
pub fn may_be_hidden(text: &str) -> bool {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text == MASK || (text.len() == HASH_DIGITS && text.as_bytes().iter().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> RedactionKey {
        RedactionKey::new(b"Jefe").unwrap()
    }

    fn redaction(identity: IdentityRedaction, key: Option<RedactionKey>) -> Redaction {
        Redaction::new(identity, ["customer_id".to_owned()], key)
    }

    fn tag(redaction: &Redaction, value: &str) -> String {
        let mut out = Vec::new();
        redaction.push_hidden_tag(&mut out, &value.into());
        String::from_utf8(out).unwrap()
    }

    fn identity(redaction: &Redaction, value: &str) -> String {
        let mut text = ShortText::from(value);
        redaction.redact_identity(&mut text);
        text.as_str().to_owned()
    }

    #[test]
    fn hidden_values_are_masks_or_look_like_hashes() {
        let hash = "0123456789abcdef0123456789abcdef";
        assert!(may_be_hidden(MASK) && may_be_hidden(hash));
        for shown in [
            "",
            "true",
            "abc",
            &hash.to_uppercase(),
            &hash[1..],
            &format!("{hash}0"),
            &hash.replace('a', "g"),
        ] {
            assert!(!may_be_hidden(shown), "{shown}");
        }
    }

    #[test]
    fn content_hashes_need_a_key_when_something_is_hidden() {
        let nothing = |key| Redaction::new(IdentityRedaction::None, [], key);
        let one_tag = |key| redaction(IdentityRedaction::None, key);
        assert!(!nothing(None).leaves_out_hashes() && !nothing(Some(key())).leaves_out_hashes());
        assert!(one_tag(None).leaves_out_hashes() && !one_tag(Some(key())).leaves_out_hashes());
    }

    #[test]
    fn a_hash_is_half_of_the_hmac_sha_256_that_rfc_4231_gives() {
        let redaction = redaction(IdentityRedaction::Hash, Some(key()));
        let expected = "5bdcc146bf60754e6a042426089575c7";
        assert_eq!(identity(&redaction, "what do ya want for nothing?"), expected);
        assert_eq!(tag(&redaction, "what do ya want for nothing?"), format!("\"{expected}\""));
        assert!(may_be_hidden(expected));
    }

    #[test]
    fn keys_are_distinguished_by_their_ids() {
        let id = |key: &[u8]| redaction(IdentityRedaction::Mask, RedactionKey::new(key).ok()).key_id();
        assert_eq!((id(b"Jefe"), id(b"")), (id(b"Jefe"), None));
        assert_ne!(id(b"Jefe"), id(b"Jefe\n"));
    }

    #[test]
    fn a_mask_says_nothing_but_that_there_is_a_value() {
        for (hides, key) in [
            (IdentityRedaction::Mask, None),
            (IdentityRedaction::Mask, Some(key())),
            (IdentityRedaction::Hash, None),
        ] {
            let redaction = redaction(hides, key);
            assert_eq!((&*identity(&redaction, "7"), &*tag(&redaction, "8")), ("***", "\"***\""));
            assert_eq!((&*identity(&redaction, ""), &*tag(&redaction, "")), ("", "\"\""));
        }
        let tags_only = redaction(IdentityRedaction::None, Some(key()));
        assert_eq!((&*identity(&tags_only, "7"), &*tag(&tags_only, "8")), ("7", "\"***\""));
    }

    #[test]
    fn any_redaction_keys_or_drops_content_hashes() {
        let mut content = CanonicalContent::default();
        content.begin("Sample");
        let plain = Some(content.hash());
        let hash = |identity, tags: &[&str], key| {
            Redaction::new(identity, tags.iter().map(|&tag| tag.to_owned()), key).content_hash(&content)
        };
        assert_eq!(hash(IdentityRedaction::None, &[], None), plain);
        assert_eq!(hash(IdentityRedaction::None, &["id"], None), None);
        assert_eq!(hash(IdentityRedaction::Mask, &[], None), None);
        let keyed = hash(IdentityRedaction::None, &[], Some(key()));
        assert!(keyed.is_some() && keyed != plain);
        assert_eq!(hash(IdentityRedaction::Hash, &["id"], Some(key())), keyed);
        assert_ne!(hash(IdentityRedaction::Hash, &["id"], RedactionKey::new(b"other").ok()), keyed);
    }

    #[test]
    fn the_longest_key_is_taken_and_one_byte_more_is_not() {
        assert_eq!(RedactionKey::new(b"").unwrap_err(), InvalidKey::Empty);
        assert!(RedactionKey::new(&[0; 1]).is_ok());
        assert!(RedactionKey::new(&[0; MAX_KEY_BYTES]).is_ok());
        assert_eq!(RedactionKey::new(&[0; MAX_KEY_BYTES + 1]).unwrap_err(), InvalidKey::TooLong);
    }

    #[test]
    fn values_that_differ_behind_the_cut_have_different_hashes() {
        let redaction = redaction(IdentityRedaction::Hash, Some(key()));
        let hash = |length| tag(&redaction, &"x".repeat(length));
        assert_eq!(hash(300), hash(300));
        assert_ne!(hash(300), hash(301));
    }

    #[test]
    fn a_listed_name_that_is_too_long_is_cut_as_the_tags_own() {
        let redaction = Redaction::new(IdentityRedaction::None, ["n".repeat(300)], None);
        assert!(redaction.hides_tag(ShortText::from("n".repeat(300)).as_str()));
    }
}
