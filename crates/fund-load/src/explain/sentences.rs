//! Sentences of the answer, in plain words.

use stream_kernel_text::{counted, grouped};

use crate::domain::{Cents, Reason};
use crate::rules_in_force::factor;

use super::explanation::Explanation;
use super::not_compared;
use super::notes::Notes;
use super::rules::Rule;

/// Returns the decision and the reason, to follow the line's name: `DECLINED: DAILY_AMOUNT_LIMIT. ...`.
pub(super) fn answer(explanation: &Explanation<'_>) -> String {
    let tags = &explanation.notes.tags;
    match (tags.is_accepted(), &tags.reason) {
        (Some(true), _) => format!("ACCEPTED: {}", accepted(explanation)),
        (Some(false), Some(code)) => format!("DECLINED: {code}. {}", reason(explanation)),
        (Some(false), None) => "DECLINED, for a reason that the trace does not show".to_owned(),
        (None, _) if tags.accepted.is_some() => "The trace hides the decision".to_owned(),
        (None, _) => {
            if let Some((step, error)) = explanation.failed_step() {
                return format!("NOT DECIDED: step `{step}` failed: {}: {}", error.type_name, error.message);
            }
            let last = explanation.steps.last().map_or("", |step| step.step);
            format!("NOT DECIDED in this trace: the last it shows of the line is step `{last}`")
        }
    }
}

/// Returns which step failed after the decision, if one did.
pub(super) fn failure(explanation: &Explanation<'_>) -> Option<String> {
    explanation.notes.tags.is_accepted()?;
    let (step, error) = explanation.failed_step()?;
    let (kind, message) = (&error.type_name, &error.message);
    Some(format!("After that, step `{step}` failed: {kind}: {message}. The output may lack the line."))
}

/// Returns what would have passed, if only one rule declined.
pub(super) fn advice(explanation: &Explanation<'_>) -> Option<String> {
    let rule = explanation.sole_obstacle()?;
    let limit = rule.limit?;
    Some(match (rule.reason, explanation.largest_amount) {
        (Reason::DailyAttemptLimit, _) => match limit {
            0 => "No attempt would have passed: the limit is 0.".to_owned(),
            1 => "As the first attempt that day it would have passed.".to_owned(),
            _ => format!("As one of the first {} attempts that day it would have passed.", grouped(limit)),
        },
        (Reason::PrimeDailyGlobalLimit, _) => {
            "With an id that is no prime number it would have passed.".to_owned()
        }
        (Reason::PrimeAmountCap, Some(0)) => {
            "With a prime id nothing above $0.00 would have passed, with another id this amount.".to_owned()
        }
        (Reason::PrimeAmountCap, Some(amount)) => format!(
            "{} or less would have passed, or this amount with an id that is no prime number.",
            money(amount)
        ),
        (_, Some(0)) if rule.before > 0 && rule.before == limit => {
            "Nothing above $0.00 would have passed: the limit was used up.".to_owned()
        }
        (_, Some(0)) => "Nothing above $0.00 would have passed.".to_owned(),
        (_, Some(amount)) => format!("{} or less would have passed.", money(amount)),
        (_, None) => "Nothing would have passed: more than the limit had been accepted already.".to_owned(),
    })
}

/// Returns the effect of the Monday multiplier, if it applied.
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
    Some(format!(
        "Monday: the daily and the weekly amount limit are those of other days / {}.",
        factor(divisor)
    ))
}

/// Returns the demands of the prime gate, if it was applied to the id.
pub(super) fn prime_gate(notes: &Notes) -> Option<String> {
    let cap = notes.metrics.amount_cap_cents.map(|cap| format!("at most {} each", money(cap)));
    let count = notes.metrics.global_per_day_limit;
    let count = count.map(|count| format!("at most {} accepted a day, of all customers", grouped(count)));
    let demands: Vec<_> = cap.into_iter().chain(count).collect();
    (!demands.is_empty()).then(|| format!("Prime id: {}.", demands.join("; ")))
}

/// Returns by how much this rule was exceeded: `$1.00 accepted earlier that day + $2.00 = $3.00, over $2.50`.
pub(super) fn excess(rule: &Rule) -> String {
    let (before, sum) = (rule.before, rule.sum());
    let figure = |figure| if rule.is_of_money() { money(figure) } else { grouped(figure) };
    let limit = rule.limit.map_or_else(|| "a limit that the trace does not show".to_owned(), figure);
    match rule.reason {
        Reason::DailyAttemptLimit => {
            format!(
                "{} earlier that day + this one = {}, over {limit}",
                counted(before, "attempt"),
                grouped(sum)
            )
        }
        Reason::PrimeAmountCap => format!("{} for a prime id, over {limit}", money(sum)),
        Reason::PrimeDailyGlobalLimit => format!(
            "{} accepted earlier that day, of all customers, + this one = {}, over {limit}",
            counted(before, "prime id"),
            grouped(sum)
        ),
        reason => {
            let period = if reason == Reason::DailyAmountLimit { "day" } else { "week" };
            let [before, adds, sum] = [before, rule.adds, sum].map(money);
            format!("{before} accepted earlier that {period} + {adds} = {sum}, over {limit}")
        }
    }
}

/// Returns the amount as people write it: `$1,234.50`.
pub(super) fn money(cents: u128) -> String {
    Cents(cents).to_string()
}

fn accepted(explanation: &Explanation<'_>) -> String {
    let metrics = &explanation.notes.metrics;
    let amount = match (metrics.amount_cents, metrics.effective_amount_cents) {
        (Some(amount), Some(effective)) if amount != effective => {
            format!("{}, which counts as {}", money(amount), money(effective))
        }
        (Some(amount), _) => money(amount),
        (None, _) => "the amount is not in the trace".to_owned(),
    };
    let left: Vec<_> = explanation.rules.iter().filter_map(left).collect();
    if left.is_empty() {
        return format!("{amount}. The trace shows no limit that it was compared with");
    }
    format!("{amount}. Left: {}", left.join(", "))
}

/// Returns the rest of a limit after the attempt; `None` for a cap, which is not used up.
fn left(rule: &Rule) -> Option<String> {
    let limit = rule.limit?;
    let left = limit.saturating_sub(rule.sum());
    Some(match rule.reason {
        Reason::PrimeAmountCap => return None,
        Reason::DailyAttemptLimit => format!("{} of {} that day", grouped(left), counted(limit, "attempt")),
        Reason::PrimeDailyGlobalLimit => {
            format!("{} of {} of all customers that day", grouped(left), counted(limit, "prime id"))
        }
        Reason::DailyAmountLimit => format!("{} of {} that day", money(left), money(limit)),
        _ => format!("{} of {} that week", money(left), money(limit)),
    })
}

/// Returns why the line was declined, as far as the trace shows it.
fn reason(explanation: &Explanation<'_>) -> String {
    let Some(reason) = explanation.reason else {
        let why = if explanation.hides_reason() {
            "The trace hides the reason"
        } else {
            "This version of fund-load does not know that reason"
        };
        return why.to_owned();
    };
    let why = not_compared::sentence(explanation, reason).or_else(|| explanation.obstacle().map(excess));
    why.unwrap_or_else(|| "The trace does not show the figures that were compared".to_owned())
}
