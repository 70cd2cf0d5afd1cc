//! Unreadable lines: the first row of the contract's table.

use super::attempts::attempt_of;
use super::declined::{REST, check, with, with_ids, with_rest};

/// Each of the lines must be unreadable as a whole.
#[track_caller]
fn check_unreadable<L: AsRef<[u8]>>(lines: &[L]) {
    check("INPUT_PARSE_ERROR", "", "", lines);
}

#[test]
fn blank_lines_are_unreadable() {
    check_unreadable(&["", " ", "\t \t", "\r", "\u{c}", "\u{a0}", "\u{feff}"]);
}

#[test]
fn invalid_utf_8_is_unreadable_anywhere() {
    let good = attempt_of("1", "2", "1.00", "2000-01-01T00:00:00Z");
    // `?` stands for the byte or bytes.
    let with_bytes = |line: &str, bytes: &[u8]| {
        let (before, after) = line.split_once('?').unwrap();
        [before.as_bytes(), bytes, after.as_bytes()].concat()
    };
    check_unreadable(&[
        with_bytes("?", b"\xff"),
        with_bytes(&format!("?{good}"), b"\xff"),
        with_bytes(&format!("{good}?"), b"\xff"),
        with_bytes(&with_ids("\"1?\"", "2"), b"\xff"),
        with_bytes(&with("x?", "1"), b"\xff"),
        with_bytes(&with("x", "\"?\""), b"\xff"),
        with_bytes(&with("x", r#"[{"y":"?"}]"#), b"\xff"),
        with_bytes(&with("x", r#"[{"y?":1}]"#), b"\xff"),
    ]);
    // Half a character, an overlong spelling, half a surrogate pair, and one beyond the last.
    let malformed: [&[u8]; 4] = [b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"];
    check_unreadable(&malformed.map(|bytes| with_bytes(&with("x", "\"?\""), bytes)));
}

#[test]
fn invalid_json_is_unreadable() {
    check_unreadable(&[
        "hello".to_owned(),
        "{".to_owned(),
        r#"{"id":"1""#.to_owned(),
        attempt_of("1", "2", "1.00", "2000-01-01T00:00:00Z").replace('"', "'"),
        format!(r#"{{id:"1","customer_id":"2",{REST}}}"#),
        format!(r#"{{"id":"1","customer_id":"2",{REST},}}"#),
        format!(r#"{{"id":"1" "customer_id":"2",{REST}}}"#),
        format!(r#"{{"id":"1","customer_id":"2",{REST}/**/}}"#),
    ]);
    let values = [
        "",
        "NaN",
        "-NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "inf",
        "undefined",
        "True",
        "nul",
        "01",
        "-01",
        "+1",
        "1.",
        ".1",
        "-",
        "1e",
        "1e+",
        "0x1",
        "1_000",
        "'1'",
        "[1,]",
        "[,1]",
        "[1 2]",
        r#"{"a"}"#,
        r#"{"a":1,}"#,
        "{1:1}",
        "]",
        "[}",
        "\"",
        r#""\x""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\"#,
        "\"\t\"",
        "\"\u{1}\"",
        "\"\0\"",
        "\0",
    ];
    check_unreadable(&values.map(|value| with("x", value)));
    // Where an id could be a number, too.
    check_unreadable(
        &["NaN", "Infinity", "-Infinity", "01", "-01", "+1", "1.", ".1", "-"].map(|id| with_ids(id, "2")),
    );
}

#[test]
fn json_that_is_no_object_is_unreadable() {
    let object = attempt_of("1", "2", "1.00", "2000-01-01T00:00:00Z");
    check_unreadable(&["[]", "\"text\"", "1", "null", "true", &format!("[{object}]")]);
}

#[test]
fn text_after_the_object_makes_it_unreadable() {
    let object = attempt_of("1", "2", "1.00", "2000-01-01T00:00:00Z");
    let after = ["x", ",", "}", " 1", "null", "\0", "\u{c}", "\u{feff}", "//", &object];
    check_unreadable(&after.map(|after| format!("{object}{after}")));
}

#[test]
fn a_repeated_key_makes_the_line_unreadable() {
    let twice = [
        with("id", "\"1\""),
        with("id", "null"),
        with(r"i\u0064", "\"1\""),
        with("customer_id", "\"2\""),
        with("load_amount", "\"$1.00\""),
        with("time", "\"2000-01-01T00:00:00Z\""),
        with("x", r#"1,"x":1"#),
        with("x", r#"1,"\u0078":2"#),
        with("", r#"1,"":2"#),
        with("a/b", r#"1,"a\/b":1"#),
        with("\u{1f600}", r#"1,"\ud83d\ude00":1"#),
    ];
    check_unreadable(&twice);
}

#[test]
fn half_a_surrogate_pair_makes_the_line_unreadable() {
    for half in [
        r"\ud800",
        r"\uDBFF",
        r"\udc00",
        r"\uDFFF",
        r"\ud800x",
        r"\ud800\n",
        r"\ud800\ud800",
        r"\udc00\ud800",
    ] {
        let text = format!("\"1{half}\"");
        check_unreadable(&[
            with(half, "1"),
            with_ids(&text, "\"2\""),
            with_ids("\"1\"", &text),
            with_rest(&text, "\"2000-01-01T00:00:00Z\""),
            with_rest("\"1.00\"", &text),
        ]);
    }
}

#[test]
fn nesting_deeper_than_127_makes_the_line_unreadable() {
    let nested =
        |open: &str, close: &str, depth: usize| open.repeat(depth - 1) + "1" + &close.repeat(depth - 1);
    check_unreadable(&[
        with("x", &nested("[", "]", 128)),
        with("x", &nested("{\"y\":", "}", 128)),
        with("id2", &format!("[1,{}]", nested("[", "]", 127))),
        with_ids(&nested("[", "]", 128), "\"2\""),
        "[".repeat(1_000_000),
        "{\"x\":".repeat(200_000),
    ]);
}
