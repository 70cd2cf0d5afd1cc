//! Identity of a process: what must be the same in all processes of a run.

use std::fmt;

use super::fields::{Fields, put_text, put_u16};

/// The most facts that are given.
pub(crate) const MAX_FACTS: usize = 31;
/// The most facts of an identity as a message: those, and the number of processes.
const MAX_FACTS_SENT: usize = MAX_FACTS + 1;
/// The longest name of a fact, in bytes.
pub(crate) const MAX_FACT_NAME_BYTES: u16 = 64;
/// The longest value of a fact, in bytes.
pub(crate) const MAX_FACT_VALUE_BYTES: u16 = 1024;
/// The longest identity as a message, in bytes.
pub(super) const MAX_IDENTITY_BYTES: usize =
    2 + MAX_FACTS_SENT * (4 + MAX_FACT_NAME_BYTES as usize + MAX_FACT_VALUE_BYTES as usize);
/// The longest list of differences as a message, in bytes: no fact of one identity is in the other.
pub(super) const MAX_DIFFERENCES_BYTES: usize =
    2 + 2 * MAX_FACTS_SENT * (6 + MAX_FACT_NAME_BYTES as usize + 2 * MAX_FACT_VALUE_BYTES as usize);

/// What must be the same in all processes of a run: named facts, in an order of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity(Vec<(String, String)>);

impl Identity {
    /// Returns the identity of `facts`: names, such as `input length`, and values.
    ///
    /// # Errors
    ///
    /// There are more than [`MAX_FACTS`], or one is longer than [`MAX_FACT_NAME_BYTES`] or [`MAX_FACT_VALUE_BYTES`].
    pub(crate) fn new(facts: Vec<(&'static str, String)>) -> Result<Self, IdentityError> {
        if facts.len() > MAX_FACTS {
            return Err(IdentityError::TooMany { facts: facts.len() });
        }
        let is_long = |(name, value): &(&str, String)| {
            name.len() > usize::from(MAX_FACT_NAME_BYTES) || value.len() > usize::from(MAX_FACT_VALUE_BYTES)
        };
        match facts.iter().find(|fact| is_long(fact)) {
            Some((name, _)) => Err(IdentityError::TooLong { name }),
            None => Ok(Self(facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())),
        }
    }

    /// Returns this identity with the number of processes as one more fact.
    pub(super) fn with_processes(&self, processes: usize) -> Self {
        let mut facts = self.0.clone();
        facts.push(("number of processes".to_owned(), processes.to_string()));
        Self(facts)
    }

    fn value(&self, name: &str) -> &str {
        self.0.iter().find(|fact| fact.0 == name).map_or("", |fact| &fact.1)
    }

    /// Returns in what `self`, the identity of process 0, and that of another one differ. A fact that one does not
    /// have counts as empty.
    pub(super) fn differences(&self, other: &Self) -> Vec<Difference> {
        let only_there = other.0.iter().filter(|fact| !self.0.iter().any(|own| own.0 == fact.0));
        self.0
            .iter()
            .chain(only_there)
            .map(|(name, _)| Difference {
                name: name.clone(),
                here: self.value(name).to_owned(),
                there: other.value(name).to_owned(),
            })
            .filter(|difference| difference.here != difference.there)
            .collect()
    }

    /// Returns the identity as a message, at most [`MAX_IDENTITY_BYTES`] long.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_u16(&mut out, u16::try_from(self.0.len()).unwrap_or(u16::MAX));
        for (name, value) in &self.0 {
            put_text(&mut out, name, MAX_FACT_NAME_BYTES);
            put_text(&mut out, value, MAX_FACT_VALUE_BYTES);
        }
        out
    }

    /// Reads a message; `None` if it is not an identity.
    pub(super) fn decode(message: &[u8]) -> Option<Self> {
        let mut fields = Fields(message);
        let count = fields.u16().filter(|count| usize::from(*count) <= MAX_FACTS_SENT)?;
        let facts = (0..count)
            .map(|_| {
                let name = fields.text(MAX_FACT_NAME_BYTES)?.to_owned();
                Some((name, fields.text(MAX_FACT_VALUE_BYTES)?.to_owned()))
            })
            .collect::<Option<Vec<_>>>()?;
        fields.end(Self(facts))
    }
}

/// A fact in which two processes differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Its name.
    pub(crate) name: String,
    /// Its value in process 0.
    pub(crate) here: String,
    /// Its value in the other process.
    pub(crate) there: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What came over the network must not steer a terminal.
        let (name, here, there) =
            (self.name.escape_debug(), self.here.escape_debug(), self.there.escape_debug());
        write!(f, "{name} `{there}`, not `{here}`")
    }
}

/// Appends a list of differences as a message, at most [`MAX_DIFFERENCES_BYTES`] long.
pub(super) fn put_differences(out: &mut Vec<u8>, differences: &[Difference]) {
    put_u16(out, u16::try_from(differences.len()).unwrap_or(u16::MAX));
    for Difference { name, here, there } in differences {
        put_text(out, name, MAX_FACT_NAME_BYTES);
        put_text(out, here, MAX_FACT_VALUE_BYTES);
        put_text(out, there, MAX_FACT_VALUE_BYTES);
    }
}

/// Reads a list of differences to the end of a message; `None` if it is not one.
pub(super) fn take_differences(mut fields: Fields<'_>) -> Option<Vec<Difference>> {
    let count = fields.u16().filter(|count| usize::from(*count) <= 2 * MAX_FACTS_SENT)?;
    let differences = (0..count)
        .map(|_| {
            Some(Difference {
                name: fields.text(MAX_FACT_NAME_BYTES)?.to_owned(),
                here: fields.text(MAX_FACT_VALUE_BYTES)?.to_owned(),
                there: fields.text(MAX_FACT_VALUE_BYTES)?.to_owned(),
            })
        })
        .collect::<Option<Vec<_>>>()?;
    fields.end(differences)
}

/// Why facts cannot be an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdentityError {
    /// There are more than [`MAX_FACTS`].
    #[error("an identity of {facts} facts is too long (compare {MAX_FACTS} at most)")]
    TooMany {
        /// How many.
        facts: usize,
    },
    /// One is too long.
    #[error("`{name}` is too long to be compared between processes (compare its digest)")]
    TooLong {
        /// Its name.
        name: &'static str,
    },
}
