//! Lines that are declined without adjudication: how they are built, and their results.

use super::attempts::{adjudicate, attempt_of, decision};

/// The keys of a good attempt without ids.
pub(super) const REST: &str = r#""load_amount":"$1.00","time":"2000-01-01T00:00:00Z""#;

/// Each of the lines must be declined for `reason`, echo these texts, and change nothing: a good attempt with their id
/// and customer is accepted after all of them.
#[track_caller]
pub(super) fn check<L: AsRef<[u8]>>(reason: &str, id: &str, customer_id: &str, lines: &[L]) {
    let mut input: Vec<u8> = lines.iter().flat_map(|line| [line.as_ref(), b"\n"].concat()).collect();
    input.extend_from_slice(attempt_of("1", "2", "5000.00", "2000-01-01T00:00:00Z").as_bytes());
    let mut told = adjudicate(input, &[]);
    assert_eq!(
        told.pop(),
        Some((decision("1", "2", true), "ACCEPTED".into())),
        "no bad line changes anything"
    );
    assert_eq!(told.len(), lines.len(), "no line is lost");
    for (line, told) in lines.iter().zip(told) {
        let line = line.as_ref().escape_ascii().to_string();
        let start = line.get(..400).unwrap_or(&line);
        assert_eq!(told, (decision(id, customer_id, false), reason.into()), "{start}");
    }
}

/// Returns the line of an attempt that has a further key.
pub(super) fn with(key: &str, value: &str) -> String {
    format!(r#"{{"id":"1","customer_id":"2",{REST},"{key}":{value}}}"#)
}

/// Returns the line of an attempt with these values, as written in JSON.
pub(super) fn with_ids(id: &str, customer_id: &str) -> String {
    format!(r#"{{"id":{id},"customer_id":{customer_id},{REST}}}"#)
}

/// Returns the line of an attempt with these values, as written in JSON.
pub(super) fn with_rest(amount: &str, time: &str) -> String {
    format!(r#"{{"id":" 1","customer_id":"2 ","load_amount":{amount},"time":{time}}}"#)
}
