//! Counts of executed instructions: three fixed workloads, compared with the counts in `benches/instructions.json`.
//!
//! The count of `untraced` does not depend on the machine's load. Those of `batch` and `line` hardly do: the recorder's
//! clock calibrates itself at its creation and reads real time repeatedly, both as often as elapsed time requires.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::machine::compiler;
use super::programs::{BATCH, Trace, build_fund_load, fund_load};
use super::rounds::Workload;
use super::scratch::Scratch;
use super::usage;
use crate::cargo::root;
use crate::failure::Failure;

/// Attempts in each workload.
const LINES: u64 = 20_000;

/// An increase beyond this, in per cent, must be explained.
const TOLERANCE_PERCENT: f64 = 5.0;

/// Instructions by workload.
type Counts = BTreeMap<String, u64>;

/// Counts the instructions and compares them with the recorded counts, or records them.
///
/// # Errors
///
/// When a workload has grown by more than the tolerance.
pub(crate) fn compare(record: bool) -> Result<(), Failure> {
    let (scratch, program) = (Scratch::create()?, build_fund_load()?);
    let counted = count(&scratch, &program)?;
    let path = recorded_path();
    if record {
        let content = json!({"compiler": compiler()?, "lines": LINES, "instructions": counted});
        return fs::write(&path, format!("{content:#}\n"))
            .map_err(|source| Failure::file("write", &path, source));
    }
    let recorded = read(&path)?;
    crate::say(&format!(
        "recorded with {}, counted with {}",
        recorded["compiler"].as_str().unwrap_or_default(),
        compiler()?
    ));
    let mut grown = Vec::new();
    for (workload, instructions) in counted {
        let change = change_percent(instructions, recorded["instructions"][&workload].as_u64());
        let an_attempt = instructions / LINES;
        crate::say(&match change {
            Some(change) => format!("{workload:<10}{an_attempt:>8} an attempt{change:>+8.2} %"),
            None => format!("{workload:<10}{an_attempt:>8} an attempt, none recorded"),
        });
        if change.is_none_or(|change| change > TOLERANCE_PERCENT) {
            grown.push(workload);
        }
    }
    if grown.is_empty() { Ok(()) } else { Err(Failure::MoreInstructions { workloads: grown }) }
}

fn count(scratch: &Scratch, program: &Path) -> Result<Counts, Failure> {
    let input = scratch.input(LINES)?;
    let (output, trace) = (scratch.path("decisions.ndjson"), scratch.path("trace.jsonl"));
    let traced = |settings| Trace { path: &trace, settings };
    let (batch, line) = (traced(&BATCH), traced(&[]));
    let workloads = [("untraced", None), ("batch", Some(&batch)), ("line", Some(&line))]
        .map(|(name, trace)| fund_load(name, program, &input, &output, trace));
    let mut counts = Counts::new();
    for workload in &workloads {
        workload.tidy()?;
        counts.insert(workload.name.to_owned(), instructions(workload, scratch)?);
        workload.tidy()?;
    }
    Ok(counts)
}

/// Runs the workload under callgrind; its profile stays in the scratch folder for `callgrind_annotate`.
fn instructions(workload: &Workload, scratch: &Scratch) -> Result<u64, Failure> {
    let profile = scratch.path(&format!("callgrind.{}.out", workload.name));
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", &format!("--callgrind-out-file={}", profile.display())]);
    command.arg(&workload.program).args(&workload.args);
    usage::measure(&mut command, &scratch.path("stderr.txt")).map_err(|failure| match failure {
        Failure::Start { .. } => Failure::NoValgrind,
        other => other,
    })?;
    let text = fs::read_to_string(&profile).map_err(|source| Failure::file("read", &profile, source))?;
    total(&text).ok_or_else(|| Failure::output(&command, "a count of instructions"))
}

/// Returns the total at the end of a callgrind profile.
fn total(profile: &str) -> Option<u64> {
    profile.lines().rev().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
}

/// Returns the increase from `recorded` to `counted` in per cent.
#[expect(clippy::cast_precision_loss, reason = "a hundredth of a per cent is enough")]
fn change_percent(counted: u64, recorded: Option<u64>) -> Option<f64> {
    let recorded = recorded.filter(|recorded| *recorded > 0)? as f64;
    Some((counted as f64 / recorded - 1.0) * 100.0)
}

fn recorded_path() -> PathBuf {
    root().join("benches").join("instructions.json")
}

fn read(path: &Path) -> Result<Value, Failure> {
    let text = fs::read_to_string(path).map_err(|source| Failure::file("read", path, source))?;
    serde_json::from_str(&text).map_err(|source| Failure::file("read", path, source.into()))
}

#[cfg(test)]
mod tests {
    use super::{change_percent, total};

    #[test]
    fn the_total_is_at_the_end_of_a_profile() {
        assert_eq!(total("events: Ir\nfn=main\n1 5\ntotals: 123456\n"), Some(123_456));
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn changes_are_relative_to_the_recorded_count() {
        let percent = |counted, recorded| change_percent(counted, recorded).map(f64::round);
        assert_eq!(percent(105, Some(100)), Some(5.0));
        assert_eq!(percent(90, Some(100)), Some(-10.0));
        assert_eq!(percent(1, None), None);
        assert_eq!(percent(1, Some(0)), None);
    }
}
