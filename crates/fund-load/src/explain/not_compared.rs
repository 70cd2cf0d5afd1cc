//! Reasons why a line was declined before any limit, in plain words. Of an unusable line, the trace has only the ids.

use stream_kernel_trace::{MASK, may_be_hidden};

use crate::domain::{DigitId, Reason};

use super::earlier::FirstWithId;
use super::explanation::Explanation;
use super::notes::{Notes, Tags};
use super::sentences::money;

/// Returns why the line was declined; `None` if it was compared with limits, or if the trace does not show the line
/// that it repeats.
pub(super) fn sentence(explanation: &Explanation<'_>, reason: Reason) -> Option<String> {
    let tags = &explanation.notes.tags;
    let why = match reason {
        Reason::InputParseError => parse_error(tags),
        Reason::InvalidIdFormat => id_format(tags),
        Reason::InvalidTimestamp => {
            "`time` is not a real date and time with an offset from UTC as RFC 3339 writes it, such as 2000-01-03T09:00:00Z"
        }
        Reason::InvalidAmountFormat => {
            "`load_amount` is not an amount with two decimals and without commas, such as $1234.50"
        }
        Reason::IdDuplicateReplay | Reason::IdDuplicateConflict => return duplicate(explanation, reason),
        _ => return None,
    };
    Some(format!("{why}. The line does not count as an attempt"))
}

/// A readable id shows that the line is an object, so something else on it must be wrong.
fn parse_error(tags: &Tags) -> &'static str {
    let is_read = |id: &Option<String>| id.as_deref().is_some_and(|id| !id.is_empty());
    match (is_read(&tags.id), is_read(&tags.customer_id)) {
        (true, true) => "`load_amount` or `time` is missing or is not a text",
        (true, false) => "`customer_id`, `load_amount` or `time` is missing or not of its type",
        (false, true) => "`id`, `load_amount` or `time` is missing or not of its type",
        (false, false) => {
            "The line is too long, or is not a JSON object with `id`, `customer_id`, `load_amount` and `time`, each once and of its type"
        }
    }
}

fn id_format(tags: &Tags) -> &'static str {
    let ids = [&tags.id, &tags.customer_id];
    if ids.into_iter().flatten().any(|id| may_be_hidden(id)) {
        return "`id`, `customer_id` or both are not numbers of 1 to 19 digits";
    }
    match ids.map(|id| id.as_deref().is_some_and(|id| DigitId::parse(id).is_some())) {
        [false, false] => "Neither `id` nor `customer_id` is a number of 1 to 19 digits",
        [true, false] => "`customer_id` is not a number of 1 to 19 digits",
        _ => "`id` is not a number of 1 to 19 digits",
    }
}

fn duplicate(explanation: &Explanation<'_>, reason: Reason) -> Option<String> {
    let Explanation { notes, first, .. } = explanation;
    let line_no = notes.metrics.canonical_line_no?;
    let fate = match first.map(|first| first.accepted) {
        Some(Some(true)) => " and was accepted",
        Some(Some(false)) => " and was declined",
        Some(None) => " and was not decided",
        None if explanation.is_of_notes_alone => "",
        None => " and is not in this trace",
    };
    let (has, kind) = match reason {
        Reason::IdDuplicateReplay => ("the same customer, amount and time".to_owned(), "replay"),
        _ => (differences(notes, *first), "conflict"),
    };
    Some(format!(
        "Line {line_no} used this id before{fate}. It has {has}. A {kind} does not count as an attempt"
    ))
}

/// Returns the differences between the line and the first with its id, with both values where the trace shows them.
fn differences(notes: &Notes, first: Option<&FirstWithId>) -> String {
    let of_both = |first: Option<String>, this: Option<String>| match (first, this) {
        (Some(first), Some(this)) if first != this => format!(" ({first} there, {this} here)"),
        _ => String::new(),
    };
    let Some(differs) = notes.tags.differs.as_deref().filter(|differs| !may_be_hidden(differs)) else {
        return "another customer, amount or time".to_owned();
    };
    let named = differs.split(',').map(|name| match name {
        "customer_id" => {
            let customer = first.and_then(|first| first.customer_id.clone());
            format!("another customer{}", of_both(customer, notes.tags.customer_id.clone()))
        }
        "amount" => {
            let amount = first.and_then(|first| first.amount_cents);
            format!("another amount{}", of_both(amount.map(money), notes.metrics.amount_cents.map(money)))
        }
        "time" => {
            let day = first.and_then(|first| first.day.clone());
            // Two masked days may differ.
            if day.as_deref().is_some_and(|day| day != MASK) && day == notes.tags.day {
                return "another time of that day".to_owned();
            }
            format!("another time{}", of_both(day, notes.tags.day.clone()))
        }
        other => format!("another {other}"),
    });
    named.collect::<Vec<_>>().join(" and ")
}
