//! Escapes for characters that change how the text around them is shown.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

/// Returns whether `character` must not reach a terminal: a control character, one that reorders text (bidirectional
/// formatting), an invisible one, or one that some program takes for a line end.
///
/// These are U+0000 to U+001F, U+007F to U+009F, U+061C, U+200B to U+200F, U+2028 to U+202E, U+2060 to U+206F and
/// U+FEFF.
///
/// ```
/// use stream_kernel_text::needs_escape;
///
/// assert!(needs_escape('\u{1b}') && needs_escape('\u{202e}') && needs_escape('\u{200b}'));
/// assert!(!needs_escape('é'));
/// ```
pub fn needs_escape(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Displays `text` with an escape for each character that [needs it](needs_escape): `\t`, `\n`, `\r`, else `\u{202e}`.
///
/// The text can then neither move the cursor nor reorder or hide the text around it.
///
/// ```
/// assert_eq!(stream_kernel_text::escaped("a\u{1b}[2Jb\n").to_string(), r"a\u{1b}[2Jb\n");
/// ```
pub fn escaped(text: &str) -> impl Display {
    fmt::from_fn(move |f| {
        text.chars().try_for_each(|character| {
            if needs_escape(character) {
                write!(f, "{}", character.escape_default())
            } else {
                f.write_char(character)
            }
        })
    })
}

/// Returns equivalent `json` with an escape for each character in its texts that [needs it](needs_escape).
///
/// JSON escapes characters below U+0020 already, except the line ends between its values, which stay.
///
/// ```
/// assert_eq!(stream_kernel_text::escaped_json("[\n\"a\u{202e}b\"]"), "[\n\"a\\u202eb\"]");
/// ```
pub fn escaped_json(json: &str) -> Cow<'_, str> {
    let must_go = |character: char| character >= '\u{7f}' && needs_escape(character);
    if !json.contains(must_go) {
        return json.into();
    }
    json.chars()
        .fold(String::with_capacity(json.len() + 16), |mut escaped, character| {
            if must_go(character) {
                // Writing to a string never fails.
                let _ = write!(escaped, "\\u{:04x}", u32::from(character));
            } else {
                escaped.push(character);
            }
            escaped
        })
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every escaped character, as listed in the README.
    fn listed() -> impl Iterator<Item = char> {
        let ranges = [
            0..=0x1f,
            0x7f..=0x9f,
            0x61c..=0x61c,
            0x200b..=0x200f,
            0x2028..=0x202e,
            0x2060..=0x206f,
            0xfeff..=0xfeff,
        ];
        ranges.into_iter().flatten().filter_map(char::from_u32)
    }

    #[test]
    fn these_characters_are_escaped_and_no_others() {
        assert_eq!(
            ('\0'..=char::MAX).filter(|&c| needs_escape(c)).collect::<String>(),
            listed().collect::<String>()
        );
    }

    #[test]
    fn each_of_them_has_one_form() {
        for character in listed() {
            let expected = match character {
                '\t' => r"\t".to_owned(),
                '\n' => r"\n".to_owned(),
                '\r' => r"\r".to_owned(),
                other => format!("\\u{{{:x}}}", u32::from(other)),
            };
            assert_eq!(escaped(&character.to_string()).to_string(), expected);
        }
    }

    #[test]
    fn other_characters_stay() {
        let text = "id 12-00, \"größer\" 'a' \\ 日本 \u{61b}\u{61d}\u{200a}\u{2010}\u{205f}\u{2070} 🦀";
        assert_eq!(escaped(text).to_string(), text);
        assert!(matches!(escaped_json(text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn json_keeps_characters_below_a_space() {
        for character in listed() {
            let code = u32::from(character);
            let expected = if code < 0x20 { character.to_string() } else { format!("\\u{code:04x}") };
            assert_eq!(escaped_json(&character.to_string()), expected);
        }
    }
}
