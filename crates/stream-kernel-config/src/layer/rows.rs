//! Keys and values without a document around them as a layer: a source's rows, a directory's files.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::assignment::{nested, read_as};
use super::profiles::{ChosenProfile, PROFILES};
use super::{Layers, RowOrigin, Source};
use crate::check::Retired;
use crate::mistake::{Findings, Problem};
use crate::origin::{Origin, Provenance};
use crate::schema::Node as SchemaNode;
use crate::source::{self, MAX_SOURCE_BYTES};
use crate::yaml::{MAX_VALUES, Node, Place, Tree};

/// What rows are read by.
pub(crate) struct Context<'a> {
    pub(crate) schema: &'a SchemaNode,
    pub(crate) retired: &'a [Retired],
    pub(crate) profile: Option<&'a ChosenProfile>,
}

/// A key path and its value, as they were found.
pub(super) struct Row {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) origin: Origin,
    /// Whether the value is a text with lines.
    pub(super) is_file: bool,
}

/// Reads a source and puts its rows over the layers so far; one that cannot be read is a mistake, or a warning if the run may do without it.
pub(crate) fn add_source(
    layers: &mut Layers,
    findings: &mut Findings,
    context: &Context<'_>,
    source: &dyn source::Source,
) {
    let name = source.name();
    let origin = |place: String| Origin::Row { source: name.clone(), place };
    match source.rows().and_then(within_bounds) {
        Ok(rows) => {
            let row =
                |source::Row { place, key, value }| Row { key, value, origin: origin(place), is_file: false };
            add_rows(layers, findings, context, rows.into_iter().map(row).collect());
        }
        Err(problem) => {
            let provenance = Provenance::new(layers.next_number(), origin(String::new()));
            if source.is_optional() {
                findings.warn(provenance, problem);
            } else {
                findings.add_missing_layer(provenance, problem);
            }
            layers.push_nothing();
        }
    }
}

fn within_bounds(rows: Vec<source::Row>) -> Result<Vec<source::Row>, Problem> {
    let bytes: usize = rows.iter().map(|row| row.key.len() + row.value.len()).sum();
    let what = if rows.len() > MAX_VALUES {
        format!("more than {MAX_VALUES} keys")
    } else if bytes > MAX_SOURCE_BYTES {
        format!("more than {MAX_SOURCE_BYTES} bytes of keys and values")
    } else {
        return Ok(rows);
    };
    Err(Problem::new(what)
        .expected("a configuration within the documented limits")
        .hint("name a narrower part of it"))
}

/// Puts rows over the layers so far, sorted by key so that a key in a map comes after the map.
pub(super) fn add_rows(
    layers: &mut Layers,
    findings: &mut Findings,
    context: &Context<'_>,
    mut rows: Vec<Row>,
) {
    rows.sort_by(|one, other| one.key.cmp(&other.key));
    let mut parts = vec![Part::default()];
    let mut chosen = Part::default();
    for row in rows {
        let Some((profile, key)) = in_profile(&row.key) else {
            parts[0].add(layers.next_number(), findings, context, row);
            continue;
        };
        layers.note_profile(profile);
        if context.profile.is_some_and(|chosen| chosen.name == profile) {
            let key = key.to_owned();
            chosen.add(layers.next_number(), findings, context, Row { key, ..row });
        }
    }
    if !chosen.rows.is_empty() {
        parts.push(chosen);
    }
    for Part { root, rows } in parts {
        layers.push(Source::Rows(rows), &root);
    }
}

/// Returns the name of the profile and the key in it: of `profiles.NAME.KEY`.
fn in_profile(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix(PROFILES)?.strip_prefix('.')?.split_once('.')
}

/// Rows that count together.
struct Part {
    root: Node,
    rows: BTreeMap<String, RowOrigin>,
}

impl Default for Part {
    fn default() -> Self {
        Self { root: Node { place: Place::START, tree: Tree::Map(Vec::new()) }, rows: BTreeMap::new() }
    }
}

impl Part {
    fn add(&mut self, layer: usize, findings: &mut Findings, context: &Context<'_>, row: Row) {
        let Row { key, value, origin, is_file } = row;
        let read = read_as(context.schema, context.retired, &key, &value);
        let row = RowOrigin { origin, text: is_file.then(|| Arc::from(value)) };
        match read {
            Ok(_) if self.rows.contains_key(&key) => {
                let problem = Problem::new("key given twice").expected("each key once");
                findings.add(key, row.provenance(layer), problem.hint("remove one of them"));
            }
            Ok(value) => {
                merge(&mut self.root, nested(&key, value));
                self.rows.insert(key, row);
            }
            // It may be about the key, which is in no line.
            Err((key, problem)) => findings.add(key, Provenance::new(layer, row.origin), problem),
        }
    }
}

/// Puts a value over another: maps merge, everything else replaces.
fn merge(below: &mut Node, above: Node) {
    match (&mut below.tree, above.tree) {
        (Tree::Map(entries), Tree::Map(above)) => {
            for entry in above {
                match entries.iter_mut().find(|known| known.key == entry.key) {
                    Some(known) => merge(&mut known.value, entry.value),
                    None => entries.push(entry),
                }
            }
        }
        (below, above) => *below = above,
    }
}
