//! Origins of values.

use std::fmt::{self, Display};
use std::path::PathBuf;
use std::sync::Arc;

use stream_kernel_text::escaped;

use crate::excerpt::excerpt;
use crate::masking::{may_hold_headers, without_confidential_parameters, without_credentials};
use crate::place::Place;
use crate::quoted_line::quoted_line;

/// The origin of a value, or of a mistake. Its `Display` is one line, safe for a terminal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A file, as it was named, or standard input. Line and column count from 1, columns in characters.
    File {
        /// The path as given to [`Loader::file`](crate::Loader::file), followed by the name for a file in a directory.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// The application's built-in configuration, which applies when no file is named.
    BuiltIn {
        /// Its name.
        name: String,
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// A row of a [`Source`](crate::Source).
    Row {
        /// The source's name.
        source: String,
        /// The source's name for the row, such as ``key `a/b` ``; empty for the source as a whole.
        place: String,
    },
    /// An environment variable.
    Variable {
        /// Its whole name.
        name: String,
        /// Its value; bytes that are not UTF-8 are replaced.
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

impl Origin {
    fn line_and_column(&self) -> (usize, usize) {
        match self {
            Self::File { line, column, .. } | Self::BuiltIn { line, column, .. } => (*line, *column),
            Self::Row { .. } | Self::Variable { .. } | Self::Flag { .. } | Self::Default => (0, 0),
        }
    }
}

impl Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => {
                let path = path.to_string_lossy();
                write!(f, "{}:{line}:{column}", escaped(&without_confidential_parameters(&path)))
            }
            Self::BuiltIn { name, line, column } => write!(f, "{}:{line}:{column}", escaped(name)),
            Self::Row { source, place } => {
                write!(f, "{}", escaped(&without_confidential_parameters(source)))?;
                if place.is_empty() { Ok(()) } else { write!(f, ", {}", escaped(&excerpt(place))) }
            }
            Self::Variable { name, value } if may_hold_headers(name) || may_hold_headers(value) => {
                write!(f, "environment variable {}=***", escaped(name))
            }
            Self::Variable { name, value } => {
                let value = excerpt(&without_credentials(value));
                write!(f, "environment variable {}={}", escaped(name), escaped(&value))
            }
            Self::Flag { text } if may_hold_headers(text) => {
                let shown = text.split_once('=').map_or("***", |(key, _)| key);
                write!(f, "command line: {}=***", escaped(&excerpt(shown)))
            }
            Self::Flag { text } => {
                write!(f, "command line: {}", escaped(&excerpt(&without_credentials(text))))
            }
            Self::Default => f.write_str("built-in default"),
        }
    }
}

/// An origin, the number of its layer, and its text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Provenance {
    /// The built-in defaults come last.
    pub(crate) layer: usize,
    pub(crate) origin: Origin,
    pub(crate) text: Option<Arc<str>>,
}

impl From<Origin> for Provenance {
    fn from(origin: Origin) -> Self {
        Self { origin, ..Self::DEFAULT }
    }
}

/// Without the text, which may contain credentials.
impl fmt::Debug for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provenance").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Provenance {
    pub(crate) const DEFAULT: Self = Self { layer: usize::MAX, origin: Origin::Default, text: None };

    pub(crate) fn in_layer(self, layer: usize) -> Self {
        Self { layer, ..self }
    }

    /// Returns another place of the same text, if its origin has lines.
    pub(crate) fn at(&self, place: Place) -> Self {
        let mut provenance = self.clone();
        if let Origin::File { line, column, .. } | Origin::BuiltIn { line, column, .. } =
            &mut provenance.origin
        {
            (*line, *column) = (place.line, place.column);
        }
        provenance
    }

    /// Returns the key for sorting by layer, then place.
    pub(crate) fn rank(&self) -> (usize, (usize, usize)) {
        (self.layer, self.origin.line_and_column())
    }

    /// Returns the line of the origin in its text. It is found on demand: a layer has thousands of places, and few are
    /// ever shown.
    pub(crate) fn quoted(&self) -> Option<String> {
        quoted_line(self.text.as_deref()?, self.origin.line_and_column())
    }
}
