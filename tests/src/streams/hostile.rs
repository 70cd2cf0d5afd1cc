//! Hostile lines: good lines broken in one place, and lines that were never good.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::LINE_BOUNDS;
use super::attempts::attempt;
use super::hostile_values::{AMOUNTS, BYTES, IDS, KEYS, LINES, TIMES, VALUES};
use super::spelling::spelling;

/// A change to the members of a good line.
#[derive(Debug, Clone)]
enum MemberFault {
    /// The nth has another value.
    Value(usize, String),
    /// The nth is missing.
    Missing(usize),
    /// The nth has another key.
    Key(usize, &'static str),
    /// The nth stands there twice.
    Twice(usize),
    /// There is one more.
    Further(&'static str, String),
}

/// A change to the bytes of a good line.
#[derive(Debug, Clone)]
enum ByteFault {
    /// It ends early.
    Cut(Index),
    /// A byte is missing.
    Missing(Index),
    /// There are more bytes somewhere.
    Inserted(Index, &'static [u8]),
    /// A byte is replaced.
    Replaced(Index, u8),
    /// There are more bytes at the end.
    Appended(&'static [u8]),
}

/// Draws a line, without its end, that is likely to be declined; a few are good after all.
///
/// Random bytes may contain an LF, so this is sometimes a little more than one line.
pub(super) fn hostile_line() -> BoxedStrategy<Vec<u8>> {
    let good = || (attempt(), spelling());
    prop_oneof![
        8 => (good(), member_fault()).prop_map(|((attempt, spelling), fault)| {
            let mut draft = spelling.draft(&attempt);
            fault.apply(&mut draft.members);
            draft.to_line()
        }),
        4 => (good(), byte_fault()).prop_map(|((attempt, spelling), fault)| {
            let mut line = spelling.line(&attempt);
            fault.apply(&mut line);
            line
        }),
        2 => select(&LINES).prop_map(|line| line.as_bytes().to_vec()),
        2 => (good(), close_to_a_bound()).prop_map(|((attempt, spelling), length)| {
            let mut line = spelling.line(&attempt);
            line.resize(line.len().max(length), b' ');
            line
        }),
        1 => prop_oneof![vec(any::<u8>(), 0..40), vec(b' '..=b'~', 0..40)],
    ]
    .boxed()
}

fn member_fault() -> BoxedStrategy<MemberFault> {
    let quoted = |text: &str| format!("\"{text}\"");
    prop_oneof![
        6 => (0_usize..2, select(&IDS)).prop_map(|(nth, id)| MemberFault::Value(nth, id.to_owned())),
        4 => select(&AMOUNTS).prop_map(move |amount| MemberFault::Value(2, quoted(amount))),
        6 => select(&TIMES).prop_map(move |time| MemberFault::Value(3, quoted(time))),
        6 => (0_usize..4, value()).prop_map(|(nth, value)| MemberFault::Value(nth, value)),
        2 => (0_usize..4).prop_map(MemberFault::Missing),
        2 => (0_usize..4, select(&KEYS)).prop_map(|(nth, key)| MemberFault::Key(nth, key)),
        1 => (0_usize..4).prop_map(MemberFault::Twice),
        6 => (select(&KEYS), value()).prop_map(|(key, value)| MemberFault::Further(key, value)),
    ]
    .boxed()
}

/// Draws a value as it is written: odd, or nested about as deeply as allowed.
fn value() -> impl Strategy<Value = String> {
    // Inside the top object, 126 more are the deepest nesting.
    let nested = (any::<bool>(), 125_usize..=128).prop_map(|(objects, depth)| {
        let (open, close) = if objects { ("{\"a\":", "}") } else { ("[", "]") };
        format!("{}0{}", open.repeat(depth), close.repeat(depth))
    });
    prop_oneof![5 => select(&VALUES).prop_map(str::to_owned), 1 => nested]
}

fn byte_fault() -> impl Strategy<Value = ByteFault> {
    prop_oneof![
        any::<Index>().prop_map(ByteFault::Cut),
        any::<Index>().prop_map(ByteFault::Missing),
        (any::<Index>(), select(&BYTES)).prop_map(|(at, bytes)| ByteFault::Inserted(at, bytes)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| ByteFault::Replaced(at, byte)),
        select(&BYTES).prop_map(ByteFault::Appended),
    ]
}

fn close_to_a_bound() -> impl Strategy<Value = usize> {
    (select(&LINE_BOUNDS), 0_usize..3).prop_map(|(bound, beyond)| bound - 1 + beyond)
}

impl MemberFault {
    fn apply(self, members: &mut Vec<(String, String)>) {
        match self {
            Self::Value(nth, value) => members[nth].1 = value,
            Self::Missing(nth) => {
                members.remove(nth);
            }
            Self::Key(nth, key) => key.clone_into(&mut members[nth].0),
            Self::Twice(nth) => members.push(members[nth].clone()),
            Self::Further(key, value) => members.push((key.to_owned(), value)),
        }
    }
}

impl ByteFault {
    fn apply(self, line: &mut Vec<u8>) {
        match self {
            Self::Cut(at) => line.truncate(at.index(line.len())),
            Self::Missing(at) => {
                line.remove(at.index(line.len()));
            }
            Self::Inserted(at, bytes) => {
                let at = at.index(line.len());
                line.splice(at..at, bytes.iter().copied());
            }
            Self::Replaced(at, byte) => {
                let at = at.index(line.len());
                line[at] = byte;
            }
            Self::Appended(bytes) => line.extend_from_slice(bytes),
        }
    }
}
