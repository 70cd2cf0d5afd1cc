//! Stores of keys and values that configuration is read from.

use std::fmt::Debug;

use crate::mistake::Problem;
use crate::yaml::MAX_VALUES;

/// A store of keys and values, read once, before the run: a layer of the configuration.
///
/// An application hands one in with [`Loader::source`](crate::Loader::source). Merging, checking, and saying where a value came from is all
/// done for it.
pub trait Source: Debug {
    /// Returns what messages call it, such as `etcd://127.0.0.1:2379/fund-load`. It never holds credentials.
    fn name(&self) -> String;

    /// Returns everything that it holds, at most [`MAX_SOURCE_ROWS`] and [`MAX_SOURCE_BYTES`] of it.
    ///
    /// No rows at all are a mistake as well, unless the source is optional: most likely, a prefix or a name is mistyped.
    ///
    /// # Errors
    ///
    /// Says why there are none, after a bounded wait, and what can be done about it. A [`Problem`] alone is one of an
    /// unusable source: `?` makes it one.
    fn rows(&self) -> Result<Vec<Row>, SourceError>;

    /// Returns whether a run may do without it when it is not available or holds nothing.
    fn is_optional(&self) -> bool {
        false
    }
}

/// Why a [`Source`] has not given its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceError {
    /// It cannot be reached, is not ready, or does not answer in time. If it is optional, it is left out with a warning.
    Unavailable(Problem),
    /// It is there, and does not let anybody in with these credentials, or holds what is no configuration. That is a
    /// mistake to mend, whether it is optional or not.
    Unusable(Problem),
}

impl From<Problem> for SourceError {
    fn from(problem: Problem) -> Self {
        Self::Unusable(problem)
    }
}

/// A source may have so many rows.
pub const MAX_SOURCE_ROWS: usize = MAX_VALUES;

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
