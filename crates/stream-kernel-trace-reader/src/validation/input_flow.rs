//! The messages of an input: each emitted message is taken later, unless the pipeline has no step for it.

use super::Report;

/// The most kinds of message in a run; with more, the flow is not checked.
pub(super) const MAX_KINDS: usize = 1024;

/// The most pairs of step and kind at which messages of one input may wait; with more, the flow is not checked.
const MAX_WAITING: usize = 1024;

/// Follows messages from the step that emits them to the one that takes them.
#[derive(Debug, Default)]
pub(super) struct InputFlow {
    /// The kinds of the run; other fields refer to them by position.
    kinds: Vec<Kind>,
    /// The present input's messages under way, in the order of emission.
    waiting: Vec<Waiting>,
    /// Messages left over by inputs that have ended, for which no step was known.
    left_over: Vec<LeftOver>,
    /// There are too many kinds or pairs to follow: nothing is checked any more.
    is_overwhelmed: bool,
}

#[derive(Debug)]
struct Kind {
    name: String,
    /// The last step that is known to take it.
    taken_at: Option<usize>,
}

/// Messages of one kind that a step has emitted.
#[derive(Debug)]
struct Waiting {
    kind: usize,
    step_index: usize,
    count: u64,
}

#[derive(Debug)]
struct LeftOver {
    kind: usize,
    step_index: usize,
    /// The first input that left it over, and that input's last line in the trace.
    input: u64,
    at: u64,
    inputs: u64,
}

impl InputFlow {
    /// Notes that the step takes a message, and returns whether an earlier step has emitted it.
    pub(super) fn take(&mut self, kind: &str, step_index: usize) -> bool {
        let Some(kind) = self.kind(kind) else { return true };
        let taken_at = &mut self.kinds[kind].taken_at;
        *taken_at = (*taken_at).max(Some(step_index));
        // Any of several will do: later ones reach the same steps.
        let is_it = |waiting: &Waiting| waiting.kind == kind && waiting.step_index < step_index;
        let Some(at) = self.waiting.iter().position(is_it) else { return self.is_overwhelmed };
        self.waiting[at].count -= 1;
        if self.waiting[at].count == 0 {
            self.waiting.remove(at);
        }
        true
    }

    /// Notes that the step has emitted a message.
    pub(super) fn emit(&mut self, kind: &str, step_index: usize, report: &mut Report<'_>) {
        let kind = self.kind(kind);
        if let Some(kind) = kind {
            let same = |waiting: &&mut Waiting| waiting.kind == kind && waiting.step_index == step_index;
            if let Some(waiting) = self.waiting.iter_mut().find(same) {
                waiting.count += 1;
                return;
            }
            if self.waiting.len() < MAX_WAITING {
                self.waiting.push(Waiting { kind, step_index, count: 1 });
                return;
            }
        }
        if !std::mem::replace(&mut self.is_overwhelmed, true) {
            report.add(format!(
                "more than {MAX_KINDS} kinds of message, or {MAX_WAITING} places where they wait: from here on it is not \
                 checked whether each is taken"
            ));
        }
    }

    /// Reports the messages left over by the input, whose last line in the trace is `at`.
    pub(super) fn end_input(&mut self, input: u64, at: u64, report: &mut Report<'_>) {
        if self.is_overwhelmed {
            self.waiting.clear();
        }
        for Waiting { kind, step_index, count } in self.waiting.drain(..) {
            if self.kinds[kind].taken_at > Some(step_index) {
                report.add_at(at, missing(input, count, &self.kinds[kind].name, step_index));
                continue;
            }
            // As far as is known, no later step takes this kind: the pipeline may drop it.
            let same = |left: &&mut LeftOver| left.kind == kind && left.step_index == step_index;
            let has_room = self.left_over.len() < MAX_WAITING;
            match self.left_over.iter_mut().find(same) {
                Some(left) => left.inputs += 1,
                None if has_room => {
                    self.left_over.push(LeftOver { kind, step_index, input, at, inputs: 1 });
                }
                None => (),
            }
        }
    }

    /// Forgets the present input's messages under way.
    pub(super) fn abandon_input(&mut self) {
        self.waiting.clear();
    }

    /// Reports the messages that inputs left over before a step for them was seen.
    pub(super) fn end_run(&mut self, report: &mut Report<'_>) {
        for left in self.left_over.drain(..) {
            let kind = &self.kinds[left.kind];
            if kind.taken_at > Some(left.step_index) {
                let more = match left.inputs - 1 {
                    0 => String::new(),
                    1 => ", and so does another".to_owned(),
                    more => format!(", and so do {more} others"),
                };
                report.add_at(left.at, missing(left.input, 1, &kind.name, left.step_index) + &more);
            }
        }
    }

    /// Returns the position of the kind; `None` for one too many.
    fn kind(&mut self, name: &str) -> Option<usize> {
        if let Some(kind) = self.kinds.iter().position(|kind| kind.name == name) {
            return Some(kind);
        }
        if self.kinds.len() == MAX_KINDS {
            return None;
        }
        self.kinds.push(Kind { name: name.to_owned(), taken_at: None });
        Some(self.kinds.len() - 1)
    }
}

fn missing(input: u64, count: u64, kind: &str, step_index: usize) -> String {
    let messages = if count == 1 { "a".to_owned() } else { count.to_string() };
    format!(
        "input {input} ends here, but no step took {messages} `{kind}` that step {step_index} had emitted"
    )
}
