//! Documents as layers: files, and the application's built-in configuration.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Layers, Source};
use crate::mistake::{Findings, Problem};
use crate::origin::{Origin, Provenance};
use crate::yaml::{self, Document, MAX_BYTES, Node, Place, Tree};

/// Reads a file and puts it over the layers so far; one that cannot be read is a mistake and adds nothing.
pub(crate) fn add_file(layers: &mut Layers, findings: &mut Findings, path: &Path) {
    let owned = path.to_owned();
    let origin = move |Place { line, column }| Origin::File { path: owned.clone(), line, column };
    match read(path) {
        Ok(text) => add(layers, findings, &text, origin),
        Err((place, problem)) => {
            let provenance = Provenance { layer: layers.next_number(), origin: origin(place) };
            findings.add_missing_layer(provenance, problem);
            layers.push_nothing();
        }
    }
}

/// Puts the built-in configuration over the layers so far.
pub(crate) fn add_profile(layers: &mut Layers, findings: &mut Findings, name: &str, text: &str) {
    let name = name.to_owned();
    add(layers, findings, text, move |Place { line, column }| Origin::Profile {
        name: name.clone(),
        line,
        column,
    });
}

fn add(layers: &mut Layers, findings: &mut Findings, text: &str, origin: impl Fn(Place) -> Origin + 'static) {
    let layer = layers.next_number();
    let provenance = |place| Provenance { layer, origin: origin(place) };
    match yaml::parse(text) {
        Ok(Document { root, faults }) => {
            for fault in faults {
                findings.add(fault.key, provenance(fault.place), fault.problem);
            }
            match as_map(root) {
                Ok(root) => layers.push(Source::Document(Box::new(origin)), &root),
                Err(place) => {
                    let problem = Problem::new("the file holds no map").expected("keys with their values");
                    findings.add_missing_layer(provenance(place), problem.hint("begin with `version: 1`"));
                    layers.push_nothing();
                }
            }
        }
        Err(fault) => {
            findings.add_missing_layer(provenance(fault.place), keyed(&fault.key, fault.problem));
            layers.push_nothing();
        }
    }
}

/// Returns the outermost value if it is a map or nothing, else the place of what stands there instead.
fn as_map(root: Option<Node>) -> Result<Node, Place> {
    let empty = |place| Node { place, tree: Tree::Map(Vec::new()) };
    match root {
        None => Ok(empty(Place::START)),
        Some(node) => match &node.tree {
            Tree::Map(_) => Ok(node),
            Tree::Scalar(scalar) if scalar.plain && scalar.text.is_empty() => Ok(empty(node.place)),
            Tree::Scalar(_) | Tree::List(_) => Err(node.place),
        },
    }
}

/// Names the key in the text of a problem that is about the whole layer.
fn keyed(key: &str, problem: Problem) -> Problem {
    if key.is_empty() { problem } else { problem.at_key(key) }
}

/// Returns the text of a file, or what is wrong with it as a whole.
fn read(path: &Path) -> Result<String, (Place, Problem)> {
    let mut bytes = Vec::new();
    // One byte beyond the bound is enough to find the file too long.
    File::open(path).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)).map_err(
        |error| {
            let problem = Problem::new(format!("cannot read the file: {error}")).expected("a readable file");
            (Place::START, problem.hint("check the path and the file's permissions"))
        },
    )?;
    if bytes.len() > MAX_BYTES {
        return Err((Place::START, yaml::too_long()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let problem = Problem::new("not UTF-8").expected("a file in UTF-8").hint("save the file in UTF-8");
        (place_after(&String::from_utf8_lossy(valid)), problem)
    })
}

fn place_after(text: &str) -> Place {
    let last_line = text.rsplit('\n').next().unwrap_or_default();
    Place { line: text.matches('\n').count() + 1, column: last_line.chars().count() + 1 }
}
