//! Documents as layers: files, standard input, and the application's built-in configuration.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Maps, Reading, blank, directory};
use crate::mistake::Problem;
use crate::origin::{Origin, Provenance};
use crate::place::Place;
use crate::schema::PROFILES;
use crate::yaml::{self, Fault, MAX_BYTES, Node, Tree};

/// What standard input is called.
const STANDARD_INPUT: &str = "standard input";

impl Reading<'_> {
    /// Reads a file, or the files of a directory, and puts it over the layers so far; what cannot be read is a mistake and adds nothing.
    pub(crate) fn add_path(&mut self, path: &Path) {
        self.files.push(path.to_owned());
        if !path.is_dir() {
            return self.add_file(path, File::open(path).map_err(|error| unreadable(&error)).and_then(read));
        }
        let whole =
            |path: &Path| Origin::Row { source: path.to_string_lossy().into_owned(), place: String::new() };
        let read = directory::read(path, |name| {
            let root = name.split('.').next().unwrap_or(name);
            root == PROFILES || self.schema.child(root).is_some()
        });
        let directory::Found { holds_documents, files, unused } = match read {
            Ok(found) => found,
            Err(problem) => return self.missing(whole(path), problem),
        };
        for (path, problem) in unused {
            self.findings.warn("", whole(&path), problem);
        }
        if files.is_empty() {
            self.findings.warn("", whole(path), directory::holds_nothing());
        }
        let mut rows = Vec::new();
        for (path, text) in files {
            if holds_documents {
                self.add_file(&path, text);
                self.files.push(path);
                continue;
            }
            match directory::row(&path, text) {
                Ok(row) => {
                    rows.push(row);
                    self.files.push(path);
                }
                Err((place, problem)) => self.lacking(in_file(&path, place), problem),
            }
        }
        if !holds_documents {
            self.add_rows(whole(path), rows);
        }
    }

    /// Reads standard input and puts it over the layers so far.
    pub(crate) fn add_standard_input(&mut self) {
        self.add_file(Path::new(STANDARD_INPUT), read(io::stdin().lock()));
    }

    fn add_file(&mut self, path: &Path, text: Result<String, (Place, Problem)>) {
        match text {
            Ok(text) => self.add_document(in_file(path, Place::START), &text),
            Err((place, problem)) => self.missing(in_file(path, place), problem),
        }
    }

    /// Puts a text in YAML over the layers so far. `origin` is its beginning.
    pub(crate) fn add_document(&mut self, origin: Origin, written: &str) {
        let text = Provenance { text: Some(written.into()), ..origin.into() };
        let (root, faults) = match yaml::parse(written, 0) {
            Ok(document) => document,
            Err(Fault { key, place, problem }) => {
                return self.missing(text.at(place), problem.at_key(&key));
            }
        };
        self.report(&text, faults);
        if root.as_ref().is_none_or(Node::is_blank) {
            // It is not a mistake: keys may be added to it one day.
            let problem = Problem::new("the file holds no keys, and adds nothing")
                .expected("keys with their values")
                .hint("look whether its name is right, and whether what was to be written into it is there");
            self.findings.warn("", text.at(Place::START), problem);
        }
        let root = match root {
            None => Node::empty_map(),
            Some(node) if node.is_blank() => Node { place: node.place, ..Node::empty_map() },
            Some(node) if matches!(node.tree, Tree::Map(_)) => node,
            Some(node) => {
                let problem = Problem::new("the file holds no map").expected("keys with their values");
                return self.missing(text.at(node.place), problem.hint("begin with `version: 1`"));
            }
        };
        let (mut always, mut profile) = self.split(root, &text);
        for part in [Some(&mut always), profile.as_mut()].into_iter().flatten() {
            let faults = blank::refuse(self.schema, part, |place| rest_of_line(written, place));
            self.report(&text, faults);
        }
        let texts: std::rc::Rc<[Provenance]> = [text].into();
        self.layers.push(Maps::First, texts.clone(), &always);
        if let Some(profile) = profile {
            self.layers.push(Maps::Others, texts, &profile);
        }
    }
}

/// Returns the line in which the place is, from there on.
fn rest_of_line(text: &str, place: Place) -> &str {
    let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
    let start = line.char_indices().nth(place.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    &line[start..]
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
        (Place::after(&String::from_utf8_lossy(valid)), problem)
    })
}
