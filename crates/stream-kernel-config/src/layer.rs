//! Layers: each is a figment provider with a side index of places and raw texts, which figment does not know.

mod assignment;
mod blank;
mod directory;
mod document;
mod environment;
mod items;
mod profiles;
mod rows;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use figment::value::{Dict, Map, Tag, Value};
use figment::{Error, Figment, Metadata, Profile, Provider};

pub(crate) use profiles::ChosenProfile;

use crate::key_path;
use crate::mistake::{Findings, Problem};
use crate::origin::Provenance;
use crate::place::Place;
use crate::schema::{Node as SchemaNode, Retired};
use crate::yaml::{Fault, Node, Scalar, Tree};

/// Reads sources one after the other, and puts each over the layers so far.
pub(crate) struct Reading<'a> {
    pub(crate) schema: &'a SchemaNode,
    pub(crate) retired: &'a [Retired],
    pub(crate) chosen: Option<ChosenProfile>,
    /// The names of the profiles in the sources, each once.
    pub(crate) profiles: Vec<String>,
    pub(crate) layers: Layers,
    pub(crate) findings: Findings,
    /// The files and directories read.
    pub(crate) files: Vec<PathBuf>,
}

impl Reading<'_> {
    /// Adds a mistake in the current layer.
    pub(crate) fn mistake(&mut self, key: impl Into<String>, at: impl Into<Provenance>, problem: Problem) {
        let provenance = at.into().in_layer(self.layers.list.len());
        self.findings.add(key, provenance, problem);
    }

    /// Adds the faults of parts of a text.
    fn report(&mut self, text: &Provenance, faults: Vec<Fault>) {
        for Fault { key, place, problem } in faults {
            self.mistake(key, text.at(place), problem);
        }
    }

    /// Adds a mistake that makes the current layer incomplete.
    fn lacking(&mut self, at: impl Into<Provenance>, problem: Problem) {
        let provenance = at.into().in_layer(self.layers.list.len());
        self.findings.add_missing_layer(provenance, problem);
    }

    /// Adds a mistake that makes a layer contribute nothing. The layer keeps its number, so that mistakes stay in the
    /// order of the layers.
    pub(crate) fn missing(&mut self, at: impl Into<Provenance>, problem: Problem) {
        self.lacking(at, problem);
        self.layers.list.push(Layer { maps: Maps::Others, texts: [].into(), marks: BTreeMap::new() });
    }
}

/// All layers, merged.
#[derive(Default)]
pub(crate) struct Layers {
    figment: Figment,
    list: Vec<Layer>,
}

/// One source of values.
struct Layer {
    maps: Maps,
    /// The beginnings of its texts: a place says which text it is in. The first of several is the store or directory as
    /// a whole, for maps that no row gives by itself. A layer that could not be read has none.
    texts: Rc<[Provenance]>,
    marks: BTreeMap<String, Mark>,
}

/// Whether a key that is missing in a map of a layer is reported as missing there.
enum Maps {
    /// Before others: a document, without its profile.
    First,
    /// Not in the outermost map: a single value.
    NotOutermost,
    /// Other layers.
    Others,
}

/// The entry of one value in the side index.
struct Mark {
    /// The place of the key, or of a list's item.
    key: Place,
    /// The place of the value: the key's, if the value begins on a later line.
    value: Place,
    /// The original text of a scalar.
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
        Metadata::named(self.number.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

impl Layers {
    /// Puts a map over the layers so far.
    fn push(&mut self, maps: Maps, texts: Rc<[Provenance]>, root: &Node) {
        let mut marks = BTreeMap::new();
        let value = index(root, "", root.place, &mut marks);
        self.put(Layer { maps, texts, marks }, value);
    }

    /// Puts a layer with this value, a map, over the layers so far.
    fn put(&mut self, layer: Layer, value: Value) {
        let provider = LayerProvider { number: self.list.len(), dict: value.into_dict().unwrap_or_default() };
        self.figment = std::mem::take(&mut self.figment).merge(provider);
        self.list.push(layer);
    }

    /// Returns the merged tree.
    pub(crate) fn merged(&self) -> Value {
        // Our providers never fail, so there is always a tree.
        self.figment.find_value("").unwrap_or_else(|_| Value::from(Dict::new()))
    }

    /// Returns the origin of the value with this tag at `path`.
    pub(crate) fn value_provenance(&self, tag: Tag, path: &str) -> Provenance {
        self.provenance(self.number_of(tag), path, |mark| mark.value)
    }

    /// Returns the place of the key of the value with this tag at `path`.
    pub(crate) fn key_provenance(&self, tag: Tag, path: &str) -> Provenance {
        self.provenance(self.number_of(tag), path, |mark| mark.key)
    }

    /// Returns the original text of the scalar with this tag at `path`.
    pub(crate) fn written(&self, tag: Tag, path: &str) -> Option<&Scalar> {
        self.list.get(self.number_of(tag)?)?.marks.get(path)?.written.as_ref()
    }

    /// Returns the origin of the map at `path`: the last document that gives it under any profile, else the last layer
    /// that does, else the same for the map around it. A single value, such as an environment variable, gives no
    /// outermost map.
    pub(crate) fn map_provenance(&self, path: &str) -> Provenance {
        for path in key_path::around(path) {
            let mut single = None;
            let is_replaced = |mark: &Mark| !mark.is_map;
            for (number, layer) in self.list.iter().enumerate().rev() {
                match (layer.marks.get(path), &layer.maps) {
                    (Some(mark), Maps::First) if mark.is_map => {
                        return self.provenance(Some(number), path, |mark| mark.value);
                    }
                    (Some(_), Maps::NotOutermost) if path.is_empty() => {}
                    (Some(mark), _) if mark.is_map => single = single.or(Some(number)),
                    _ if key_path::around(path).filter_map(|path| layer.marks.get(path)).any(is_replaced) => {
                        break;
                    }
                    _ => {}
                }
            }
            if single.is_some() {
                return self.provenance(single, path, |mark| mark.value);
            }
        }
        Provenance::DEFAULT
    }

    fn provenance(&self, number: Option<usize>, path: &str, place: impl Fn(&Mark) -> Place) -> Provenance {
        let find = |number: usize| {
            let layer = self.list.get(number)?;
            let place = layer.marks.get(path).map_or(Place::START, place);
            Some(layer.texts.get(place.text)?.at(place).in_layer(number))
        };
        number.and_then(find).unwrap_or(Provenance::DEFAULT)
    }

    fn number_of(&self, tag: Tag) -> Option<usize> {
        self.figment.get_metadata(tag)?.name.parse().ok()
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
