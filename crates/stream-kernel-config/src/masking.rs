//! Masking of credentials in texts that are repeated to their user.

use std::borrow::Cow;

use serde_json::Value;

/// The replacement of a credential.
const MASK: &str = "***";

/// A parameter is confidential if its name, in lower case and without `_`, `-`, `.` and `%`, contains one of these.
const CONFIDENTIAL: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "signature",
];
/// Likewise, if its name is one of these.
const CONFIDENTIAL_NAMES: [&str; 8] = ["pass", "pw", "auth", "key", "sig", "user", "username", "uid"];

/// Returns a text without the credentials of a URL in it, even a malformed one: the part before the `@`, and the values
/// of parameters named like a password or a user name. A text in the wrong place is repeated to its user.
///
/// ```
/// use stream_kernel_config::without_credentials;
///
/// assert_eq!(without_credentials("--set redis://user:pass word@host/0"), "--set redis://***@host/0");
/// assert_eq!(without_credentials("redis:/user:password@host"), "redis:/***@host");
/// assert_eq!(without_credentials("jdbc:x://host/db?ssl=on&password=abc"), "jdbc:x://host/db?ssl=on&password=***");
/// assert_eq!(without_credentials("an address: https://host/a"), "an address: https://host/a");
/// ```
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    // Parameters first: a password among them may contain an `@`.
    let text = without_confidential_parameters(text);
    let begins_and_ends = text.rfind('@').and_then(|at| {
        let scheme_end = text[..at].find([':', '/'])?;
        let behind = text[scheme_end..at].trim_start_matches([':', '/']);
        Some((at - behind.len(), at))
    });
    match begins_and_ends {
        Some((begin, end)) => Cow::Owned(format!("{}{MASK}{}", &text[..begin], &text[end..])),
        None => text,
    }
}

/// Returns a text without the values of parameters named like a password or a user name.
///
/// A value ends at the next parameter, and the last one at the end: blanks and quotes may be part of a password.
pub(crate) fn without_confidential_parameters(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut rest = text;
    while let Some((value, end)) = confidential_value(rest) {
        masked.push_str(&rest[..value]);
        masked.push_str(MASK);
        rest = &rest[end..];
    }
    if masked.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(masked + rest) }
}

/// Returns the range of the first value to hide.
fn confidential_value(text: &str) -> Option<(usize, usize)> {
    text.match_indices('=').find_map(|(equals, _)| {
        let name_begins = text[..equals].rfind(['?', '&', ';'])?;
        let name = &text[name_begins + 1..equals];
        if !is_confidential(name) {
            return None;
        }
        let value = equals + 1;
        let end = if text[name_begins..].starts_with(';') { ';' } else { '&' };
        let end = text[value..].find(end).map_or(text.len(), |end| value + end);
        // Masked values stay.
        (value < end && &text[value..end] != MASK).then_some((value, end))
    })
}

fn is_confidential(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.%".contains(c);
    if !name.chars().all(is_part) {
        return false;
    }
    let name: String = name.to_ascii_lowercase().replace(['_', '-', '.', '%'], "");
    CONFIDENTIAL_NAMES.contains(&name.as_str()) || CONFIDENTIAL.iter().any(|word| name.contains(word))
}

/// Returns whether a text may be a malformed URL with credentials: then it is never repeated.
pub(crate) fn may_hold_credentials(text: &str) -> bool {
    text.rfind('@').is_some_and(|at| text[..at].contains(['/', ':'])) || confidential_value(text).is_some()
}

/// Returns whether a line of a file holds a URL with credentials. An `@` alone may be part of anything there.
pub(crate) fn holds_url_with_credentials(line: &str) -> bool {
    line.find("://").is_some_and(|scheme| line[scheme..].contains('@')) || confidential_value(line).is_some()
}

/// Names of headers and keys whose values are secrets, wherever they stand.
const SECRET_NAMES: [&str; 6] = ["headers", "authorization", "api-key", "api_key", "apikey", "token"];

/// Returns whether a text may hold the values of headers.
pub(crate) fn may_hold_headers(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|name| text.contains(name))
}

/// Returns whether the value at a key path is a header, or all of them.
pub(crate) fn is_header(key: &str) -> bool {
    key.starts_with("runtime.tracing.sink")
        && (key.ends_with(".otlp.headers") || key.contains(".otlp.headers."))
}

/// Replaces the values of all headers in a configuration.
pub(crate) fn mask_headers(tree: &mut Value) {
    match tree {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::Object(headers) if key == "headers" => {
                        headers.values_mut().for_each(|value| *value = MASK.into());
                    }
                    other => mask_headers(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_headers),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_confidential_parameters_are_masked() {
        for (text, shown) in [
            (
                "jdbc:postgresql://h/db?user=sa&password=s3cret",
                "jdbc:postgresql://h/db?user=***&password=***",
            ),
            (
                "jdbc:sqlserver://h;user=sa;password=s3&cret;ssl=on",
                "jdbc:sqlserver://h;user=***;password=***;ssl=on",
            ),
            ("jdbc:x://h/db?user=sa&password=top@secret", "jdbc:x://h/db?user=***&password=***"),
            ("jdbc:x://u:pw@h/db?password=top@secret&ssl=on", "jdbc:***@h/db?password=***&ssl=on"),
            ("x?pwd=s3", "x?pwd=***"),
            ("x?a=b&token=s3;cret&c=d", "x?a=b&token=***&c=d"),
            ("x?API_KEY=s3&api-key=s3&apikey=s3", "x?API_KEY=***&api-key=***&apikey=***"),
            ("x?client_secret=s3 cret's", "x?client_secret=***"),
            ("x?sslpassword=a=b", "x?sslpassword=***"),
            ("redis://u:p@h/0?password=s3", "redis://***@h/0?password=***"),
            ("x?password=", "x?password="),
            ("x?hash=h&table=t&timeout_ms=5", "x?hash=h&table=t&timeout_ms=5"),
            ("password=plain", "password=plain"),
            ("what? 1 + 1 = 2", "what? 1 + 1 = 2"),
            ("", ""),
        ] {
            assert_eq!(without_credentials(text), shown);
            assert_eq!(without_credentials(shown), shown, "masked once");
        }
    }

    #[test]
    fn a_line_with_credentials_is_known() {
        for line in ["path: redis://u:p@h/0", "path: 'jdbc:x?password=p'", "p: x://h?a=b&token=c"] {
            assert!(holds_url_with_credentials(line), "{line}");
        }
        for line in ["mail: ops@example.org", "see: https://example.org/a?b=c", "a: b"] {
            assert!(!holds_url_with_credentials(line), "{line}");
        }
    }
}
