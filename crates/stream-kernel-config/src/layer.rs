//! The layers: each a figment provider with a side index that knows what figment does not, places and raw texts.

mod assignment;
mod blank;
mod directory;
mod document;
mod environment;
mod profiles;
mod rows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use figment::value::{Dict, Map, Tag, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};

pub(crate) use assignment::Assignment;
pub(crate) use document::{add_built_in, add_path, add_standard_input};
pub(crate) use environment::{add_environment, profile_variable, variable_names};
pub(crate) use profiles::{ChosenProfile, check_chosen};
pub(crate) use rows::{Context, add_source};

use crate::key_path;
use crate::origin::{Origin, Provenance};
use crate::place::Place;
use crate::yaml::{Node, Scalar, Tree};

/// All layers, merged.
pub(crate) struct Layers {
    figment: Figment,
    list: Vec<Layer>,
    /// The names of the profiles in them, each once.
    profiles: Vec<String>,
    /// The files and directories that were read.
    files: Vec<PathBuf>,
}

/// One source of values.
struct Layer {
    source: Source,
    marks: BTreeMap<String, Mark>,
    /// Whether it is the chosen profile's part of a source.
    is_profile: bool,
}

/// What a layer was read from: its origin, and whether values in it have places of their own.
enum Source {
    Document(Document),
    /// One value for one key.
    Value(RowOrigin),
    /// Rows of a store or directory: a place says in which of them it is. The first is the store or directory as a
    /// whole, for maps that no row gives by itself.
    Rows(Vec<RowOrigin>),
    /// It could not be read.
    Nothing,
}

/// A text in YAML.
#[derive(Clone)]
struct Document {
    text: Arc<str>,
    origin: Rc<dyn Fn(Place) -> Origin>,
}

/// Where a row came from, and its value as it was written if that has lines.
struct RowOrigin {
    origin: Origin,
    text: Option<Arc<str>>,
}

/// What the side index holds of one value.
struct Mark {
    /// The place of the key, or of a list's item.
    key: Place,
    /// The place of the value: that of the key when the value begins on a later line.
    value: Place,
    /// The scalar as it was written.
    written: Option<Scalar>,
    is_map: bool,
}

/// Hands one layer to figment.
struct LayerProvider {
    number: usize,
    dict: Dict,
}

