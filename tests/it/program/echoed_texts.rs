//! Echoed texts: which characters are escaped, and how.

use super::attempts::{adjudicate, attempt_of, decision};

/// The id, as written between the quotes of the input, must be echoed as `echoed`.
#[track_caller]
fn check(id: &str, echoed: &str) {
    let line = attempt_of(id, "2", "1.00", "2000-01-01T00:00:00Z");
    assert_eq!(adjudicate(line, &[]), [(decision(echoed, "2", false), "INVALID_ID_FORMAT".into())], "{id}");
    let line = attempt_of("1", id, "1.00", "2000-01-01T00:00:00Z");
    assert_eq!(adjudicate(line, &[]), [(decision("1", echoed, false), "INVALID_ID_FORMAT".into())], "{id}");
}

#[test]
fn quotes_and_backslashes_are_escaped_and_slashes_are_not() {
    check(r#"a\"b\\c\/d/e"#, r#"a\"b\\c/d/e"#);
    check(r"a\u0022b\u005cc\u002fd", r#"a\"b\\c/d"#);
}

#[test]
fn control_characters_are_escaped() {
    check(r"a\b\f\n\r\tz", r"a\b\f\n\r\tz");
    check(r"a\u0008\u000C\u000a\u000D\u0009z", r"a\b\f\n\r\tz");
    for code in (0..0x20_u32).filter(|code| ![8, 9, 10, 12, 13].contains(code)) {
        check(&format!("a\\u{code:04X}z"), &format!("a\\u{code:04x}z"));
    }
    check(r"a\u001Fz", r"a\u001fz");
}

#[test]
fn other_characters_are_written_unchanged() {
    // DEL, a C1 control, bidi override, line separator, byte order mark, beyond the basic plane.
    for character in
        ['\u{7f}', '\u{85}', '\u{202e}', '\u{2028}', '\u{feff}', '\u{e9}', '\u{1f600}', '\u{10ffff}']
    {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units).iter();
        let escaped: Vec<String> = units.map(|unit| format!("\\u{unit:04X}")).collect();
        check(&format!("a{character}z"), &format!("a{character}z"));
        check(&format!("a{}z", escaped.concat()), &format!("a{character}z"));
    }
    check("a<>&'z", "a<>&'z");
}

#[test]
fn only_the_ends_are_trimmed_and_only_of_ascii_white_space() {
    check(r" \t\n\f\ra b\tc\r\f\n\t ", r"a b\tc");
    check("\u{a0}a\u{3000}", "\u{a0}a\u{3000}");
    check(r"\u000ba\u000b", r"\u000ba\u000b");
    check(r"\ba\b", r"\ba\b");
}
