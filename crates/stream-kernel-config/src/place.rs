//! Places in a text.

/// A place in a text: line and column, both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The number of the text, from 0: each row of a tree has a text of its own.
    pub(crate) text: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    /// The beginning of a text.
    pub(crate) const START: Self = Self { text: 0, line: 1, column: 1 };

    /// The end of a text.
    pub(crate) fn after(text: &str) -> Self {
        let last_line = text.rsplit('\n').next().unwrap_or_default();
        Self { text: 0, line: text.matches('\n').count() + 1, column: last_line.chars().count() + 1 }
    }
}
