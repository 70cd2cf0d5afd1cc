//! Loaded configurations: merged, but not yet accepted.

use std::collections::HashSet;
use std::path::PathBuf;

use figment::Figment;
use figment::providers::Serialized;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::check::Checked;
use crate::effective::Effective;
use crate::key_path;
use crate::mistake::{Findings, Mistakes, Problem, Warning};
use crate::origin::Origin;
use crate::schema::{Node, Schema};

/// A configuration whose own mistakes are known, and to which the application may add those that only it can find.
#[derive(Debug)]
pub struct Loaded<T> {
    config: T,
    schema: Schema,
    checked: Checked,
    findings: Findings,
    files: Vec<PathBuf>,
    uses_standard_input: bool,
}

impl<T> Loaded<T> {
    /// Returns the configuration, in which mistaken values are replaced by their defaults or by valid values.
    pub fn config(&self) -> &T {
        &self.config
    }

    /// Returns whether the value at `key_path` differs from the configured one, so that nothing follows from it: the
    /// value, a map or list around it or something in it is mistaken, or a whole layer could not be read.
    pub fn is_mistaken(&self, key_path: &str) -> bool {
        self.findings.is_mistaken(key_path)
    }

    /// Returns the origin of the value at `key_path`. Items of lists have paths too: `runtime.pipeline.0`.
    pub fn origin(&self, key_path: &str) -> Origin {
        self.checked.provenance(key_path).origin
    }

    /// Adds a mistake in the value at `key_path`, unless that was replaced because it is mistaken in itself.
    ///
    /// If a mistake follows from several keys, check that each of them is [not mistaken](Self::is_mistaken).
    pub fn report(&mut self, key_path: &str, problem: Problem) {
        if !self.findings.is_replaced(key_path) {
            self.findings.add_reported(key_path, self.checked.provenance(key_path), problem);
        }
    }

    /// Returns the files and directories read, as they were named, including each file of a directory.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Returns whether standard input was read, so that nothing else can be read from there.
    pub fn uses_standard_input(&self) -> bool {
        self.uses_standard_input
    }

    /// Adds a warning about the value at `key_path`: it is valid, but hardly as intended.
    pub fn warn(&mut self, key_path: &str, problem: Problem) {
        self.findings.warn(key_path, self.checked.provenance(key_path), problem);
    }

    /// Returns the warnings: optional sources that could not be read.
    pub fn warnings(&self) -> &[Warning] {
        &self.findings.warnings
    }

    /// Returns a warning about the value at `key_path`, with its origin.
    pub fn warning(&self, key_path: &str, problem: Problem) -> Warning {
        Warning::new(key_path, self.checked.provenance(key_path), problem)
    }

    /// Returns the configuration, typed and as text.
    ///
    /// # Errors
    ///
    /// Every mistake found.
    pub fn finish(self) -> Result<(T, Effective), Mistakes> {
        if !self.findings.is_empty() {
            return Err(self.findings.into_mistakes());
        }
        Ok((self.config, Effective::new(&self.schema, self.checked)))
    }
}

impl<T: DeserializeOwned> Loaded<T> {
    /// Converts the checked tree to its types. A value that an application's type refuses beyond its schema is a
    /// mistake too, and is replaced until the rest can be converted.
    pub(crate) fn new(
        schema: Schema,
        mut checked: Checked,
        mut findings: Findings,
        (files, uses_standard_input): (Vec<PathBuf>, bool),
    ) -> Result<Self, Mistakes> {
        let mut replaced = HashSet::new();
        loop {
            let error = match Figment::from(Serialized::defaults(&checked.tree)).extract() {
                Ok(config) => {
                    return Ok(Self { config, schema, checked, findings, files, uses_standard_input });
                }
                Err(error) => error,
            };
            let key = error.path.iter().fold(String::new(), |path, key| key_path::join(&path, key));
            if !findings.is_mistaken(&key) {
                let problem = Problem::new(format!("not accepted: {}", error.kind))
                    .expected("a value that the application takes")
                    .hint("give it another value, as the message says");
                findings.add(&key, checked.provenance(&key), problem);
            }
            if !replace(&mut checked.tree, &schema.root, &error.path) || !replaced.insert(key) {
                return Err(findings.into_mistakes());
            }
        }
    }
}

/// Replaces the value at `keys` by a valid one; returns whether there is one.
fn replace(tree: &mut Value, schema: &Node, keys: &[String]) -> bool {
    let Some((key, below)) = keys.split_first() else { return false };
    let (Some(value), Some(child)) = (tree.get_mut(key), schema.child(key)) else { return false };
    if !below.is_empty() {
        return replace(value, child, below);
    }
    *value = child.placeholder();
    true
}
