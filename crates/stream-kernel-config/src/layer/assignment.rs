//! One key and its value as a layer: `--set`, a named flag, or an environment variable.

use super::{Maps, Reading, blank};
use crate::key_path;
use crate::mistake::Problem;
use crate::origin::{Origin, Provenance};
use crate::place::Place;
use crate::schema::{Kind, Node as SchemaNode, Retired, unknown_key};
use crate::yaml::{self, Entry, Node, Tree};

impl Reading<'_> {
    /// Puts the value at a key path over the layers so far. A value that is unreadable or has an unknown key is a
    /// mistake and adds nothing.
    pub(crate) fn assign(&mut self, origin: Origin, key: &str, value: &str) {
        let text = Provenance::from(origin);
        if let Some(root) = self.read_value(key, value, (&text, 0)) {
            self.layers.push(Maps::NotOutermost, [text].into(), &root);
        }
    }

    /// Returns a value, read as the type of its key, within the maps that its key path names. For text it is the raw
    /// characters, otherwise YAML flow.
    pub(super) fn read_value(
        &mut self,
        key: &str,
        value: &str,
        (text, number): (&Provenance, usize),
    ) -> Option<Node> {
        let read = resolve(self.schema, key, self.retired)
            .and_then(|node| read(node, value, number).map_err(|problem| (key.to_owned(), problem)));
        match read {
            Ok(read) => {
                let mut root = nested(key, read);
                let faults = blank::refuse(self.schema, &mut root, |_| value);
                self.report(text, faults);
                Some(root)
            }
            // It may concern the key, which is not in the text.
            Err((key, problem)) => {
                self.mistake(key, text.origin.clone(), problem);
                None
            }
        }
    }
}

/// Returns the schema of a key, or the unknown part of the path and why it is unknown.
fn resolve<'s>(
    schema: &'s SchemaNode,
    key_path: &str,
    retired: &[Retired],
) -> Result<&'s SchemaNode, (String, Problem)> {
    let (mut node, mut path) = (schema, String::new());
    for key in key_path.split('.') {
        let Some(child) = node.child(key) else {
            if let Kind::Map(known) = &node.kind {
                return Err((key_path::join(&path, key), unknown_key(known, &path, key, retired)));
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
fn read(node: &SchemaNode, text: &str, number: usize) -> Result<Node, Problem> {
    match node.kind {
        Kind::Text { .. } => Ok(Node::scalar(Place { text: number, ..Place::START }, text, false)),
        _ => read_flow(text, number).map_err(|what| what.expected(node.in_words())),
    }
}

/// Reads a value in YAML: a scalar, or a map or list in flow style.
pub(super) fn read_flow(text: &str, number: usize) -> Result<Node, Problem> {
    let (root, faults) = yaml::parse(text, number).map_err(|fault| fault.problem)?;
    if let Some(fault) = faults.into_iter().next() {
        let key = if fault.key.is_empty() { "the value" } else { &fault.key };
        return Err(fault.problem.at_key(key));
    }
    let root = root.unwrap_or_else(|| Node::scalar(Place { text: number, ..Place::START }, "", true));
    let flow = matches!(root.tree, Tree::Scalar(_)) || text.trim_start().starts_with(['[', '{']);
    if !flow {
        let problem = Problem::new("a map or list that is not in YAML flow style");
        return Err(problem.hint("write `{key: value}` or `[item, item]`"));
    }
    Ok(root)
}

/// Returns the value within the maps that its key path names. These get the place of the first text: the source as a
/// whole.
pub(super) fn nested(key_path: &str, value: Node) -> Node {
    key_path.rsplit('.').fold(value, |value, key| {
        let place = Place { text: value.place.text, ..Place::START };
        let entry = Entry { key: key.to_owned(), place, value };
        Node { place: Place::START, tree: Tree::Map(vec![entry]) }
    })
}