impl Provider for LayerProvider {
    fn metadata(&self) -> Metadata {
        // The number leads from a value's tag back to the layer, which knows places and raw texts.
        Metadata::named("configuration layer").source(self.number.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

impl Layers {
    pub(crate) fn new() -> Self {
        Self { figment: Figment::new(), list: Vec::new(), profiles: Vec::new(), files: Vec::new() }
    }

    /// Notes that a file or directory is read.
    fn note_file(&mut self, path: &Path) {
        self.files.push(path.to_owned());
    }

    /// Hands out the files and directories that were read.
    pub(crate) fn take_files(&mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.files)
    }

    /// Returns the number that the next layer will have.
    pub(crate) fn next_number(&self) -> usize {
        self.list.len()
    }

    /// Puts a map over the layers so far.
    fn push(&mut self, source: Source, root: &Node) {
        self.push_part(source, root, false);
    }

    /// Puts what the chosen profile holds over the layers so far.
    fn push_profile(&mut self, source: Source, root: &Node) {
        self.push_part(source, root, true);
    }

    fn push_part(&mut self, source: Source, root: &Node, is_profile: bool) {
        let mut marks = BTreeMap::new();
        let dict = index(root, "", root.place, &mut marks).into_dict().unwrap_or_default();
        let provider = LayerProvider { number: self.next_number(), dict };
        self.figment = std::mem::take(&mut self.figment).merge(provider);
        self.list.push(Layer { source, marks, is_profile });
    }

    /// Takes the place of a layer that could not be read, so that mistakes stay in the order of the layers.
    pub(crate) fn push_nothing(&mut self) {
        self.list.push(Layer { source: Source::Nothing, marks: BTreeMap::new(), is_profile: false });
    }

    /// Returns the merged tree.
    pub(crate) fn merged(&self) -> Value {
        // No provider of ours fails, so there is always a tree.
        self.figment.find_value("").unwrap_or_else(|_| Value::from(Dict::new()))
    }

    /// Returns where the value with this tag at `path` came from.
    pub(crate) fn value_provenance(&self, tag: Tag, path: &str) -> Provenance {
        self.provenance(self.number_of(tag), path, |mark| mark.value)
    }

    /// Returns where the key of the value with this tag at `path` was written.
    pub(crate) fn key_provenance(&self, tag: Tag, path: &str) -> Provenance {
        self.provenance(self.number_of(tag), path, |mark| mark.key)
    }

    /// Returns the scalar with this tag at `path` as it was written.
    pub(crate) fn written(&self, tag: Tag, path: &str) -> Option<&Scalar> {
        self.list.get(self.number_of(tag)?)?.marks.get(path)?.written.as_ref()
    }

    /// Returns where the map at `path` was given: in the last document that gives it whatever profile is chosen, else
    /// the last layer that does, else the same for the map around it. A single value such as an environment variable
    /// gives no outermost map.
    pub(crate) fn map_provenance(&self, path: &str) -> Provenance {
        let mut at = Some(path);
        while let Some(path) = at {
            let mut single = None;
            for (number, layer) in self.list.iter().enumerate().rev() {
                match (layer.marks.get(path), &layer.source) {
                    (Some(mark), Source::Document(_)) if mark.is_map && !layer.is_profile => {
                        return self.provenance(Some(number), path, |mark| mark.value);
                    }
                    (Some(_), Source::Value(_)) if path.is_empty() => {}
                    (Some(mark), _) if mark.is_map => single = single.or(Some(number)),
                    _ if layer.replaces(path) => break,
                    _ => {}
                }
            }
            if single.is_some() {
                return self.provenance(single, path, |mark| mark.value);
            }
            at = key_path::parent(path);
        }
        Provenance::DEFAULT
    }

    fn provenance(&self, number: Option<usize>, path: &str, place: impl Fn(&Mark) -> Place) -> Provenance {
        let Some((number, layer)) = number.and_then(|number| Some((number, self.list.get(number)?))) else {
            return Provenance::DEFAULT;
        };
        let place = layer.marks.get(path).map_or(Place::START, place);
        match &layer.source {
            Source::Document(document) => document.provenance(number, place),
            Source::Value(value) => value.provenance(number, place),
            Source::Nothing => Provenance::DEFAULT,
            Source::Rows(rows) => {
                rows.get(place.text).map_or(Provenance::DEFAULT, |row| row.provenance(number, place))
            }
        }
    }

    fn number_of(&self, tag: Tag) -> Option<usize> {
        self.figment.get_metadata(tag)?.source.as_ref()?.custom()?.parse().ok()
    }
}

impl Document {
    fn new(text: &str, origin: impl Fn(Place) -> Origin + 'static) -> Self {
        Self { text: text.into(), origin: Rc::new(origin) }
    }

    fn provenance(&self, layer: usize, place: Place) -> Provenance {
        Provenance::new(layer, (self.origin)(place)).quoting(&self.text, place)
    }

    /// Returns the line in which the place is, from there on.
    fn rest_of_line(&self, place: Place) -> &str {
        let line = self.text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
        let start = line.char_indices().nth(place.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
        &line[start..]
    }
}

impl RowOrigin {
    fn provenance(&self, layer: usize, place: Place) -> Provenance {
        match (&self.text, &self.origin) {
            (Some(text), Origin::File { path, .. }) => {
                Provenance::new(layer, document::in_file(path, place)).quoting(text, place)
            }
            _ => Provenance::new(layer, self.origin.clone()),
        }
    }
}

impl Layer {
    /// Returns whether this layer puts something other than a map at `path` or around it.
    fn replaces(&self, path: &str) -> bool {
        std::iter::successors(Some(path), |path| key_path::parent(path))
            .any(|path| self.marks.get(path).is_some_and(|mark| !mark.is_map))
    }
}

/// Returns a tree as figment's value, and enters each of its values in the side index.
fn index(node: &Node, path: &str, key: Place, marks: &mut BTreeMap<String, Mark>) -> Value {
    let mut mark = Mark { key, value: key, written: None, is_map: false };
    if (node.place.text, node.place.line) == (key.text, key.line) && !node.is_blank() {
        mark.value = node.place;
    }
    let value = match &node.tree {
        Tree::Scalar(scalar) => {
            mark.written = Some(scalar.clone());
            scalar.value()
        }
        Tree::List(items) => {
            let child = |(number, item): (usize, &Node)| {
                index(item, &key_path::join(path, &number.to_string()), item.place, marks)
            };
            Value::from(items.iter().enumerate().map(child).collect::<Vec<_>>())
        }
        Tree::Map(entries) => {
            mark.is_map = true;
            let child = |entry: &crate::yaml::Entry| {
                let path = key_path::join(path, &entry.key);
                (entry.key.clone(), index(&entry.value, &path, entry.place, marks))
            };
            Value::from(entries.iter().map(child).collect::<Dict>())
        }
    };
    marks.insert(path.to_owned(), mark);
    value
}
