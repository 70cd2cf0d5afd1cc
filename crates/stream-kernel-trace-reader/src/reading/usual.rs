//! A fast path for the usual line of a trace, as a recorder writes it, into a record with reusable memory.

use serde_json::value::RawValue;
use stream_kernel_trace::{ContextSnapshot, MessageSignature, Status, TraceRecord};

/// Reads the record in `line` into `record`, and returns whether it did: it reads lines in a recorder's spelling of a
/// successful step, with every key in its place, no white space, and no escapes outside of snapshots.
///
/// Any other line is left to serde, which gives the same result for these: this only saves its work, four fifths of the
/// cost of a record. The content of `record` is then meaningless.
pub(super) fn read(line: &str, record: &mut TraceRecord) -> bool {
    Rest(line).record(record).is_some()
}

/// The unread rest of a line. Each method reads the value in its name after `key`, or returns `None`.
struct Rest<'l>(&'l str);

impl<'l> Rest<'l> {
    fn record(&mut self, record: &mut TraceRecord) -> Option<()> {
        self.text("{\"trace_id\":\"", &mut record.trace_id)?;
        self.text(",\"scenario\":\"", &mut record.scenario)?;
        record.line_no = self.integer(",\"line_no\":")?;
        record.step_index = self.integer(",\"step_index\":")?.try_into().ok()?;
        self.text(",\"step_name\":\"", &mut record.step_name)?;
        record.work_index = self.integer(",\"work_index\":")?.try_into().ok()?;
        self.text(",\"t_enter\":\"", &mut record.t_enter)?;
        self.text(",\"t_exit\":\"", &mut record.t_exit)?;
        record.duration_ms = self.millis(",\"duration_ms\":")?;
        self.signature(",\"msg_in\":{\"type_name\":\"", &mut record.msg_in)?;
        self.signatures(&mut record.msg_out)?;
        record.msg_out_count = self.integer(",\"msg_out_count\":")?.try_into().ok()?;
        self.snapshot(",\"ctx_before\":", &mut record.ctx_before)?;
        self.snapshot(",\"ctx_after\":", &mut record.ctx_after)?;
        self.snapshot(",\"ctx_diff\":", &mut record.ctx_diff)?;
        record.status = Status::Ok;
        record.error = None;
        (self.0 == ",\"status\":\"ok\",\"error\":null}").then_some(())
    }

    fn signatures(&mut self, signatures: &mut Vec<MessageSignature>) -> Option<()> {
        self.after(",\"msg_out\":[")?;
        let mut count = 0;
        while self.after("]").is_none() {
            if count == signatures.len() {
                signatures.push(MessageSignature::default());
            }
            let key = if count == 0 { "{\"type_name\":\"" } else { ",{\"type_name\":\"" };
            self.signature(key, &mut signatures[count])?;
            count += 1;
        }
        signatures.truncate(count);
        Some(())
    }

    fn signature(&mut self, key: &str, signature: &mut MessageSignature) -> Option<()> {
        self.text(key, &mut signature.type_name)?;
        self.optional_text(",\"identity\":", &mut signature.identity)?;
        self.optional_text(",\"hash\":", &mut signature.hash)?;
        self.after("}")
    }

    fn optional_text(&mut self, key: &str, text: &mut Option<String>) -> Option<()> {
        self.after(key)?;
        if self.after("null").is_some() {
            *text = None;
            return Some(());
        }
        self.text("\"", text.get_or_insert_default())
    }

    /// Its key ends with the text's first quotation mark.
    fn text(&mut self, key: &str, text: &mut String) -> Option<()> {
        self.after(key)?;
        let (read, rest) = self.0.split_at_checked(plain_bytes(self.0.as_bytes()))?;
        self.0 = rest.strip_prefix('"')?;
        read.clone_into(text);
        Some(())
    }

    /// An object only: `serde_json` checks its content.
    fn snapshot(&mut self, key: &str, snapshot: &mut Option<ContextSnapshot>) -> Option<()> {
        self.after(key)?;
        if self.after("null").is_some() {
            *snapshot = None;
            return Some(());
        }
        if !self.0.starts_with('{') {
            return None;
        }
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<&'l RawValue>();
        let json = values.next()?.ok()?;
        self.0 = self.0.get(values.byte_offset()..)?;
        match snapshot {
            Some(snapshot) => snapshot.set(json),
            None => *snapshot = Some(json.to_owned().into()),
        }
        Some(())
    }

