//! Names that come again and again, each kept once.

use std::collections::HashMap;

use super::input::cut;

/// At most so many different names are kept; all further ones count as one.
const MAX_NAMES: usize = 500;
/// What further names are called.
const OTHER: &str = "(other)";

/// Different names, by their number.
#[derive(Clone, Debug, Default)]
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
        if self.names.len() > MAX_NAMES {
            return MAX_NAMES;
        }
        let name = if self.names.len() == MAX_NAMES { OTHER } else { &cut(name) };
        let next = self.names.len();
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), next);
        next
    }

    /// Returns the names in the order of their numbers.
    pub(super) fn as_slice(&self) -> &[String] {
        &self.names
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
        assert_eq!(["0", "x", "y", "x"].map(|name| names.number_of(name)), [0, 500, 500, 500]);
        assert_eq!((names.as_slice().len(), &*names.as_slice()[500]), (501, OTHER));
    }
}
