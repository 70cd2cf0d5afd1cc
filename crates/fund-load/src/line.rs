//! Reading of a line: from its bytes to an attempt, or to the reason why there is none.

mod amount;
mod digits;
mod fields;
mod plain;
mod timestamp;

use stream_kernel_run::LineContent;

use crate::domain::{Attempt, BadLine, DigitId, EchoedId, Reason};
use fields::Fields;

/// Returns the attempt that the line holds.
///
/// # Errors
///
/// Returns the first fault of the line, in the contract's order, and the parts of it that can be echoed.
pub(crate) fn read_attempt(line_no: u64, content: &LineContent) -> Result<Attempt, (BadLine, Reason)> {
    // A line that is too long is as unreadable as an empty one.
    let LineContent::Whole(bytes) = content else { return read_any_attempt(line_no, b"") };
    plain::read(line_no, bytes).map_or_else(|| read_any_attempt(line_no, bytes), Ok)
}

/// Does the same for a line of any form.
fn read_any_attempt(line_no: u64, bytes: &[u8]) -> Result<Attempt, (BadLine, Reason)> {
    // An unreadable line lacks every field.
    let fields = fields::read(bytes).unwrap_or_default();
    read_fields(line_no, &fields).map_err(|reason| {
        let line = BadLine {
            line_no,
            id: echo(fields.id.as_deref()),
            customer_id: echo(fields.customer_id.as_deref()),
        };
        (line, reason)
    })
}

fn read_fields(line_no: u64, fields: &Fields<'_>) -> Result<Attempt, Reason> {
    let Fields { id: Some(id), customer_id: Some(customer_id), load_amount: Some(amount), time: Some(time) } =
        fields
    else {
        return Err(Reason::InputParseError);
    };
    let id = DigitId::parse(id.trim_ascii()).ok_or(Reason::InvalidIdFormat)?;
    let customer_id = DigitId::parse(customer_id.trim_ascii()).ok_or(Reason::InvalidIdFormat)?;
    let time = timestamp::parse(time.trim_ascii()).ok_or(Reason::InvalidTimestamp)?;
    let amount = amount::parse(amount.trim_ascii()).ok_or(Reason::InvalidAmountFormat)?;
    Ok(Attempt { line_no, id, customer_id, amount, time })
}

/// Echoes a text unchanged; only a line with another fault may echo valid ids.
fn echo(text: Option<&str>) -> EchoedId {
    match text.map(str::trim_ascii) {
        None => EchoedId::Unreadable,
        Some(text) => DigitId::parse(text).map_or_else(|| EchoedId::Text(text.into()), EchoedId::Digits),
    }
}

#[cfg(test)]
mod tests;
