//! Builder of the tree from the events of the YAML parser.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};

use super::{Entry, Fault, MAX_BYTES, MAX_DEPTH, MAX_KEY_BYTES, MAX_VALUES, Node, Scalar, Tree};
use crate::excerpt::excerpt;
use crate::key_path;
use crate::mistake::Problem;
use crate::place::Place;

/// Returns the text with this number as a tree, and the faults of its parts. There is no tree if the text is empty or
/// holds only comments.
///
/// # Errors
///
/// A [`Fault`] that leaves nothing to use: the text is not YAML, holds several documents or exceeds a bound.
pub(crate) fn parse(text: &str, number: usize) -> Result<(Option<Node>, Vec<Fault>), Fault> {
    if text.len() > MAX_BYTES {
        return Err(fault("", Place::START, too_long()));
    }
    refuse_unprintable(text)?;
    let mut builder = Builder {
        parser: Parser::new_from_str(text),
        number,
        anchors: HashMap::new(),
        values: 0,
        faults: Vec::new(),
    };
    let mut root = None;
    loop {
        match builder.next()? {
            (Event::StreamEnd, _) => return Ok((root, builder.faults)),
            (Event::StreamStart | Event::DocumentEnd | Event::Nothing, _) => {}
            (Event::DocumentStart(_), span) if root.is_some() => {
                let problem = Problem::new("a second YAML document begins here");
                return Err(fault(
                    "",
                    place(span.start),
                    problem.expected("one document").hint("remove the `---`"),
                ));
            }
            (Event::DocumentStart(_), _) => {
                let first = builder.next()?;
                root = Some(builder.node(first, "", 1)?);
            }
            (_, span) => return Err(fault("", place(span.start), not_yaml(""))),
        }
    }
}

struct Builder<'t> {
    parser: Parser<'t, StrInput<'t>>,
    number: usize,
    anchors: HashMap<usize, Node>,
    values: usize,
    faults: Vec<Fault>,
}

impl<'t> Builder<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                Err(fault("", place(*error.marker()), not_yaml(&format!(": {}", error.info()))))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// Builds the value at `path` that begins with an event.
    fn node(&mut self, (event, span): (Event<'t>, Span), path: &str, depth: usize) -> Result<Node, Fault> {
        let place = Place { text: self.number, ..place(span.start) };
        self.count(1, depth, path, place)?;
        let (tree, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tagged_text = self.is_tagged_text(tag.as_deref(), path, place);
                let plain = style == ScalarStyle::Plain && !tagged_text;
                (Tree::Scalar(Scalar { text: text.into_owned(), plain }), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.is_tagged_text(tag.as_deref(), path, place);
                (self.list(path, depth)?, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.is_tagged_text(tag.as_deref(), path, place);
                (self.map(path, depth)?, anchor)
            }
            Event::Alias(anchor) => return self.alias(anchor, path, place, depth),
            _ => return Err(fault(path, place, not_yaml(""))),
        };
        let node = Node { place, tree };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, path: &str, depth: usize) -> Result<Tree, Fault> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Tree::List(items)),
                first => {
                    let path = key_path::join(path, &items.len().to_string());
                    items.push(self.node(first, &path, depth + 1)?);
                }
            }
        }
    }

    fn map(&mut self, path: &str, depth: usize) -> Result<Tree, Fault> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut places: HashMap<String, Place> = HashMap::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Tree::Map(entries)),
                first => self.node(first, path, depth + 1)?,
            };
            let Tree::Scalar(Scalar { text: name, .. }) = key.tree else {
                let problem =
                    Problem::new("a map or list as a key").expected("a name").hint("write a plain name");
                self.faults.push(fault(path, key.place, problem));
                let first = self.next()?;
                self.node(first, path, depth + 1)?;
                continue;
            };
            if name.len() > MAX_KEY_BYTES {
                let problem = format!("a key of more than {MAX_KEY_BYTES} bytes: `{}`", excerpt(&name));
                return Err(fault(path, key.place, too_large(&problem)));
            }
            let child = key_path::join(path, &name);
            let first = self.next()?;
            let value = self.node(first, &child, depth + 1)?;
            if let Some(Place { line, column, .. }) = places.get(&name) {
                let problem = Problem::new(format!("key given twice, first at line {line}, column {column}"));
                self.faults.push(fault(
                    &child,
                    key.place,
                    problem.expected("each key once").hint("remove one of them"),
                ));
                continue;
            }
            places.insert(name.clone(), key.place);
            entries.push(Entry { key: name, place: key.place, value });
        }
    }

    /// Repeats the anchored value, which counts as if it were written here.
    fn alias(&mut self, anchor: usize, path: &str, at: Place, depth: usize) -> Result<Node, Fault> {
        let Some(node) = self.anchors.get(&anchor) else {
            let problem = Problem::new("an alias within the value that it repeats")
                .expected("an alias of a value that is complete");
            return Err(fault(path, at, problem.hint("write the value out")));
        };
        let node = Node { place: at, ..node.clone() };
        let (values, height) = extent(&node);
        self.count(values - 1, depth + height - 1, path, at)?;
        Ok(node)
    }

    fn count(&mut self, values: usize, depth: usize, path: &str, at: Place) -> Result<(), Fault> {
        self.values += values;
        if self.values > MAX_VALUES {
            return Err(fault(path, at, too_large(&format!("more than {MAX_VALUES} keys and values"))));
        }
        if depth > MAX_DEPTH {
            return Err(fault(path, at, too_large(&format!("values nested deeper than {MAX_DEPTH}"))));
        }
        Ok(())
    }

    /// Returns whether the tag makes the value text; any tag except those of plain YAML types is a fault.
    fn is_tagged_text(&mut self, tag: Option<&Tag>, path: &str, at: Place) -> bool {
        let Some(tag) = tag else { return false };
        match (tag.is_yaml_core_schema(), tag.suffix.as_str()) {
            (true, "str") => true,
            (true, "map" | "seq") => false,
            _ if tag.handle.is_empty() && tag.suffix == "!" => true,
            _ => {
                let problem = Problem::new(format!("YAML tag `{tag}`")).expected("a value without a tag");
                self.faults.push(fault(path, at, problem.hint("remove the tag")));
                false
            }
        }
    }
}

