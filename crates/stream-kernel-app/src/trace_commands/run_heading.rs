//! Headings of runs, for traces that hold several.

use stream_kernel_text::escaped;

/// Returns the heading of a run: its number in the file, from 1, and its id and scenario if one run is meant, not one
/// of each file. Text from data is escaped.
///
/// ```
/// use stream_kernel_app::run_heading;
///
/// assert_eq!(run_heading(2, Some(("nightly", "baseline"))), "run 2: `nightly`, scenario `baseline`");
/// assert_eq!(run_heading(2, None), "run 2");
/// ```
pub fn run_heading(number: u64, id_and_scenario: Option<(&str, &str)>) -> String {
    match id_and_scenario {
        Some((id, scenario)) => format!("run {number}: `{}`, scenario `{}`", escaped(id), escaped(scenario)),
        None => format!("run {number}"),
    }
}
