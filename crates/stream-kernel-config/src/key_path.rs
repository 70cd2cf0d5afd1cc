//! Key paths as text: `runtime.pipeline.0`.

/// Returns the path of `key` in the map at `parent`; a key that would be ambiguous there is quoted.
pub(crate) fn join(parent: &str, key: &str) -> String {
    let plain = !key.is_empty() && !key.contains(|c: char| c == '.' || c == '"' || c.is_whitespace());
    let key = if plain { key.to_owned() } else { format!("\"{key}\"") };
    if parent.is_empty() { key } else { format!("{parent}.{key}") }
}

/// Returns the path of the map or list around `path`; none for the root.
pub(crate) fn parent(path: &str) -> Option<&str> {
    if path.is_empty() { None } else { Some(path.rfind('.').map_or("", |point| &path[..point])) }
}

/// Returns the path, then that of the map or list around it, and so on to the root.
pub(crate) fn around(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| parent(path))
}

/// Returns whether `path` is `ancestor` or lies below it.
pub(crate) fn is_within(path: &str, ancestor: &str) -> bool {
    ancestor.is_empty()
        || path.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Returns whether `path` matches `pattern`, in which `*` stands for any one key.
pub(crate) fn matches(path: &str, pattern: &str) -> bool {
    let (keys, wanted) = (path.split('.'), pattern.split('.'));
    keys.clone().count() == wanted.clone().count()
        && keys.zip(wanted).all(|(key, want)| want == "*" || key == want)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_split_and_compared_key_by_key() {
        assert_eq!(join("", "a"), "a");
        assert_eq!(join("a", "b"), "a.b");
        assert_eq!(join("a", "b.c"), "a.\"b.c\"");
        assert_eq!((parent("a.b"), parent("a"), parent("")), (Some("a"), Some(""), None));
        assert!(is_within("a.b", "a") && is_within("a", "a") && is_within("a", "") && !is_within("ab", "a"));
        assert!(matches("adapters.x.factory", "adapters.*.factory"));
        assert!(!matches("adapters.factory", "adapters.*.factory") && !matches("a.b", "a"));
    }
}
