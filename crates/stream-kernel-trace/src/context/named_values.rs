//! Maps that keep the order in which names were first set.

use std::borrow::Cow;
use std::fmt;

use super::MAX_ENTRIES;
use crate::json::push_string;
use crate::{MAX_TEXT_CHARS, ShortText, TRUNCATED};

/// A map from names to values that keeps the order in which names were first set.
///
/// It holds a handful of entries, up to [`MAX_ENTRIES`], so a look-up compares names one after the other.
#[derive(Clone, Debug)]
pub struct NamedValues<V> {
    recorded: bool,
    /// The position of the first entry that was set since the last check.
    changed_from: Option<usize>,
    /// Slots behind `live` are left over from earlier inputs, for their allocations.
    slots: Vec<(Cow<'static, str>, V)>,
    live: usize,
}

impl<V> NamedValues<V> {
    pub(crate) fn new(recorded: bool) -> Self {
        Self { recorded, changed_from: None, slots: Vec::new(), live: 0 }
    }

    /// Returns whether a snapshot will show what is set here: where much is to be noted, ask first.
    #[inline]
    pub fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// Returns the value of `name`.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Returns the entries in the order in which their names were first set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.slots[..self.live].iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Returns whether the map is empty.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    pub(crate) fn clear(&mut self) {
        self.live = 0;
        self.changed_from = None;
    }

    /// Returns the position of the first entry that was set since the last call; `None` if none was.
    pub(crate) fn take_changed(&mut self) -> Option<usize> {
        self.changed_from.take()
    }

    #[inline(never)] // so that what is not recorded costs its callers a glance
    fn slot(&mut self, name: Cow<'static, str>) -> Option<&mut V>
    where
        V: Default,
    {
        let name = cut(name);
        let found = self.slots[..self.live].iter().position(|(key, _)| *key == name);
        let at = found.unwrap_or(self.live.min(MAX_ENTRIES - 1));
        self.changed_from = Some(self.changed_from.map_or(at, |from| from.min(at)));
        if found.is_none() {
            if self.live == MAX_ENTRIES {
                self.slots[at] = (Cow::Borrowed(TRUNCATED), V::default());
                return None;
            }
            match self.slots.get_mut(at) {
                Some(slot) => slot.0 = name,
                None => self.slots.push((name, V::default())),
            }
            self.live += 1;
        }
        Some(&mut self.slots[at].1)
    }

    /// Appends the entries from position `from` on to a JSON object that has the earlier ones, each value written by
    /// `write_value`, and ends it. `ends` takes in the end of each entry.
    pub(crate) fn write_json(
        &self,
        out: &mut Vec<u8>,
        from: usize,
        ends: &mut Vec<usize>,
        mut write_value: impl FnMut(&mut Vec<u8>, &str, &V),
    ) {
        if from == 0 {
            out.push(b'{');
        }
        for (position, (name, value)) in self.iter().enumerate().skip(from) {
            if position > 0 {
                out.push(b',');
            }
            push_string(out, name);
            out.push(b':');
            write_value(out, name, value);
            ends.push(out.len());
        }
        out.push(b'}');
    }
}

/// Names are cut like all texts in a record.
fn cut(name: Cow<'static, str>) -> Cow<'static, str> {
    // A text with as many bytes as the limit has characters is never too long.
    if name.len() <= MAX_TEXT_CHARS { name } else { ShortText::from(name).as_str().to_owned().into() }
}

impl NamedValues<ShortText> {
    /// Sets `name` to the text that `value` displays, if a snapshot will show it; otherwise `value` is not even
    /// formatted.
    #[inline]
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) {
        if self.recorded
            && let Some(slot) = self.slot(name.into())
        {
            slot.set(value);
        }
    }
}

impl<V: Copy + Default> NamedValues<V> {
    /// Sets `name` to `value`, if a snapshot will show it.
    #[inline]
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<V>) {
        if self.recorded
            && let Some(slot) = self.slot(name.into())
        {
            *slot = value.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<V>(values: &NamedValues<V>) -> Vec<&str> {
        values.iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn names_keep_the_order_in_which_they_were_first_set() {
        let mut tags: NamedValues<ShortText> = NamedValues::new(true);
        tags.set("b", 1);
        tags.set("a", 2);
        tags.set("b", 3);
        assert_eq!(names(&tags), ["b", "a"]);
        assert_eq!(tags.get("b").unwrap().as_str(), "3");
    }

    #[test]
    fn a_name_is_cut_as_any_text_is() {
        let mut flags: NamedValues<bool> = NamedValues::new(true);
        flags.set("x".repeat(256), true);
        flags.set("y".repeat(257), true);
        assert_eq!(names(&flags), ["x".repeat(256), "y".repeat(256) + TRUNCATED]);
    }

    #[test]
    fn a_value_that_no_snapshot_will_show_is_not_formatted() {
        struct MustNotBeFormatted;
        impl fmt::Display for MustNotBeFormatted {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("formatted")
            }
        }
        let mut tags: NamedValues<ShortText> = NamedValues::new(false);
        tags.set("a", MustNotBeFormatted);
        assert!(tags.is_empty());
    }

    #[test]
    fn the_bound_holds_and_one_beyond_is_marked() {
        let mut flags: NamedValues<bool> = NamedValues::new(true);
        for entry in 0..MAX_ENTRIES {
            flags.set(entry.to_string(), true);
        }
        assert_eq!(names(&flags).last(), Some(&"1023"));
        flags.set("one beyond", true);
        assert_eq!(flags.iter().count(), MAX_ENTRIES);
        assert_eq!(names(&flags).last(), Some(&TRUNCATED));
        flags.set("0", false);
        assert_eq!(flags.get("0"), Some(&false), "a name that is there can still be set");
        assert!(!flags.is_empty());
    }

    #[test]
    fn a_cleared_map_holds_nothing_of_the_input_before() {
        let mut tags: NamedValues<ShortText> = NamedValues::new(true);
        tags.set("a", "old");
        tags.clear();
        assert_eq!(tags.get("a"), None);
        tags.set("b", "new");
        assert_eq!(names(&tags), ["b"]);
        assert_eq!(tags.get("b").unwrap().as_str(), "new");
    }
}
