//! Environment variables as layers: `PREFIX__A__B` sets the key `a.b`.

use std::ffi::OsString;

use super::Reading;
use crate::key_path;
use crate::mistake::Problem;
use crate::nearest::nearest;
use crate::origin::Origin;
use crate::schema::{Kind, Node, Retired, one_of};

/// Returns the name of the variable that chooses a profile.
pub(crate) fn profile_variable(prefix: &str) -> String {
    format!("{prefix}_PROFILE")
}

/// Returns every variable that would be heeded, in the schema's order: name, key path and schema.
pub(crate) fn variable_names<'s>(prefix: &str, schema: &'s Node) -> Vec<(String, String, &'s Node)> {
    fn visit<'s>(name: &str, path: &str, node: &'s Node, found: &mut Vec<(String, String, &'s Node)>) {
        let Kind::Map(keys) = &node.kind else { return };
        for (key, child) in keys {
            let name = format!("{name}__{}", key.to_uppercase());
            let path = key_path::join(path, key);
            found.push((name.clone(), path.clone(), child));
            visit(&name, &path, child, found);
        }
    }
    let mut found = Vec::new();
    visit(prefix, "", schema, &mut found);
    found
}

impl Reading<'_> {
    /// Puts the variables that begin with `prefix__` over the layers so far, sorted by name so that a key in a map comes after
    /// the map. One that is named as a key but for single underscores gets a warning; others are not looked at.
    pub(crate) fn add_environment(&mut self, prefix: &str, mut variables: Vec<(OsString, OsString)>) {
        let known = variable_names(prefix, self.schema);
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
            match (known.iter().find(|(known, _, _)| *known == name), value.to_str()) {
                (Some((_, key, _)), Some(value)) => self.assign(origin, key, value),
                (Some((_, key, _)), None) => {
                    let problem = Problem::new("not UTF-8").expected("a value in UTF-8").hint("set it anew");
                    self.mistake(key, origin, problem);
                }
                (None, _) => {
                    let key = name[marker.len()..].to_lowercase().replace("__", ".");
                    let candidates = known.iter().map(|(name, _, _)| name.as_str()).chain([&*profile]);
                    let meant = meant_by(&name, &known).next().or_else(|| nearest(&name, candidates));
                    let problem = unknown_variable(&key, meant, self.retired);
                    self.mistake(key, origin, problem);
                }
            }
        }
    }
}

/// Returns the known variables that `name` would be if it had the right number of underscores.
fn meant_by<'k>(name: &str, known: &'k [(String, String, &Node)]) -> impl Iterator<Item = &'k str> {
    let words = |name: &str| name.split('_').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let wanted: Vec<String> = words(name);
    known.iter().map(|(name, _, _)| name.as_str()).filter(move |known| words(known) == wanted)
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
