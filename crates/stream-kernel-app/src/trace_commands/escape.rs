//! Text from data, made safe to print on a terminal.

use std::fmt::{self, Display, Write};

use stream_kernel_trace::is_steering;

/// Returns `text` with its control and bidirectional characters, and what breaks lines, written as `\u{202e}`.
///
/// Whatever data says, it can then neither move the cursor nor reorder what stands around it.
///
/// ```
/// assert_eq!(stream_kernel_app::escaped("a\u{1b}[2Jb").to_string(), r"a\u{1b}[2Jb");
/// ```
pub fn escaped(text: &str) -> impl Display {
    struct Escaped<'a>(&'a str);
    impl Display for Escaped<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.chars().try_for_each(|character| {
                if is_steering(character) {
                    write!(f, "{}", character.escape_unicode())
                } else {
                    f.write_char(character)
                }
            })
        }
    }
    Escaped(text)
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        for dangerous in ["\0", "\t", "\n", "\u{1b}", "\u{7f}", "\u{85}", "\u{9b}"] {
            let code = u32::from(dangerous.chars().next().unwrap());
            assert_eq!(escaped(dangerous).to_string(), format!("\\u{{{code:x}}}"));
        }
        for range in [0x61c..=0x61c, 0x200e..=0x200f, 0x2028..=0x202e, 0x2066..=0x2069, 0xfeff..=0xfeff] {
            for code in range {
                let text = char::from_u32(code).unwrap().to_string();
                assert_eq!(escaped(&text).to_string(), format!("\\u{{{code:x}}}"));
            }
        }
    }

    #[test]
    fn everything_else_stays() {
        let text = "id 12-00, \"größer\" \\ 日本 \u{61b}\u{61d}\u{200d}\u{2010}\u{2065}\u{206a} 🦀";
        assert_eq!(escaped(text).to_string(), text);
    }
}
