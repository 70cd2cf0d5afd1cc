//! Enums whose variants are maps with a key that says which variant it is.

use serde_json::Value;

use super::{Kind, Node};

/// The type of such an enum.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tagged {
    /// The key that names the variant.
    pub(crate) tag: String,
    /// The type of its value: one of the names of the variants.
    pub(crate) names: Node,
    /// The keys of each variant, with the tag, in the order of the names.
    pub(crate) variants: Vec<Vec<(String, Node)>>,
}

impl Tagged {
    /// Returns the keys of the variant with this name.
    pub(crate) fn variant(&self, name: &str) -> Option<&[(String, Node)]> {
        let Kind::OneOf(names) = &self.names.kind else { return None };
        let number = names.iter().position(|known| known == name)?;
        self.variants.get(number).map(Vec::as_slice)
    }

    /// Returns the keys of all variants, the tag first. Several variants may have the same key.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&String, &Node)> {
        let of_variants = self.variants.iter().flatten().map(|(key, node)| (key, node));
        [(&self.tag, &self.names)].into_iter().chain(of_variants.filter(|(key, _)| **key != self.tag))
    }

    /// Returns each key that a variant has, once.
    pub(crate) fn keys_once(&self) -> Vec<(String, Node)> {
        let mut once: Vec<(String, Node)> = Vec::new();
        for (key, node) in self.keys() {
            if once.iter().all(|(known, _)| known != key) {
                once.push((key.clone(), node.clone()));
            }
        }
        once
    }

    /// Returns the type of a key in a value of which only the tag is known, if it is.
    pub(crate) fn child(&self, name: Option<&str>, key: &str) -> Option<&Node> {
        let of_variant = name.filter(|_| key != self.tag).and_then(|name| self.variant(name));
        match of_variant {
            Some(keys) => keys.iter().find(|(known, _)| known == key).map(|(_, node)| node),
            None => self.keys().find(|(known, _)| *known == key).map(|(_, node)| node),
        }
    }
}

impl Node {
    /// Returns the node of a key of this value, which has the type of this node.
    pub(crate) fn child_of(&self, value: &Value, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Tagged(tagged) => tagged.child(value.get(&tagged.tag).and_then(Value::as_str), key),
            _ => self.child(key),
        }
    }

    /// Returns whether the keys lead from here to a key or an item that can be there.
    pub(crate) fn leads_to(&self, keys: &[&str]) -> bool {
        let Some((key, below)) = keys.split_first() else { return true };
        match &self.kind {
            Kind::Tagged(tagged) => tagged.keys().any(|(known, node)| known == key && node.leads_to(below)),
            Kind::List(list) => {
                key.parse().ok().and_then(|number| list.item(number)).is_some_and(|node| node.leads_to(below))
            }
            _ => self.child(key).is_some_and(|node| node.leads_to(below)),
        }
    }
}
