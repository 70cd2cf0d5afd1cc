//! The page's data of two traces: what is known of each, and what changed between them.

use std::collections::BTreeSet;

use serde::Serialize;

use super::collector::{Collector, MAX_RUNS, View};
use super::input::cut;
use super::wording::Wording;
use crate::comparison::{ChangedDecision, MovedStep, RunDifference, Sides, TagCount};

/// The most inputs of a run that are in both samples because they flipped, and as many that have another reason: the
/// first ones.
pub(super) const MAX_CHOSEN: usize = 200;
/// The most changes of decisions with counts of their own; all further ones count as one.
pub(super) const MAX_CHANGES: usize = 64;
/// The most tags that are listed for a run: those that changed most often.
pub(super) const MAX_TAGS: usize = 64;

/// What changed between the runs of two traces, found before their data is collected, so that both samples have the
/// inputs that changed.
///
/// ```
/// use std::convert::Infallible;
/// use stream_kernel_trace_reader::comparison::{Comparison, PlacedRecord, Sides};
/// use stream_kernel_trace_reader::view::{Pair, Wording};
/// # let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_record.json"));
/// # let placed = |text: String| {
/// #     let record = serde_json::from_str(&text).unwrap();
/// #     [Ok::<_, Infallible>(PlacedRecord { run: 1, file_line: 1, record })].into_iter()
/// # };
///
/// let (a, b) = (placed(example.to_owned()), placed(example.replace("Line", "Row")));
/// let (mut comparison, mut pair) = (Comparison::new(a, b), Pair::default());
/// while let Some(difference) = comparison.next_run(|changed| {
///     pair.add_changed(&changed);
///     Ok(())
/// }).unwrap() {
///     pair.end_run(difference);
/// }
/// let collectors = pair.collectors(Wording::default());
/// // Each takes the records of its trace here.
/// let json = pair.into_json(Sides { a: "a.jsonl", b: "b.jsonl" }, collectors)?;
/// assert!(json.contains(r#""flipped":0"#) && json.contains(r#""line_no":1"#), "{json}");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Pair {
    runs: Vec<ComparedRun>,
    present: Changes,
}

/// What changed in a run.
#[derive(Debug, Serialize)]
struct ComparedRun {
    same: bool,
    /// The step of the first record that differs, and its input.
    first: Option<FirstStep>,
    moved: Option<MovedStep>,
    tags: Vec<TagCount>,
    flipped: u64,
    other_reason: u64,
    decisions: Vec<DecisionChange>,
    #[serde(skip)]
    chosen: BTreeSet<u64>,
}

#[derive(Debug, Serialize)]
struct FirstStep {
    line_no: u64,
    step_name: String,
}

/// The number of inputs whose decision changed from `a` to `b`.
#[derive(Debug, Serialize)]
struct DecisionChange {
    a: String,
    b: String,
    inputs: u64,
}

/// The changed decisions of the present run.
#[derive(Debug, Default)]
struct Changes {
    decisions: Vec<DecisionChange>,
    chosen: BTreeSet<u64>,
    flipped: usize,
    other_reason: usize,
}

impl Pair {
    /// Takes a changed decision of the present run.
    pub fn add_changed(&mut self, changed: &ChangedDecision) {
        let Changes { decisions, chosen, flipped, other_reason } = &mut self.present;
        let of_its_kind = if changed.flipped { flipped } else { other_reason };
        if *of_its_kind < MAX_CHOSEN {
            *of_its_kind += 1;
            chosen.insert(changed.line_no);
        }
        let [a, b] = [&changed.a, &changed.b].map(|decision| cut(decision.clone()));
        let known = decisions.iter().position(|known| known.a == a && known.b == b);
        let count = decisions.len();
        match decisions.get_mut(known.unwrap_or(count).min(MAX_CHANGES)) {
            Some(known) => known.inputs += 1,
            None if count == MAX_CHANGES => {
                let other = || "(other)".to_owned();
                decisions.push(DecisionChange { a: other(), b: other(), inputs: 1 });
            }
            None => decisions.push(DecisionChange { a, b, inputs: 1 }),
        }
    }

    /// Ends the present run, which differs like this. Runs beyond the bound of a page are left out.
    pub fn end_run(&mut self, difference: RunDifference) {
        let RunDifference { same, first, moved, mut tags, flipped, other_reason, .. } = difference;
        let Changes { mut decisions, chosen, .. } = std::mem::take(&mut self.present);
        if self.runs.len() == MAX_RUNS {
            return;
        }
        decisions.sort_by_key(|change| std::cmp::Reverse(change.inputs));
        tags.sort_by_key(|tag| std::cmp::Reverse(tag.inputs));
        tags.truncate(MAX_TAGS);
        for tag in &mut tags {
            tag.tag = cut(std::mem::take(&mut tag.tag));
        }
        let first = first.map(|first| FirstStep { line_no: first.line_no, step_name: cut(first.step_name) });
        let moved = moved.map(|moved| MovedStep { step_name: cut(moved.step_name), ..moved });
        self.runs.push(ComparedRun { same, first, moved, tags, flipped, other_reason, decisions, chosen });
    }

    /// Returns a collector for each of the traces.
    pub fn collectors(&self, wording: Wording) -> Sides<Collector> {
        let chosen = || self.runs.iter().map(|run| run.chosen.clone()).collect();
        let collector = || Collector::of_pair(wording, chosen());
        Sides { a: collector(), b: collector() }
    }

    /// Returns the page's data of the traces in `files`, as one JSON object.
    ///
    /// # Errors
    ///
    /// The data cannot be written as JSON.
    pub fn into_json(
        self,
        files: Sides<&str>,
        mut collectors: Sides<Collector>,
    ) -> serde_json::Result<String> {
        #[derive(Serialize)]
        struct PairView<'a> {
            a: View<'a>,
            b: View<'a>,
            /// The k-th run of the one with the k-th of the other.
            changes: &'a [ComparedRun],
        }
        let (a, b) = (collectors.a.finish(files.a), collectors.b.finish(files.b));
        serde_json::to_string(&PairView { a, b, changes: &self.runs })
    }
}
