//! One short stream that gives every reason: groups of lines by the reason they provoke.
//!
//! The groups have customers, ids and days of their own, so that each can be read alone. Ids are even, and so not
//! prime, except in the two groups about primes. Under `baseline` those groups are declined by other rules or accepted.
//! 2024-01-01 is a Monday; only the first group is on it.

/// Returns the fixture.
pub(crate) fn fixture() -> Vec<u8> {
    let groups = [
        accepted(),
        input_parse_error(),
        invalid_id_format(),
        invalid_timestamp(),
        invalid_amount_format(),
        id_duplicate_replay(),
        id_duplicate_conflict(),
        daily_attempt_limit(),
        prime_amount_cap(),
        prime_daily_global_limit(),
        daily_amount_limit(),
        weekly_amount_limit(),
    ];
    groups.concat().into_iter().flat_map(|line| (line + "\n").into_bytes()).collect()
}

/// One amount that passes, and one that passes under `baseline` only, since it counts twice on a Monday.
fn accepted() -> Vec<String> {
    vec![
        line("1000", "10", "$2500.00", "2024-01-01T09:00:00Z"),
        line("1002", "11", "$2500.01", "2024-01-01T09:00:00Z"),
    ]
}

fn input_parse_error() -> Vec<String> {
    vec![
        String::from("1100,12,$100.00,2024-01-02T09:00:00Z"),
        String::from(r#"{"id":"1102","customer_id":"12","load_amount":"$100.00"}"#),
    ]
}

fn invalid_id_format() -> Vec<String> {
    vec![line("12-00", "13", "$100.00", "2024-01-02T09:00:00Z")]
}

fn invalid_timestamp() -> Vec<String> {
    vec![line("1300", "14", "$100.00", "2024-02-30T09:00:00Z")]
}

fn invalid_amount_format() -> Vec<String> {
    vec![line("1400", "15", "$1,000.00", "2024-01-02T09:00:00Z")]
}

/// The same customer, cents and instant, in a different spelling.
fn id_duplicate_replay() -> Vec<String> {
    vec![
        line("1500", "16", "$100.00", "2024-01-02T09:00:00Z"),
        line("1500", "16", "USD 100.00", "2024-01-02T10:00:00+01:00"),
    ]
}

/// The same id with another amount; the first attempt stays the canonical one.
fn id_duplicate_conflict() -> Vec<String> {
    vec![
        line("1600", "17", "$100.00", "2024-01-02T09:00:00Z"),
        line("1600", "17", "$100.01", "2024-01-02T09:00:00Z"),
    ]
}

/// Three attempts a day; the second one is declined for its amount and still counts.
fn daily_attempt_limit() -> Vec<String> {
    vec![
        line("1700", "18", "$100.00", "2024-01-02T09:00:00Z"),
        line("1702", "18", "$5000.00", "2024-01-02T10:00:00Z"),
        line("1704", "18", "$100.00", "2024-01-02T11:00:00Z"),
        line("1706", "18", "$100.00", "2024-01-02T23:59:59Z"),
        line("1708", "18", "$100.00", "2024-01-03T00:00:00Z"),
    ]
}

/// A prime id above the cap, and one at the cap, which the daily limit then declines.
fn prime_amount_cap() -> Vec<String> {
    vec![
        line("1801", "19", "$9999.01", "2024-01-04T09:00:00Z"),
        line("1811", "20", "$9999.00", "2024-01-04T10:00:00Z"),
    ]
}

/// One prime a day over all customers; composite ids and the next day are unaffected.
fn prime_daily_global_limit() -> Vec<String> {
    vec![
        line("1901", "21", "$100.00", "2024-01-05T09:00:00Z"),
        line("1907", "22", "$100.00", "2024-01-05T10:00:00Z"),
        line("1908", "22", "$100.00", "2024-01-05T11:00:00Z"),
        line("1913", "22", "$100.00", "2024-01-06T09:00:00Z"),
    ]
}

/// The day's sum may equal the limit, but not exceed it.
fn daily_amount_limit() -> Vec<String> {
    vec![
        line("2000", "23", "$3000.00", "2024-01-02T09:00:00Z"),
        line("2002", "23", "$2000.00", "2024-01-02T10:00:00Z"),
        line("2004", "23", "$0.01", "2024-01-02T11:00:00Z"),
    ]
}

/// Four full days from Tuesday on make a full week: on Sunday one more cent is too much.
fn weekly_amount_limit() -> Vec<String> {
    vec![
        line("2100", "24", "$5000.00", "2024-01-02T09:00:00Z"),
        line("2102", "24", "$5000.00", "2024-01-03T09:00:00Z"),
        line("2104", "24", "$5000.00", "2024-01-04T09:00:00Z"),
        line("2106", "24", "$5000.00", "2024-01-05T09:00:00Z"),
        line("2108", "24", "$0.01", "2024-01-07T09:00:00Z"),
    ]
}

fn line(id: &str, customer_id: &str, load_amount: &str, time: &str) -> String {
    format!(r#"{{"id":"{id}","customer_id":"{customer_id}","load_amount":"{load_amount}","time":"{time}"}}"#)
}

#[cfg(test)]
mod tests {
    use super::fixture;

    #[test]
    fn the_stream_stays_short_enough_for_its_trace_to_be_read() {
        let lines = fixture().split_inclusive(|byte| *byte == b'\n').count();
        assert!((20..=30).contains(&lines), "{lines} lines");
    }
}
