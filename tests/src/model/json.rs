//! A strict reader of one JSON object, by the grammar of RFC 8259.
//!
//! It tells apart only what the contract does: a string, a number as it is spelled, and anything else.

/// The deepest nesting of objects and arrays, the top object counted.
const DEEPEST: usize = 127;

/// An unescaped string; `None` if it holds half a surrogate pair, which no text can represent.
pub(super) type Text = Option<String>;

/// A value, as far as the contract inspects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A string.
    Text(Text),
    /// A number in its original spelling.
    Number(String),
    /// An array or an object that holds half a surrogate pair, at any depth.
    WithHalfPair,
    /// `null`, `true`, `false`, any other array or object.
    Other,
}

impl Value {
    /// Returns whether the value contains half a surrogate pair, at any depth.
    pub(super) fn holds_half_pair(&self) -> bool {
        matches!(self, Self::Text(None) | Self::WithHalfPair)
    }
}

fn container(holds_half_pair: bool) -> Value {
    if holds_half_pair { Value::WithHalfPair } else { Value::Other }
}

/// The text is not one JSON object, or is nested too deeply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAnObject;

/// Returns the keys and values of the object in `text`, in order, including repeated keys.
pub(super) fn read_object(text: &str) -> Result<Vec<(Text, Value)>, NotAnObject> {
    let mut reader = Reader { rest: text };
    reader.skip_white_space();
    let members = reader.object(1)?;
    reader.skip_white_space();
    if reader.rest.is_empty() { Ok(members) } else { Err(NotAnObject) }
}

