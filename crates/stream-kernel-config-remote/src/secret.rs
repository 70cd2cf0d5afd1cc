//! Secrets in a URL.

use std::fmt;

/// A user name, a password or a token. Its `Debug` reveals nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns the text, for the request that needs it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Returns whether a text, such as a server's message, repeats it.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        !self.0.is_empty() && text.contains(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
