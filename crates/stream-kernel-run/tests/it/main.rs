//! Tests of runs, whatever the application.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod long_values;
