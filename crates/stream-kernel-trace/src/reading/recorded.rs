//! Lines as a recorder spells them, read by hand: much faster than serde, which has to be ready for any spelling.

use crate::{ContextSnapshot, MessageSignature, RecordedError, Status, TraceRecord};

/// How deep the fields of a snapshot may be nested here; deeper ones are left to serde.
const MAX_DEPTH: usize = 16;

/// Returns the record that `line` holds if it is spelled as a recorder does: every key in its place, also in the changes of
/// `ctx_diff`, no white space, and no escape, which are rare. `None` does not mean that there is no record: serde has the
/// last word, and tells what is wrong.
pub(super) fn recorded(line: &str) -> Option<TraceRecord> {
    // Looked at once as a whole, which takes many bytes at a time: a text then ends at the next quotation mark.
    let odd = |byte| u8::from(byte < b' ' || byte == b'\\');
    let is_plain = line.starts_with('{') && line.bytes().fold(0, |any, byte| any | odd(byte)) == 0;
    let mut rest = Rest(line);
    let record = is_plain.then(|| rest.record())??;
    rest.0.is_empty().then_some(record)
}

/// What is still to be read of a line. Each method reads what it is named after, or returns `None`.
struct Rest<'l>(&'l str);

impl<'l> Rest<'l> {
    fn record(&mut self) -> Option<TraceRecord> {
        // The fields are evaluated in the order in which they stand here, which is that of the line.
        Some(TraceRecord {
            trace_id: self.after("{\"trace_id\":")?.owned_text()?,
            scenario: self.after(",\"scenario\":")?.owned_text()?,
            line_no: self.after(",\"line_no\":")?.integer()?,
            step_index: self.after(",\"step_index\":")?.integer()?.try_into().ok()?,
            step_name: self.after(",\"step_name\":")?.owned_text()?,
            work_index: self.after(",\"work_index\":")?.integer()?.try_into().ok()?,
            t_enter: self.after(",\"t_enter\":")?.owned_text()?,
            t_exit: self.after(",\"t_exit\":")?.owned_text()?,
            duration_ms: self.after(",\"duration_ms\":")?.millis()?,
            msg_in: self.after(",\"msg_in\":")?.signature()?,
            msg_out: self.after(",\"msg_out\":")?.signatures()?,
            msg_out_count: self.after(",\"msg_out_count\":")?.integer()?.try_into().ok()?,
            ctx_before: self.after(",\"ctx_before\":")?.or_null(|rest| rest.snapshot(Self::field))?,
            ctx_after: self.after(",\"ctx_after\":")?.or_null(|rest| rest.snapshot(Self::field))?,
            ctx_diff: self.after(",\"ctx_diff\":")?.or_null(|rest| rest.snapshot(Self::change))?,
            status: self.after(",\"status\":")?.status()?,
            error: self.after(",\"error\":")?.or_null(Self::error)?,
        })
        .filter(|_| self.takes("}"))
    }

    fn signatures(&mut self) -> Option<Vec<MessageSignature>> {
        let mut signatures = Vec::new();
        self.after("[")?;
        while !self.takes("]") {
            if !signatures.is_empty() {
                self.after(",")?;
            }
            signatures.push(self.signature()?);
        }
        Some(signatures)
    }

    fn signature(&mut self) -> Option<MessageSignature> {
        let type_name = self.after("{\"type_name\":")?.owned_text()?;
        let identity = self.after(",\"identity\":")?.or_null(Self::owned_text)?;
        let hash = self.after(",\"hash\":")?.or_null(Self::owned_text)?;
        self.takes("}").then_some(MessageSignature { type_name, identity, hash })
    }

    /// A snapshot, whose fields `value` passes over.
    fn snapshot(&mut self, value: impl Fn(&mut Self) -> Option<()>) -> Option<ContextSnapshot> {
        let from = self.0;
        self.members(value)?;
        Some(ContextSnapshot::of_valid_json(&from[..from.len() - self.0.len()]))
    }

