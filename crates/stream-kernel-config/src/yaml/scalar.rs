//! Scalars and their types: the raw text stays, the type comes from the YAML library.

use figment::value::{Empty, Tag, Value};

/// A scalar in its original form.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    /// The text, after quotes, escapes and folding are resolved.
    pub(crate) text: String,
    /// Whether it is written without quotes, so that its type depends on its text.
    pub(crate) plain: bool,
}

impl Scalar {
    /// Returns the value: text if quoted, else the YAML library's reading.
    pub(crate) fn value(&self) -> Value {
        if self.plain { typed(&self.text) } else { Value::from(self.text.as_str()) }
    }

    /// Returns whether it is the word for null. YAML also reads blanks and other spellings as null.
    pub(crate) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "null" | "~")
    }
}

fn typed(text: &str) -> Value {
    use serde_yaml::Value as Yaml;
    // Only a text that begins like this can be null, a boolean or a number. For other text, the library would read a
    // document: `---`, which a plain scalar may be, would be null.
    let may_be_typed = text.is_empty()
        || text.starts_with(|c: char| c.is_ascii_digit() || "+.~nNtTfF".contains(c))
        || text
            .strip_prefix('-')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'));
    if !may_be_typed || text == "..." {
        return Value::from(text);
    }
    match serde_yaml::from_str(text) {
        Ok(Yaml::Null) => Value::Empty(Tag::Default, Empty::Unit),
        Ok(Yaml::Bool(value)) => Value::from(value),
        Ok(Yaml::Number(number)) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(value), _, _) => Value::from(value),
            (_, Some(value), _) => Value::from(value),
            (_, _, float) => Value::from(float.unwrap_or(f64::NAN)),
        },
        // The library has no value for integers beyond 64 bits, but they are numbers too.
        Err(_) => text.parse::<i128>().map_or_else(|_| Value::from(text), Value::from),
        Ok(_) => Value::from(text),
    }
}
