//! Outcomes: what was decided about an input, in the words of its application.

use std::collections::BTreeMap;

/// The outcome of an input, as its application names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The name, one of few: inputs with the same outcome have the same name.
    pub name: String,
    /// Whether the input was declined: for a reason that somebody may want to look at, and without an error.
    pub is_declined: bool,
}

/// The function of an application that names an outcome; `None`: the tags do not show one.
pub type OutcomeOf = fn(&Tags) -> Option<Outcome>;

/// The tags of an input after its last step.
///
/// ```
/// use stream_kernel_trace::Tags;
///
/// let tags: Tags = [("day".to_owned(), "2000-01-03".to_owned())].into_iter().collect();
/// assert_eq!(tags.get("day"), Some("2000-01-03"));
/// assert_eq!(tags.get("week"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// Returns the tag named `name`; `None` if no step has set it, or the trace does not show it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl FromIterator<(String, String)> for Tags {
    /// Returns these tags; a later one replaces an earlier one of the same name.
    fn from_iter<T: IntoIterator<Item = (String, String)>>(tags: T) -> Self {
        Self(tags.into_iter().collect())
    }
}
