//! Values of attributes, from JSON.

use serde_json::Value;

use super::AttributeValue;

/// Returns an integer, as text if it does not fit into a signed 64-bit integer.
pub(super) fn integer(value: u64) -> AttributeValue {
    i64::try_from(value).map_or_else(|_| AttributeValue::Text(value.to_string()), AttributeValue::Integer)
}

/// Returns the value of JSON text; JSON without a counterpart remains text.
pub(super) fn value_of(json: &str) -> AttributeValue {
    // Most values are plain texts.
    if let Some(plain) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
        && !plain.contains(['\\', '"'])
    {
        return AttributeValue::Text(plain.to_owned());
    }
    match serde_json::from_str(json) {
        Ok(Value::String(string)) => AttributeValue::Text(string),
        Ok(Value::Bool(value)) => AttributeValue::Bool(value),
        Ok(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => AttributeValue::Integer(value),
            (None, Some(value)) if json.contains(['.', 'e', 'E']) => AttributeValue::Number(value),
            _ => AttributeValue::Text(json.to_owned()),
        },
        _ => AttributeValue::Text(json.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_typed_and_integers_lose_no_digit() {
        let least = i64::MIN.to_string();
        let texts = [
            r#""a\"b""#,
            r#""ab""#,
            "true",
            &least,
            "9223372036854775808",
            "0.25",
            "1e3",
            "1e999",
            "null",
            r#"["late"]"#,
        ];
        let told: Vec<_> = texts.iter().map(|json| format!("{:?}", value_of(json))).collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        Text("a\"b")
        Text("ab")
        Bool(true)
        Integer(-9223372036854775808)
        Text("9223372036854775808")
        Number(0.25)
        Number(1000.0)
        Text("1e999")
        Text("null")
        Text("[\"late\"]")
        "#);
        let most = i64::MAX.unsigned_abs();
        assert_eq!(integer(most), AttributeValue::Integer(i64::MAX));
        assert_eq!(integer(most + 1), AttributeValue::Text((most + 1).to_string()));
    }
}
