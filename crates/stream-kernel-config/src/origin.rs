//! Where a value came from.

use std::fmt::{self, Display};
use std::path::PathBuf;

use crate::escape::{Escaped, excerpt};

/// Where a value, or a mistake, came from. Its `Display` is one line, safe for a terminal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A file, as it was named. Line and column count from 1, columns in characters.
    File {
        /// The path as given to [`Loader::file`](crate::Loader::file).
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// The application's built-in configuration, which stands in when no file is named.
    Profile {
        /// Its name.
        name: String,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// An environment variable.
    Variable {
        /// Its whole name.
        name: String,
        /// Its value; what is not UTF-8 in it is replaced.
        value: String,
    },
    /// A command line flag with its value, as typed.
    Flag {
        /// For example `--set runtime.strict=false`.
        text: String,
    },
    /// No layer gave it: the built-in default.
    Default,
}

impl Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => {
                write!(f, "{}:{line}:{column}", Escaped(&path.to_string_lossy()))
            }
            Self::Profile { name, line, column } => write!(f, "{}:{line}:{column}", Escaped(name)),
            Self::Variable { name, value } => {
                write!(f, "environment variable {}={}", Escaped(name), Escaped(&excerpt(value)))
            }
            Self::Flag { text } => write!(f, "command line: {}", Escaped(&excerpt(text))),
            Self::Default => f.write_str("built-in default"),
        }
    }
}

/// An origin and the number of its layer, for sorting; the built-in defaults stand last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Provenance {
    pub(crate) layer: usize,
    pub(crate) origin: Origin,
}

impl Provenance {
    pub(crate) const DEFAULT: Self = Self { layer: usize::MAX, origin: Origin::Default };

    /// Returns the key for sorting by layer, then place.
    pub(crate) fn rank(&self) -> (usize, usize, usize) {
        let (line, column) = match self.origin {
            Origin::File { line, column, .. } | Origin::Profile { line, column, .. } => (line, column),
            Origin::Variable { .. } | Origin::Flag { .. } | Origin::Default => (0, 0),
        };
        (self.layer, line, column)
    }
}
