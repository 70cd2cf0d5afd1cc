//! Counts and durations for people, the same everywhere.

/// Units of time in nanoseconds, the longest first.
const UNITS: [(f64, &str); 5] = [(3.6e12, "h"), (6e10, "min"), (1e9, "s"), (1e6, "ms"), (1e3, "µs")];

/// Returns the number with separators between thousands: `1,234,567`.
///
/// ```
/// assert_eq!(stream_kernel_text::grouped(1_234_567_u64), "1,234,567");
/// ```
pub fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let groups: Vec<&str> = (digits.as_bytes().rchunks(3).rev())
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

/// Returns a count with its noun, whose singular is `one`: `1 line`, `1,234 lines`.
///
/// ```
/// assert_eq!(stream_kernel_text::counted(1_234_u64, "line"), "1,234 lines");
/// ```
pub fn counted(number: impl Into<u128>, one: &str) -> String {
    let number = number.into();
    format!("{} {one}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Returns a time in nanoseconds to three significant digits, in the most readable unit: `1.43 µs`.
///
/// ```
/// assert_eq!(stream_kernel_text::duration(1_432), "1.43 µs");
/// ```
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "three digits are shown"
)]
pub fn duration(nanos: u64) -> String {
    // A value that rounds to one of the next unit is shown in that unit.
    let unit = UNITS.into_iter().find(|(size, _)| nanos as f64 >= size * 0.9995);
    let Some((size, unit)) = unit else { return format!("{nanos} ns") };
    match nanos as f64 / size {
        value @ 99.95.. => format!("{} {unit}", grouped(value.round() as u64)),
        value @ 9.995.. => format!("{value:.1} {unit}"),
        value => format!("{value:.2} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let numbers = [0, 999, 1_000, 12_345, 123_456, u64::MAX].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "12,345", "123,456", "18,446,744,073,709,551,615"]);
    }

    #[test]
    fn one_is_not_several() {
        assert_eq!(
            [0_u64, 1, 1_000].map(|count| counted(count, "byte")),
            ["0 bytes", "1 byte", "1,000 bytes"]
        );
    }

    #[test]
    fn times_have_three_digits() {
        let told = [
            (0, "0 ns"),
            (1, "1 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (9_994, "9.99 µs"),
            (9_996, "10.0 µs"),
            (82_613, "82.6 µs"),
            (99_940, "99.9 µs"),
            (99_960, "100 µs"),
            (999_400, "999 µs"),
            (999_600, "1.00 ms"),
            (12_345_678, "12.3 ms"),
            (999_600_000, "1.00 s"),
            (59_900_000_000, "59.9 s"),
            (59_980_000_000, "1.00 min"),
            (71_234_000_000_000, "19.8 h"),
            (5_000_000_000_000_000, "1,389 h"),
        ];
        assert_eq!(told.map(|(nanos, _)| duration(nanos)), told.map(|(_, text)| text));
    }
}
