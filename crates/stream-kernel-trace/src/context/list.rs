//! Lists that keep the order of insertion.

use std::fmt;

use super::{ErrorEntry, MAX_ENTRIES};
use crate::{ShortText, TRUNCATED};

/// A list of at most [`MAX_ENTRIES`] entries, in the order of insertion.
#[derive(Clone, Debug)]
pub struct List<T> {
    recorded: bool,
    changed: bool,
    entries: Vec<T>,
}

impl<T> List<T> {
    pub(crate) fn new(recorded: bool) -> Self {
        Self { recorded, changed: false, entries: Vec::new() }
    }

    /// Returns the entries in the order of insertion.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }

    /// Returns whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.changed = false;
    }

    /// Returns whether anything was added since the last call.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    fn push_bounded(&mut self, entry: T, mark: impl FnOnce() -> T) {
        self.changed = true;
        if self.entries.len() < MAX_ENTRIES {
            self.entries.push(entry);
        } else {
            self.entries[MAX_ENTRIES - 1] = mark();
        }
    }

    /// Appends a JSON list of the entries, each written by `write_entry`.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>, mut write_entry: impl FnMut(&mut Vec<u8>, &T)) {
        out.push(b'[');
        for (position, entry) in self.entries.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            write_entry(out, entry);
        }
        out.push(b']');
    }
}

impl List<ShortText> {
    /// Adds the text that `note` displays, if a snapshot will show it; otherwise `note` is not even formatted.
    #[inline]
    pub fn push(&mut self, note: impl fmt::Display) {
        if self.recorded {
            let mut text = ShortText::default();
            text.set(note);
            self.push_bounded(text, || TRUNCATED.into());
        }
    }
}

impl List<ErrorEntry> {
    /// Adds the entry that `make` returns, if a snapshot will show it; otherwise it is not even made.
    #[inline]
    pub fn push(&mut self, make: impl FnOnce() -> ErrorEntry) {
        if self.recorded {
            self.push_bounded(make(), || ErrorEntry::new(TRUNCATED, "", ""));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_holds_and_one_beyond_is_marked() {
        let mut notes: List<ShortText> = List::new(true);
        for entry in 0..MAX_ENTRIES {
            notes.push(entry);
        }
        assert_eq!(notes.iter().last().unwrap().as_str(), "1023");
        notes.push("one beyond");
        assert_eq!(notes.iter().count(), MAX_ENTRIES);
        assert_eq!(notes.iter().last().unwrap().as_str(), TRUNCATED);
    }

    #[test]
    fn entries_are_parted_by_commas() {
        let mut notes: List<ShortText> = List::new(true);
        let json = |notes: &List<ShortText>| {
            let mut out = Vec::new();
            notes.write_json(&mut out, |out, note| out.extend_from_slice(note.as_str().as_bytes()));
            String::from_utf8(out).unwrap()
        };
        assert_eq!(json(&notes), "[]");
        for (entry, expected) in [(1, "[1]"), (2, "[1,2]"), (3, "[1,2,3]")] {
            notes.push(entry);
            assert_eq!(json(&notes), expected);
            assert!(!notes.is_empty());
        }
    }

    #[test]
    fn values_that_no_snapshot_shows_are_not_made() {
        let mut errors: List<ErrorEntry> = List::new(false);
        errors.push(|| panic!("made"));
        assert!(errors.is_empty());
    }
}
