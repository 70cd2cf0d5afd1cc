//! An explanation for people: the answer first, then the way there. What comes from data is escaped.

use std::io::{self, Write};

use stream_kernel_app::escaped;

use crate::domain::Reason;

use super::earlier::Earlier;
use super::explanation::Explanation;
use super::notes::Tags;
use super::sentences::{self, excess, money};
use super::steps::StepTaken;

/// Writes the explanation as a block; with headings, it says which run it is about.
pub(super) fn write(explanation: &Explanation<'_>, has_heading: bool, out: &mut dyn Write) -> io::Result<()> {
    let Tags { id, customer_id, day, week, .. } = &explanation.notes.tags;
    let input = explanation.input;
    if has_heading {
        let (run_id, scenario) = (escaped(explanation.run_id()), escaped(explanation.scenario()));
        writeln!(out, "run {}, `{run_id}`, scenario `{scenario}`:", input.run)?;
    }
    write!(out, "line {}", input.line_no)?;
    for (name, value) in [("id", id), ("customer", customer_id)] {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            write!(out, "  {name} {}", escaped(value))?;
        }
    }
    writeln!(out, "  {}", escaped(&sentences::answer(explanation)))?;
    for sentence in sentences::advice(explanation).into_iter().chain(sentences::monday(explanation.notes)) {
        writeln!(out, "  {sentence}")?;
    }
    for rule in explanation.other_obstacles() {
        writeln!(out, "  {} stands in the way as well: {}.", rule.reason.code(), excess(rule))?;
    }
    if let (Some(day), Some(week)) = (day, week) {
        writeln!(out, "  day {}, week from {}", escaped(day), escaped(week))?;
    }
    if let Some(earlier) = explanation.earlier {
        write_earlier(explanation, earlier, out)?;
    }
    writeln!(out, "  steps:")?;
    explanation.steps.iter().try_for_each(|step| write_step(step, out))?;
    writeln!(out)
}

fn write_earlier(explanation: &Explanation<'_>, earlier: &Earlier, out: &mut dyn Write) -> io::Result<()> {
    let reason = explanation.reason();
    let what = match reason {
        Some(Reason::DailyAttemptLimit) => "attempts earlier that day",
        Some(Reason::PrimeDailyGlobalLimit) => "prime ids accepted earlier that day",
        Some(Reason::WeeklyAmountLimit) => "accepted earlier that week",
        _ => "accepted earlier that day",
    };
    writeln!(out, "  {what}:")?;
    for line in &earlier.lines {
        let (id, customer) = (escaped(&line.id), escaped(&line.customer_id));
        write!(out, "    line {}  id {id}", line.line_no)?;
        if reason == Some(Reason::PrimeDailyGlobalLimit) {
            write!(out, "  customer {customer}")?;
        }
        let declined = if line.accepted { "" } else { "  declined" };
        writeln!(out, "  {}{declined}", money(line.effective_amount_cents))?;
    }
    if earlier.more > 0 {
        writeln!(out, "    and {} more: {} accepted", earlier.more, money(earlier.more_cents))?;
    }
    let Some(rule) = explanation.obstacle() else { return Ok(()) };
    let found = if rule.is_of_money() { earlier.cents() } else { earlier.count() };
    if found != rule.before {
        writeln!(
            out,
            "    (these do not make up the figure above: the trace does not hold every line of the run)"
        )?;
    }
    Ok(())
}

fn write_step(step: &StepTaken<'_>, out: &mut dyn Write) -> io::Result<()> {
    let emits = if step.emits.is_empty() { "nothing".to_owned() } else { step.emits.join(", ") };
    let (name, takes, emits) = (escaped(step.step), escaped(step.takes), escaped(&emits));
    write!(out, "    {name}: {takes} -> {emits}, {} ms", step.duration_ms)?;
    let mut separator = "; ";
    for (name, value) in &step.notes {
        write!(out, "{separator}{} {}", escaped(name), escaped(value.get().trim_matches('"')))?;
        separator = ", ";
    }
    if let Some(error) = step.error {
        write!(out, "; {}: {}", escaped(&error.type_name), escaped(&error.message))?;
    }
    writeln!(out)
}
