//! Environment variables as layers: `PREFIX__A__B` sets the key `a.b`.

use std::ffi::OsString;

use super::Reading;
use crate::mistake::Problem;
use crate::nearest::nearest;
use crate::origin::Origin;
use crate::schema::{Retired, one_of};
use crate::variable::{self, KeyVariable, profile_variable};

impl Reading<'_> {
    /// Puts the variables that begin with `prefix__` over the layers so far, sorted by name so that a key in a map
    /// comes after the map. A number in a name names an item of a list. A variable whose name differs from a key's only
    /// in its number of underscores gets a warning; others are ignored.
    pub(crate) fn add_environment(&mut self, prefix: &str, mut variables: Vec<(OsString, OsString)>) {
        let known = variable::of_keys(prefix, self.schema);
        let (marker, profile) = (format!("{prefix}__"), profile_variable(prefix));
        variables.sort();
        for (name, value) in variables {
            let name = name.to_string_lossy().into_owned();
            let origin = Origin::Variable { name: name.clone(), value: value.to_string_lossy().into_owned() };
            if !name.starts_with(&marker) {
                let meant: Vec<_> = meant_by(&name, &known).collect();
                if !meant.is_empty() && name != profile {
                    let problem =
                        Problem::new("this variable is not read: two underscores stand between keys")
                            .expected(one_of(meant.into_iter()))
                            .hint("rename it, or unset it");
                    self.findings.warn("", origin, problem);
                }
                continue;
            }
            let key = known.iter().find(|known| known.name == name).map(|known| known.key.clone());
            let key = key.or_else(|| variable::key_in_list(prefix, self.schema, &name));
            match (key, value.to_str()) {
                (Some(key), Some(value)) => self.assign(origin, &key, value),
                (Some(key), None) => {
                    let problem = Problem::new("not UTF-8").expected("a value in UTF-8").hint("set it anew");
                    self.mistake(key, origin, problem);
                }
                (None, _) => {
                    let key = name[marker.len()..].to_lowercase().replace("__", ".");
                    let candidates = known.iter().map(|known| known.name.as_str()).chain([&*profile]);
                    let meant = meant_by(&name, &known).next().or_else(|| nearest(&name, candidates));
                    let problem = unknown_variable(&key, meant, self.retired);
                    self.mistake(key, origin, problem);
                }
            }
        }
    }
}

/// Returns the known variables that `name` would be if it had the right number of underscores.
fn meant_by<'k>(name: &str, known: &'k [KeyVariable<'_>]) -> impl Iterator<Item = &'k str> {
    known.iter().map(|known| known.name.as_str()).filter(move |known| words(known).eq(words(name)))
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split('_').filter(|word| !word.is_empty())
}

fn unknown_variable(key: &str, meant: Option<&str>, retired: &[Retired]) -> Problem {
    let problem = Problem::new("unknown environment variable")
        .expected("the variable of a key that exists")
        .hint("unset it");
    match retired.iter().find(|retired| retired.covers(key)) {
        Some(retired) => problem.hint(&retired.hint),
        None => problem.did_you_mean(meant),
    }
}
