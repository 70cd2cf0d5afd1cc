//! Valid spellings in a line, up to the boundary of each rule in the contract's table.

use super::attempts::{adjudicate, attempt, attempt_of, decision};

/// The attempt must be accepted, and its ids echoed as these texts.
#[track_caller]
fn check(line: impl AsRef<[u8]>, id: &str, customer_id: &str) {
    let line = line.as_ref();
    let shown = line.escape_ascii().to_string();
    let told =
        adjudicate(line, &["nodes.evaluate_policies.limits={daily_amount: null, weekly_amount: null}"]);
    assert_eq!(
        told,
        [(decision(id, customer_id, true), "ACCEPTED".into())],
        "{}",
        shown.get(..400).unwrap_or(&shown)
    );
}

/// Returns the line of an attempt with the ids 1 and 2 and an additional key.
fn with(key: &str, value: &str) -> String {
    attempt_of("1", "2", "1.00", "2000-01-01T00:00:00Z").replace('}', &format!(",\"{key}\":{value}}}"))
}

#[test]
fn white_space_and_the_order_of_keys_do_not_matter() {
    check(
        " \t\r{ \"time\" : \"2000-01-01T00:00:00Z\" ,\"load_amount\":\"1.00\" ,\t\"customer_id\":\"2\", \"id\":\"1\" } \r\t",
        "1",
        "2",
    );
    check(attempt("1").replace("\"id\"", r#""\u0069\u0064""#), "1", "7");
}

#[test]
fn ids_are_1_to_19_digits_as_text_or_as_a_whole_number() {
    let with_ids = |id: &str, customer_id: &str| {
        format!(
            r#"{{"id":{id},"customer_id":{customer_id},"load_amount":"1.00","time":"2000-01-01T00:00:00Z"}}"#
        )
    };
    check(with_ids("1", "2"), "1", "2");
    check(with_ids("0", "0"), "0", "0");
    check(
        with_ids("9999999999999999999", "\"9999999999999999999\""),
        "9999999999999999999",
        "9999999999999999999",
    );
    check(with_ids("\"007\"", "\"0000000000000000000\""), "007", "0000000000000000000");
    check(with_ids(r#"" \t\n\f\r1 ""#, r#""\u0032\u0020""#), "1", "2");
}

#[test]
fn a_text_with_other_digits_is_another_id() {
    let lines = [attempt("7"), attempt("007"), attempt("7").replace("\"7\"", "7")].join("\n");
    let reasons: Vec<_> = adjudicate(lines, &[]).into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons, ["ACCEPTED", "ACCEPTED", "ID_DUPLICATE_REPLAY"]);
}

#[test]
fn ignored_values_need_only_be_json_by_grammar() {
    for value in [
        "null",
        "-0",
        "1e999",
        "-1E-999",
        "123456789012345678901234567890123456789012345678901234567890.5",
        r#""\ud800""#,
        r#"["\udc00",{"\ud800":"\udfff"}]"#,
        r#"{"x":1,"x":2}"#,
        "\"\u{7f}\u{85}\u{202e}\u{2028}\u{10ffff}\"",
        r#""\/\u0000""#,
        " [ ] ",
    ] {
        check(with("x", value), "1", "2");
    }
    check(with(r"\ud83d\ude00", "1"), "1", "2");
    check(with("ID", "1"), "1", "2");
    check(with("", "1"), "1", "2");
}

#[test]
fn nesting_127_deep_is_read_and_brackets_in_texts_do_not_count() {
    let nested = |open: &str, close: &str| open.repeat(126) + "1" + &close.repeat(126);
    check(with("x", &nested("[", "]")), "1", "2");
    check(with("x", &nested("{\"y\":", "}")), "1", "2");
    check(with("x", &format!("[{}]", ["[]"; 1_000].join(","))), "1", "2");
    check(with("x", &format!("\"{}\"", r#"[{\"[\\"#.repeat(1_000))), "1", "2");
}

#[test]
fn times_are_read_in_every_form_of_rfc_3339() {
    for time in [
        "2000-01-01t00:00:00z",
        "2000-01-01 00:00:00Z",
        r" \t\n\f\r2000-01-01T00:00:00Z ",
        "2000-01-01T00:00:00.1Z",
        "2000-01-01T00:00:00.123456789Z",
        "2000-02-29T23:59:59Z",
        "2000-01-01T23:59:60Z",
        "2000-01-01T12:30:60.999999999+01:30",
        "2000-01-01T00:00:00+00:00",
        "2000-01-01T00:00:00-00:00",
        "2000-01-01T00:00:00+23:59",
        "2000-01-01T00:00:00-23:59",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:01:00+00:01",
        "9999-12-31T23:59:60.999999999Z",
        "9999-12-31T23:58:59.999999999-00:01",
    ] {
        check(attempt_of("1", "2", "1.00", time), "1", "2");
    }
}

#[test]
fn leap_seconds_and_offsets_name_the_instant() {
    let at = |time| attempt_of("1", "2", "1.00", time);
    let lines = [
        at("2000-01-01T00:59:60+01:00"),
        at("1999-12-31 23:59:59.000Z"),
        at("1999-12-31T18:29:59-05:30"),
        at("1999-12-31T23:59:59.000000001Z"),
    ];
    let reasons: Vec<_> = adjudicate(lines.join("\n"), &[]).into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons, ["ACCEPTED", "ID_DUPLICATE_REPLAY", "ID_DUPLICATE_REPLAY", "ID_DUPLICATE_CONFLICT"]);
}

#[test]
fn amounts_may_name_dollars_before_the_number() {
    for amount in [
        "1.00",
        "$1.00",
        "USD1.00",
        "USD$1.00",
        "$USD1.00",
        "USDUSD1.00",
        "USD$USD1.00",
        "USD 1.00",
        r"$ \t\n\f\r1.00",
        r"USD$USD\t 1.00",
        r" \t\n\f\r$1.00\r\f\n\t ",
        "0.00",
        "000000000000001.00",
        "999999999999999.99",
    ] {
        check(attempt_of("1", "2", amount, "2000-01-01T00:00:00Z"), "1", "2");
    }
}

#[test]
fn amounts_that_are_spelled_differently_are_the_same_cents() {
    let of = |amount| attempt_of("1", "2", amount, "2000-01-01T00:00:00Z");
    let lines = [of("1234.50"), of("USD$USD 001234.50"), of("1234.51")];
    let reasons: Vec<_> = adjudicate(lines.join("\n"), &[]).into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons, ["ACCEPTED", "ID_DUPLICATE_REPLAY", "ID_DUPLICATE_CONFLICT"]);
}
