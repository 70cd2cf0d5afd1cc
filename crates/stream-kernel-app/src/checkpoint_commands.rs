//! The commands `checkpoint show` and `checkpoint verify`.

use std::path::Path;

use serde_json::json;
use stream_kernel_run::checkpoint::{Commit, Inspection, Slot, inspect, verify};
use stream_kernel_run::disk::OsDisk;
use stream_kernel_run::{Application, check_program, empty_memory};
use stream_kernel_text::{escaped, grouped, with_causes};
use stream_kernel_trace::Timestamp;

use crate::cli::CheckpointCommand;
use crate::failure::Failure;
use crate::trace_commands::to_standard_output;

/// Runs the command and returns the exit code: 2 if the checkpoint cannot be read, 1 if it is damaged, or if `verify`
/// finds that no run could go on from it.
pub(crate) fn run<A: Application>(command: &CheckpointCommand) -> Result<u8, Failure> {
    let unreadable = |error: &dyn std::error::Error| Failure::told(2, with_causes(error));
    match command {
        CheckpointCommand::Show { dir, json } => {
            let inspection = inspect(&OsDisk, dir).map_err(|error| unreadable(&error))?;
            let text = if *json { as_json(&inspection) } else { for_people(dir, &inspection) };
            print(&text, u8::from(is_damaged(&inspection)))
        }
        CheckpointCommand::Verify { dir } => {
            let last = inspect(&OsDisk, dir).map_err(|error| unreadable(&error))?.last;
            let program = last.map_or(Ok(()), |last| check_program::<A>(dir, &last.committed));
            let is_ours = program.is_ok();
            // Only another program knows what its records mean.
            let memory = is_ours.then(empty_memory::<A>).transpose().map_err(Failure::Configuration)?;
            let mut check = |records: &[u8]| {
                let checked = memory.as_ref().map_or(Ok(()), |memory| memory.check(records));
                checked.map_err(|_| "it is not a record of what this program remembers".to_owned())
            };
            let verified = verify(&OsDisk, dir, &mut check);
            let (inspection, findings) = verified.map_err(|error| unreadable(&error))?;
            let findings: Vec<_> = program.err().iter().map(ToString::to_string).chain(findings).collect();
            let mut text = for_people(dir, &inspection);
            for finding in &findings {
                text += &format!("wrong: {}\n", escaped(finding));
            }
            let is_sound = findings.is_empty() && inspection.last.is_some();
            if is_sound {
                text += "verified: every checksum, and the files as far as they are committed\n";
            }
            print(&text, u8::from(!is_sound))
        }
    }
}

fn print(text: &str, exit_code: u8) -> Result<u8, Failure> {
    to_standard_output(|out| {
        out.write_all(text.as_bytes()).map_err(Failure::Print)?;
        Ok(exit_code)
    })
}

fn for_people(dir: &Path, inspection: &Inspection) -> String {
    let Inspection { is_in_use, slots, last, .. } = inspection;
    let mut text = format!("checkpoint `{}`", escaped(&dir.display().to_string()));
    text += if *is_in_use { ", in use by a run\n" } else { "\n" };
    let Some(Commit { sequence, snapshot, committed }) = last else {
        text += if slots.iter().any(|slot| matches!(slot, Slot::OtherFormat(_))) {
            "it has a format that this program does not know (use the version of the program that wrote it)\n"
        } else if is_damaged(inspection) {
            "nothing that is committed can be read (restore it from a copy, or start over: `run --restart`)\n"
        } else {
            "nothing is committed (a run with this `runtime.checkpoint.dir` begins with the first line)\n"
        };
        return text;
    };
    let at = Timestamp::from_nanos(committed.committed_at_ms.saturating_mul(1_000_000));
    let complete = if committed.complete { "complete" } else { "not complete" };
    let mut row = |label: &str, value: String| text += &format!("  {label:<14} {}\n", escaped(&value));
    row("program", format!("{} {}", committed.program.name, committed.program.version));
    row("configuration", committed.configuration.digest.clone());
    row("commit", format!("{} at {at}, {complete}", grouped(*sequence)));
    row("lines", grouped(committed.lines));
    let input = &committed.input;
    row("input", format!("{}: {} bytes, hash {}", input.path, grouped(input.bytes), input.prefix));
    let output = committed.output_place().display();
    row("output", format!("{output}: {} bytes", grouped(committed.output.bytes)));
    if let Some(trace) = &committed.trace {
        let end = trace
            .ends_after_line
            .map(|line_no| format!(", up to line {}: what followed could not be written", grouped(line_no)));
        let end = end.unwrap_or_default();
        row("trace", format!("{}: {} bytes{end}", trace.path, grouped(trace.bytes)));
    }
    if let Some(snapshot) = snapshot {
        let (lines, bytes) = (grouped(committed.replay.lines), grouped(snapshot.bytes));
        row("snapshot", format!("up to line {lines}: {bytes} bytes"));
    }
    let counted = committed.totals.iter().filter(|total| total.count > 0);
    for (index, total) in counted.enumerate() {
        row(if index == 0 { "counted" } else { "" }, format!("{}: {}", total.name, grouped(total.count)));
    }
    text
}

/// Returns whether a commit exists that can no longer be read, or not by this program.
fn is_damaged(Inspection { slots, last, .. }: &Inspection) -> bool {
    // A damaged slot beside an empty one is left of a first commit that was cut off.
    last.is_none() && !slots.contains(&Slot::Empty)
}

fn as_json(inspection: &Inspection) -> String {
    let last = inspection
        .last
        .as_ref()
        .map(|last| json!({"commit": last.sequence, "snapshot": last.snapshot, "committed": last.committed}));
    let slots = inspection.slots.each_ref().map(|slot| match slot {
        Slot::Empty => "empty",
        Slot::Whole(_) => "whole",
        Slot::Damaged => "damaged",
        Slot::OtherFormat(_) => "other_format",
    });
    format!("{:#}\n", json!({"in_use": inspection.is_in_use, "slots": slots, "last": last}))
}
