//! The line of a mistake, with carets under its place.

use stream_kernel_text::escaped;
use unicode_width::UnicodeWidthStr;

use crate::masking::{holds_url_with_credentials, may_hold_headers};

/// The most characters of a long line that are shown before the place, and from there on.
const MAX_CHARS_BEFORE: usize = 60;
const MAX_CHARS_AFTER: usize = 100;
/// The mark where a line was cut.
const CUT: &str = "...";

/// Returns the line around a place as three lines, each after a line break, safe for a terminal. `None` if the line
/// does not exist, is empty, or may hold a URL with credentials or the value of a header.
pub(crate) fn quoted_line(text: &str, (number, column): (usize, usize)) -> Option<String> {
    let is_shown =
        |line: &&str| !line.trim().is_empty() && !holds_url_with_credentials(line) && !may_hold_headers(line);
    let line = lines(text).nth(number.checked_sub(1)?).filter(is_shown)?;
    let at = column.saturating_sub(1).min(line.chars().count());
    let first = at.saturating_sub(MAX_CHARS_BEFORE);
    let before: String = line.chars().skip(first).take(at - first).collect();
    let rest: String = line.chars().skip(at).take(MAX_CHARS_AFTER).collect();
    let is_cut = line.chars().nth(at + MAX_CHARS_AFTER).is_some();
    let (word, behind) = rest.split_at(word_bytes(&rest));
    let [before, word, behind] = [&before, word, behind].map(|part| escaped(part).to_string());
    let before = if first > 0 { format!("{CUT}{before}") } else { before };
    let shown = format!("{before}{word}{behind}{}", if is_cut { CUT } else { "" });
    let (shown, indent, carets) = (shown.trim_end(), before.width(), word.width().max(1));
    let number = number.to_string();
    let gutter = " ".repeat(number.len());
    Some(format!("\n {gutter} |\n {number} | {shown}\n {gutter} | {:indent$}{:^<carets$}", "", ""))
}

/// Returns the lines of a text as YAML counts them: a lone CR ends one, too.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// Returns the length in bytes of the key or value at the beginning of a line's rest.
fn word_bytes(rest: &str) -> usize {
    let mut characters = rest.char_indices();
    match characters.next() {
        Some((_, quote @ ('"' | '\''))) => {
            characters.find(|(_, c)| *c == quote).map_or(rest.len(), |(end, _)| end + 1)
        }
        Some((_, bracket @ ('[' | '{' | ']' | '}'))) => bracket.len_utf8(),
        _ => {
            let ends = [": ", " #", ",", "]", "}"].iter().filter_map(|end| rest.find(end));
            let end = ends.min().unwrap_or(rest.len());
            rest[..end].trim_end().trim_end_matches(':').len()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str, line: usize, column: usize) -> Option<String> {
        quoted_line(text, (line, column))
    }

    #[test]
    fn the_key_or_value_at_the_place_has_carets_under_it() {
        let text = "runtime:\n  strict : \"a b\" # why\r\n  list: [one, two]\n  last: a value\n";
        for (line, column, shown, marked) in [
            (1, 1, "runtime:", "^^^^^^^"),
            (2, 3, "  strict : \"a b\" # why", "  ^^^^^^"),
            (2, 12, "  strict : \"a b\" # why", "           ^^^^^"),
            (3, 9, "  list: [one, two]", "        ^"),
            (3, 10, "  list: [one, two]", "         ^^^"),
            (3, 15, "  list: [one, two]", "              ^^^"),
            (4, 9, "  last: a value", "        ^^^^^^^"),
        ] {
            let expected = format!("\n   |\n {line} | {shown}\n   | {marked}");
            assert_eq!(quoted(text, line, column).as_deref(), Some(&*expected));
        }
    }

    #[test]
    fn every_line_end_of_yaml_ends_a_line() {
        let text = "a: 1\rb: 2\r\nc: 3\n\rd: 4\r";
        let shown = [1, 2, 3, 4, 5, 6].map(|line| quoted(text, line, 4));
        let expected = |line, shown| Some(format!("\n   |\n {line} | {shown}\n   |    ^"));
        let [a, b, c, d] =
            [(1, "a: 1"), (2, "b: 2"), (3, "c: 3"), (5, "d: 4")].map(|(line, text)| expected(line, text));
        assert_eq!(shown, [a, b, c, None, d, None]);
    }

    #[test]
    fn there_may_be_nothing_to_show() {
        assert_eq!(quoted("a: 1\n\n", 2, 1), None, "an empty line");
        assert_eq!(quoted("a: 1\n", 3, 1), None, "behind the end");
        assert_eq!(quoted("", 1, 1), None, "nothing at all");
        let behind = quoted("a: 1", 1, 9);
        assert_eq!(behind.as_deref(), Some("\n   |\n 1 | a: 1\n   |     ^"), "behind the end of the line");
    }

    /// The caret must be under the place in a terminal, and nothing in the line may steer the terminal.
    #[test]
    fn wide_and_steering_characters_move_the_carets() {
        let shown = quoted("日本: \u{1b}[31m", 1, 5);
        assert_eq!(shown.as_deref(), Some("\n   |\n 1 | 日本: \\u{1b}[31m\n   |       ^^^^^^^^^^"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let (before, after) = ("b".repeat(MAX_CHARS_BEFORE - 1), "a".repeat(MAX_CHARS_AFTER - 2));
        let at_bound = format!("{before},[{after}.");
        let column = MAX_CHARS_BEFORE + 1;
        assert!(!quoted(&at_bound, 1, column).unwrap().contains(CUT));
        let shown = quoted(&format!("x{at_bound}y"), 1, column + 1).unwrap();
        assert_eq!(shown.lines().nth(2), Some(&*format!(" 1 | ...{before},[{after}....")), "{shown}");
        assert_eq!(
            shown.lines().nth(3),
            Some(&*format!("   | {}^", " ".repeat(MAX_CHARS_BEFORE + CUT.len())))
        );
    }
}
