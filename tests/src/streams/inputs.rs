//! Random input files.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::attempts::attempt;
use super::hostile::hostile_line;
use super::spelling::{Spelling, spelling};

/// The most lines of an input; few, so that a failing case shrinks quickly.
const MAX_LINES: usize = 40;

/// The most attempts in the good lines of an input; fewer than lines, so that some are replayed.
const MAX_ATTEMPTS: usize = 36;

/// A line before the attempts are known.
#[derive(Debug, Clone)]
enum Line {
    /// One of the attempts, in some spelling.
    Good(Index, Spelling),
    /// These bytes.
    Hostile(Vec<u8>),
}

/// Draws an input whose lines are all valid attempts, if they may be long enough.
pub fn clean_input() -> impl Strategy<Value = Vec<u8>> {
    input(good_line())
}

/// Draws an input in which about a third of the lines are hostile.
pub fn hostile_input() -> impl Strategy<Value = Vec<u8>> {
    input(prop_oneof![2 => good_line(), 1 => hostile_line().prop_map(Line::Hostile)])
}

fn good_line() -> BoxedStrategy<Line> {
    (any::<Index>(), spelling()).prop_map(|(index, spelling)| Line::Good(index, spelling)).boxed()
}

fn input(line: impl Strategy<Value = Line>) -> impl Strategy<Value = Vec<u8>> {
    let line_end = prop_oneof![8 => Just("\n"), 3 => Just("\r\n"), 1 => Just("\r\r\n")];
    (
        prop_oneof![4 => Just(""), 1 => Just("\u{feff}")],
        vec(attempt(), 1..=MAX_ATTEMPTS),
        vec((line, line_end), 0..=MAX_LINES),
        prop_oneof![4 => Just(None), 2 => Just(Some("")), 1 => Just(Some("\r"))],
    )
        .prop_map(|(byte_order_mark, attempts, lines, other_last_end)| {
            let mut input = byte_order_mark.as_bytes().to_vec();
            let count = lines.len();
            for (number, (line, line_end)) in (1..).zip(lines) {
                match line {
                    Line::Good(index, spelling) => input.extend(spelling.line(index.get(&attempts))),
                    Line::Hostile(line) => input.extend(line),
                }
                let line_end = if number == count { other_last_end.unwrap_or(line_end) } else { line_end };
                input.extend_from_slice(line_end.as_bytes());
            }
            input
        })
}
