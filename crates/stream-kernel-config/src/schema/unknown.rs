//! Keys that the schema does not know.

use super::{Node, PROFILES, one_of};
use crate::key_path;
use crate::mistake::Problem;
use crate::nearest::nearest;

/// Removed keys of an application, and their replacements.
#[derive(Debug, Clone)]
pub(crate) struct Retired {
    /// A key path; `*` stands for any one key.
    pub(crate) pattern: String,
    pub(crate) hint: String,
}

impl Retired {
    /// Returns whether the key path is one of these keys, or below one.
    pub(crate) fn covers(&self, path: &str) -> bool {
        key_path::around(path).any(|path| key_path::matches(path, &self.pattern))
    }
}

/// Describes a key of the map at `path` that is not among `known`.
pub(crate) fn unknown_key(known: &[(String, Node)], path: &str, key: &str, retired: &[Retired]) -> Problem {
    let names = || known.iter().map(|(key, _)| key.as_str());
    let known = if known.is_empty() { "no keys here".to_owned() } else { one_of(names()) };
    let child = key_path::join(path, key);
    if let Some(retired) = retired.iter().find(|retired| retired.covers(&child)) {
        return Problem::new("this key is no longer used").expected(known).hint(&retired.hint);
    }
    if path.is_empty() && key == PROFILES {
        return Problem::new("profiles belong into a source, and one of them is chosen by its name")
            .expected(known)
            .hint("put `profiles: {NAME: {...}}` into a file");
    }
    let problem =
        Problem::new("unknown key").expected(known).hint("check its spelling and its place, or remove it");
    if key == "<<" {
        return problem.hint("merge keys are not supported; give several files, which are merged in order");
    }
    let of_a_source = path.is_empty().then_some(PROFILES);
    problem.did_you_mean(nearest(key, names().chain(of_a_source)))
}
