//! Timestamps for records, as text, at little cost: the peers must not lose by the way they get the time.

use std::time::SystemTime;

/// The length of `2026-01-21T01:23:45.123456Z`.
const TEXT_BYTES: usize = 27;

/// Nanoseconds since 1970, of the system's clock.
#[expect(clippy::disallowed_methods, reason = "the peers have no clock of their own to hand in")]
pub fn now_ns() -> u64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX)
}

/// Writes times in UTC, RFC 3339 with microseconds; the text of a second is cached.
#[derive(Debug)]
pub struct UtcText {
    second: u64,
    text: [u8; TEXT_BYTES],
}

impl Default for UtcText {
    fn default() -> Self {
        Self { second: 0, text: *b"1970-01-01T00:00:00.000000Z" }
    }
}

impl UtcText {
    /// Returns the text of a time in nanoseconds since 1970.
    pub fn render(&mut self, time_ns: u64) -> Text {
        let second = time_ns / 1_000_000_000;
        if second != self.second {
            self.second = second;
            let (year, month, day) = date(second / 86_400);
            let of_day = second % 86_400;
            self.put(0, 4, year);
            self.put(5, 2, month);
            self.put(8, 2, day);
            self.put(11, 2, of_day / 3_600);
            self.put(14, 2, of_day / 60 % 60);
            self.put(17, 2, of_day % 60);
        }
        self.put(20, 6, time_ns / 1_000 % 1_000_000);
        Text(self.text)
    }

    /// Returns the times of a step that ran from `entered_ns` until now.
    #[expect(clippy::cast_precision_loss, reason = "no step takes as long as two weeks")]
    pub fn times_since(&mut self, entered_ns: u64) -> Times {
        let exited_ns = now_ns();
        Times {
            enter: self.render(entered_ns),
            exit: self.render(exited_ns),
            duration_ms: exited_ns.saturating_sub(entered_ns) as f64 / 1e6,
        }
    }

    /// Writes the last `count` digits of `number` at `at`.
    fn put(&mut self, at: usize, count: usize, mut number: u64) {
        for digit in self.text[at..at + count].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }
}

/// The time of a step, as records have it.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Its beginning.
    pub enter: Text,
    /// Its end.
    pub exit: Text,
    /// Its duration, in milliseconds.
    pub duration_ms: f64,
}

/// A time as text.
#[derive(Clone, Copy, Debug)]
pub struct Text([u8; TEXT_BYTES]);

impl Text {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        // Digits and punctuation.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Returns year, month and day of a day counted from 1970.
fn date(day: u64) -> (u64, u64, u64) {
    // Counted from the 1st of March of year 0, in eras of 400 years, so that the leap day is a year's last.
    let day = day + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (next_year, month) = if month < 10 { (0, month + 3) } else { (1, month - 9) };
    (era * 400 + year + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::UtcText;

    #[test]
    fn times_do_not_depend_on_the_cached_second() {
        let mut text = UtcText::default();
        for (time_ns, expected) in [
            (1_999, "1970-01-01T00:00:00.000001Z"),
            (951_868_799_999_999_999, "2000-02-29T23:59:59.999999Z"),
            (951_868_800_000_000_000, "2000-03-01T00:00:00.000000Z"),
            (951_868_800_000_002_000, "2000-03-01T00:00:00.000002Z"),
            (1_768_958_625_123_456_789, "2026-01-21T01:23:45.123456Z"),
        ] {
            assert_eq!(text.render(time_ns).as_str(), expected);
        }
    }
}
