//! State of a simulated disk: files, names, and the planned fault.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use super::content::Content;
use super::names::{Names, Node};
use super::plan::{Operation, PlannedFault, Verdict};
use super::random::{PowerCut, Random};
use crate::OpenHow;

/// The length of the history.
const MAX_HISTORY: usize = 64;

pub(super) struct State {
    pub(super) seed: u64,
    pub(super) random: Random,
    pub(super) files: Vec<Content>,
    pub(super) names: Names,
    pub(super) plan: Option<PlannedFault>,
    pub(super) operations: u64,
    pub(super) history: VecDeque<Operation>,
    next_handle: u64,
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self::with(seed, Vec::new(), Names::default())
    }

    fn with(seed: u64, files: Vec<Content>, names: Names) -> Self {
        let random = Random::new(seed);
        let history = VecDeque::with_capacity(MAX_HISTORY);
        Self { seed, random, files, names, plan: None, operations: 0, history, next_handle: 0 }
    }

    pub(super) fn after_kill(&self, seed: u64) -> Self {
        let mut files = self.files.clone();
        for file in &mut files {
            file.locked_by = None;
        }
        Self::with(seed, files, self.names.clone())
    }

    pub(super) fn after_crash(&self, seed: u64) -> Self {
        let mut power_cut = PowerCut::new(seed);
        let names = self.names.after_crash(&mut power_cut);
        let files = self.files.iter().map(|file| file.after_crash(&mut power_cut)).collect();
        Self::with(seed, files, names)
    }

    /// Counts an operation and returns its planned result.
    pub(super) fn begin(&mut self, mut operation: Operation) -> Verdict {
        operation.number = self.operations;
        self.operations += 1;
        let verdict = self.plan.map_or(Verdict::Go, |plan| plan.verdict(operation.number));
        operation.failure = match &verdict {
            Verdict::Go => None,
            Verdict::WriteLess => Some("written in part".to_owned()),
            Verdict::Fail(error) => Some(error.to_string()),
        };
        if self.history.len() == MAX_HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(operation);
        verdict
    }

    /// Returns the number of the file and of the new handle.
    pub(super) fn open(&mut self, path: PathBuf, how: OpenHow) -> io::Result<(usize, u64)> {
        let file = match (self.names.get(&path), how) {
            (Some(Node::Directory), _) => return Err(io::ErrorKind::IsADirectory.into()),
            (Some(Node::File(_)), OpenHow::New) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Some(Node::File(file)), _) => file,
            (None, OpenHow::ReadOnly | OpenHow::ReadOnlyNoFollow | OpenHow::Existing) => {
                return Err(io::ErrorKind::NotFound.into());
            }
            (None, OpenHow::New | OpenHow::ExistingOrNew) => {
                self.names.create(path, Node::File(self.files.len()))?;
                self.files.push(Content::default());
                self.files.len() - 1
            }
        };
        self.next_handle += 1;
        Ok((file, self.next_handle))
    }
}
