//! The answer in plain words.

use stream_kernel_app::config::decimal;

use crate::domain::{Cents, DigitId, Reason};

use super::earlier::FirstWithId;
use super::explanation::Explanation;
use super::notes::Notes;
use super::rules::Rule;
use super::steps::StepTaken;

/// Returns the decision and why, as it follows on the line's name: `DECLINED: DAILY_AMOUNT_LIMIT. ...`.
pub(super) fn answer(explanation: &Explanation<'_>) -> String {
    let tags = &explanation.notes.tags;
    match (tags.is_accepted(), &tags.reason) {
        (Some(true), _) => format!("ACCEPTED: {}", accepted(explanation)),
        (Some(false), Some(code)) => match reason(explanation) {
            Some(why) => format!("DECLINED: {code}. {why}"),
            None => format!("DECLINED: {code}"),
        },
        (Some(false), None) => "DECLINED, for a reason that the trace does not show".to_owned(),
        (None, _) => match explanation.steps.last() {
            Some(StepTaken { step, error: Some(error), .. }) => {
                format!("NOT DECIDED: step {step} failed: {}: {}", error.type_name, error.message)
            }
            Some(StepTaken { step, .. }) => format!("NOT DECIDED: the last step in the trace is {step}"),
            None => "NOT DECIDED".to_owned(),
        },
    }
}

/// Returns what would have passed, if one rule alone stood in the way.
pub(super) fn advice(explanation: &Explanation<'_>) -> Option<String> {
    let rule = explanation.sole_obstacle()?;
    let amount = explanation.largest_amount.map(money);
    Some(match (rule.reason, amount) {
        (Reason::DailyAttemptLimit | Reason::PrimeDailyGlobalLimit, _) if rule.limit == 0 => {
            "None would have passed: the limit is 0.".to_owned()
        }
        (Reason::DailyAttemptLimit, _) if rule.limit == 1 => {
            "As the first attempt that day it would have passed.".to_owned()
        }
        (Reason::DailyAttemptLimit, _) => {
            format!("As one of the first {} attempts that day it would have passed.", rule.limit)
        }
        (Reason::PrimeDailyGlobalLimit, _) => {
            "With an id that is no prime number it would have passed.".to_owned()
        }
        (Reason::PrimeAmountCap, Some(amount)) => {
            format!("{amount} or less would have passed, as would an id that is no prime number.")
        }
        (_, Some(amount)) if explanation.largest_amount == Some(0) => {
            format!("Only {amount} would have passed.")
        }
        (_, Some(amount)) => format!("{amount} or less would have passed."),
        (_, None) => "No amount would have passed.".to_owned(),
    })
}

/// Returns what the Monday multiplier has done, if it applied.
pub(super) fn monday(notes: &Notes) -> Option<String> {
    let metrics = &notes.metrics;
    if let Some(multiplier) = metrics.amount_multiplier_millionths {
        let (amount, effective) = (metrics.amount_cents?, metrics.effective_amount_cents?);
        return Some(format!(
            "Monday: {} x {} counts as {}.",
            money(amount),
            factor(multiplier),
            money(effective)
        ));
    }
    let divisor = metrics.limit_divisor_millionths?;
    Some(format!("Monday: the limits of amounts are those of other days / {}.", factor(divisor)))
}

/// Returns what is too much by this rule: `$1.00 accepted earlier that day + $2.00 = $3.00, over $2.50`.
pub(super) fn excess(rule: &Rule) -> String {
    let (before, sum, limit) = (rule.before, rule.sum(), rule.limit);
    match rule.reason {
        Reason::DailyAttemptLimit => {
            format!("{} earlier that day + this one = {sum}, over {limit}", counted(before, "attempt"))
        }
        Reason::PrimeAmountCap => {
            format!("{} for a prime id, over {}", money(sum), money(limit))
        }
        Reason::PrimeDailyGlobalLimit => format!(
            "{} accepted earlier that day, of all customers, + this one = {sum}, over {limit}",
            counted(before, "prime id")
        ),
        reason => {
            let period = if reason == Reason::DailyAmountLimit { "day" } else { "week" };
            let [before, adds, sum, limit] = [before, rule.adds, sum, limit].map(money);
            format!("{before} accepted earlier that {period} + {adds} = {sum}, over {limit}")
        }
    }
}

/// Returns the amount as people write it: `$1,234.50`.
pub(super) fn money(cents: u128) -> String {
    Cents(cents).to_string()
}

