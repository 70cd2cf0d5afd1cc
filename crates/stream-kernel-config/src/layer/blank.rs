//! Blank values: a mistake in every source, unless the key's type is text.
//!
//! They are found source by source and not in what the sources come to together: a blank map replaces what earlier
//! sources put there, and a later source with one key below it would hide that.

use crate::key_path;
use crate::mistake::Problem;
use crate::place::Place;
use crate::schema::{Kind, Node as SchemaNode};
use crate::yaml::{Node, Scalar, Tree};
use crate::yaml_text;

/// Takes blank values out of a source's tree and reports each with its key path and place. A blank value for a key of
/// type text becomes empty text. What the schema does not know is left for the check of the merged tree.
pub(super) fn refuse(schema: &SchemaNode, root: &mut Node, report: &mut impl FnMut(String, Place, Problem)) {
    visit(schema, "", root, report);
}

fn visit(schema: &SchemaNode, path: &str, node: &mut Node, report: &mut impl FnMut(String, Place, Problem)) {
    match (&schema.kind, &mut node.tree) {
        (Kind::Map(_) | Kind::FreeMap(_), Tree::Map(entries)) => entries.retain_mut(|entry| {
            let Some(child) = schema.child(&entry.key) else { return true };
            let path = key_path::join(path, &entry.key);
            if !entry.value.is_blank() {
                visit(child, &path, &mut entry.value, report);
                return true;
            }
            if let Kind::Text { .. } = child.kind {
                let empty = Tree::Scalar(Scalar { text: String::new(), plain: false });
                entry.value = Node { place: entry.place, tree: empty };
                return true;
            }
            report(path, entry.place, problem(child));
            false
        }),
        // Whatever its type: a blank item in a list of texts, such as the tags to hide, is hardly meant.
        (Kind::List(child), Tree::List(items)) => {
            let mut number = 0;
            items.retain_mut(|item| {
                let path = key_path::join(path, &number.to_string());
                number += 1;
                if item.is_blank() {
                    let problem = Problem::new("the item is blank").expected(child.in_words());
                    report(path, item.place, problem.hint("give it a value, or remove it"));
                    return false;
                }
                visit(child, &path, item, report);
                true
            });
        }
        _ => {}
    }
}

/// Describes a blank value of a key that is not text, and how to say what may be meant.
fn problem(node: &SchemaNode) -> Problem {
    let remove = match &node.default {
        Some(default) if !default.is_object() => {
            format!("remove it (the default is `{}`)", yaml_text::flow(node, default))
        }
        _ if node.may_be_absent() => "remove it".to_owned(),
        _ => String::new(),
    };
    let value = match node.kind {
        Kind::Map(_) | Kind::FreeMap(_) => "give it keys",
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

/// Returns the problem, with the reason for the blank if a comment stands in its place.
pub(super) fn explained(problem: Problem, written: &str) -> Problem {
    if written.contains('#') { problem.because("`#` begins a comment") } else { problem }
}
