//! Explanations for people: the answer first, then the details. Text from data is escaped.

use std::io::{self, Write};

use serde_json::value::RawValue;
use stream_kernel_app::run_heading;
use stream_kernel_text::Column::{Left, Right};
use stream_kernel_text::{aligned, duration, escaped, grouped};

use crate::domain::Reason;

use super::earlier::{Earlier, EarlierLine, hides_what_counts};
use super::explanation::Explanation;
use super::notes::Tags;
use super::sentences::{self, excess, money};
use super::steps::StepTaken;

/// Writes the explanation as a block; with headings, it names the run.
pub(super) fn write(explanation: &Explanation<'_>, has_heading: bool, out: &mut dyn Write) -> io::Result<()> {
    let Tags { id, customer_id, day, week, .. } = &explanation.notes.tags;
    if has_heading {
        let names = (explanation.run_id, explanation.scenario);
        writeln!(out, "{}", run_heading(explanation.run, Some(names)))?;
    }
    write!(out, "line {}", explanation.line_no)?;
    for (name, value) in [("id", id), ("customer", customer_id)] {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            write!(out, "  {name} {}", escaped(value))?;
        }
    }
    writeln!(out, "  {}", escaped(&explanation.answer))?;
    for sentence in further_sentences(explanation) {
        writeln!(out, "  {}", escaped(&sentence))?;
    }
    if let (Some(day), Some(week)) = (day, week) {
        writeln!(out, "  day {}, week from {}", escaped(day), escaped(week))?;
    }
    write_earlier(explanation, out)?;
    writeln!(out, "  steps:")?;
    let width = explanation.steps.iter().map(|step| step.step.chars().count()).max().unwrap_or_default();
    explanation.steps.iter().try_for_each(|step| write_step(step, width, out))?;
    writeln!(out)
}

/// Returns the answer and the details beyond it.
pub(super) fn sentences(explanation: &Explanation<'_>) -> Vec<String> {
    let answer = explanation.answer.clone();
    std::iter::once(answer).chain(further_sentences(explanation)).collect()
}

/// Returns the details beyond the answer, one sentence per line.
fn further_sentences(explanation: &Explanation<'_>) -> Vec<String> {
    let mut sentences = Vec::new();
    sentences.extend(sentences::failure(explanation));
    sentences.extend(explanation.advice.clone());
    for rule in explanation.other_obstacles() {
        sentences.push(format!("{} would have declined it, too: {}.", rule.reason.code(), excess(rule)));
    }
    // Neither affects a replay or conflict.
    if !explanation.is_duplicate {
        sentences.extend(sentences::monday(explanation.notes));
        sentences.extend(sentences::prime_gate(explanation.notes));
    }
    sentences
}

/// Writes which earlier lines used up the limit, and whether they add up to the compared figure.
fn write_earlier(explanation: &Explanation<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Some(rule) = explanation.obstacle() else { return Ok(()) };
    if hides_what_counts(rule.reason, &explanation.notes.tags) {
        return writeln!(out, "  The trace hides which earlier lines were counted.");
    }
    let found = match explanation.earlier {
        Some(earlier) => {
            write_lines(rule.reason, earlier, out)?;
            if rule.is_of_money() { earlier.cents() } else { earlier.count() }
        }
        None => 0,
    };
    if found != rule.before {
        writeln!(
            out,
            "  The trace does not hold every earlier line of the run: what it holds does not make up the figure above."
        )?;
    }
    Ok(())
}

fn write_lines(reason: Reason, earlier: &Earlier, out: &mut dyn Write) -> io::Result<()> {
    let what = match reason {
        Reason::DailyAttemptLimit => "attempts earlier that day",
        Reason::PrimeDailyGlobalLimit => "prime ids accepted earlier that day",
        Reason::WeeklyAmountLimit => "accepted earlier that week",
        _ => "accepted earlier that day",
    };
    writeln!(out, "  {what}:")?;
    let has_customers = reason == Reason::PrimeDailyGlobalLimit;
    let rows: Vec<_> = earlier.lines.iter().map(|line| cells(line, has_customers)).collect();
    let customer = if has_customers { "  customer " } else { "" };
    let columns = [Right("    line "), Left("  id "), Left(customer), Right("  "), Left("")];
    aligned(&rows, columns, usize::MAX).try_for_each(|line| writeln!(out, "{line}"))?;
    match (earlier.more, reason) {
        (0, _) => Ok(()),
        (more, Reason::DailyAttemptLimit | Reason::PrimeDailyGlobalLimit) => {
            writeln!(out, "    and {} more", grouped(more))
        }
        (more, _) => writeln!(out, "    and {} more: {}", grouped(more), money(earlier.more_cents)),
    }
}

/// Returns the columns of an earlier line: number, id, customer, effective amount, and remarks.
fn cells(line: &EarlierLine, has_customers: bool) -> [String; 5] {
    let customer = if has_customers { escaped(&line.customer_id).to_string() } else { String::new() };
    let amount = money(line.effective_amount_cents);
    [line.line_no.to_string(), escaped(&line.id).to_string(), customer, amount, remark(line)]
}

/// Returns the remarks on an earlier line, beyond its columns.
fn remark(line: &EarlierLine) -> String {
    let mut remark = String::new();
    if line.amount_cents != line.effective_amount_cents {
        remark += &format!("  ({} on a Monday)", money(line.amount_cents));
    }
    if !line.accepted {
        let reason = line.reason.as_deref().unwrap_or("for no reason that the trace shows");
        remark += &format!("  declined: {}", escaped(reason));
    }
    remark
}

fn write_step(step: &StepTaken<'_>, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let emits = if step.emits.is_empty() { "nothing".to_owned() } else { step.emits.join(", ") };
    let (name, takes, emits) = (escaped(step.step).to_string(), escaped(step.takes), escaped(&emits));
    write!(out, "    {name:<width$}  {takes} -> {emits}, {}", duration(step.duration_ns))?;
    let mut separator = "; ";
    for (name, value) in step.tags.0.iter().chain(&step.metrics.0) {
        let (name, value) = noted(name, value);
        write!(out, "{separator}{} {}", escaped(name), escaped(&value))?;
        separator = ", ";
    }
    if let Some(error) = step.error {
        write!(out, "; {}: {}", escaped(&error.type_name), escaped(&error.message))?;
    }
    writeln!(out)
}

/// Returns the name and the value of a note for people: cents as money, under a name without `cents`.
fn noted<'a>(name: &'a str, value: &RawValue) -> (&'a str, String) {
    let json = value.get();
    if let (Some(name), Some(money)) = (name.strip_suffix(CENTS), cents_as_money(json)) {
        return (name, money);
    }
    let text = serde_json::from_str(json).ok().filter(|text: &String| !text.is_empty());
    // As in JSON: a number, and an otherwise invisible text.
    (name, text.unwrap_or_else(|| json.to_owned()))
}

/// The end of the names of metrics that are money.
const CENTS: &str = "_cents";

/// Returns the value at `path` in the context as money, if it is.
pub(super) fn value(path: &str, json: &str) -> Option<String> {
    (path.starts_with("metrics.") && path.ends_with(CENTS)).then(|| cents_as_money(json)).flatten()
}

fn cents_as_money(json: &str) -> Option<String> {
    json.parse().ok().map(money)
}
