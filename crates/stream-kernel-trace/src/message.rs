//! What tracing may ask of a message.

use crate::{CanonicalContent, ShortText};

/// A message as tracing sees it: its kind, who it is about, and its content.
pub trait Message {
    /// Returns the name of the message's kind, such as `LoadAttempt`.
    fn type_name(&self) -> &'static str;

    /// Writes the name by which people know what the message is about, and says whether there is one.
    ///
    /// Asked only when signatures carry identities.
    fn identity(&self, identity: &mut ShortText) -> bool;

    /// Returns whether the identity says nothing about anybody, so that a trace that hides identities may show it: such as the
    /// number of a line, which a record shows anyway. Its hash would tell what the hash of such a number is.
    fn identity_is_public(&self) -> bool {
        false
    }

    /// Appends every field of the message to its canonical content, always in the same order.
    ///
    /// Asked only when signatures carry hashes. Nothing volatile (times of processing, addresses, the order of
    /// a hash map) belongs in it: the same message has the same content on every machine and in every run.
    fn digest(&self, content: &mut CanonicalContent);
}
