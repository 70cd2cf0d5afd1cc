//! Profiles: parts of a source that apply only if they are chosen, over the rest of that source.

use super::Reading;
use crate::key_path;
use crate::masking::without_credentials;
use crate::mistake::Problem;
use crate::nearest::nearest;
use crate::origin::{Origin, Provenance};
use crate::schema::{PROFILES, one_of};
use crate::yaml::{Node, Tree};

/// The chosen profile, and the flag or variable that chose it.
#[derive(Debug, Clone)]
pub(crate) struct ChosenProfile {
    pub(crate) name: String,
    pub(crate) origin: Origin,
}

impl Reading<'_> {
    /// Notes that a profile of that name exists.
    pub(super) fn note_profile(&mut self, name: &str) {
        if !self.profiles.iter().any(|known| known == name) {
            self.profiles.push(name.to_owned());
        }
    }

    pub(super) fn is_chosen(&self, name: &str) -> bool {
        self.chosen.as_ref().is_some_and(|chosen| chosen.name == name)
    }

    /// Returns the part of a map that always applies, and the chosen profile if it is there.
    pub(super) fn split(&mut self, mut root: Node, text: &Provenance) -> (Node, Option<Node>) {
        let Tree::Map(entries) = &mut root.tree else { return (root, None) };
        let Some(at) = entries.iter().position(|entry| entry.key == PROFILES) else { return (root, None) };
        let profiles = entries.remove(at);
        let is_blank = profiles.value.is_blank();
        let Tree::Map(profiles) = profiles.value.tree else {
            let what = if is_blank { "the value is blank" } else { "the profiles are not a map" };
            let problem = Problem::new(what).expected("profiles by name");
            let hint = "write `profiles: {NAME: {runtime: ...}}`";
            self.mistake(PROFILES, text.at(profiles.place), problem.hint(hint));
            return (root, None);
        };
        let mut chosen = None;
        for profile in profiles {
            self.note_profile(&profile.key);
            if !matches!(profile.value.tree, Tree::Map(_)) {
                let is_blank = profile.value.is_blank();
                let what = if is_blank { "the value is blank" } else { "the profile is not a map" };
                let problem = Problem::new(what).expected("keys with their values");
                let hint = "write the keys that differ from the rest of the file below it";
                let key = key_path::join(PROFILES, &profile.key);
                self.mistake(key, text.at(profile.place), problem.hint(hint));
            } else if self.is_chosen(&profile.key) {
                chosen = Some(profile.value);
            }
        }
        (root, chosen)
    }

    /// Reports that no source has the chosen profile.
    pub(crate) fn check_chosen(&mut self) {
        let Some(ChosenProfile { name, origin }) = &self.chosen else { return };
        let known = || self.profiles.iter().map(String::as_str);
        if self.findings.layer_is_missing || known().any(|known| known == name) {
            return;
        }
        let problem = Problem::new(format!("there is no profile `{}`", without_credentials(name)));
        let problem = if self.profiles.is_empty() {
            problem.expected("no profile: no source has any").hint("add `profiles: {NAME: {...}}` to a file")
        } else {
            problem.expected(one_of(known())).hint("choose one of them").did_you_mean(nearest(name, known()))
        };
        self.mistake("", origin.clone(), problem);
    }
}
