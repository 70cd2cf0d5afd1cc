//! Keys and values without a document around them as a layer: a source's rows, a directory's files.

use std::rc::Rc;

use super::assignment::{nested, read_flow};
use super::{Maps, Reading, blank};
use crate::mistake::Problem;
use crate::origin::{Origin, Provenance};
use crate::place::Place;
use crate::schema::PROFILES;
use crate::source::{self, MAX_SOURCE_BYTES, MAX_SOURCE_ROWS, Source, SourceError};
use crate::yaml::{Node, Tree};

/// A key path and its original value. A value from a file has lines.
pub(super) struct Row {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) origin: Origin,
}

impl Reading<'_> {
    /// Reads a source and puts its rows over the layers so far; an unreadable one is a mistake, or a warning if it is
    /// optional.
    pub(crate) fn add_source(&mut self, source: &dyn Source) {
        let name = source.name();
        let origin = |place: String| Origin::Row { source: name.clone(), place };
        let whole = origin(String::new());
        let problem = match source.rows().and_then(within_bounds) {
            Ok(rows) if rows.is_empty() => {
                let problem = Problem::new("it holds nothing").expected("at least one key");
                problem.hint(if source.is_optional() {
                    "look whether its name is right"
                } else {
                    "look whether its name is right, or call it optional if it may be empty: `optional=true` in a URL"
                })
            }
            Ok(rows) => {
                let row = |source::Row { place, key, value }| Row { key, value, origin: origin(place) };
                return self.add_rows(whole, rows.into_iter().map(row).collect());
            }
            Err(SourceError::Unavailable(problem)) => problem,
            Err(SourceError::Unusable(problem)) => return self.missing(whole, problem),
        };
        if source.is_optional() {
            self.findings.warn("", whole, problem.of_optional());
        } else {
            self.missing(whole, problem);
        }
    }

    /// Puts rows over the layers so far, sorted by key so that a key in a map comes after the map. `whole` is their
    /// common origin.
    pub(super) fn add_rows(&mut self, whole: Origin, mut rows: Vec<Row>) {
        rows.sort_by(|one, other| one.key.cmp(&other.key));
        let mut texts = vec![Provenance::from(whole)];
        let (mut always, mut chosen) = (Node::empty_map(), None);
        for same in rows.chunk_by(|one, other| one.key == other.key) {
            let (row, again) = (&same[0], &same[1..]);
            let written = matches!(row.origin, Origin::File { .. }).then(|| row.value.as_str().into());
            let text = Provenance { text: written, ..row.origin.clone().into() };
            if let Some((in_profile, root)) = self.read_row(row, (&text, texts.len())) {
                merge(
                    if in_profile { chosen.get_or_insert_with(Node::empty_map) } else { &mut always },
                    root,
                );
            }
            texts.push(text);
            for other in again {
                let first = match &row.origin {
                    Origin::Row { place, .. } => format!(", first in {place}"),
                    _ => String::new(),
                };
                let problem = Problem::new(format!("key given twice{first}")).expected("each key once");
                self.mistake(&row.key, other.origin.clone(), problem.hint("remove one of them"));
            }
        }
        let texts: Rc<[Provenance]> = texts.into();
        self.layers.push(Maps::Others, Rc::clone(&texts), &always);
        if let Some(chosen) = chosen {
            self.layers.push(Maps::Others, texts, &chosen);
        }
    }

    /// Returns whether a row applies in the chosen profile only, and its value within the maps that its key names.
    fn read_row(&mut self, row: &Row, (text, number): (&Provenance, usize)) -> Option<(bool, Node)> {
        let keys: Vec<_> = row.key.splitn(3, '.').collect();
        if let [PROFILES, name, ..] = *keys {
            self.note_profile(name);
        }
        match *keys {
            // The value is a whole profile, or all of them.
            [PROFILES] | [PROFILES, _] => Some((true, self.read_profiles(row, (text, number))?)),
            [PROFILES, name, _] if !self.is_chosen(name) => None,
            [PROFILES, _, ""] | [""] => {
                let problem =
                    Problem::new("a key path that is empty").expected("one such as `runtime.strict`");
                self.mistake("", row.origin.clone(), problem.hint("give it one, or remove it"));
                None
            }
            [PROFILES, _, key] => Some((true, self.read_value(key, &row.value, (text, number))?)),
            _ => Some((false, self.read_value(&row.key, &row.value, (text, number))?)),
        }
    }

    /// Returns the chosen profile, empty if the row does not hold it.
    fn read_profiles(&mut self, row: &Row, (text, number): (&Provenance, usize)) -> Option<Node> {
        let value = match read_flow(&row.value, number) {
            Ok(value) => value,
            Err(problem) => {
                let problem = problem.expected("keys with their values, in YAML flow style");
                self.mistake(&row.key, text.at(Place::START), problem);
                return None;
            }
        };
        let mut profile = self.split(nested(&row.key, value), text).1.unwrap_or_else(Node::empty_map);
        let faults = blank::refuse(self.schema, &mut profile, |_| &row.value);
        self.report(text, faults);
        Some(profile)
    }
}

fn within_bounds(rows: Vec<source::Row>) -> Result<Vec<source::Row>, SourceError> {
    let bytes: usize = rows.iter().map(|row| row.key.len() + row.value.len()).sum();
    let what = if rows.len() > MAX_SOURCE_ROWS {
        format!("more than {MAX_SOURCE_ROWS} keys")
    } else if bytes > MAX_SOURCE_BYTES {
        format!("more than {MAX_SOURCE_BYTES} bytes of keys and values")
    } else {
        return Ok(rows);
    };
    let problem = Problem::new(what).expected("a configuration within the documented limits");
    Err(problem.hint("name a narrower part of it").into())
}

/// Puts a value over another: maps merge, everything else replaces.
fn merge(below: &mut Node, above: Node) {
    match (&mut below.tree, above.tree) {
        (Tree::Map(entries), Tree::Map(above)) => {
            for entry in above {
                match entries.iter_mut().find(|known| known.key == entry.key) {
                    Some(known) => {
                        if !matches!((&known.value.tree, &entry.value.tree), (Tree::Map(_), Tree::Map(_))) {
                            known.place = entry.place;
                        }
                        merge(&mut known.value, entry.value);
                    }
                    None => entries.push(entry),
                }
            }
        }
        (below, above) => *below = above,
    }
}
