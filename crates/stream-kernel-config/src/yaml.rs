//! YAML text as a tree in which every key and value has its place.

mod scalar;
mod tree;

pub(crate) use scalar::Scalar;
pub(crate) use tree::{parse, too_long};

use crate::mistake::Problem;
use crate::place::Place;

/// The longest text, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// The most keys and values of a text together; those that aliases repeat count each time.
pub(crate) const MAX_VALUES: usize = 10_000;
/// The deepest nesting of values, including the outermost.
pub(crate) const MAX_DEPTH: usize = 32;
/// The longest key, in bytes.
pub(crate) const MAX_KEY_BYTES: usize = 256;

/// A value and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) tree: Tree,
}

impl Node {
    /// Returns a map without keys, at the beginning of a text.
    pub(crate) fn empty_map() -> Self {
        Self { place: Place::START, tree: Tree::Map(Vec::new()) }
    }

    pub(crate) fn scalar(place: Place, text: &str, plain: bool) -> Self {
        Self { place, tree: Tree::Scalar(Scalar { text: text.to_owned(), plain }) }
    }

    /// Returns whether the value is blank; the word `null` is not blank.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(&self.tree, Tree::Scalar(scalar) if scalar.plain && scalar.text.is_empty())
    }
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    Scalar(Scalar),
    /// Keys in their original order, each once.
    Map(Vec<Entry>),
    List(Vec<Node>),
}

/// A key of a map, and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

/// A fault of a text or a part of it.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The key path, as far as there is one.
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) problem: Problem,
}
