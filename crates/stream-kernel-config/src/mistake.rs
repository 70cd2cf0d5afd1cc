//! Mistakes in a configuration: a single one, and all of them.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Display};

use stream_kernel_text::escaped;

use crate::key_path;
use crate::masking::{is_header, without_confidential_parameters, without_credentials};
use crate::origin::Provenance;

/// The most mistakes that are kept and shown; further ones are only counted.
pub const MAX_MISTAKES: usize = 200;

/// A fault, the expectation, and the remedy.
///
/// ```
/// use stream_kernel_config::Problem;
///
/// let problem = Problem::new("unknown step `prase`").expected("one of `parse`, `write`").hint("did you mean `parse`?");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    what: String,
    expected: Option<String>,
    hint: Option<String>,
}

impl Problem {
    /// Returns a problem described by the value found.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), expected: None, hint: None }
    }

    /// Adds the expectation.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Adds a remedy.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the key of a problem of a whole layer, if there is one.
    pub(crate) fn at_key(mut self, key: &str) -> Self {
        if !key.is_empty() {
            self.what += &format!(" (at `{key}`)");
        }
        self
    }

    /// Adds the cause.
    pub(crate) fn because(&mut self, why: &str) {
        self.what += &format!(": {why}");
    }

    /// Adds that the source is optional and was left out.
    pub(crate) fn of_optional(mut self) -> Self {
        self.what += " (optional, and left out)";
        self
    }

    /// Adds `did you mean ...?`, if there is a nearest name.
    pub(crate) fn did_you_mean(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(name) => self.hint(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}

/// One mistake in a configuration. Its `Display` is a few lines, safe for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    key: String,
    provenance: Provenance,
    problem: Problem,
    urgency: Urgency,
}

/// The order in which to mend mistakes: later ones may follow from earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    /// A layer is missing.
    Layer,
    Value,
    /// A key is missing: it may be there under a wrong name.
    Absence,
}

impl Mistake {
    /// Returns the key path, such as `runtime.pipeline.0`; empty if the mistake concerns a whole layer.
    pub fn key(&self) -> &str {
        &self.key
    }

    fn fmt_as(&self, severity: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { what, expected, hint } = &self.problem;
        write!(f, "{severity}: ")?;
        if !self.key.is_empty() {
            write!(f, "`{}`: ", escaped(&without_credentials(&self.key)))?;
        }
        let is_header = is_header(&self.key);
        // What was found may be a secret in the wrong place.
        let what = match what.strip_prefix("found ") {
            Some(_) if is_header => {
                Cow::Borrowed("a value of another type (it may be a secret, and is not shown)")
            }
            _ => without_confidential_parameters(what),
        };
        write!(f, "{}\n  --> {}", escaped(&what), self.provenance.origin)?;
        if !is_header {
            f.write_str(&self.provenance.quoted().unwrap_or_default())?;
        }
        for (label, text) in [("expected", expected), ("hint", hint)] {
            if let Some(text) = text {
                write!(f, "\n  {label}: {}", escaped(text))?;
            }
        }
        Ok(())
    }
}

impl Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as("error", f)
    }
}

/// A warning about a configuration. Its `Display` is that of a [`Mistake`], except for the first word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning(Mistake);

impl Warning {
    pub(crate) fn new(key: &str, provenance: Provenance, problem: Problem) -> Self {
        Self(Mistake { key: key.to_owned(), provenance, problem, urgency: Urgency::Value })
    }
}

impl Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as("warning", f)
    }
}

/// Every mistake in a configuration: first unreadable layers, last missing keys, and in between by layer and place.
/// There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes {
    warnings: Vec<Warning>,
    kept: Vec<Mistake>,
    further: usize,
}

impl Mistakes {
    /// Returns the number of mistakes.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        self.kept.len() + self.further
    }

    /// Returns the mistakes, the first [`MAX_MISTAKES`] found of them.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.kept.iter()
    }
}

impl Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The missing key may be in a part that was left out.
        for warning in &self.warnings {
            write!(f, "{warning}\n\n")?;
        }
        for (index, mistake) in self.kept.iter().enumerate() {
            write!(f, "{}{mistake}", if index == 0 { "" } else { "\n\n" })?;
        }
        match self.further {
            0 => Ok(()),
            more => write!(f, "\n\n... and {more} more"),
        }
    }
}

impl Error for Mistakes {}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    mistakes: Vec<Mistake>,
    further: usize,
    /// The keys whose values were replaced, because they are mistaken in themselves.
    replaced: Vec<String>,
    /// Whether a layer could not be read, so that nothing is known about missing keys.
    pub(crate) layer_is_missing: bool,
    /// The warnings so far.
    pub(crate) warnings: Vec<Warning>,
}

