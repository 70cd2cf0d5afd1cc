//! Writer of a checked tree as YAML that reads back as the same tree.

use std::fmt::Write;

use serde_json::Value;
use stream_kernel_text::needs_escape;

use crate::schema::{Kind, Node};

/// Returns a map as a YAML document, one key per line.
pub(crate) fn document(schema: &Node, tree: &Value) -> String {
    let mut text = String::new();
    block(schema, tree, 0, &mut text);
    text
}

/// Returns a value in YAML flow style, on one line.
pub(crate) fn flow(schema: &Node, value: &Value) -> String {
    match (&schema.kind, value) {
        (Kind::Decimal(_), Value::String(exact)) => exact.clone(),
        (Kind::List(list), Value::Array(values)) => {
            let item = |(number, value)| {
                list.item(number).map_or_else(|| Value::to_string(value), |item| flow(item, value))
            };
            let items: Vec<_> = values.iter().enumerate().map(item).collect();
            format!("[{}]", items.join(", "))
        }
        (_, object @ Value::Object(entries)) => {
            let entry = |(key, value): (&String, &Value)| {
                let value = schema
                    .child_of(object, key)
                    .map_or_else(|| value.to_string(), |child| flow(child, value));
                format!("{}: {value}", text(key))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        (_, Value::String(string)) => text(string),
        (_, other) => other.to_string(),
    }
}

fn block(schema: &Node, tree: &Value, depth: usize, out: &mut String) {
    let Value::Object(entries) = tree else { return };
    for (key, value) in entries {
        let Some(child) = schema.child_of(tree, key) else { continue };
        let indent = "  ".repeat(depth);
        let is_block = value.as_object().is_some_and(|entries| !entries.is_empty());
        let value_text = if is_block { String::new() } else { format!(" {}", flow(child, value)) };
        // Writing to a string never fails.
        let _ = writeln!(out, "{indent}{}:{value_text}", text(key));
        if is_block {
            block(child, value, depth + 1, out);
        }
    }
}

/// Words that YAML 1.1 or 1.2 reads as a boolean or null. Everything that they read as a number or a date begins with a
/// digit, a sign or a point.
const WORDS_OF_YAML: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Returns text without quotes if every reader reads it back as the same text, else in double quotes.
fn text(string: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let plain = string.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '/')
        && string.chars().all(is_word)
        && !WORDS_OF_YAML.iter().any(|word| word.eq_ignore_ascii_case(string));
    if plain { string.to_owned() } else { quoted(string) }
}

fn quoted(string: &str) -> String {
    let mut out = String::from('"');
    for character in string.chars() {
        let _ = match character {
            '"' | '\\' => write!(out, "\\{character}"),
            '\n' => write!(out, "\\n"),
            '\t' => write!(out, "\\t"),
            _ if needs_escape(character) || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                write!(out, "\\U{:08X}", u32::from(character))
            }
            _ => write!(out, "{character}"),
        };
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::text;
    use serde_yaml::Value;

    /// Whether text needs quotes is told without a reader, which would take most of the time.
    #[test]
    fn text_reads_back_as_itself_with_quotes_or_without() {
        let alphabet: Vec<_> = ('!'..='~').chain([' ']).collect();
        let pairs =
            alphabet.iter().flat_map(|first| alphabet.iter().map(move |then| format!("{first}{then}")));
        let words =
            ["inf", "Infinity", "nan", "NaN", "null", "Null", "NULL", "True", "e1", "_1", "a-", "a/b", "a.b"];
        let singles = alphabet.iter().map(char::to_string);
        for string in pairs.chain(singles).chain(words.map(str::to_owned)) {
            let read: Value = serde_yaml::from_str(&text(&string)).unwrap();
            assert_eq!(read, Value::String(string.clone()), "{string:?}");
        }
    }
}