/// The rest to read.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Reads an object at nesting level `depth`.
    fn object(&mut self, depth: usize) -> Result<Vec<(Text, Value)>, NotAnObject> {
        self.open('{', depth)?;
        let mut members = Vec::new();
        self.skip_white_space();
        if self.take('}') {
            return Ok(members);
        }
        loop {
            self.skip_white_space();
            let key = self.string()?;
            self.skip_white_space();
            self.require(':')?;
            let value = self.value(depth)?;
            members.push((key, value));
            if self.take('}') {
                return Ok(members);
            }
            self.require(',')?;
        }
    }

    /// Reads an array and returns whether it holds half a surrogate pair.
    fn array(&mut self, depth: usize) -> Result<bool, NotAnObject> {
        self.open('[', depth)?;
        self.skip_white_space();
        if self.take(']') {
            return Ok(false);
        }
        let mut holds_half_pair = false;
        loop {
            holds_half_pair |= self.value(depth)?.holds_half_pair();
            if self.take(']') {
                return Ok(holds_half_pair);
            }
            self.require(',')?;
        }
    }

    /// Reads a value inside `depth` objects and arrays, and the white space around it.
    fn value(&mut self, depth: usize) -> Result<Value, NotAnObject> {
        self.skip_white_space();
        let value = match self.rest.chars().next() {
            Some('{') => self.object(depth + 1).map(|members| {
                container(members.iter().any(|(key, value)| key.is_none() || value.holds_half_pair()))
            }),
            Some('[') => self.array(depth + 1).map(container),
            Some('"') => self.string().map(Value::Text),
            Some('-' | '0'..='9') => self.number().map(Value::Number),
            _ => self.word().map(|()| Value::Other),
        }?;
        self.skip_white_space();
        Ok(value)
    }

    fn word(&mut self) -> Result<(), NotAnObject> {
        for word in ["null", "true", "false"] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(());
            }
        }
        Err(NotAnObject)
    }

    fn number(&mut self) -> Result<String, NotAnObject> {
        let begin = self.rest;
        self.take('-');
        if !self.take('0') {
            self.digits()?;
        }
        if self.take('.') {
            self.digits()?;
        }
        if self.take('e') || self.take('E') {
            if !self.take('+') {
                self.take('-');
            }
            self.digits()?;
        }
        Ok(begin[..begin.len() - self.rest.len()].to_owned())
    }

    /// Reads one or more digits.
    fn digits(&mut self) -> Result<(), NotAnObject> {
        let after = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        if after.len() == self.rest.len() {
            return Err(NotAnObject);
        }
        self.rest = after;
        Ok(())
    }

    fn string(&mut self) -> Result<Text, NotAnObject> {
        self.require('"')?;
        // An escape names a UTF-16 code unit, so halves meet or stay alone in UTF-16.
        let mut units = Vec::new();
        loop {
            match self.next()? {
                '"' => return Ok(String::from_utf16(&units).ok()),
                '\\' => units.push(self.escaped_unit()?),
                '\0'..='\x1f' => return Err(NotAnObject),
                plain => units.extend(plain.encode_utf16(&mut [0; 2]).iter()),
            }
        }
    }

    /// Reads the rest of an escape after its backslash.
    fn escaped_unit(&mut self) -> Result<u16, NotAnObject> {
        Ok(match self.next()? {
            '"' => 0x22,
            '\\' => 0x5c,
            '/' => 0x2f,
            'b' => 0x08,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'u' => {
                let mut unit = 0;
                for _ in 0..4 {
                    let digit = self.next()?.to_digit(16).ok_or(NotAnObject)?;
                    unit = unit * 16 + u16::try_from(digit).map_err(|_| NotAnObject)?;
                }
                unit
            }
            _ => return Err(NotAnObject),
        })
    }

    /// Begins an object or array; the bound on depth also keeps the recursion short.
    fn open(&mut self, bracket: char, depth: usize) -> Result<(), NotAnObject> {
        if depth > DEEPEST {
            return Err(NotAnObject);
        }
        self.require(bracket)
    }

    fn skip_white_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn next(&mut self) -> Result<char, NotAnObject> {
        let mut chars = self.rest.chars();
        let first = chars.next().ok_or(NotAnObject)?;
        self.rest = chars.as_str();
        Ok(first)
    }

    fn require(&mut self, expected: char) -> Result<(), NotAnObject> {
        if self.take(expected) { Ok(()) } else { Err(NotAnObject) }
    }

    /// Reads `expected` if it comes next; returns whether it did.
    fn take(&mut self, expected: char) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of the only key `k` when it is spelled as `value`, `None` if that is not JSON.
    fn value(value: &str) -> Option<Value> {
        let members = read_object(&format!("{{\"k\":{value}}}")).ok()?;
        let [(Some(key), value)] = members.as_slice() else { panic!("one member expected, got {members:?}") };
        assert_eq!(key, "k");
        Some(value.clone())
    }

    fn text(text: &str) -> Value {
        Value::Text(Some(text.to_owned()))
    }

    #[test]
    fn values_are_distinguished_and_numbers_kept_as_spelled() {
        for number in ["0", "-0", "7", "1.0", "1E2", "1e+2", "-1.5e-300", "123456789012345678901234567890"] {
            assert_eq!(value(number), Some(Value::Number(number.to_owned())));
        }
        for other in ["null", "true", "false", "[]", "{}", "[1,[2,{\"a\":1,\"a\":2}]]", " [ 1 , 2 ] \t\r\n"] {
            assert_eq!(value(other), Some(Value::Other), "{other}");
        }
        assert_eq!(value(r#""""#), Some(text("")));
        assert_eq!(value(r#""a\"\\\/\b\f\n\r\té""#), Some(text("a\"\\/\u{8}\u{c}\n\r\té")));
        assert_eq!(value(r#""\u0041\u00e9\uD83D\uDE00😀\u007f""#), Some(text("Aé😀😀\u{7f}")));
    }

    #[test]
    fn half_a_surrogate_pair_is_json_but_no_text() {
        for half in [r"\ud800", r"\udc00", r"\udc00\ud800", r"\ud800\ud800\udc00", r"\ud800x\udc00"] {
            assert_eq!(value(&format!("\"{half}\"")), Some(Value::Text(None)), "{half}");
        }
    }

    #[test]
    fn everything_beyond_the_grammar_is_refused() {
        let not_values = [
            "",
            "01",
            "-01",
            "+1",
            ".5",
            "1.",
            "1.e2",
            "1e",
            "1e+",
            "-",
            "- 1",
            "0x1",
            "1_000",
            "NaN",
            "-NaN",
            "Infinity",
            "-Infinity",
            "nul",
            "nullx",
            "True",
            "'a'",
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\\u+123\"",
            "\"\t\"",
            "\"\0\"",
            "\"\x1f\"",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[",
            "]",
            "[}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "1 2",
            "\u{b}1",
            "\u{c}1",
            "\u{a0}1",
            "\u{feff}1",
            "/**/1",
        ];
        for not_value in not_values {
            assert_eq!(value(not_value), None, "{not_value:?}");
        }
        for not_object in
            ["", " ", "1", "\"a\"", "null", "[]", "[{}]", "{", "{}}", "{},", "{} {}", "\u{feff}{}"]
        {
            assert_eq!(read_object(not_object), Err(NotAnObject), "{not_object:?}");
        }
        assert_eq!(read_object(" \t\r{ \t\r} \t\r"), Ok(vec![]));
    }

    #[test]
    fn nesting_ends_at_depth_127() {
        let arrays = |count: usize| "[".repeat(count) + &"]".repeat(count);
        let objects = |count: usize| "{\"a\":".repeat(count) + "1" + &"}".repeat(count);
        assert_eq!(value(&arrays(126)), Some(Value::Other));
        assert_eq!(value(&arrays(127)), None);
        assert_eq!(value(&objects(126)), Some(Value::Other));
        assert_eq!(value(&objects(127)), None);
        // A mebibyte of brackets must be an answer, not a stack overflow.
        assert_eq!(value(&"[".repeat(1 << 20)), None);
        assert_eq!(read_object(&"{\"a\":".repeat(1 << 18)), Err(NotAnObject));
    }
}
