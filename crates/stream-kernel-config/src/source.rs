//! Stores of keys and values that configuration is read from.

use std::fmt::Debug;

use crate::mistake::Problem;

/// A store of keys and values, read once, before the run: a layer of the configuration.
///
/// An application hands one in with [`Loader::source`](crate::Loader::source). Merging, checking, and saying where a value came from is all
/// done for it.
pub trait Source: Debug {
    /// Returns what messages call it, such as `etcd://127.0.0.1:2379/fund-load`. It never holds credentials.
    fn name(&self) -> String;

    /// Returns everything that it holds, at most [`MAX_SOURCE_BYTES`] of it.
    ///
    /// # Errors
    ///
    /// Says why it cannot be read, after a bounded wait, and what can be done about it.
    fn rows(&self) -> Result<Vec<Row>, Problem>;

    /// Returns whether a run may do without it when it cannot be read.
    fn is_optional(&self) -> bool {
        false
    }
}

/// All keys and values of a source may have so many bytes together.
pub const MAX_SOURCE_BYTES: usize = 1 << 20;

/// A key and its value, in a [`Source`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the source calls it, for messages: ``key `fund-load/runtime/strict` ``.
    pub place: String,
    /// The key path that it sets, keys separated by points: `runtime.strict`.
    pub key: String,
    /// The value: for a key of type text, character by character; for any other, YAML flow.
    pub value: String,
}
