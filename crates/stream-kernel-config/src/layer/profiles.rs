//! Profiles: parts of a source that count only if they are chosen, and then over the rest of that source.

use super::Layers;
use crate::key_path;
use crate::masking::without_credentials;
use crate::mistake::{Findings, Problem};
use crate::nearest::nearest;
use crate::origin::{Origin, Provenance};
use crate::place::Place;
use crate::schema::{PROFILES, one_of};
use crate::yaml::{Node, Tree};

/// The profile that was chosen, and by what.
#[derive(Debug, Clone)]
pub(crate) struct ChosenProfile {
    pub(crate) name: String,
    pub(crate) origin: Origin,
}

impl Layers {
    /// Notes that there is a profile of that name.
    pub(super) fn note_profile(&mut self, name: &str) {
        if !self.profiles.iter().any(|known| known == name) {
            self.profiles.push(name.to_owned());
        }
    }
}

/// Returns what always counts of a map, and behind it the chosen profile if it is there.
pub(super) fn split(
    mut root: Node,
    chosen: Option<&ChosenProfile>,
    layers: &mut Layers,
    mut refuse: impl FnMut(String, Place, Problem),
) -> Vec<Node> {
    let Tree::Map(entries) = &mut root.tree else { return vec![root] };
    let Some(at) = entries.iter().position(|entry| entry.key == PROFILES) else { return vec![root] };
    let profiles = entries.remove(at);
    let mut parts = vec![root];
    let is_blank = profiles.value.is_blank();
    let Tree::Map(profiles) = profiles.value.tree else {
        let what = if is_blank { "the value is blank" } else { "the profiles are not a map" };
        let problem = Problem::new(what).expected("profiles by name");
        let hint = "write `profiles: {NAME: {runtime: ...}}`";
        refuse(PROFILES.to_owned(), profiles.place, problem.hint(hint));
        return parts;
    };
    for profile in profiles {
        layers.note_profile(&profile.key);
        if !matches!(profile.value.tree, Tree::Map(_)) {
            let is_blank = profile.value.is_blank();
            let what = if is_blank { "the value is blank" } else { "the profile is not a map" };
            let problem = Problem::new(what).expected("keys with their values");
            let hint = "write the keys that differ from the rest of the file below it";
            refuse(key_path::join(PROFILES, &profile.key), profile.place, problem.hint(hint));
        } else if chosen.is_some_and(|chosen| chosen.name == profile.key) {
            parts.push(profile.value);
        }
    }
    parts
}

/// Finds that the chosen profile is nowhere.
pub(crate) fn check_chosen(layers: &Layers, findings: &mut Findings, chosen: Option<&ChosenProfile>) {
    let Some(ChosenProfile { name, origin }) = chosen else { return };
    let known = || layers.profiles.iter().map(String::as_str);
    if findings.layer_is_missing() || known().any(|known| known == name) {
        return;
    }
    let problem = Problem::new(format!("there is no profile `{}`", without_credentials(name)));
    let problem = if layers.profiles.is_empty() {
        problem.expected("no profile: no source has any").hint("add `profiles: {NAME: {...}}` to a file")
    } else {
        problem.expected(one_of(known())).hint("choose one of them").did_you_mean(nearest(name, known()))
    };
    findings.add("", Provenance::new(layers.next_number(), origin.clone()), problem);
}