impl Findings {
    /// Adds a mistake about a key whose value is replaced from now on.
    pub(crate) fn add(&mut self, key: impl Into<String>, provenance: Provenance, problem: Problem) {
        let key = key.into();
        self.replaced.push(key.clone());
        self.keep(key, provenance, problem, Urgency::Value);
    }

    /// Adds a mistake about a required key that no layer gives.
    pub(crate) fn add_absent(&mut self, key: &str, provenance: Provenance, problem: Problem) {
        self.replaced.push(key.to_owned());
        self.keep(key.to_owned(), provenance, problem, Urgency::Absence);
    }

    /// Adds a mistake about a key whose value stays: it is valid in itself.
    pub(crate) fn add_reported(&mut self, key: &str, provenance: Provenance, problem: Problem) {
        self.keep(key.to_owned(), provenance, problem, Urgency::Value);
    }

    /// Adds a mistake that makes a whole layer contribute nothing.
    pub(crate) fn add_missing_layer(&mut self, provenance: Provenance, problem: Problem) {
        self.layer_is_missing = true;
        self.keep(String::new(), provenance, problem, Urgency::Layer);
    }

    fn keep(&mut self, key: String, provenance: Provenance, problem: Problem, urgency: Urgency) {
        let mistake = Mistake { key, provenance, problem, urgency };
        if self.mistakes.len() < MAX_MISTAKES {
            self.mistakes.push(mistake);
            return;
        }
        self.further += 1;
        // It replaces a lesser one, because others may follow from it.
        if let Some(last) = self.mistakes.iter_mut().rev().max_by_key(|kept| kept.urgency)
            && last.urgency > mistake.urgency
        {
            *last = mistake;
        }
    }

    /// Adds a warning about a key, or, if the key is empty, about an optional layer.
    pub(crate) fn warn(&mut self, key: &str, provenance: impl Into<Provenance>, problem: Problem) {
        self.warnings.push(Warning::new(key, provenance.into(), problem));
    }

    /// Returns whether the value at `path`, one around it or one in it was replaced.
    pub(crate) fn is_replaced(&self, path: &str) -> bool {
        let touches = |key: &String| key_path::is_within(path, key) || key_path::is_within(key, path);
        self.replaced.iter().filter(|key| !key.is_empty()).any(touches)
    }

    /// Returns whether the value at `path` or one around it was replaced, or a layer could not be read.
    pub(crate) fn is_replaced_whole(&self, path: &str) -> bool {
        let is_around = |key: &String| !key.is_empty() && key_path::is_within(path, key);
        self.layer_is_missing || self.replaced.iter().any(is_around)
    }

    /// Returns whether the value at `path` differs from the configured one: it, something around it or something in it
    /// is mistaken, or a layer could not be read.
    pub(crate) fn is_mistaken(&self, path: &str) -> bool {
        self.layer_is_missing || self.is_replaced(path)
    }

    /// Returns whether there is no mistake.
    pub(crate) fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// Returns all mistakes in their order.
    pub(crate) fn into_mistakes(mut self) -> Mistakes {
        self.mistakes.sort_by_key(|mistake| (mistake.urgency, mistake.provenance.rank()));
        Mistakes { warnings: self.warnings, kept: self.mistakes, further: self.further }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_layer_is_always_reported() {
        let mut findings = Findings::default();
        let add = |findings: &mut Findings| findings.add("k", Provenance::DEFAULT, Problem::new("wrong"));
        (0..MAX_MISTAKES).for_each(|_| add(&mut findings));
        findings.add_missing_layer(Provenance::DEFAULT, Problem::new("it is not there"));
        add(&mut findings);
        let mistakes = findings.into_mistakes();
        assert_eq!(mistakes.iter().next().map(|first| &*first.problem.what), Some("it is not there"));
        assert_eq!((mistakes.len(), mistakes.iter().count()), (MAX_MISTAKES + 2, MAX_MISTAKES));
    }

    #[test]
    fn mistakes_beyond_the_bound_are_counted() {
        let found = |count| {
            let mut findings = Findings::default();
            (0..count)
                .for_each(|n| findings.add(format!("k{n}"), Provenance::DEFAULT, Problem::new("wrong")));
            findings.into_mistakes()
        };
        assert!(!found(MAX_MISTAKES).to_string().contains("more"));
        let beyond = found(MAX_MISTAKES + 1);
        assert_eq!((beyond.len(), beyond.iter().count()), (MAX_MISTAKES + 1, MAX_MISTAKES));
        assert!(beyond.to_string().ends_with("\n\n... and 1 more"));
    }
}
