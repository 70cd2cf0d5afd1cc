//! The four values of an attempt in a line of JSON.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The depth to which values may be nested, including the object of the line.
const MAX_DEPTH: usize = 127;

/// The values; `None` for one that is missing or of an unusable type.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    /// A text, or an integer as written.
    pub(super) id: Option<Cow<'a, str>>,
    /// Likewise.
    pub(super) customer_id: Option<Cow<'a, str>>,
    /// A text.
    pub(super) load_amount: Option<Cow<'a, str>>,
    /// A text.
    pub(super) time: Option<Cow<'a, str>>,
}

/// Returns the values of the line's object; `None` if the line is not exactly one JSON object according to the
/// contract.
pub(super) fn read(line: &[u8]) -> Option<Fields<'_>> {
    // In values that it skips, serde_json would accept invalid UTF-8 and any depth of nesting.
    let text = std::str::from_utf8(line).ok()?;
    if exceeds_max_depth(line) {
        return None;
    }
    serde_json::from_str(text).ok()
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        const DOUBLED: &str = "a key is given twice";
        let mut values: [Option<&'de RawValue>; 4] = [None; 4];
        let mut others = HashSet::new();
        while let Some(Text(key)) = map.next_key()? {
            let position = match &*key {
                "id" => 0,
                "customer_id" => 1,
                "load_amount" => 2,
                "time" => 3,
                _ => {
                    if !others.insert(key) {
                        return Err(A::Error::custom(DOUBLED));
                    }
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if values[position].replace(map.next_value()?).is_some() {
                return Err(A::Error::custom(DOUBLED));
            }
        }
        let [id, customer_id, load_amount, time] = values;
        Ok(Fields {
            id: text_or_integer(id)?,
            customer_id: text_or_integer(customer_id)?,
            load_amount: text(load_amount)?,
            time: text(time)?,
        })
    }
}

/// Returns the value if it is a text.
///
/// # Errors
///
/// Half a surrogate pair anywhere in the value makes the whole line unreadable.
fn text<E: serde::de::Error>(value: Option<&RawValue>) -> Result<Option<Cow<'_, str>>, E> {
    match value.map(RawValue::get) {
        Some(json) if json.starts_with('"') => {
            let Text(text) = serde_json::from_str(json).map_err(E::custom)?;
            Ok(Some(text))
        }
        Some(json) if holds_half_pair(json) => Err(E::custom("half a surrogate pair")),
        _ => Ok(None),
    }
}

fn text_or_integer<E: serde::de::Error>(value: Option<&RawValue>) -> Result<Option<Cow<'_, str>>, E> {
    match value.map(RawValue::get) {
        // According to the grammar this begins a number, which is an integer without a point or an exponent.
        Some(json) if json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
            Ok((!json.contains(['.', 'e', 'E'])).then_some(Cow::Borrowed(json)))
        }
        _ => text(value),
    }
}

/// Returns whether the texts of a value, at any depth, have an escape that is half a surrogate pair.
fn holds_half_pair(json: &str) -> bool {
    let mut rest = json;
    // According to the grammar a backslash occurs in texts only, and `\u` is followed by four hexadecimal digits.
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at..];
        match (code_unit(escape), escape.get(6..).and_then(code_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => rest = &escape[12..],
            (Some(0xd800..=0xdfff), _) => return true,
            (Some(_), _) => rest = &escape[6..],
            (None, _) => rest = &escape[2..],
        }
    }
    false
}

/// Returns the value of the escape at the beginning of `text`, if it has the form `\u12ab`.
fn code_unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// A JSON text, borrowed from the line unless it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Returns whether more than [`MAX_DEPTH`] objects and lists are open at once; brackets in texts do not count.
fn exceeds_max_depth(line: &[u8]) -> bool {
    let opens = |byte: &u8| matches!(byte, b'{' | b'[');
    // The usual line has a single bracket and needs no closer look.
    if line.iter().filter(|byte| opens(byte)).count() <= MAX_DEPTH {
        return false;
    }
    let (mut depth, mut is_in_text) = (0_usize, false);
    let mut bytes = line.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            // An escaped quote does not end the text.
            b'\\' if is_in_text => drop(bytes.next()),
            b'"' => is_in_text = !is_in_text,
            _ if is_in_text => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}