fn accepted(explanation: &Explanation<'_>) -> String {
    let amount = explanation.notes.metrics.effective_amount_cents;
    let amount = amount.map_or_else(|| "the amount is not in the trace".to_owned(), money);
    // A cap is not used up.
    let is_used_up = |rule: &&Rule| rule.reason != Reason::PrimeAmountCap;
    let left: Vec<_> = explanation.rules.iter().filter(is_used_up).map(left).collect();
    if left.is_empty() {
        return format!("{amount}. The trace shows no limit that it was compared with");
    }
    format!("{amount}. Left: {}", left.join(", "))
}

/// Returns what is left of a limit after the attempt.
fn left(rule: &Rule) -> String {
    let left = rule.limit.saturating_sub(rule.sum());
    match rule.reason {
        Reason::DailyAttemptLimit => format!("{left} of {} that day", counted(rule.limit, "attempt")),
        Reason::PrimeDailyGlobalLimit => {
            format!("{left} of {} of all customers that day", counted(rule.limit, "prime id"))
        }
        Reason::DailyAmountLimit => format!("{} of {} that day", money(left), money(rule.limit)),
        _ => format!("{} of {} that week", money(left), money(rule.limit)),
    }
}

/// Returns why the line was declined, if the trace shows what that takes.
fn reason(explanation: &Explanation<'_>) -> Option<String> {
    let unreadable =
        |field: &str, form: &str| Some(format!("`{field}` is not {form}. The line counts for nothing"));
    match explanation.reason()? {
        Reason::InputParseError => Some(
            "The line is no JSON object with `id`, `customer_id`, `load_amount` and `time`, each once and of its type, or is too long. It counts for nothing"
                .to_owned(),
        ),
        Reason::InvalidIdFormat => unreadable(unusable_ids(explanation.notes), "1 to 19 digits"),
        Reason::InvalidTimestamp => unreadable(
            "time",
            "a time of the calendar in RFC 3339 with an offset, such as 2000-01-03T09:00:00Z",
        ),
        Reason::InvalidAmountFormat => unreadable("load_amount", "an amount with two decimals, such as $1234.50"),
        Reason::IdDuplicateReplay => {
            let line = first_line(explanation)?;
            Some(format!("{line} was the first with this id and says the same. A replay counts for nothing"))
        }
        Reason::IdDuplicateConflict => {
            let line = first_line(explanation)?;
            let differs = differences(explanation.notes, explanation.first);
            Some(format!("{line} was the first with this id and differs in {differs}. A conflict counts for nothing"))
        }
        _ => explanation.obstacle().map(excess),
    }
}

/// Returns which of the ids are unusable.
fn unusable_ids(notes: &Notes) -> &'static str {
    let is_good = |id: &Option<String>| id.as_deref().is_some_and(|id| DigitId::parse(id).is_some());
    match (is_good(&notes.tags.id), is_good(&notes.tags.customer_id)) {
        (true, false) => "customer_id",
        (false, true) => "id",
        _ => "id` or `customer_id",
    }
}

/// Returns the line of the first attempt with the id, and what became of it.
fn first_line(explanation: &Explanation<'_>) -> Option<String> {
    let line_no = explanation.notes.metrics.canonical_line_no?;
    Some(match explanation.first.and_then(|first| first.accepted) {
        Some(true) => format!("Line {line_no}, accepted,"),
        Some(false) => format!("Line {line_no}, declined,"),
        None => format!("Line {line_no}, which is not in this trace,"),
    })
}

/// Returns in what the line differs from the first with its id, with the values on both.
fn differences(notes: &Notes, first: Option<&FirstWithId>) -> String {
    let of_both = |first: Option<String>, this: Option<String>| match (first, this) {
        (Some(first), Some(this)) if first != this => format!(" ({first} there, {this} here)"),
        _ => String::new(),
    };
    let named = notes.tags.differs.as_deref().unwrap_or_default().split(',').map(|name| match name {
        "customer_id" => {
            let customer = first.and_then(|first| first.customer_id.clone());
            format!("the customer{}", of_both(customer, notes.tags.customer_id.clone()))
        }
        "amount" => {
            let amount = first.and_then(|first| first.amount_cents);
            format!("the amount{}", of_both(amount.map(money), notes.metrics.amount_cents.map(money)))
        }
        "time" => {
            let day = first.and_then(|first| first.day.clone());
            format!("the time{}", of_both(day, notes.tags.day.clone()))
        }
        _ => "customer, amount or time".to_owned(),
    });
    named.collect::<Vec<_>>().join(" and ")
}

fn counted(count: u128, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Returns a factor of so many millionths without the zeros that say nothing.
fn factor(millionths: u64) -> String {
    decimal::format(millionths, 6).trim_end_matches('0').trim_end_matches('.').to_owned()
}
