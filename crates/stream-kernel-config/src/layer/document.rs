//! Documents as layers: files, standard input, and the application's built-in configuration.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::profiles::split;
use super::rows::{Context, add_rows};
use super::{Document as Text, Layers, Source, blank, directory};
use crate::mistake::{Findings, Problem};
use crate::origin::{Origin, Provenance};
use crate::place::Place;
use crate::schema::PROFILES;
use crate::yaml::{self, Document, MAX_BYTES, Node, Tree};

/// What standard input is called.
const STANDARD_INPUT: &str = "standard input";

/// Reads a file, or the files of a directory, and puts it over the layers so far; what cannot be read is a mistake and adds nothing.
pub(crate) fn add_path(layers: &mut Layers, findings: &mut Findings, context: &Context<'_>, path: &Path) {
    layers.note_file(path);
    if !path.is_dir() {
        let text = File::open(path).map_err(|error| unreadable(&error)).and_then(read);
        return add_text(layers, findings, context, path, text);
    }
    let whole =
        |path: &Path| Origin::Row { source: path.to_string_lossy().into_owned(), place: String::new() };
    let layer = layers.next_number();
    let read = directory::read(path, |name| {
        let root = name.split('.').next().unwrap_or(name);
        root == PROFILES || context.schema.child(root).is_some()
    });
    let contents = match read {
        Ok(directory::Found { contents, unused }) => {
            for (path, problem) in unused {
                findings.warn(Provenance::new(layer, whole(&path)), problem);
            }
            contents
        }
        Err(problem) => {
            findings.add_missing_layer(Provenance::new(layer, whole(path)), problem);
            return layers.push_nothing();
        }
    };
    match contents {
        directory::Contents::Documents(documents) => {
            for (path, text) in documents {
                layers.note_file(&path);
                add_text(layers, findings, context, &path, text);
            }
        }
        directory::Contents::Keys(files) => {
            if files.is_empty() {
                findings.warn(Provenance::new(layer, whole(path)), directory::holds_nothing());
            }
            let mut rows = Vec::with_capacity(files.len());
            for file in files {
                if let Some(Origin::File { path, .. }) = file.as_ref().ok().map(|row| &row.origin) {
                    layers.note_file(path);
                }
                match file {
                    Ok(row) => rows.push(row),
                    Err((path, place, problem)) => {
                        let origin = in_file(&path, place);
                        findings.add_missing_layer(Provenance::new(layer, origin), problem);
                    }
                }
            }
            add_rows(layers, findings, context, &whole(path), rows);
        }
    }
}

/// Reads standard input and puts it over the layers so far.
pub(crate) fn add_standard_input(layers: &mut Layers, findings: &mut Findings, context: &Context<'_>) {
    add_text(layers, findings, context, Path::new(STANDARD_INPUT), read(io::stdin().lock()));
}

/// Puts the built-in configuration over the layers so far.
pub(crate) fn add_built_in(
    layers: &mut Layers,
    findings: &mut Findings,
    context: &Context<'_>,
    (name, text): (&str, &str),
) {
    let name = name.to_owned();
    let origin = move |Place { line, column, .. }| Origin::BuiltIn { name: name.clone(), line, column };
    add(layers, findings, context, &Text::new(text, origin));
}

fn add_text(
    layers: &mut Layers,
    findings: &mut Findings,
    context: &Context<'_>,
    path: &Path,
    text: Result<String, (Place, Problem)>,
) {
    let path = path.to_owned();
    match text {
        Ok(text) => add(layers, findings, context, &Text::new(&text, move |place| in_file(&path, place))),
        Err((place, problem)) => {
            let provenance = Provenance::new(layers.next_number(), in_file(&path, place));
            findings.add_missing_layer(provenance, problem);
            layers.push_nothing();
        }
    }
}

fn add(layers: &mut Layers, findings: &mut Findings, context: &Context<'_>, document: &Text) {
    let layer = layers.next_number();
    let provenance = |place| document.provenance(layer, place);
    match yaml::parse(&document.text) {
        Ok(Document { root, faults }) => {
            for fault in faults {
                findings.add(fault.key, provenance(fault.place), fault.problem);
            }
            if root.as_ref().is_none_or(Node::is_blank) {
                findings.warn(provenance(Place::START), holds_nothing());
            }
            match as_map(root) {
                Ok(root) => {
                    let mut parts = split(root, context.profile, layers, |key, place, problem| {
                        findings.add(key, provenance(place), problem);
                    });
                    for part in &mut parts {
                        blank::refuse(context.schema, part, &mut |key, place, problem| {
                            let problem = blank::explained(problem, document.rest_of_line(place));
                            findings.add(key, provenance(place), problem);
                        });
                    }
                    let mut parts = parts.into_iter();
                    if let Some(always) = parts.next() {
                        layers.push(Source::Document(document.clone()), &always);
                    }
                    for profile in parts {
                        layers.push_profile(Source::Document(document.clone()), &profile);
                    }
                }
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
            Tree::Scalar(_) if node.is_blank() => Ok(empty(node.place)),
            Tree::Scalar(_) | Tree::List(_) => Err(node.place),
        },
    }
}

/// Warns that a file adds nothing. It is not a mistake: keys may be added to it one day.
fn holds_nothing() -> Problem {
    Problem::new("the file holds no keys, and adds nothing")
        .expected("keys with their values")
        .hint("look whether its name is right, and whether what was to be written into it is there")
}

/// Names the key in the text of a problem that is about the whole layer.
fn keyed(key: &str, problem: Problem) -> Problem {
    if key.is_empty() { problem } else { problem.at_key(key) }
}

pub(super) fn in_file(path: &Path, Place { line, column, .. }: Place) -> Origin {
    Origin::File { path: PathBuf::from(path), line, column }
}

pub(super) fn unreadable(error: &io::Error) -> (Place, Problem) {
    let problem = Problem::new(format!("cannot read the file: {error}")).expected("a readable file");
    (Place::START, problem.hint("check the path and the file's permissions"))
}

/// Returns the text of a file, or what is wrong with it as a whole.
pub(super) fn read(file: impl Read) -> Result<String, (Place, Problem)> {
    let mut bytes = Vec::new();
    // One byte beyond the bound is enough to find the file too long.
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
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
    Place { text: 0, line: text.matches('\n').count() + 1, column: last_line.chars().count() + 1 }
}
