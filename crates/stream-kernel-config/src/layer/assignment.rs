//! One key and its value as a layer: `--set`, a named flag, or an environment variable.

use super::items::Item;
use super::{Layers, Maps, Reading, blank};
use crate::key_path;
use crate::mistake::Problem;
use crate::origin::{Origin, Provenance};
use crate::place::Place;
use crate::schema::{Kind, Node as SchemaNode, Retired, unknown_key};
use crate::yaml::{self, Entry, Node, Tree};

impl Reading<'_> {
    /// Puts the value at a key path over the layers so far. A value that is unreadable or has an unknown key is a
    /// mistake and adds nothing. A number in the place of a key names an item of a list.
    pub(crate) fn assign(&mut self, origin: Origin, key: &str, value: &str) {
        let text = Provenance::from(origin);
        let found = resolve(self.schema, key, (self.retired, &self.layers), true).and_then(|found| {
            Ok((read(found.node, value, 0).map_err(|problem| (key.to_owned(), problem))?, found))
        });
        let (read, items) = match found {
            Ok((read, found)) => (read, found.items),
            Err((key, problem)) => return self.mistake(key, text.origin, problem),
        };
        let Some(item) = items.last() else {
            let root = self.without_blanks(nested(key, read), value, &text);
            return self.layers.push(Maps::NotOutermost, [text].into(), &root);
        };
        let mut read = item.below.map_or(read.clone(), |keys| nested(keys, read));
        let faults = blank::refuse_in_item(item.schema, &item.path(), &mut read, |_| value);
        let is_blank = read.is_blank();
        self.report(&text, faults);
        if !is_blank && self.find_items(&items, &text) {
            let root = nested(item.list, nested(&item.number.to_string(), read));
            self.layers.push_in_lists([text].into(), key, &root);
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
        let read = resolve(self.schema, key, (self.retired, &self.layers), false)
            .and_then(|found| read(found.node, value, number).map_err(|problem| (key.to_owned(), problem)));
        match read {
            Ok(read) => Some(self.without_blanks(nested(key, read), value, text)),
            // It may concern the key, which is not in the text.
            Err((key, problem)) => {
                self.mistake(key, text.origin.clone(), problem);
                None
            }
        }
    }

    /// Reports the blank values in a tree, and returns it without them.
    fn without_blanks(&mut self, mut root: Node, written: &str, text: &Provenance) -> Node {
        let faults = blank::refuse(self.schema, &mut root, |_| written);
        self.report(text, faults);
        root
    }
}

/// The schema of a key, and the items of lists on the way to it.
struct Resolved<'s, 'k> {
    node: &'s SchemaNode,
    items: Vec<Item<'s, 'k>>,
}

/// Returns the schema of a key, or the unknown part of the path and why it is unknown. `takes_items` says whether a
/// number may name an item of a list. Of several variants with the key, the one that the layers so far choose counts.
fn resolve<'s, 'k>(
    schema: &'s SchemaNode,
    key_path: &'k str,
    (retired, layers): (&[Retired], &Layers),
    takes_items: bool,
) -> Result<Resolved<'s, 'k>, (String, Problem)> {
    let (mut node, mut path, mut begin) = (schema, String::new(), 0);
    let mut items = Vec::new();
    // The default of the node, or that which the default of a map around it holds.
    let mut default = schema.default.as_ref();
    for key in key_path.split('.') {
        let end = begin + key.len();
        let child = match &node.kind {
            Kind::List(type_of_list) if takes_items => {
                let Some(number) = item_number(key) else {
                    return Err((key_path::join(&path, key), no_number(&path)));
                };
                let Some(schema) = type_of_list.item(number) else {
                    let problem = Problem::new("the list cannot have this item").expected(node.in_words());
                    let hint = format!("use a number below {}", type_of_list.count.end());
                    return Err((key_path::join(&path, key), problem.hint(hint)));
                };
                let (list, below) = (&key_path[..begin.saturating_sub(1)], key_path.get(end + 1..));
                items.push(Item { list, number, default, schema, below });
                default = None;
                Some(schema)
            }
            Kind::Tagged(tagged) => {
                default = default.and_then(|default| default.get(key));
                let keys: Vec<_> =
                    key_path.get(end + 1..).into_iter().flat_map(|keys| keys.split('.')).collect();
                let name = layers.text_at(&key_path::join(&path, &tagged.tag));
                let chosen = tagged.child(name.as_deref(), key).filter(|node| node.leads_to(&keys));
                let has = |(known, node): &(&String, &SchemaNode)| *known == key && node.leads_to(&keys);
                chosen.or_else(|| tagged.keys().find(has).map(|(_, node)| node)).or_else(|| node.child(key))
            }
            _ => {
                default = default.and_then(|default| default.get(key));
                node.child(key)
            }
        };
        let Some(child) = child else {
            if let Kind::Tagged(tagged) = &node.kind {
                let known = tagged.keys_once();
                return Err((key_path::join(&path, key), unknown_key(&known, &path, key, retired)));
            }
            if let Kind::Map(known) = &node.kind {
                return Err((key_path::join(&path, key), unknown_key(known, &path, key, retired)));
            }
            let problem = Problem::new("no keys below this one").expected(node.in_words());
            return Err((path.clone(), problem.hint(format!("set `{path}` as a whole"))));
        };
        path = key_path::join(&path, key);
        default = default.or(child.default.as_ref());
        (node, begin) = (child, end + 1);
    }
    Ok(Resolved { node, items })
}

/// Returns the number of an item; none unless it is written in the only way that paths of items are.
fn item_number(key: &str) -> Option<usize> {
    key.parse().ok().filter(|number: &usize| number.to_string() == key)
}

fn no_number(list: &str) -> Problem {
    Problem::new("not the number of an item")
        .expected("the number of an item, counted from 0")
        .hint(format!("write the number of an item, such as `{list}.0`, or set `{list}` as a whole"))
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
