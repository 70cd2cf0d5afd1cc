//! One key and its value as a layer: `--set`, a named flag, an environment variable.

use super::{Layers, RowOrigin, Source, blank};
use crate::key_path;
use crate::mistake::{Findings, Problem};
use crate::origin::{Origin, Provenance};
use crate::place::Place;
use crate::schema::{Kind, Node as SchemaNode, Retired, unknown_key};
use crate::yaml::{self, Document, Entry, Node, Scalar, Tree};

/// A value for one key, from outside a document.
pub(crate) struct Assignment {
    pub(crate) origin: Origin,
    /// The key path, keys separated by points.
    pub(crate) key: String,
    /// For text the raw characters, else YAML flow.
    pub(crate) value: String,
}

impl Assignment {
    /// Puts the value over the layers so far; one for an unknown key, or not readable, is a mistake and adds nothing.
    pub(crate) fn add_to(
        self,
        layers: &mut Layers,
        findings: &mut Findings,
        schema: &SchemaNode,
        retired: &[Retired],
    ) {
        let provenance = Provenance::new(layers.next_number(), self.origin.clone());
        match read_as(schema, retired, &self.key, &self.value) {
            Ok(value) => {
                let mut root = nested(&self.key, value);
                blank::refuse(schema, &mut root, &mut |key, _, problem| {
                    findings.add(key, provenance.clone(), blank::explained(problem, &self.value));
                });
                layers.push(Source::Value(RowOrigin { origin: self.origin, text: None }), &root);
            }
            Err((key, problem)) => {
                findings.add(key, provenance, problem);
                layers.push_nothing();
            }
        }
    }
}

/// Reads a value as the type of its key, or says what is wrong and with which key.
pub(super) fn read_as(
    schema: &SchemaNode,
    retired: &[Retired],
    key: &str,
    value: &str,
) -> Result<Node, (String, Problem)> {
    let node = resolve(schema, key, retired)?;
    read(node, value).map_err(|problem| (key.to_owned(), problem))
}

/// Returns the schema of a key, or up to which key the path is unknown and why.
fn resolve<'s>(
    schema: &'s SchemaNode,
    key_path: &str,
    retired: &[Retired],
) -> Result<&'s SchemaNode, (String, Problem)> {
    let (mut node, mut path) = (schema, String::new());
    for key in key_path.split('.') {
        let Some(child) = node.child(key) else {
            if matches!(node.kind, Kind::Map(_)) {
                return Err((key_path::join(&path, key), unknown_key(node, &path, key, retired)));
            }
            let problem = Problem::new("no keys below this one").expected(node.in_words());
            return Err((path.clone(), problem.hint(format!("set `{path}` as a whole"))));
        };
        path = key_path::join(&path, key);
        node = child;
    }
    Ok(node)
}

/// Reads a value as the type of its key.
fn read(node: &SchemaNode, text: &str) -> Result<Node, Problem> {
    if let Kind::Text { .. } = node.kind {
        let scalar = Scalar { text: text.to_owned(), plain: false };
        return Ok(Node { place: Place::START, tree: Tree::Scalar(scalar) });
    }
    read_flow(text).map_err(|what| what.expected(node.in_words()))
}

/// Reads a value in YAML: a scalar, or a map or list in flow style.
pub(super) fn read_flow(text: &str) -> Result<Node, Problem> {
    let Document { root, faults } = yaml::parse(text).map_err(|fault| fault.problem)?;
    if let Some(fault) = faults.into_iter().next() {
        let key = if fault.key.is_empty() { "the value" } else { &fault.key };
        return Err(fault.problem.at_key(key));
    }
    let nothing =
        || Node { place: Place::START, tree: Tree::Scalar(Scalar { text: String::new(), plain: true }) };
    let root = root.unwrap_or_else(nothing);
    let flow = matches!(root.tree, Tree::Scalar(_)) || text.trim_start().starts_with(['[', '{']);
    if !flow {
        let problem = Problem::new("a map or list that is not in YAML flow style");
        return Err(problem.hint("write `{key: value}` or `[item, item]`"));
    }
    Ok(root)
}

/// Returns the value within the maps that its key path names. These stand in the first text: the source as a whole.
pub(super) fn nested(key_path: &str, value: Node) -> Node {
    key_path.rsplit('.').fold(value, |value, key| {
        let place = Place { text: value.place.text, ..Place::START };
        let entry = Entry { key: key.to_owned(), place, value };
        Node { place: Place::START, tree: Tree::Map(vec![entry]) }
    })
}
