//! Beginnings of values.

/// Values are shown up to this many characters.
const MAX_EXCERPT_CHARS: usize = 200;

/// Returns the beginning of a text, marked as cut when something follows.
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
