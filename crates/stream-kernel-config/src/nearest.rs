//! The nearest name to a misspelt one.

/// Names longer than this, in bytes, are not compared: the comparison takes quadratic time.
const MAX_NAME_BYTES: usize = 128;

/// Returns the candidate that `name` most likely misspells; none if no candidate is close.
///
/// Letter case does not count. One edit per three characters (insertion, deletion, substitution, transposition) is
/// close; of equally close candidates the first wins.
///
/// ```
/// use stream_kernel_config::nearest;
///
/// assert_eq!(nearest("trasing", ["strict", "tracing"]), Some("tracing"));
/// assert_eq!(nearest("colour", ["strict", "tracing"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    let wanted = name.to_lowercase();
    let most_edits = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= MAX_NAME_BYTES)
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(edits, candidate)| *edits <= most_edits && *edits < candidate.chars().count())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found_and_far_ones_are_not() {
        let names = ["strict", "pipeline", "on_step_error", "MON"];
        assert_eq!(nearest("pipline", names), Some("pipeline"));
        assert_eq!(nearest("mon", names), Some("MON"), "letter case does not count");
        assert_eq!(nearest("onsteperror", names), Some("on_step_error"));
        assert_eq!(nearest("x", ["a"]), None, "everything is one edit from a single letter");
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn names_are_compared_up_to_the_length_bound() {
        let at_bound = "a".repeat(MAX_NAME_BYTES);
        let beyond = "a".repeat(MAX_NAME_BYTES + 1);
        assert_eq!(nearest(&at_bound, [at_bound.as_str()]), Some(at_bound.as_str()));
        assert_eq!(nearest(&beyond, [at_bound.as_str()]), None);
    }
}