/// Returns the number of values in a value, and its depth, both including itself.
fn extent(node: &Node) -> (usize, usize) {
    let add = |(values, height): (usize, usize), child: &Node| {
        let (more, below) = extent(child);
        (values + more, height.max(below + 1))
    };
    match &node.tree {
        Tree::Scalar(_) => (1, 1),
        Tree::List(items) => items.iter().fold((1, 1), add),
        Tree::Map(entries) => {
            let (values, height) = entries.iter().map(|entry| &entry.value).fold((1, 1), add);
            (values + entries.len(), height)
        }
    }
}

/// Refuses characters that YAML does not allow in a text; the parser would take a NUL for the end.
fn refuse_unprintable(text: &str) -> Result<(), Fault> {
    let is_allowed = |c: char| match c {
        '\n' | '\t' | '\r' | '\u{85}' => true,
        _ => !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'),
    };
    let Some((at, character)) = text.char_indices().find(|(_, c)| !is_allowed(*c)) else { return Ok(()) };
    let problem = Problem::new(format!("character {} is not allowed in YAML", character.escape_unicode()))
        .expected("printable characters");
    Err(fault("", Place::after(&text[..at]), problem.hint("write it as an escape in double quotes")))
}

fn not_yaml(why: &str) -> Problem {
    Problem::new(format!("not YAML{why}")).expected("YAML").hint(
        "look for a tab, wrong indentation, or a quote, bracket or colon too many or too few, here or before",
    )
}

/// Describes a text longer than [`MAX_BYTES`].
pub(crate) fn too_long() -> Problem {
    too_large(&format!("more than {MAX_BYTES} bytes"))
}

fn too_large(what: &str) -> Problem {
    Problem::new(what).expected("a configuration within the documented limits").hint("shorten it")
}

fn fault(key: &str, place: Place, problem: Problem) -> Fault {
    Fault { key: key.to_owned(), place, problem }
}

fn place(marker: Marker) -> Place {
    Place { text: 0, line: marker.line(), column: marker.col() + 1 }
}

#[cfg(test)]
mod tests;
