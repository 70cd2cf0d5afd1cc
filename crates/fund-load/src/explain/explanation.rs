//! An explanation: everything there is to say of one line, for people and for machines.

use std::io::{self, Write};

use serde::Serialize;
use stream_kernel_trace::{RecordedError, TraceRecord, may_be_hidden};
use stream_kernel_trace_reader::reading::Input;
use stream_kernel_trace_reader::write_json;

use crate::domain::Reason;

use super::Beside;
use super::earlier::{Earlier, FirstWithId};
use super::notes::{Notes, Tags};
use super::rules::{Rule, largest_amount, rules};
use super::sentences;
use super::steps::{StepTaken, steps_of};

/// Why one line was decided as it was.
pub(super) struct Explanation<'a> {
    pub(super) input: &'a Input,
    pub(super) notes: &'a Notes,
    /// Whether it is a replay or conflict, which no limit is asked about.
    pub(super) is_duplicate: bool,
    /// Of a replay or conflict.
    pub(super) first: Option<&'a FirstWithId>,
    /// Of a line that a used-up limit declined.
    pub(super) earlier: Option<&'a Earlier>,
    pub(super) rules: Vec<Rule>,
    /// The largest amount that would have passed, if the amount alone stood in the way.
    pub(super) largest_amount: Option<u128>,
    pub(super) steps: Vec<StepTaken<'a>>,
}

/// Returns the reason that was noted, if this version of the program knows it.
pub(super) fn reason_of(tags: &Tags) -> Option<Reason> {
    Reason::ALL.into_iter().find(|reason| Some(reason.code()) == tags.reason.as_deref())
}

impl<'a> Explanation<'a> {
    /// Returns the explanation of `input`, with what the trace shows beside it.
    pub(super) fn new(input: &'a Input, notes: &'a Notes, beside: Option<&'a Beside>) -> Self {
        let reason = reason_of(&notes.tags);
        let is_duplicate = matches!(reason, Some(Reason::IdDuplicateReplay | Reason::IdDuplicateConflict));
        let rules = rules(&notes.metrics, reason);
        let mut explanation = Self {
            input,
            notes,
            first: beside.and_then(|beside| beside.first.as_ref()).filter(|_| is_duplicate),
            is_duplicate,
            earlier: None,
            largest_amount: None,
            rules,
            steps: steps_of(input),
        };
        // A duplicate has a canonical attempt beside it for which they were counted.
        if explanation.obstacle().is_some() {
            let earlier = beside.map(|beside| &beside.earlier);
            explanation.earlier = earlier.filter(|earlier| earlier.count() > 0);
        }
        if explanation.sole_obstacle().is_some_and(Rule::is_of_money) {
            explanation.largest_amount = largest_amount(&explanation.rules, &notes.metrics);
        }
        explanation
    }

    pub(super) fn run_id(&self) -> &str {
        self.input.records.last().map_or("", TraceRecord::run_id)
    }

    pub(super) fn scenario(&self) -> &str {
        self.input.records.last().map_or("", |record| &record.scenario)
    }

    /// Returns the reason for which the line was declined, if this version of the program knows it.
    pub(super) fn reason(&self) -> Option<Reason> {
        reason_of(&self.notes.tags)
    }

    /// Returns whether the trace hides the reason.
    pub(super) fn hides_reason(&self) -> bool {
        self.notes.tags.reason.as_deref().is_some_and(may_be_hidden)
    }

    /// Returns the rule that declined the line.
    pub(super) fn obstacle(&self) -> Option<&Rule> {
        let reason = self.reason()?;
        self.rules.iter().find(|rule| rule.reason == reason && !rule.passes())
    }

    /// Returns the other rules that would have declined it, had they been asked.
    pub(super) fn other_obstacles(&self) -> impl Iterator<Item = &Rule> {
        let obstacle = self.obstacle().map(|rule| rule.reason);
        // If the reason is hidden, any of them may be it.
        let rules = if self.hides_reason() { &[][..] } else { &*self.rules };
        rules.iter().filter(move |rule| !rule.passes() && Some(rule.reason) != obstacle)
    }

    /// Returns the rule that declined the line if no other would have, as far as the limits are known.
    pub(super) fn sole_obstacle(&self) -> Option<&Rule> {
        self.obstacle().filter(|rule| rule.limit.is_some() && self.other_obstacles().next().is_none())
    }

    /// Returns the step that failed.
    pub(super) fn failed_step(&self) -> Option<(&str, &RecordedError)> {
        self.steps.iter().find_map(|step| Some((step.step, step.error?)))
    }

    /// Writes one line of JSON.
    pub(super) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        #[derive(Serialize)]
        struct Json<'a> {
            run: u64,
            run_id: &'a str,
            scenario: &'a str,
            line_no: u64,
            id: Option<&'a str>,
            customer_id: Option<&'a str>,
            day: Option<&'a str>,
            week: Option<&'a str>,
            accepted: Option<bool>,
            reason: Option<&'a str>,
            answer: String,
            rules: Vec<RuleJson>,
            advice: Option<String>,
            largest_amount_cents: Option<u128>,
            first: Option<&'a FirstWithId>,
            earlier: Option<&'a Earlier>,
            steps: &'a [StepTaken<'a>],
        }
        let Tags { id, customer_id, day, week, reason, .. } = &self.notes.tags;
        let line = Json {
            run: self.input.run,
            run_id: self.run_id(),
            scenario: self.scenario(),
            line_no: self.input.line_no,
            id: id.as_deref(),
            customer_id: customer_id.as_deref(),
            day: day.as_deref(),
            week: week.as_deref(),
            accepted: self.notes.tags.is_accepted(),
            reason: reason.as_deref(),
            answer: sentences::answer(self),
            rules: self.rules.iter().map(RuleJson::of).collect(),
            advice: sentences::advice(self),
            largest_amount_cents: self.largest_amount,
            first: self.first,
            earlier: self.earlier,
            steps: &self.steps,
        };
        write_json(&mut *out, &line)?;
        out.write_all(b"\n")
    }
}

/// A rule as JSON has it: its figures may be larger than a `serde_json::Value` can hold.
#[derive(Serialize)]
struct RuleJson {
    rule: &'static str,
    unit: &'static str,
    before: u128,
    adds: u128,
    limit: Option<u128>,
    passes: bool,
}

impl RuleJson {
    fn of(rule: &Rule) -> Self {
        Self {
            rule: rule.reason.code(),
            unit: if rule.is_of_money() { "cents" } else { "count" },
            before: rule.before,
            adds: rule.adds,
            limit: rule.limit,
            passes: rule.passes(),
        }
    }
}
