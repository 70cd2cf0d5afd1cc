//! Blank values: a mistake in every source, unless the key's type is text.
//!
//! They are found in each source, not in the merged tree: a blank map replaces the values of earlier sources, and a
//! later source with one key below it would hide that.

use crate::key_path;
use crate::mistake::Problem;
use crate::place::Place;
use crate::schema::{Kind, Node as SchemaNode};
use crate::yaml::{Entry, Fault, Node, Tree};
use crate::yaml_text;

/// Takes blank values out of a source's tree and returns a problem for each. A blank value for a key of type text
/// becomes empty text. Keys that the schema does not know are left for the check of the merged tree.
///
/// `written` returns the text at the place of a value: if that is a comment, it is the reason.
pub(super) fn refuse<'t>(
    schema: &SchemaNode,
    root: &mut Node,
    written: impl Fn(Place) -> &'t str,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    visit(schema, "", root, &mut faults);
    explained(faults, written)
}

/// Does the same for an item of a list, `path`, which stays if it is blank itself.
pub(super) fn refuse_in_item<'t>(
    schema: &SchemaNode,
    path: &str,
    item: &mut Node,
    written: impl Fn(Place) -> &'t str,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    if item.is_blank() {
        faults.push(blank_item(schema, path.to_owned(), item.place));
    } else {
        visit(schema, path, item, &mut faults);
    }
    explained(faults, written)
}

fn explained<'t>(mut faults: Vec<Fault>, written: impl Fn(Place) -> &'t str) -> Vec<Fault> {
    for fault in faults.iter_mut().filter(|fault| written(fault.place).contains('#')) {
        fault.problem.because("`#` begins a comment");
    }
    faults
}

fn visit(schema: &SchemaNode, path: &str, node: &mut Node, faults: &mut Vec<Fault>) {
    match (&schema.kind, &mut node.tree) {
        (Kind::Map(_) | Kind::FreeMap(_) | Kind::Tagged(_), Tree::Map(entries)) => {
            let name = variant_in(schema, entries);
            entries.retain_mut(|entry| {
                let child = match &schema.kind {
                    Kind::Tagged(tagged) => tagged.child(name.as_deref(), &entry.key),
                    _ => schema.child(&entry.key),
                };
                let Some(child) = child else { return true };
                let key = key_path::join(path, &entry.key);
                let is_blank = entry.value.is_blank();
                match child.kind {
                    _ if !is_blank => visit(child, &key, &mut entry.value, faults),
                    Kind::Text { .. } => entry.value = Node::scalar(entry.place, "", false),
                    _ => {
                        faults.push(Fault { key, place: entry.place, problem: problem(child) });
                        return false;
                    }
                }
                true
            });
        }
        // Whatever the type: a blank item in a list of texts, such as the tags to hide, is hardly intended.
        (Kind::List(list), Tree::List(items)) => {
            let mut number = 0;
            items.retain_mut(|item| {
                let key = key_path::join(path, &number.to_string());
                let child = list.item(number);
                number += 1;
                let Some(child) = child else { return true };
                let is_blank = item.is_blank();
                if is_blank {
                    faults.push(blank_item(child, key, item.place));
                } else {
                    visit(child, &key, item, faults);
                }
                !is_blank
            });
        }
        _ => {}
    }
}

fn blank_item(schema: &SchemaNode, key: String, place: Place) -> Fault {
    let problem = Problem::new("the item is blank").expected(schema.in_words());
    Fault { key, place, problem: problem.hint("give it a value, or remove it") }
}

/// Returns the name of the variant that a map has, if that is known.
fn variant_in(schema: &SchemaNode, entries: &[Entry]) -> Option<String> {
    let Kind::Tagged(tagged) = &schema.kind else { return None };
    match &entries.iter().find(|entry| entry.key == tagged.tag)?.value.tree {
        Tree::Scalar(name) => tagged.variant(&name.text).map(|_| name.text.clone()),
        _ => None,
    }
}

/// Describes a blank value of a key that is not text, and how to write the probable intention.
fn problem(node: &SchemaNode) -> Problem {
    let remove = match &node.default {
        Some(default) if !default.is_object() => {
            format!("remove it (the default is `{}`)", yaml_text::flow(node, default))
        }
        _ if node.may_be_absent() => "remove it".to_owned(),
        _ => String::new(),
    };
    let value = match node.kind {
        Kind::Map(_) | Kind::FreeMap(_) | Kind::Tagged(_) => "give it keys",
        _ => "give it a value",
    };
    let null = if node.nullable { "write `null` to switch it off" } else { "" };
    let remedies: Vec<_> = [value, null, &remove].into_iter().filter(|text| !text.is_empty()).collect();
    let hint = match remedies.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{}, or {last}", first.join(", ")),
        only => only.concat(),
    };
    Problem::new("the value is blank").expected(node.in_words()).hint(hint)
}
