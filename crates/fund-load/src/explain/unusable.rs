//! Why a line could not be adjudicated at all, in plain words. What stood on it is not in the trace, but for its ids.

use stream_kernel_trace::may_be_hidden;

use crate::domain::{DigitId, Reason};

use super::notes::Tags;

/// Returns why the line of these tags is unusable; `None` if `reason` is another.
pub(super) fn sentence(reason: Reason, tags: &Tags) -> Option<String> {
    let why = match reason {
        Reason::InputParseError => parse_error(tags),
        Reason::InvalidIdFormat => id_format(tags),
        Reason::InvalidTimestamp => {
            "`time` is not a real date and time with an offset from UTC as RFC 3339 writes it, such as 2000-01-03T09:00:00Z"
        }
        Reason::InvalidAmountFormat => {
            "`load_amount` is not an amount with two decimals and without commas, such as $1234.50"
        }
        _ => return None,
    };
    Some(format!("{why}. The line does not count as an attempt"))
}

/// An id that could be read tells that the line is an object, so that something else on it must be wrong.
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
