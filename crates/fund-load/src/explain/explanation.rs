//! An explanation of one line, for people and for machines.

use serde::Serialize;
use stream_kernel_trace::{RecordedError, TraceRecord, may_be_hidden};
use stream_kernel_trace_reader::reading::Input;

use crate::domain::Reason;

use super::Beside;
use super::earlier::{Earlier, FirstWithId};
use super::notes::{Notes, Tags};
use super::rules::{Rule, largest_amount, rules};
use super::sentences;
use super::steps::StepTaken;

/// Why one line was decided as it was.
#[derive(Serialize)]
pub(super) struct Explanation<'a> {
    pub(super) run: u64,
    pub(super) run_id: &'a str,
    pub(super) scenario: &'a str,
    pub(super) line_no: u64,
    id: Option<&'a str>,
    customer_id: Option<&'a str>,
    day: Option<&'a str>,
    week: Option<&'a str>,
    accepted: Option<bool>,
    #[serde(rename = "reason")]
    code: Option<&'a str>,
    pub(super) answer: String,
    pub(super) rules: Vec<Rule>,
    pub(super) advice: Option<String>,
    /// The largest amount that would have passed, if only the amount was wrong.
    #[serde(rename = "largest_amount_cents")]
    pub(super) largest_amount: Option<u128>,
    /// The first attempt, of a replay or conflict.
    pub(super) first: Option<&'a FirstWithId>,
    /// The earlier lines, if a used-up limit declined the line.
    pub(super) earlier: Option<&'a Earlier>,
    pub(super) steps: Vec<StepTaken<'a>>,
    #[serde(skip)]
    pub(super) notes: &'a Notes,
    /// Why the line was declined, if this version of the program knows the reason.
    #[serde(skip)]
    pub(super) reason: Option<Reason>,
    /// Whether it is a replay or conflict, to which no limit applies.
    #[serde(skip)]
    pub(super) is_duplicate: bool,
    /// Whether nothing is known but the notes: neither the steps nor the other lines of the trace.
    #[serde(skip)]
    pub(super) is_of_notes_alone: bool,
}

/// Returns the noted reason, if this version of the program knows it.
pub(super) fn reason_of(tags: &Tags) -> Option<Reason> {
    Reason::ALL.into_iter().find(|reason| Some(reason.code()) == tags.reason.as_deref())
}

impl<'a> Explanation<'a> {
    /// Returns the explanation of `input`, with the rest of the trace beside it.
    pub(super) fn new(input: &'a Input, notes: &'a Notes, beside: Option<&'a Beside>) -> Self {
        let mut explanation = Self {
            run: input.run,
            run_id: input.records.last().map_or("", TraceRecord::run_id),
            scenario: input.records.last().map_or("", |record| &record.scenario),
            line_no: input.line_no,
            steps: input.records.iter().map(StepTaken::of).collect(),
            is_of_notes_alone: false,
            ..Self::unanswered(notes)
        };
        explanation.first =
            beside.and_then(|beside| beside.first.as_ref()).filter(|_| explanation.is_duplicate);
        // For a duplicate, they were counted with its canonical attempt.
        if explanation.obstacle().is_some() {
            let earlier = beside.map(|beside| &beside.earlier);
            explanation.earlier = earlier.filter(|earlier| earlier.count() > 0);
        }
        explanation.answered()
    }

    /// Returns the explanation that the notes of a decided line allow by themselves.
    pub(super) fn of_notes(notes: &'a Notes) -> Self {
        Self::unanswered(notes).answered()
    }

    /// Returns the explanation without an answer.
    fn unanswered(notes: &'a Notes) -> Self {
        let Notes { tags, metrics } = notes;
        let reason = reason_of(tags);
        Self {
            run: 0,
            run_id: "",
            scenario: "",
            line_no: 0,
            id: tags.id.as_deref(),
            customer_id: tags.customer_id.as_deref(),
            day: tags.day.as_deref(),
            week: tags.week.as_deref(),
            accepted: tags.is_accepted(),
            code: tags.reason.as_deref(),
            answer: String::new(),
            rules: rules(metrics, reason),
            advice: None,
            largest_amount: None,
            first: None,
            earlier: None,
            steps: Vec::new(),
            notes,
            reason,
            is_duplicate: matches!(reason, Some(Reason::IdDuplicateReplay | Reason::IdDuplicateConflict)),
            is_of_notes_alone: true,
        }
    }

    /// Returns it with its answer.
    fn answered(mut self) -> Self {
        if self.sole_obstacle().is_some_and(Rule::is_of_money) {
            self.largest_amount = largest_amount(&self.rules, &self.notes.metrics);
        }
        self.answer = sentences::answer(&self);
        self.advice = sentences::advice(&self);
        self
    }

    /// Returns whether the trace hides the reason.
    pub(super) fn hides_reason(&self) -> bool {
        self.code.is_some_and(may_be_hidden)
    }

    /// Returns the rule that declined the line.
    pub(super) fn obstacle(&self) -> Option<&Rule> {
        let reason = self.reason?;
        self.rules.iter().find(|rule| rule.reason == reason && !rule.passes())
    }

    /// Returns the other rules that would have declined it too.
    pub(super) fn other_obstacles(&self) -> impl Iterator<Item = &Rule> {
        let obstacle = self.obstacle().map(|rule| rule.reason);
        // If the reason is hidden, it may be any of them.
        let rules = if self.hides_reason() { &[][..] } else { &*self.rules };
        rules.iter().filter(move |rule| !rule.passes() && Some(rule.reason) != obstacle)
    }

    /// Returns the rule that declined the line, if no other would have, as far as the limits are known.
    pub(super) fn sole_obstacle(&self) -> Option<&Rule> {
        self.obstacle().filter(|rule| rule.limit.is_some() && self.other_obstacles().next().is_none())
    }

    /// Returns the step that failed.
    pub(super) fn failed_step(&self) -> Option<(&str, &RecordedError)> {
        self.steps.iter().find_map(|step| Some((step.step, step.error?)))
    }
}
