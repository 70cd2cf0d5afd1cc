//! Stores of keys and values as sources of configuration.

use std::fmt::Debug;

use crate::mistake::Problem;
use crate::yaml::MAX_VALUES;

/// A store of keys and values, read once, before the run: a layer of the configuration.
///
/// An application adds one with [`Loader::source`](crate::Loader::source). The loader merges and checks its values and
/// knows their origins.
pub trait Source: Debug {
    /// Returns its name in messages, such as `etcd://127.0.0.1:2379/fund-load`. It never contains credentials.
    fn name(&self) -> String;

    /// Returns all its rows, at most [`MAX_SOURCE_ROWS`] and [`MAX_SOURCE_BYTES`].
    ///
    /// No rows at all are a mistake as well, unless the source is optional: most likely, a prefix or a name is
    /// mistyped.
    ///
    /// # Errors
    ///
    /// Returns why there are no rows, after a bounded wait, and a remedy. A [`Problem`] alone means an unusable source:
    /// `?` converts it.
    fn rows(&self) -> Result<Vec<Row>, SourceError>;

    /// Returns whether a run may do without it when it is not available or empty.
    fn is_optional(&self) -> bool {
        false
    }
}

/// Why a [`Source`] gives no rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceError {
    /// It cannot be reached, is not ready, or does not answer in time. An optional source is left out with a warning.
    Unavailable(Problem),
    /// It answers, but refuses these credentials, or its content is not a configuration. That is a mistake to mend,
    /// optional or not.
    Unusable(Problem),
}

impl From<Problem> for SourceError {
    fn from(problem: Problem) -> Self {
        Self::Unusable(problem)
    }
}

/// The most rows of a source.
pub const MAX_SOURCE_ROWS: usize = MAX_VALUES;

/// The most bytes of all keys and values of a source together.
pub const MAX_SOURCE_BYTES: usize = 1 << 20;

/// A key and its value, in a [`Source`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The source's name for it in messages: ``key `fund-load/runtime/strict` ``.
    pub place: String,
    /// Its key path, with points between keys: `runtime.strict`.
    pub key: String,
    /// The value: for a key of type text, character by character; for any other, YAML flow.
    pub value: String,
}
