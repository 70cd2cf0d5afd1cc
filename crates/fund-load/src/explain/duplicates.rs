//! Why an attempt whose id was used before was declined, in plain words.

use stream_kernel_trace::{MASK, may_be_hidden};

use super::earlier::FirstWithId;
use super::explanation::Explanation;
use super::notes::Notes;
use super::sentences::money;

/// Returns why a replay or a conflict was declined, if the trace shows which line has the id from before.
pub(super) fn sentence(explanation: &Explanation<'_>, is_replay: bool) -> Option<String> {
    let Explanation { notes, first, .. } = explanation;
    let line_no = notes.metrics.canonical_line_no?;
    let fate = match first.map(|first| first.accepted) {
        Some(Some(true)) => "was accepted",
        Some(Some(false)) => "was declined",
        Some(None) => "was not decided",
        None => "is not in this trace",
    };
    let (has, kind) = if is_replay {
        ("the same customer, amount and time".to_owned(), "replay")
    } else {
        (differences(notes, *first), "conflict")
    };
    Some(format!(
        "Line {line_no} used this id before and {fate}. It has {has}. A {kind} does not count as an attempt"
    ))
}

/// Returns in what the line differs from the first with its id, with the values on both where the trace shows them.
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
            // Two days that are masked may be different ones.
            if day.as_deref().is_some_and(|day| day != MASK) && day == notes.tags.day {
                return "another time of that day".to_owned();
            }
            format!("another time{}", of_both(day, notes.tags.day.clone()))
        }
        other => format!("another {other}"),
    });
    named.collect::<Vec<_>>().join(" and ")
}
