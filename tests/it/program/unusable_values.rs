//! Readable lines that cannot be adjudicated: the other rows of the contract's table, and their order.

use super::attempts::{attempt, attempt_of};
use super::declined::{check, with_ids, with_rest};

#[test]
fn a_value_of_a_wrong_type_leaves_the_rest_to_echo() {
    let nested = "[".repeat(126) + &"]".repeat(126);
    let unusable = [
        "null",
        "true",
        "false",
        "1.0",
        "-1.5",
        "1E2",
        "1e2",
        "1e-2",
        "0e0",
        "[]",
        "[1]",
        "{}",
        r#"{"id":"1"}"#,
        &nested,
    ];
    let without = |key: &str| with_ids("\"1\"", "\"2\"").replace(&format!("\"{key}\""), "\"other\"");

    check("INPUT_PARSE_ERROR", "", "2", &unusable.map(|value| with_ids(value, "\" 2\\t\"")));
    check("INPUT_PARSE_ERROR", "1", "", &unusable.map(|value| with_ids("\" 1\\n\"", value)));
    check("INPUT_PARSE_ERROR", "", "", &unusable.map(|value| with_ids(value, value)));
    check("INPUT_PARSE_ERROR", "1", "2", &unusable.map(|value| with_rest(value, "\"2000-01-01T00:00:00Z\"")));
    check("INPUT_PARSE_ERROR", "1", "2", &unusable.map(|value| with_rest("\"1.00\"", value)));
    // Whole numbers are valid ids, but not amounts or times.
    check(
        "INPUT_PARSE_ERROR",
        "1",
        "2",
        &[with_rest("1", "\"2000-01-01T00:00:00Z\""), with_rest("\"1.00\"", "946684800")],
    );

    check("INPUT_PARSE_ERROR", "", "2", &[without("id")]);
    check("INPUT_PARSE_ERROR", "1", "", &[without("customer_id")]);
    check("INPUT_PARSE_ERROR", "1", "2", &[without("load_amount"), without("time")]);
    check("INPUT_PARSE_ERROR", "", "", &["{}", r#"{"x":1}"#, r#"{"ID":"1","Id":"1"}"#]);
    check("INPUT_PARSE_ERROR", "x y", "2", &[r#"{"id":" x y ","customer_id":2}"#]);
}

#[test]
fn an_id_is_1_to_19_ascii_digits() {
    let cases = [
        ("\"\"", ""),
        ("\" \\t\\n\\f\\r \"", ""),
        ("\"12345678901234567890\"", "12345678901234567890"),
        ("\"00000000000000000001\"", "00000000000000000001"),
        ("\"1a\"", "1a"),
        ("\"1 2\"", "1 2"),
        ("\"-1\"", "-1"),
        ("\"+1\"", "+1"),
        ("\"1.0\"", "1.0"),
        ("\"1_0\"", "1_0"),
        ("\"0x1\"", "0x1"),
        ("\"\u{661}\u{662}\"", "\u{661}\u{662}"),
        ("\"\u{ff11}\"", "\u{ff11}"),
        // Not among the trimmed white space.
        ("\" \\u000b1 \"", r"\u000b1"),
        ("\"\u{a0}1\"", "\u{a0}1"),
        ("\"1\\u0000\"", r"1\u0000"),
        // A number is taken in its original spelling.
        ("-0", "-0"),
        ("-1", "-1"),
        ("12345678901234567890", "12345678901234567890"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("18446744073709551616", "18446744073709551616"),
    ];
    for (value, echoed) in cases {
        check("INVALID_ID_FORMAT", echoed, "2", &[with_ids(value, "2")]);
        check("INVALID_ID_FORMAT", "1", echoed, &[with_ids("1", value)]);
    }
    let huge = "9".repeat(100_000);
    check(
        "INVALID_ID_FORMAT",
        &huge,
        "2",
        &[with_ids(&huge, "\"2\""), with_ids(&format!("\"{huge}\""), "\"2\"")],
    );
}

#[test]
fn a_time_is_rfc_3339_with_an_offset() {
    let times = [
        "",
        "2000-01-01",
        "2000-01-01T00:00:00",
        "2000-01-01T00:00Z",
        "2000-01-01T00Z",
        "00:00:00Z",
        "946684800",
        "2000-01-01T00:00:00.Z",
        "2000-01-01T00:00:00.1234567890Z",
        "2000-01-01T00:00:00,5Z",
        "2000-01-01T24:00:00Z",
        "2000-01-01T00:60:00Z",
        "2000-01-01T00:00:61Z",
        "2001-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2000-02-30T00:00:00Z",
        "2000-04-31T00:00:00Z",
        "2000-00-01T00:00:00Z",
        "2000-13-01T00:00:00Z",
        "2000-01-00T00:00:00Z",
        "2000-01-32T00:00:00Z",
        "2000-01-01T00:00:00+24:00",
        "2000-01-01T00:00:00+00:60",
        "2000-01-01T00:00:00+0000",
        "2000-01-01T00:00:00+00",
        "2000-01-01T00:00:00+0:00",
        "2000-01-01T00:00:00 Z",
        "2000-01-01T00:00:00 +00:00",
        "2000-01-01T00:00:00ZZ",
        "2000-01-01T00:00:00Z[UTC]",
        "2000-01-01T00:00:00UTC",
        "2000-01-01_00:00:00Z",
        "2000-01-01  00:00:00Z",
        "2000-1-1T00:00:00Z",
        "2000-01-01T0:00:00Z",
        "20000101T000000Z",
        "2000-W01-6T00:00:00Z",
        "2000-001T00:00:00Z",
        "+2000-01-01T00:00:00Z",
        "-2000-01-01T00:00:00Z",
        "12000-01-01T00:00:00Z",
        "\u{ff12}000-01-01T00:00:00Z",
        "2000-01-01T00:00:00\u{2212}01:00",
        r"\u000b2000-01-01T00:00:00Z",
        // Beyond the years 0001 to 9999, as written or in UTC.
        "0000-01-01T00:00:00Z",
        "0000-12-31T23:59:59-01:00",
        "0001-01-01T00:00:59+00:01",
        "9999-12-31T23:59:00-00:01",
        "9999-12-31T23:59:60-00:01",
        "10000-01-01T00:00:00Z",
    ];
    check("INVALID_TIMESTAMP", "1", "2", &times.map(|time| with_rest("\"x\"", &format!("\"{time}\""))));
}

#[test]
fn an_amount_has_1_to_15_digits_a_point_and_2_digits() {
    let amounts = [
        "",
        " ",
        "$",
        "USD",
        "USD$",
        "1",
        "1.",
        "1.0",
        "1.000",
        ".00",
        "$.00",
        "+1.00",
        "-1.00",
        "$-1.00",
        "$+1.00",
        "1,000.00",
        "1 000.00",
        "1.00 USD",
        "1.00USD",
        "1.00$",
        "usd1.00",
        "Usd 1.00",
        "$$1.00",
        "USDUSDUSD1.00",
        "USD$USD$1.00",
        "$USD$1.00",
        "USD USD1.00",
        "USD $1.00",
        "$ USD1.00",
        "EUR1.00",
        "1e3.00",
        "1.0e",
        "1.00e0",
        "0x1.00",
        "1..00",
        "1.00.",
        "1. 00",
        "1 .00",
        "1,00",
        "1234567890123456.00",
        "0000000000000001.00",
        r"$\u000b1.00",
        "$\u{a0}1.00",
        "\u{661}.\u{660}\u{660}",
        "1.0\u{660}",
        "NaN",
        "Infinity",
        "\u{a3}1.00",
    ];
    let good_time = "\"2000-01-01T00:00:00Z\"";
    check(
        "INVALID_AMOUNT_FORMAT",
        "1",
        "2",
        &amounts.map(|amount| with_rest(&format!("\"{amount}\""), good_time)),
    );
}

#[test]
fn the_first_check_that_fails_gives_the_reason() {
    check("INPUT_PARSE_ERROR", "", "", &[attempt("x") + "x"]);
    check("INPUT_PARSE_ERROR", "x", "2", &[r#"{"id":"x","customer_id":"2","load_amount":"x","time":null}"#]);
    check("INVALID_ID_FORMAT", "x", "2", &[attempt_of("x", "2", "x", "x")]);
    check("INVALID_ID_FORMAT", "1", "x", &[attempt_of("1", "x", "x", "x")]);
    check("INVALID_TIMESTAMP", "1", "2", &[attempt_of("1", "2", "x", "x")]);
    check("INVALID_AMOUNT_FORMAT", "1", "2", &[attempt_of("1", "2", "x", "2000-01-01T00:00:00Z")]);
}
