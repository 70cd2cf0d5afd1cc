//! Counts by name, of a bounded number of names.

use std::collections::HashMap;

/// How many names are counted on their own; what has another one counts under [`OTHER_NAMES`].
pub(super) const MAX_NAMES: usize = 1_000;

/// The name under which everything counts whose name came after [`MAX_NAMES`] others.
const OTHER_NAMES: &str = "(others)";

/// A count of kind `C` for each name, in the order in which the names were first seen.
#[derive(Clone, Debug)]
pub(super) struct Tally<C> {
    counts: Vec<(String, C)>,
    positions: HashMap<String, usize>,
}

impl<C> Default for Tally<C> {
    fn default() -> Self {
        Self { counts: Vec::new(), positions: HashMap::new() }
    }
}

impl<C: Default> Tally<C> {
    /// Returns the count of `name`.
    pub(super) fn of(&mut self, name: &str) -> &mut C {
        let is_full = self.counts.len() >= MAX_NAMES;
        let name = if is_full && !self.positions.contains_key(name) { OTHER_NAMES } else { name };
        let position = if let Some(&position) = self.positions.get(name) {
            position
        } else {
            self.counts.push((name.to_owned(), C::default()));
            self.positions.insert(name.to_owned(), self.counts.len() - 1);
            self.counts.len() - 1
        };
        &mut self.counts[position].1
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = (String, C)> {
        self.counts.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_names_as_the_bound_count_alone_and_further_ones_together() {
        let mut tally = Tally::<u64>::default();
        for name in 0..MAX_NAMES + 2 {
            *tally.of(&name.to_string()) += 1;
        }
        *tally.of("7") += 1;
        let counts: Vec<_> = tally.into_iter().collect();
        assert_eq!(counts.len(), MAX_NAMES + 1);
        assert_eq!(counts[7], ("7".to_owned(), 2));
        assert_eq!(counts[MAX_NAMES - 1], ((MAX_NAMES - 1).to_string(), 1));
        assert_eq!(counts[MAX_NAMES], (OTHER_NAMES.to_owned(), 2));
    }
}
