//! Keys that the schema does not know.

use super::{Node, PROFILES, one_of};
use crate::key_path;
use crate::mistake::Problem;
use crate::nearest::nearest;

/// Keys that an application once had, and what replaces them.
#[derive(Debug, Clone)]
pub(crate) struct Retired {
    /// A key path; `*` stands for any one key.
    pub(crate) pattern: String,
    pub(crate) hint: String,
}

impl Retired {
    /// Returns whether the key path is one of these keys, or below one.
    pub(crate) fn covers(&self, path: &str) -> bool {
        std::iter::successors(Some(path), |path| key_path::parent(path))
            .any(|path| key_path::matches(path, &self.pattern))
    }
}

/// Describes a key of the map at `path` that `map` does not know.
pub(crate) fn unknown_key(map: &Node, path: &str, key: &str, retired: &[Retired]) -> Problem {
    let child = key_path::join(path, key);
    if let Some(retired) = retired.iter().find(|retired| retired.covers(&child)) {
        return Problem::new("this key is no longer used").expected(known_keys(map)).hint(&retired.hint);
    }
    if path.is_empty() && key == PROFILES {
        return Problem::new("profiles belong into a source, and one of them is chosen by its name")
            .expected(known_keys(map))
            .hint("put `profiles: {NAME: {...}}` into a file");
    }
    let problem = Problem::new("unknown key")
        .expected(known_keys(map))
        .hint("check its spelling and its place, or remove it");
    if key == "<<" {
        return problem.hint("merge keys are not supported; give several files, which are merged in order");
    }
    let of_a_source = path.is_empty().then_some(PROFILES);
    problem.did_you_mean(nearest(key, map.keys().chain(of_a_source)))
}

fn known_keys(map: &Node) -> String {
    if map.keys().next().is_none() { "no keys here".to_owned() } else { one_of(map.keys()) }
}
