//! The lines that make a stream dirty, by the reason that each provokes, and odd but valid lines.

/// Returns every bad line, without line ends.
pub(super) fn bad() -> Vec<Vec<u8>> {
    [not_json(), unusable_values(), bad_ids(), bad_times(), bad_amounts()].concat()
}

/// Lines that are not one JSON object in UTF-8.
fn not_json() -> Vec<Vec<u8>> {
    let mut lines = bytes(&[
        r"",
        "  \t ",
        r"id=15887, load_amount=$1.00",
        r#"{"id":"101","customer_id":"1","load_amount":"$1.00","#,
        r#"["102","1","$1.00","2024-01-02T00:00:00Z"]"#,
        r"{'id':'103','customer_id':'1','load_amount':'$1.00','time':'2024-01-02T00:00:00Z'}",
        r#"{"id":"104","id":"105","customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":"106","customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z","\u0069d":"107"}"#,
        r#"{"id":"108","customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z","risk":NaN}"#,
        r#"{"id":"109","customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"} {}"#,
        r#"{"id":007,"customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":"\ud800","customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":"110","customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z","\udc00":1}"#,
        "{\"id\":\"11\t1\",\"customer_id\":\"1\",\"load_amount\":\"$1.00\",\"time\":\"2024-01-02T00:00:00Z\"}",
        "\u{feff}{\"id\":\"112\",\"customer_id\":\"1\",\"load_amount\":\"$1.00\",\"time\":\"2024-01-02T00:00:00Z\"}",
    ]);
    lines.push(b"{\"id\":\"\xff\xfe\",\"customer_id\":\"1\"}".to_vec());
    lines.push(b"{\"id\":\"113\",\"customer_id\":\"1\",\"load_amount\":\"$1.00\",\"time\":\"2024-01-02T00:00:00Z\",\"note\":\"\xc3\x28\"}".to_vec());
    lines.push(nested("114", 128));
    lines
}

/// Objects that lack one of the four values, or hold one of the wrong type.
fn unusable_values() -> Vec<Vec<u8>> {
    bytes(&[
        r#"{"customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":null,"customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":"201","customer_id":true,"load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":1.0,"customer_id":1E2,"load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":["202"],"customer_id":{"id":"1"},"load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":" 203 ","customer_id":"1","load_amount":1.00,"time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":"204","customer_id":"1","load_amount":"$1.00","time":1704153600}"#,
    ])
}

/// Ids that are not 1 to 19 ASCII digits.
fn bad_ids() -> Vec<Vec<u8>> {
    bytes(&[
        r#"{"id":"","customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":" A-301 ","customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":"12345678901234567890","customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":-0,"customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":"302","customer_id":"٣","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":"303\u00a0","customer_id":"1","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":"\u0000\b\u001f\"\\\/","customer_id":"\u007f\ud83d\ude00","load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
    ])
}

/// Times that are not RFC 3339 with an offset, or lie outside the years 0001 to 9999.
fn bad_times() -> Vec<Vec<u8>> {
    let times = [
        "2024-01-02",
        "2024-01-02T00:00:00",
        "2024-02-30T00:00:00Z",
        "2024-01-02T24:00:00Z",
        "2024-01-02T00:00:61Z",
        "2024-01-02T00:00:00.Z",
        "2024-01-02T00:00:00.1234567890Z",
        "2024-01-02T00:00:00+24:00",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ];
    let lines = times.iter().enumerate().map(|(index, time)| {
        format!(r#"{{"id":"{}","customer_id":"1","load_amount":"$1.00","time":"{time}"}}"#, 401 + index)
    });
    lines.map(String::into_bytes).collect()
}

/// Amounts with a sign, a comma, another currency, or another number of digits.
fn bad_amounts() -> Vec<Vec<u8>> {
    let amounts = [
        "",
        "$1",
        "$.50",
        "$1.000",
        "$-1.00",
        "$1,000.00",
        "EUR 1.00",
        "usd 1.00",
        "USD USD 1.00",
        "$1000000000000000.00",
    ];
    let lines = amounts.iter().enumerate().map(|(index, amount)| {
        format!(
            r#"{{"id":"{}","customer_id":"1","load_amount":"{amount}","time":"2024-01-02T00:00:00Z"}}"#,
            501 + index
        )
    });
    lines.map(String::into_bytes).collect()
}

/// Returns lines that look invalid but are valid, each of a customer of its own.
pub(super) fn odd_but_good() -> Vec<Vec<u8>> {
    let mut lines = bytes(&[
        r#"{"id":"600","customer_id":"60","load_amount":"$600.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":602,"customer_id":61,"load_amount":"$1.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":" 0604\t","customer_id":"\n62 ","load_amount":" $1.00 ","time":" 2024-01-02T00:00:00Z "}"#,
        r#" { "time" : "2024-01-02t01:02:03z" , "load_amount" : "1.00" , "customer_id" : "63" , "id" : "606" } "#,
        r#"{"id":"608","customer_id":"64","load_amount":"USD$USD 1.00","time":"2024-01-02 01:02:03.123456789-23:59"}"#,
        r#"{"id":"610","customer_id":"65","load_amount":"USD 000000000000001.00","time":"2024-02-29T23:59:60+00:00"}"#,
        r#"{"id":"9223372036854775808","customer_id":"9999999999999999999","load_amount":"$0.00","time":"0001-01-01T00:00:00Z"}"#,
        r#"{"id":"612","customer_id":"66","load_amount":"$1.00","time":"2024-01-02T00:00:00Z","note":"\ud800","meta":{"a":1,"a":2}}"#,
        r#"{"\u0069d":"61\u0034","customer_id":"67","load_amount":"\u00241.00","time":"2024-01-02T00:00:00Z"}"#,
        r#"{"id":"616","customer_id":"68","load_amount":"$1.00","time":"9999-12-31T23:59:59Z","risk":-1.5E+300,"tags":[true,false,null]}"#,
    ]);
    lines.push(nested("618", 127));
    lines.push(padded("620", 600));
    lines
}

/// Returns a valid attempt whose ignored value nests so that the whole line is `depth` deep.
fn nested(id: &str, depth: usize) -> Vec<u8> {
    // The attempt's own object is the first level.
    let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
    format!(
        r#"{{"id":"{id}","customer_id":"69","load_amount":"$1.00","time":"2024-01-02T00:00:00Z","deep":{open}{close}}}"#
    )
    .into_bytes()
}

/// Returns a valid attempt of more than `padding` bytes, too long if `max_line_bytes` is less.
fn padded(id: &str, padding: usize) -> Vec<u8> {
    let note = "x".repeat(padding);
    format!(
        r#"{{"id":"{id}","customer_id":"70","load_amount":"$1.00","time":"2024-01-02T00:00:00Z","note":"{note}"}}"#
    )
    .into_bytes()
}

fn bytes(lines: &[&str]) -> Vec<Vec<u8>> {
    lines.iter().map(|line| line.as_bytes().to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::{bad, odd_but_good};

    #[test]
    fn no_line_contains_a_line_end() {
        for line in [bad(), odd_but_good()].concat() {
            assert!(!line.contains(&b'\n') && !line.contains(&b'\r'), "{}", line.escape_ascii());
        }
    }
}
