//! Spellings of one attempt as a line of JSON.

use proptest::prelude::*;
use proptest::sample::select;

use super::attempts::{Attempt, Moment};

/// JSON white space between the tokens of a line.
const GAPS: [&str; 4] = ["", " ", "\t", " \r "];

/// White space around a value, as it is escaped in a JSON string.
const PADDINGS: [&str; 5] = ["", " ", "\\t\\n", "\\f\\r", "\\u0020"];

/// Prefixes of the digits of an amount.
const CURRENCIES: [&str; 10] =
    ["$", "", "USD", "USD$", "$USD", "USDUSD", "USD$USD", "$ ", "USD \\t", "USD$USD\\n\\f\\r"];

/// Offsets from UTC: the text, and by how many minutes the written time is ahead.
const ZONES: [(&str, i32); 10] = [
    ("Z", 0),
    ("z", 0),
    ("+00:00", 0),
    ("-00:00", 0),
    ("+00:01", 1),
    ("-00:01", -1),
    ("+05:30", 330),
    ("-08:00", -480),
    ("+23:59", 1439),
    ("-23:59", -1439),
];

/// Further members, which are ignored: keys and values as they are written.
const IGNORED: [(&str, &str); 7] = [
    ("note", "null"),
    ("ID", "[1, 2.5e-7, {\"a\": 1, \"a\": 2}]"),
    ("\\u0074ime ", "\"\\ud800 alone\""),
    ("é😀", "\"\u{7f}\u{202e}é😀\""),
    ("", "{\"\\udc00\": true, \"\": [[]]}"),
    ("n", "-0"),
    ("huge", "1e999999999999999999999"),
];

/// The spelling of an attempt.
#[derive(Debug, Clone)]
pub(super) struct Spelling {
    /// How far the members are rotated.
    rotation: usize,
    gap: &'static str,
    padding: &'static str,
    /// Whether ids that are JSON numbers by grammar are written as numbers.
    bare_ids: bool,
    /// Whether the first character of each key and digit text is escaped.
    escaped: bool,
    currency: &'static str,
    /// The least count of digits before an amount's point, 1 to 15.
    dollar_digits: usize,
    time: TimeSpelling,
    ignored: Option<(&'static str, &'static str)>,
}

/// The spelling of a time.
#[derive(Debug, Clone)]
struct TimeSpelling {
    separator: char,
    zone: (&'static str, i32),
    /// Whether second 59 is written as 60.
    leap: bool,
    /// Whether all nine digits of a fraction are written.
    whole_fraction: bool,
}

/// A line before it is assembled.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// Keys and values as they are written, from `id`, `customer_id`, `load_amount` and `time` on.
    pub(super) members: Vec<(String, String)>,
    rotation: usize,
    gap: &'static str,
}

/// Draws a spelling.
pub(super) fn spelling() -> BoxedStrategy<Spelling> {
    let time = (
        prop_oneof![4 => Just('T'), 1 => Just('t'), 1 => Just(' ')],
        prop_oneof![2 => Just(("Z", 0)), 3 => select(&ZONES)],
        any::<bool>(),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(separator, zone, leap, whole_fraction)| TimeSpelling {
            separator,
            zone,
            leap,
            whole_fraction,
        });
    (
        0_usize..5,
        often("", &GAPS),
        often("", &PADDINGS),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.1),
        often("$", &CURRENCIES),
        prop_oneof![4 => Just(1_usize), 1 => 1_usize..=15],
        time,
        prop::option::weighted(0.2, select(&IGNORED)),
    )
        .prop_map(|(rotation, gap, padding, bare_ids, escaped, currency, dollar_digits, time, ignored)| {
            Spelling { rotation, gap, padding, bare_ids, escaped, currency, dollar_digits, time, ignored }
        })
        .boxed()
}

/// Draws `plain` two times out of three, else one of `others`.
fn often(plain: &'static str, others: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop_oneof![2 => Just(plain), 1 => select(others)]
}

impl Spelling {
    /// Returns the line of `attempt`, without its end.
    pub(super) fn line(&self, attempt: &Attempt) -> Vec<u8> {
        self.draft(attempt).to_line()
    }

    /// Returns the draft of the line of `attempt`.
    pub(super) fn draft(&self, attempt: &Attempt) -> Draft {
        let amount = format!(
            "{}{:0width$}.{:02}",
            self.currency,
            attempt.cents / 100,
            attempt.cents % 100,
            width = self.dollar_digits
        );
        let mut members = vec![
            (self.key("id"), self.id(&attempt.id)),
            (self.key("customer_id"), self.id(attempt.customer_id)),
            (self.key("load_amount"), self.padded(&amount)),
            (self.key("time"), self.padded(&self.time.text(&attempt.moment))),
        ];
        if let Some((key, value)) = self.ignored {
            members.push((format!("\"{key}\""), value.to_owned()));
        }
        Draft { members, rotation: self.rotation, gap: self.gap }
    }

    fn key(&self, key: &str) -> String {
        format!("\"{}\"", self.escaped(key))
    }

    fn id(&self, digits: &str) -> String {
        // JSON has no numbers with leading zeros.
        if self.bare_ids && (digits == "0" || !digits.starts_with('0')) {
            return digits.to_owned();
        }
        self.padded(&self.escaped(digits))
    }

    fn padded(&self, text: &str) -> String {
        format!("\"{0}{text}{0}\"", self.padding)
    }

    /// Returns `text`, its first character escaped if this spelling escapes.
    fn escaped(&self, text: &str) -> String {
        match text.chars().next() {
            Some(first) if self.escaped => {
                format!("\\u{:04X}{}", u32::from(first), &text[first.len_utf8()..])
            }
            _ => text.to_owned(),
        }
    }
}

impl TimeSpelling {
    fn text(&self, moment: &Moment) -> String {
        let (day, second, nanosecond) = match moment {
            Moment::Rare(text) => return (*text).to_owned(),
            Moment::Clustered { day, second, nanosecond } => (*day, *second, *nanosecond),
        };
        let (zone, minutes_ahead) = self.zone;
        // The days in question are far enough from both ends of the two months for any offset.
        let local = (day * 86_400 + second).saturating_add_signed(minutes_ahead * 60);
        let (day, second) = (local / 86_400, local % 86_400);
        let date =
            if day < 31 { format!("1999-12-{:02}", day + 1) } else { format!("2000-01-{:02}", day - 30) };
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let second = if second == 59 && self.leap { 60 } else { second };
        format!(
            "{date}{}{hour:02}:{minute:02}:{second:02}{}{zone}",
            self.separator,
            self.fraction(nanosecond)
        )
    }

    fn fraction(&self, nanosecond: u32) -> String {
        let whole = format!(".{nanosecond:09}");
        match nanosecond {
            _ if self.whole_fraction => whole,
            0 => String::new(),
            _ => whole.trim_end_matches('0').to_owned(),
        }
    }
}

impl Draft {
    /// Returns the line, without its end.
    pub(super) fn to_line(&self) -> Vec<u8> {
        let gap = self.gap;
        let mut members: Vec<_> =
            self.members.iter().map(|(key, value)| format!("{gap}{key}{gap}:{gap}{value}{gap}")).collect();
        if !members.is_empty() {
            let rotation = self.rotation % members.len();
            members.rotate_left(rotation);
        }
        format!("{gap}{{{}}}{gap}", members.join(",")).into_bytes()
    }
}
