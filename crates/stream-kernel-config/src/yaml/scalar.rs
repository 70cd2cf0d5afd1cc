//! A scalar and its type: the raw text stays, the type comes from the YAML library.

use figment::value::{Empty, Tag, Value};

/// A scalar as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    /// The text, after quotes, escapes and folding are resolved.
    pub(crate) text: String,
    /// Written without quotes, so that its type depends on its text.
    pub(crate) plain: bool,
}

impl Scalar {
    /// Returns the value: text when quoted, else what the YAML library makes of it.
    pub(crate) fn value(&self) -> Value {
        if self.plain { typed(&self.text) } else { Value::from(self.text.as_str()) }
    }

    /// Returns whether it is the word for null. YAML reads nothing at all as null as well, and other spellings.
    pub(crate) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "null" | "~")
    }
}

fn typed(text: &str) -> Value {
    use serde_yaml::Value as Yaml;
    // Only what begins so can be null, a boolean or a number. Asking about other text would read a document out of it:
    // `---`, which a plain scalar may be, would be null.
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
        // The library has no value for integers beyond 64 bits; they are numbers all the same.
        Err(_) => text.parse::<i128>().map_or_else(|_| Value::from(text), Value::from),
        Ok(_) => Value::from(text),
    }
}
