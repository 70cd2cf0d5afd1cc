//! Rows as they come in, within their bounds.

use stream_kernel_config::{MAX_SOURCE_BYTES, MAX_SOURCE_ROWS, Problem, Row, excerpt};

#[cfg(any(feature = "consul", feature = "etcd"))]
use crate::address::Address;

/// The longest key path, in bytes.
pub(crate) const MAX_KEY_BYTES: usize = 256;

/// The rows of a source so far.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    bytes: usize,
}

impl Rows {
    /// Adds a row, if it is valid and the bounds still hold.
    pub(crate) fn add(&mut self, place: String, key: String, value: Vec<u8>) -> Result<(), Problem> {
        if self.rows.len() == MAX_SOURCE_ROWS {
            return Err(too_much(format!("more than {MAX_SOURCE_ROWS} rows")));
        }
        if key.len() > MAX_KEY_BYTES {
            return Err(Problem::new(format!("the key path of {place} is too long"))
                .expected(format!("at most {MAX_KEY_BYTES} bytes"))
                .hint("no key of a configuration is that long: does it belong to something else?"));
        }
        self.bytes = self.bytes.saturating_add(key.len()).saturating_add(value.len());
        if self.bytes > MAX_SOURCE_BYTES {
            return Err(too_much(format!(
                "more than {MAX_SOURCE_BYTES} bytes of keys and values, the first beyond at {place}"
            )));
        }
        let Ok(value) = String::from_utf8(value) else {
            return Err(Problem::new(format!("the value of {place} is not UTF-8"))
                .expected("text in UTF-8")
                .hint("write it anew, or take it away"));
        };
        self.rows.push(Row { place, key, value });
        Ok(())
    }

    /// Adds a key below the prefix, which is the path of a URL.
    #[cfg(any(feature = "consul", feature = "etcd"))]
    pub(crate) fn add_below(&mut self, address: &Address, key: &str, value: Vec<u8>) -> Result<(), Problem> {
        let place = place("key", key);
        match path_below(&address.path, key) {
            Some(path) => self.add(place, path, value),
            None => Err(address.not_understood(format!("{place} is not below the prefix"))),
        }
    }

    /// Returns the rows by key path, whatever their order of arrival.
    pub(crate) fn into_sorted(mut self) -> Vec<Row> {
        self.rows.sort_by(|a, b| (&a.key, &a.place).cmp(&(&b.key, &b.place)));
        self.rows
    }
}

/// Returns a row's name in messages: ``key `fund-load/runtime/strict` ``.
pub(crate) fn place(kind: &str, key: &str) -> String {
    format!("{kind} `{}`", excerpt(key))
}

/// Returns a key as text.
#[cfg(any(feature = "etcd", feature = "postgres", feature = "redis"))]
pub(crate) fn key_text(kind: &str, key: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(key).map_err(|error| {
        let key = String::from_utf8_lossy(error.as_bytes());
        Problem::new(format!("{} is not UTF-8", place(kind, &key)))
            .expected("keys in UTF-8")
            .hint("take it away, or keep the configuration below another prefix or in another place")
    })
}

/// Returns the problem of a source that exceeds a bound: `what`.
pub(crate) fn too_much(what: impl std::fmt::Display) -> Problem {
    Problem::new(format!("the source holds {what}"))
        .expected(format!("at most {MAX_SOURCE_ROWS} rows and {MAX_SOURCE_BYTES} bytes"))
        .hint("keep nothing there but the configuration, or name a narrower part of it")
}

/// Returns the key path of a key below a prefix: `/` and `.` both separate.
#[cfg(any(feature = "consul", feature = "etcd"))]
fn path_below(prefix: &str, key: &str) -> Option<String> {
    let below = if prefix.is_empty() { key } else { key.strip_prefix(prefix)?.strip_prefix('/')? };
    Some(below.replace('/', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(rows: &mut Rows, key: &str, value: &[u8]) -> Result<(), Problem> {
        rows.add(place("row", key), key.to_owned(), value.to_vec())
    }

    #[test]
    fn rows_are_counted_up_to_their_bound() {
        let mut rows = Rows::default();
        for number in 0..MAX_SOURCE_ROWS {
            add(&mut rows, &format!("k{number}"), b"").unwrap();
        }
        let problem = add(&mut rows, "one-more", b"").unwrap_err();
        assert_eq!(problem, too_much("more than 10000 rows"));
        assert_eq!(rows.into_sorted().len(), MAX_SOURCE_ROWS);
    }

    #[test]
    fn bytes_are_counted_up_to_their_bound() {
        let mut rows = Rows::default();
        add(&mut rows, "ab", &vec![b'x'; MAX_SOURCE_BYTES - 3]).unwrap();
        add(&mut rows, "c", b"").unwrap();
        let problem = format!("{:?}", add(&mut rows, "d", b"").unwrap_err());
        assert!(
            problem.contains("more than 1048576 bytes of keys and values, the first beyond at row `d`"),
            "{problem}"
        );
        assert!(add(&mut Rows::default(), "a", &vec![b'x'; MAX_SOURCE_BYTES]).is_err());
    }

    #[test]
    fn key_paths_are_as_long_as_their_bound() {
        let mut rows = Rows::default();
        add(&mut rows, &"k".repeat(MAX_KEY_BYTES), b"").unwrap();
        let long = format!("{:?}", add(&mut rows, &"k".repeat(MAX_KEY_BYTES + 1), b"").unwrap_err());
        assert!(long.contains("kkk...` is too long"), "{long}");
    }

    #[test]
    fn a_value_that_is_not_utf_8_is_named() {
        let problem = format!("{:?}", add(&mut Rows::default(), "runtime.strict", b"\xff").unwrap_err());
        assert!(problem.contains("the value of row `runtime.strict` is not UTF-8"), "{problem}");
    }

    #[cfg(any(feature = "etcd", feature = "postgres", feature = "redis"))]
    #[test]
    fn a_key_that_is_not_utf_8_is_named() {
        let problem = format!("{:?}", key_text("key", b"a/\xff".to_vec()).unwrap_err());
        assert!(problem.contains("key `a/\u{fffd}` is not UTF-8"), "{problem}");
        assert_eq!(key_text("key", "a/é".into()).unwrap(), "a/é");
    }

    #[test]
    fn rows_are_sorted() {
        let mut rows = Rows::default();
        for key in ["b", "a.b", "a", "c"] {
            add(&mut rows, key, b"").unwrap();
        }
        let keys: Vec<_> = rows.into_sorted().into_iter().map(|row| row.key).collect();
        assert_eq!(keys, ["a", "a.b", "b", "c"]);
    }

    #[cfg(any(feature = "consul", feature = "etcd"))]
    #[test]
    fn keys_below_a_prefix_are_key_paths() {
        let enabled = Some("runtime.tracing.enabled".to_owned());
        assert_eq!(path_below("fund-load", "fund-load/runtime/tracing/enabled"), enabled);
        assert_eq!(path_below("fund-load", "fund-load/runtime.tracing.enabled"), enabled);
        assert_eq!(path_below("", "runtime/tracing.enabled"), enabled);
        assert_eq!(path_below("/fund-load", "/fund-load/runtime/tracing/enabled"), enabled);
        assert_eq!(path_below("fund-load", "fund-loader/x"), None);
        assert_eq!(path_below("fund-load", "fund-load"), None);
    }
}
