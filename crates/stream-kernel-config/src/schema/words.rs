//! Types in words, for messages and lists.

use super::{Items, Kind, List, Node};
use crate::decimal;

impl Node {
    /// Returns the accepted values in words: "a whole number of at least 1, or null".
    pub(crate) fn in_words(&self) -> String {
        let words = self.kind.in_words();
        if self.nullable { format!("{words}, or null") } else { words }
    }
}

impl Kind {
    /// Returns the type in words, without null.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Integer { minimum, maximum } => integer_in_words(*minimum, *maximum),
            Self::Number { minimum, maximum } => match (minimum, maximum) {
                (None, None) => "a number".to_owned(),
                (Some(minimum), None) => format!("a number of at least {minimum}"),
                (None, Some(maximum)) => format!("a number of at most {maximum}"),
                (Some(minimum), Some(maximum)) => format!("a number from {minimum} to {maximum}"),
            },
            Self::Decimal(bounds) => format!(
                "a decimal number from {} to {} with at most {} decimals",
                decimal::format(bounds.minimum, bounds.places),
                decimal::format(bounds.maximum, bounds.places),
                bounds.places
            ),
            Self::Text { min_chars: 0 } => "text".to_owned(),
            Self::Text { min_chars: 1 } => "text, not empty".to_owned(),
            Self::Text { min_chars } => format!("text of at least {min_chars} characters"),
            Self::OneOf(names) => one_of(names.iter().map(String::as_str)),
            Self::List(list) => list.in_words(),
            Self::FreeMap(values) => format!("a map, each value {}", values.in_words()),
            Self::Tagged(tagged) => {
                format!("a map with the key `{}`, {}", tagged.tag, tagged.names.in_words())
            }
            Self::Map(keys) => {
                format!("a map with the keys {}", listed(keys.iter().map(|(key, _)| key.as_str())))
            }
        }
    }
}

impl List {
    fn in_words(&self) -> String {
        let list = if self.is_set { "a list without repetition" } else { "a list" };
        let items = |count: usize| if count == 1 { "1 item".to_owned() } else { format!("{count} items") };
        let count = match (*self.count.start(), *self.count.end()) {
            (0, usize::MAX) => String::new(),
            (least, usize::MAX) => format!(" of at least {}", items(least)),
            (least, most) if least == most => format!(" of {}", items(most)),
            (0, most) => format!(" of at most {}", items(most)),
            (least, most) => format!(" of {least} to {}", items(most)),
        };
        match &self.items {
            Items::Same(item) => format!("{list}{count}, each item {}", item.in_words()),
            Items::Each(each) => {
                let each: Vec<_> = each.iter().map(Node::in_words).collect();
                format!("{list}{count}: {}", each.join("; then "))
            }
        }
    }
}

fn integer_in_words(minimum: i128, maximum: i128) -> String {
    let open_ended = maximum == i128::from(u64::MAX) || maximum == i128::from(i64::MAX);
    match (minimum, maximum) {
        (only, same) if only == same => format!("the number {only}"),
        (minimum, _) if minimum == i128::from(i64::MIN) && open_ended => "a whole number".to_owned(),
        (minimum, _) if open_ended => format!("a whole number of at least {minimum}"),
        (minimum, maximum) => format!("a whole number from {minimum} to {maximum}"),
    }
}

/// Returns names as a choice: "one of `a`, `b`", or a single one as "`a`".
pub(crate) fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.len() == 1 { format!("`{}`", names[0]) } else { format!("one of {}", listed(names.into_iter())) }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
