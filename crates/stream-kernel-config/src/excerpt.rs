//! Excerpts of values.

/// The most characters shown of a value.
const MAX_EXCERPT_CHARS: usize = 200;

/// Returns the first 200 characters of a text, with a mark if it was cut: messages repeat no more of others' texts.
///
/// ```
/// use stream_kernel_config::excerpt;
///
/// assert_eq!(excerpt(&"x".repeat(300)), format!("{}...", "x".repeat(200)));
/// ```
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MAX_EXCERPT_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_cut_one_beyond_its_bound() {
        let at_bound = "é".repeat(MAX_EXCERPT_CHARS);
        assert_eq!(excerpt(&at_bound), at_bound);
        assert_eq!(excerpt(&format!("{at_bound}é")), format!("{at_bound}..."));
    }
}
