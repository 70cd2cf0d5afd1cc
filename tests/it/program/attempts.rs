//! Lines of input, with the expected decisions.

use super::folder::Folder;
use super::harness::Program;
use super::records::{records, tag};

/// Returns the line of an attempt that is accepted unless earlier lines prevent it.
pub(super) fn attempt(id: &str) -> String {
    attempt_of(id, "7", "1.00", "2000-01-01T00:00:00Z")
}

/// Returns the line of an attempt, with these texts between the quotes.
pub(super) fn attempt_of(id: &str, customer_id: &str, amount: &str, time: &str) -> String {
    format!(r#"{{"id":"{id}","customer_id":"{customer_id}","load_amount":"{amount}","time":"{time}"}}"#)
}

/// Returns the attempts with the ids from 1 to `count`, each of another customer, one per line.
pub(super) fn attempts(count: u32) -> String {
    let line = |id: u32| {
        attempt_of(&id.to_string(), &id.to_string(), "1.00", "2000-01-01T00:00:00Z")
            + "
"
    };
    (1..=count).map(line).collect()
}

/// Returns the line of output for an attempt of [`attempts`].
pub(super) fn accepted(id: u32) -> String {
    decision(&id.to_string(), &id.to_string(), true)
}

/// Returns a line of output, with these texts between the quotes.
pub(super) fn decision(id: &str, customer_id: &str, is_accepted: bool) -> String {
    format!("{{\"id\":\"{id}\",\"customer_id\":\"{customer_id}\",\"accepted\":{is_accepted}}}\n")
}

/// Returns the lines of output for `input`, each with its reason, or `ACCEPTED`.
pub(super) fn adjudicate(input: impl AsRef<[u8]>, settings: &[&str]) -> Vec<(String, String)> {
    let folder = Folder::with_input(input);
    Program::new(&folder)
        .args(["run", "--trace-path", "trace.jsonl"])
        .set(["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags]}"])
        .set(settings)
        .exits_with(0);
    let output = folder.read("output.txt");
    let mut reasons = vec![String::from("ACCEPTED"); output.lines().count()];
    for record in records(&folder.read("trace.jsonl")) {
        if let Some(reason) = tag(&record, "reason") {
            reasons[usize::try_from(record.line_no).unwrap() - 1] = reason;
        }
    }
    output.split_inclusive('\n').map(str::to_owned).zip(reasons).collect()
}