    /// Milliseconds with up to six decimals: with so few digits, a division gives the nearest float.
    #[expect(clippy::cast_precision_loss, reason = "15 digits fit a float")]
    fn millis(&mut self, key: &str) -> Option<f64> {
        const UNITS: [u32; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
        let whole = self.integer(key).filter(|whole| *whole < 1_000_000_000)?;
        self.after(".")?;
        let (decimals, count) = self.digits();
        let unit = *UNITS.get(count).filter(|_| count > 0)?;
        Some((whole * u64::from(unit) + decimals) as f64 / f64::from(unit))
    }

    /// At most 19 digits, without leading zeros.
    fn integer(&mut self, key: &str) -> Option<u64> {
        self.after(key)?;
        let begins_with_zero = self.0.starts_with('0');
        let (value, count) = self.digits();
        (count == 1 || count > 1 && count <= 19 && !begins_with_zero).then_some(value)
    }

    /// Returns the number in the next digits, and their count; with more than 19 digits the number is wrong.
    fn digits(&mut self) -> (u64, usize) {
        let (mut value, mut count) = (0_u64, 0);
        for digit in self.0.bytes().map(|byte| byte.wrapping_sub(b'0')).take_while(|digit| *digit < 10) {
            value = value.wrapping_mul(10).wrapping_add(digit.into());
            count += 1;
        }
        self.0 = &self.0[count..];
        (value, count)
    }

    fn after(&mut self, expected: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }
}

/// Returns the number of bytes before the first that cannot be in a JSON text unescaped: a quotation mark, a backslash
/// or a control character. It looks at eight bytes together.
fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    /// Has the high bit set of each byte less than `bound`, and perhaps of some later bytes; only for bytes below 0x80.
    const fn below(word: u64, bound: u64) -> u64 {
        word.wrapping_sub(bound * ONES) & !word & (0x80 * ONES)
    }
    let (words, rest) = bytes.as_chunks();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote_or_backslash = below(word ^ (0x22 * ONES), 1) | below(word ^ (0x5c * ONES), 1);
        let found = below(word, 0x20) | quote_or_backslash;
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| **byte >= b' ' && !matches!(byte, b'"' | b'\\');
    words.len() * 8 + rest.iter().take_while(is_plain).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record with every field, in the only spelling that is read here.
    const LINE: &str = r#"{"trace_id":"run:1","scenario":"é","line_no":10,"step_index":0,"step_name":"a","work_index":2,"t_enter":"2026-01-21T01:23:45.123456Z","t_exit":"2026-01-21T01:23:45.123599Z","duration_ms":10.143,"msg_in":{"type_name":"In","identity":null,"hash":"0a"},"msg_out":[{"type_name":"A","identity":"7","hash":null},{"type_name":"B","identity":"","hash":null}],"msg_out_count":2,"ctx_before":{"errors":[],"tags":{}},"ctx_after":{"errors":[{"code":-1,"more":[null,true,"\"\u0041"]}],"tags":{"id":"7"}},"ctx_diff":{},"status":"ok","error":null}"#;
    const BARE: &str = r#"{"trace_id":"r:1","scenario":"s","line_no":1,"step_index":12,"step_name":"b","work_index":0,"t_enter":"","t_exit":"","duration_ms":0.0,"msg_in":{"type_name":"In","identity":"7","hash":null},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"ok","error":null}"#;

    fn by_serde(line: &str) -> Option<TraceRecord> {
        serde_json::from_str(line).ok()
    }

    #[test]
    fn usual_lines_overwrite_the_previous_record() {
        let changed = |value| LINE.replace("10.143", value);
        let lines = [LINE.to_owned(), BARE.to_owned(), changed("999999999.999999"), changed("0.000001")];
        let mut record = TraceRecord::default();
        for line in lines.iter().flat_map(|one| lines.iter().flat_map(move |other| [one, other])) {
            assert!(read(line, &mut record), "{line}");
            assert_eq!(Some(&record), by_serde(line).as_ref(), "{line}");
        }
    }

    /// Whichever single character is changed, added or removed, the line is either left alone or read as serde reads
    /// it.
    #[test]
    fn no_line_is_read_differently_from_serde() {
        let (mut taken, mut record) = (0, TraceRecord::default());
        let others: Vec<char> = ('\0'..='\u{80}').chain(['\u{feff}']).collect();
        for line in [LINE, BARE] {
            for (at, present) in line.char_indices() {
                let (before, after) = (&line[..at], &line[at + present.len_utf8()..]);
                let changes = others.iter().flat_map(|other| {
                    [format!("{before}{other}{after}"), format!("{before}{other}{present}{after}")]
                });
                for line in changes.chain([before.to_owned(), format!("{before}{after}")]) {
                    if read(&line, &mut record) {
                        taken += 1;
                        assert_eq!(Some(&record), by_serde(&line).as_ref(), "{line}");
                    }
                }
            }
        }
        assert!(taken > 10_000, "only {taken} lines were taken");
    }

    #[test]
    fn numbers_beyond_their_bounds_are_left_to_serde() {
        let mut record = TraceRecord::default();
        for (key, at_bound, beyond) in [
            ("\"line_no\":10", "9999999999999999999", "10000000000000000000"),
            ("\"work_index\":2", "4294967295", "4294967296"),
            ("\"duration_ms\":10.143", "999999999.0", "1000000000.0"),
            ("\"duration_ms\":10.143", "1.000001", "1.0000001"),
        ] {
            let name = key.split_once(':').unwrap().0;
            let with = |value| LINE.replace(key, &format!("{name}:{value}"));
            assert!(read(&with(at_bound), &mut record), "{key}");
            assert_eq!(Some(&record), by_serde(&with(at_bound)).as_ref());
            assert!(!read(&with(beyond), &mut record), "{key}");
        }
    }
}
