//! Keys and values without a document around them as a layer: a source's rows, a directory's files.

use std::sync::Arc;

use super::assignment::{nested, read_as, read_flow};
use super::profiles::{ChosenProfile, split};
use super::{Layers, RowOrigin, Source, blank};
use crate::mistake::{Findings, Problem};
use crate::origin::{Origin, Provenance};
use crate::place::Place;
use crate::schema::{Node as SchemaNode, PROFILES, Retired};
use crate::source::{self, MAX_SOURCE_BYTES, MAX_SOURCE_ROWS, SourceError};
use crate::yaml::{Node, Tree};

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
    let provenance = Provenance::new(layers.next_number(), origin(String::new()));
    match source.rows().and_then(within_bounds) {
        Ok(rows) if rows.is_empty() => {
            let problem = Problem::new("it holds nothing").expected("at least one key");
            if source.is_optional() {
                findings.warn(provenance, problem.hint("look whether its name is right").of_optional());
            } else {
                let hint = "look whether its name is right, or call it optional if it may be empty: `optional=true` in a URL";
                findings.add_missing_layer(provenance, problem.hint(hint));
            }
            layers.push_nothing();
        }
        Ok(rows) => {
            let row =
                |source::Row { place, key, value }| Row { key, value, origin: origin(place), is_file: false };
            add_rows(layers, findings, context, &origin(String::new()), rows.into_iter().map(row).collect());
        }
        Err(SourceError::Unavailable(problem)) if source.is_optional() => {
            findings.warn(provenance, problem.of_optional());
            layers.push_nothing();
        }
        Err(SourceError::Unavailable(problem) | SourceError::Unusable(problem)) => {
            findings.add_missing_layer(provenance, problem);
            layers.push_nothing();
        }
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

/// Puts rows over the layers so far, sorted by key so that a key in a map comes after the map. `whole` is where they
/// all came from.
pub(super) fn add_rows(
    layers: &mut Layers,
    findings: &mut Findings,
    context: &Context<'_>,
    whole: &Origin,
    mut rows: Vec<Row>,
) {
    rows.sort_by(|one, other| one.key.cmp(&other.key));
    let (mut always, mut chosen) = (Part::of(whole), Part::of(whole));
    let mut last: Option<(String, Origin)> = None;
    for row in rows {
        let layer = layers.next_number();
        if let Some((_, first)) = last.as_ref().filter(|(key, _)| *key == row.key) {
            findings.add(row.key, Provenance::new(layer, row.origin), given_twice(first));
            continue;
        }
        last = Some((row.key.clone(), row.origin.clone()));
        match Given::by(&row.key) {
            Given::Always => always.add(layer, findings, context, row),
            Given::InProfile(profile, key) => {
                layers.note_profile(profile);
                if context.profile.is_some_and(|chosen| chosen.name == profile) {
                    let key = key.to_owned();
                    chosen.add(layer, findings, context, Row { key, ..row });
                }
            }
            Given::Profiles => chosen.add_profiles(layers, findings, context, row),
        }
    }
    layers.push(Source::Rows(always.rows), &always.root);
    if chosen.rows.len() > 1 {
        layers.push_profile(Source::Rows(chosen.rows), &chosen.root);
    }
}

fn given_twice(first: &Origin) -> Problem {
    let first = match first {
        Origin::Row { place, .. } => format!(", first in {place}"),
        _ => String::new(),
    };
    Problem::new(format!("key given twice{first}")).expected("each key once").hint("remove one of them")
}

/// What a row's key says about when its value counts.
enum Given<'a> {
    Always,
    /// In a profile: its name, and the key in it.
    InProfile(&'a str, &'a str),
    /// The value is a profile as a whole, or all of them.
    Profiles,
}

impl<'a> Given<'a> {
    fn by(key: &'a str) -> Self {
        match key.split_once('.').map_or((key, ""), |split| split) {
            (PROFILES, below) => match below.split_once('.') {
                Some((name, key)) => Self::InProfile(name, key),
                None => Self::Profiles,
            },
            _ => Self::Always,
        }
    }
}

/// Rows that count together.
struct Part {
    root: Node,
    /// Where they all came from, and then each of them.
    rows: Vec<RowOrigin>,
}

impl Part {
    fn of(whole: &Origin) -> Self {
        let root = Node { place: Place::START, tree: Tree::Map(Vec::new()) };
        Self { root, rows: vec![RowOrigin { origin: whole.clone(), text: None }] }
    }

    fn add(&mut self, layer: usize, findings: &mut Findings, context: &Context<'_>, row: Row) {
        let Row { key, value, origin, is_file } = row;
        let read = read_as(context.schema, context.retired, &key, &value);
        let row = RowOrigin { origin, text: is_file.then(|| Arc::from(value.as_str())) };
        match read {
            _ if key.is_empty() => {
                let problem =
                    Problem::new("a key path that is empty").expected("one such as `runtime.strict`");
                findings.add(
                    "",
                    row.provenance(layer, Place::START),
                    problem.hint("give it one, or remove it"),
                );
            }
            Ok(read) => {
                let mut root = nested(&key, read.in_text(self.rows.len()));
                blank::refuse(context.schema, &mut root, &mut |key, place, problem| {
                    findings.add(key, row.provenance(layer, place), blank::explained(problem, &value));
                });
                merge(&mut self.root, root);
                self.rows.push(row);
            }
            // It may be about the key, which is in no line.
            Err((key, problem)) => findings.add(key, Provenance::new(layer, row.origin), problem),
        }
    }

    /// Adds the chosen profile, if the row holds it.
    fn add_profiles(
        &mut self,
        layers: &mut Layers,
        findings: &mut Findings,
        context: &Context<'_>,
        row: Row,
    ) {
        let layer = layers.next_number();
        let origin =
            RowOrigin { origin: row.origin, text: row.is_file.then(|| Arc::from(row.value.as_str())) };
        if let Some((_, name)) = row.key.split_once('.') {
            layers.note_profile(name);
        }
        let value = match read_flow(&row.value) {
            Ok(value) => value,
            Err(problem) => {
                let problem = problem.expected("keys with their values, in YAML flow style");
                return findings.add(row.key, origin.provenance(layer, Place::START), problem);
            }
        };
        let refuse = |key, place, problem| findings.add(key, origin.provenance(layer, place), problem);
        let root = nested(&row.key, value.in_text(self.rows.len()));
        for mut profile in split(root, context.profile, layers, refuse).into_iter().skip(1) {
            blank::refuse(context.schema, &mut profile, &mut |key, place, problem| {
                findings.add(key, origin.provenance(layer, place), blank::explained(problem, &row.value));
            });
            merge(&mut self.root, profile);
        }
        self.rows.push(origin);
    }
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
