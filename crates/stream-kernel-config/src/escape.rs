//! Text from outside made safe for one line of a terminal.

use std::fmt::{self, Display, Write};

/// Values are shown up to this many characters.
const MAX_EXCERPT_CHARS: usize = 200;

/// Displays a text with everything that could move the cursor or reorder the line written as an escape.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if is_unsafe(character) {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Returns whether a character can change how the text around it is shown: control, line-breaking, invisible or
/// bidirectional formatting.
pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns the first 200 characters of a text, marked as cut when something follows: messages repeat no more of what is not theirs.
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
    fn nothing_that_steers_a_terminal_passes() {
        let shown = Escaped("a\u{1b}[2J\r\n\u{202e}b\u{9b}é").to_string();
        assert_eq!(shown, r"a\u{1b}[2J\r\n\u{202e}b\u{9b}é");
    }

    #[test]
    fn an_excerpt_is_cut_one_beyond_its_bound() {
        let at_bound = "é".repeat(MAX_EXCERPT_CHARS);
        assert_eq!(excerpt(&at_bound), at_bound);
        assert_eq!(excerpt(&format!("{at_bound}é")), format!("{at_bound}..."));
    }
}
