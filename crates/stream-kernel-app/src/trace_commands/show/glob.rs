//! Names by pattern.

/// Returns whether the whole of `text` fits `pattern`, where `*` stands for any characters or none and `?` for one.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    // Where the last `*` stands, and what it is taken to reach up to. Only the last one needs to be tried again.
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at, in_text));
            at += 1;
        } else if pattern.get(at).is_some_and(|&character| character == '?' || character == text[in_text]) {
            at += 1;
            in_text += 1;
        } else if let Some((star_at, reached)) = star {
            star = Some((star_at, reached + 1));
            at = star_at + 1;
            in_text = reached + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&character| character == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_and_question_marks_stand_for_characters() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "ab"),
            ("a?c", "aßc"),
            ("*_a*", "x_a_b"),
            ("a*b*c", "abxbc"),
            ("a**", "a"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("?", ""), ("a", "ab"), ("b", "ab"), ("a*b", "abc"), ("a?", "a"), ("A", "a")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        assert!(!fits(&"*a".repeat(500), &"a".repeat(499)), "does not take for ever");
    }
}
