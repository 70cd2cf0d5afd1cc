//! Messages, as tracing sees them.

use crate::{CanonicalContent, ShortText};

/// A message as tracing sees it: its kind, its identity, and its content.
pub trait Message {
    /// Returns the name of the message's kind, such as `LoadAttempt`.
    fn type_name(&self) -> &'static str;

    /// Writes the name that people use for the message's subject; returns false if there is none.
    ///
    /// Called only when signatures show identities.
    fn identity(&self, identity: &mut ShortText) -> bool;

    /// Returns whether the identity reveals nothing about anybody, so that a trace that hides identities may show it:
    /// for instance a line number, which a record shows anyway. Its hash would reveal the hashes of such numbers.
    fn identity_is_public(&self) -> bool {
        false
    }

    /// Appends every field of the message to its canonical content, always in the same order.
    ///
    /// Called only when signatures show hashes. Append nothing volatile (times of processing, addresses, the order of a
    /// hash map): the same message has the same content on every machine and in every run.
    fn digest(&self, content: &mut CanonicalContent);
}
