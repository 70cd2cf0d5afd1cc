//! Names on a simulated disk: as they are seen, and as they are on the medium.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::random::PowerCut;

/// The target of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Directory,
    /// The file with this number.
    File(usize),
}

/// All names, by their paths from the root on.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// The visible names.
    current: BTreeMap<PathBuf, Node>,
    /// The durable names.
    durable: BTreeMap<PathBuf, Node>,
    /// The unsynced changes to directories, in order.
    unsynced: Vec<Change>,
}

/// A change that may be lost as a whole: a removal, a creation or a rename.
#[derive(Clone, Debug)]
struct Change {
    node: Node,
    /// The name that goes; the change requires that it leads to the node.
    from: Option<PathBuf>,
    /// The name that comes.
    to: Option<PathBuf>,
    /// The directories that have to be synced first: two for a move.
    dirs: Vec<PathBuf>,
}

impl Change {
    /// Returns the names that come or go.
    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.from.iter().chain(&self.to)
    }

    /// Applies the change, if its requirement holds.
    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        if let Some(from) = &self.from {
            if names.get(from) != Some(&self.node) {
                return;
            }
            names.remove(from);
        }
        if let Some(to) = &self.to {
            names.insert(to.clone(), self.node);
        }
    }
}

impl Names {
    pub(super) fn get(&self, path: &Path) -> Option<Node> {
        if path.as_os_str().is_empty() { Some(Node::Directory) } else { self.current.get(path).copied() }
    }

    /// Creates a name as if it had always existed; returns false if there is no directory for it.
    pub(super) fn put(&mut self, path: PathBuf, node: Node) -> bool {
        let has_place = self.is_in_directory(&path);
        self.current.insert(path.clone(), node);
        self.durable.insert(path, node);
        has_place
    }

    pub(super) fn create(&mut self, path: PathBuf, node: Node) -> io::Result<()> {
        self.change(node, None, Some(path))
    }

    pub(super) fn create_dir(&mut self, path: PathBuf) -> io::Result<()> {
        match self.get(&path) {
            Some(Node::Directory) => Ok(()),
            Some(Node::File(_)) => Err(io::ErrorKind::AlreadyExists.into()),
            None => self.create(path, Node::Directory),
        }
    }

    pub(super) fn rename(&mut self, from: PathBuf, to: PathBuf) -> io::Result<()> {
        let node = self.file(&from)?;
        self.change(node, Some(from), Some(to))
    }

    pub(super) fn remove(&mut self, path: PathBuf) -> io::Result<()> {
        let node = self.file(&path)?;
        self.change(node, Some(path), None)
    }

    pub(super) fn sync(&mut self, dir: &Path) -> io::Result<()> {
        if self.get(dir) != Some(Node::Directory) {
            return Err(io::ErrorKind::NotFound.into());
        }
        // A change of a name depends on its earlier changes: changes of one name are applied in order.
        let mut uncertain: BTreeSet<PathBuf> = BTreeSet::new();
        self.unsynced.retain_mut(|change| {
            if !change.paths().any(|path| uncertain.contains(path)) {
                change.dirs.retain(|unsynced| unsynced != dir);
            }
            if change.dirs.is_empty() {
                change.apply(&mut self.durable);
                return false;
            }
            uncertain.extend(change.paths().cloned());
            true
        });
        Ok(())
    }

    pub(super) fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        if self.get(dir) != Some(Node::Directory) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = self.current.keys().filter(|path| path.parent() == Some(dir));
        Ok(inside.filter_map(|path| path.file_name()).map(ToOwned::to_owned).collect())
    }

    pub(super) fn files(&self) -> Vec<PathBuf> {
        let is_file = |node: &Node| matches!(node, Node::File(_));
        self.current.iter().filter(|(_, node)| is_file(node)).map(|(path, _)| path.clone()).collect()
    }

    pub(super) fn after_crash(&self, power_cut: &mut PowerCut) -> Self {
        let mut names = self.durable.clone();
        for change in &self.unsynced {
            if power_cut.keeps() {
                change.apply(&mut names);
            }
        }
        // A lost directory loses its content.
        let is_reachable = |path: &PathBuf| {
            let mut above = path.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
            above.all(|path| names.get(path) == Some(&Node::Directory))
        };
        let lost: Vec<_> = names.keys().filter(|path| !is_reachable(path)).cloned().collect();
        for path in lost {
            names.remove(&path);
        }
        Self { current: names.clone(), durable: names, unsynced: Vec::new() }
    }

    fn change(&mut self, node: Node, from: Option<PathBuf>, to: Option<PathBuf>) -> io::Result<()> {
        if to.as_ref().is_some_and(|to| !self.is_in_directory(to)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut dirs: Vec<_> =
            from.iter().chain(&to).filter_map(|path| path.parent()).map(Path::to_owned).collect();
        dirs.dedup();
        let change = Change { node, from, to, dirs };
        change.apply(&mut self.current);
        self.unsynced.push(change);
        Ok(())
    }

    fn file(&self, path: &Path) -> io::Result<Node> {
        match self.get(path) {
            Some(node @ Node::File(_)) => Ok(node),
            Some(Node::Directory) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn is_in_directory(&self, path: &Path) -> bool {
        path.parent().is_some_and(|dir| self.get(dir) == Some(Node::Directory))
    }
}