    /// Passes over what a field was before and after the step.
    fn change(&mut self) -> Option<()> {
        self.after("{\"before\":")?.field()?;
        self.after(",\"after\":")?.field()?;
        self.after("}").map(drop)
    }

    fn field(&mut self) -> Option<()> {
        self.value(MAX_DEPTH)
    }

    fn status(&mut self) -> Option<Status> {
        match self.text()? {
            "ok" => Some(Status::Ok),
            "error" => Some(Status::Error),
            _ => None,
        }
    }

    fn error(&mut self) -> Option<RecordedError> {
        let type_name = self.after("{\"type\":")?.owned_text()?;
        let message = self.after(",\"message\":")?.owned_text()?;
        let step_name = self.after(",\"where\":")?.owned_text()?;
        let error = RecordedError { type_name, message, step_name, stack: None };
        self.takes(",\"stack\":null}").then_some(error)
    }

    /// Passes over any value, nested at most `depth` deep.
    fn value(&mut self, depth: usize) -> Option<()> {
        match self.0.as_bytes().first()? {
            b'"' => self.text().map(drop),
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'-' => self.after("-")?.digits().map(drop),
            b'0'..=b'9' => self.digits().map(drop),
            _ => (self.takes("null") || self.takes("true") || self.takes("false")).then_some(()),
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        let deeper = depth.checked_sub(1)?;
        self.members(|rest| rest.value(deeper))
    }

    /// Passes over an object whose values `value` passes over.
    fn members(&mut self, value: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        self.after("{")?;
        if self.takes("}") {
            return Some(());
        }
        loop {
            self.text()?;
            value(self.after(":")?)?;
            if !self.takes(",") {
                return self.takes("}").then_some(());
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<()> {
        let deeper = depth.checked_sub(1)?;
        self.after("[")?;
        if self.takes("]") {
            return Some(());
        }
        loop {
            self.value(deeper)?;
            if !self.takes(",") {
                return self.takes("]").then_some(());
            }
        }
    }

    #[expect(clippy::option_option, reason = "the inner one is null, the outer one what cannot be read here")]
    fn or_null<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.takes("null") { Some(None) } else { read(self).map(Some) }
    }

    fn owned_text(&mut self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    fn text(&mut self) -> Option<&'l str> {
        self.after("\"")?;
        // Most are so short that a call of memchr would take longer.
        let (text, rest) = self.0.split_at(self.0.bytes().position(|byte| byte == b'"')?);
        self.0 = &rest[1..];
        Some(text)
    }

    /// Milliseconds with up to six decimals; of so few digits that a division gives the float nearest to them.
    #[expect(clippy::cast_precision_loss, reason = "15 digits fit a float")]
    fn millis(&mut self) -> Option<f64> {
        const UNITS: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
        let whole = self.digits().filter(|whole| whole.len() <= 9)?;
        self.after(".")?;
        let decimals = self.any_digits();
        let unit = UNITS.get(decimals.len()).filter(|_| !decimals.is_empty())?;
        let digits = whole.bytes().chain(decimals.bytes());
        Some(digits.fold(0, |value, digit| value * 10 + u64::from(digit - b'0')) as f64 / unit)
    }

    fn integer(&mut self) -> Option<u64> {
        self.digits()?.parse().ok()
    }

    /// The digits of a number: at least one, and no zero before others.
    fn digits(&mut self) -> Option<&'l str> {
        let digits = self.any_digits();
        (digits == "0" || !digits.is_empty() && !digits.starts_with('0')).then_some(digits)
    }

    fn any_digits(&mut self) -> &'l str {
        let len = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(len);
        self.0 = rest;
        digits
    }

    fn after(&mut self, expected: &str) -> Option<&mut Self> {
        self.takes(expected).then_some(self)
    }

    fn takes(&mut self, expected: &str) -> bool {
        let rest = self.0.strip_prefix(expected);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record that has everything, in the only spelling that is read here.
    const LINE: &str = r#"{"trace_id":"run:1","scenario":"é","line_no":1,"step_index":0,"step_name":"a","work_index":2,"t_enter":"2026-01-21T01:23:45.123456Z","t_exit":"2026-01-21T01:23:45.123599Z","duration_ms":10.143,"msg_in":{"type_name":"In","identity":null,"hash":"0a"},"msg_out":[{"type_name":"A","identity":"7","hash":null},{"type_name":"B","identity":"","hash":null}],"msg_out_count":2,"ctx_before":{"errors":[],"tags":{}},"ctx_after":{"errors":[{"code":-1,"more":[null,true,false,0]}],"tags":{"id":"7"}},"ctx_diff":{"errors":{"before":[],"after":[1]},"tags":{"before":{},"after":{"id":"7"}}},"status":"error","error":{"type":"T","message":"m","where":"a","stack":null}}"#;

    #[test]
    fn a_line_is_read_as_serde_reads_it() {
        let bare = [r#""status":"ok","error":null}"#, LINE.split_once(r#""status""#).unwrap().0];
        let bare = bare[1].to_owned() + bare[0];
        for line in [LINE, &bare, &LINE.replace("10.143", "999999999.999999"), &LINE.replace("10.143", "0.0")]
        {
            let record = recorded(line).unwrap_or_else(|| panic!("not read: {line}"));
            assert_eq!(record, serde_json::from_str(line).unwrap());
            assert_eq!(serde_json::to_string(&record).unwrap(), line);
        }
        assert!(recorded(&LINE.replace(r#"{"errors":[],"tags":{}}"#, "null")).unwrap().ctx_before.is_none());
    }

    /// What is read here must be what serde would have read; what serde refuses must not be read here.
    #[test]
    fn a_line_with_one_change_is_read_as_serde_reads_it_or_not_at_all() {
        let (mut read, mut left) = (0, 0);
        for (at, byte) in LINE.bytes().enumerate().filter(|&(at, _)| LINE.is_char_boundary(at)) {
            let (head, rest) = LINE.split_at(at);
            let tail = rest.strip_prefix(char::from(byte)).unwrap_or_default();
            for put in [
                "", "\"", "\\", "{", "}", "[", "]", ",", ":", "-", "0", "1", ".", "e", " ", "\t", "é", "0]",
                "}}",
            ] {
                for line in [[head, put, tail].concat(), [head, put, rest].concat()] {
                    let Some(record) = recorded(&line) else {
                        left += 1;
                        continue;
                    };
                    read += 1;
                    let by_serde = serde_json::from_str(&line);
                    assert_eq!(by_serde.as_ref().ok(), Some(&record), "{line}\n{by_serde:?}");
                }
            }
        }
        assert!(read > 1_000 && left > 1_000, "{read} {left}");
    }

    #[test]
    fn other_spellings_and_keys_out_of_place_are_left_to_serde() {
        for (from, to) in [
            (r#""line_no":1"#, r#""line_no": 1"#),
            (r#""step_name":"a""#, r#""step_name":"\u0061""#),
            (
                r#""ctx_diff":{"errors":{"before":[],"after":[1]}"#,
                r#""ctx_diff":{"errors":{"after":[1],"before":[]}"#,
            ),
            (r#""status":"error","error":"#, r#""error":"#),
            ("10.143", "1e1"),
            ("10.143", "1000000000.5"),
            ("10.143", "0.0000001"),
        ] {
            assert!(LINE.contains(from), "{from}");
            assert_eq!(recorded(&LINE.replacen(from, to, 1)), None, "{to}");
        }
    }

    #[test]
    fn the_bound_of_depth_holds_and_what_is_deeper_is_left_to_serde() {
        let nested =
            |depth: usize| LINE.replace("[1]", &format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(recorded(&nested(MAX_DEPTH)).is_some());
        assert_eq!(recorded(&nested(MAX_DEPTH + 1)), None);
        assert_eq!(recorded(&nested(100_000)), None);
    }
}
