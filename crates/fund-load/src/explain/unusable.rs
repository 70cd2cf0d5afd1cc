//! Why a line could not be adjudicated at all, in plain words. What stood on it is not in the trace, but for its ids.

use stream_kernel_trace::may_be_hidden;

use crate::domain::{DigitId, Reason};

use super::notes::Tags;

/// What follows from it.
const CONSEQUENCE: &str = "The line does not count as an attempt";

/// Returns why the line of these tags is unusable; `None` if `reason` is another.
pub(super) fn sentence(reason: Reason, tags: &Tags) -> Option<String> {
    let why = match reason {
        Reason::InputParseError => parse_error(tags),
        Reason::InvalidIdFormat => id_format(tags),
        Reason::InvalidTimestamp => {
            "`time` is not a real date and time with an offset from UTC as RFC 3339 writes it, such as 2000-01-03T09:00:00Z"
                .to_owned()
        }
        Reason::InvalidAmountFormat => {
            "`load_amount` is not an amount with two decimals and without commas, such as $1234.50".to_owned()
        }
        _ => return None,
    };
    Some(format!("{why}. {CONSEQUENCE}"))
}

/// An id that could be read tells that the line is an object, so that something else on it must be wrong.
fn parse_error(tags: &Tags) -> String {
    let is_read = |id: &Option<String>| id.as_deref().is_some_and(|id| !id.is_empty());
    match (is_read(&tags.id), is_read(&tags.customer_id)) {
        (true, true) => "`load_amount` or `time` is missing or is not a text".to_owned(),
        (true, false) => wrong_type("customer_id"),
        (false, true) => wrong_type("id"),
        (false, false) => "The line is too long, or is not a JSON object with `id`, `customer_id`, `load_amount` and `time`, each once and of its type".to_owned(),
    }
}

fn wrong_type(unread: &str) -> String {
    format!("`{unread}`, `load_amount` or `time` is missing or not of its type")
}

fn id_format(tags: &Tags) -> String {
    if [&tags.id, &tags.customer_id].into_iter().flatten().any(|id| may_be_hidden(id)) {
        return "`id`, `customer_id` or both are not numbers of 1 to 19 digits".to_owned();
    }
    let is_wrong = |id: &Option<String>| id.as_deref().is_none_or(|id| DigitId::parse(id).is_none());
    let (id, customer_id) = (is_wrong(&tags.id), is_wrong(&tags.customer_id));
    let wrong = match (id, customer_id) {
        (true, true) => "Neither `id` nor `customer_id` is",
        (false, true) => "`customer_id` is not",
        _ => "`id` is not",
    };
    format!("{wrong} a number of 1 to 19 digits")
}
