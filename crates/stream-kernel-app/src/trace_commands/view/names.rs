//! Names that come again and again, each kept once.

use std::collections::HashMap;

use super::input::cut;

/// At most so many different names are kept; all further ones count as one.
pub(super) const MAX_NAMES: usize = 2_000;
/// What further names are called.
const OTHER: &str = "(other)";

/// Different names, by their number.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<String, usize>,
    names: Vec<String>,
}

impl Names {
    /// Returns the number of `name`, from 0.
    pub(super) fn number_of(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let name = cut(name);
        let next = self.names.len();
        if let Some(number) = self.numbers.get(&name) {
            return *number;
        }
        if next >= MAX_NAMES {
            self.names.resize(MAX_NAMES + 1, OTHER.to_owned());
            return MAX_NAMES;
        }
        self.names.push(name.clone());
        self.numbers.insert(name, next);
        next
    }

    /// Returns the names in the order of their numbers.
    pub(super) fn into_vec(self) -> Vec<String> {
        self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_bound_are_one() {
        let mut names = Names::default();
        for number in 0..MAX_NAMES {
            assert_eq!(names.number_of(&number.to_string()), number);
        }
        assert_eq!(
            ["0", "x", "y", "x"].map(|name| names.number_of(name)),
            [0, MAX_NAMES, MAX_NAMES, MAX_NAMES]
        );
        let names = names.into_vec();
        assert_eq!((names.len(), &*names[MAX_NAMES]), (MAX_NAMES + 1, OTHER));
    }

    #[test]
    fn a_name_that_is_cut_is_known_again() {
        let mut names = Names::default();
        let long = "n".repeat(1_000);
        assert_eq!([&*long, "x", &*long].map(|name| names.number_of(name)), [0, 1, 0]);
    }
}
