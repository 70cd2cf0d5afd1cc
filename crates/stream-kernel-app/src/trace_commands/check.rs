//! `trace check`: validates a trace, and cuts a torn tail.

mod findings;
mod repair;
#[cfg(test)]
mod tests;

use std::io::Write;

use clap::Args;
use stream_kernel_text::counted;
use stream_kernel_trace_reader::reading::{Tail, TornFrame, TornTail, WrongLine};
use stream_kernel_trace_reader::validation::{CheckedRecord, FormCheck, Validator};

use super::source::{Lines, UNFINISHED, open_for_all_cores};
use crate::failure::Failure;
use findings::FindingsPrinter;

/// Check every line, the order and the completeness of a trace.
///
/// Checks every line by itself, then that times and steps never go back, and that every message emitted is taken and
/// every input is there. A trace of no records, as that of an empty input, is sound. Exits with 0 if the trace is
/// sound, 1 if there are findings, 2 if it cannot be read.
#[derive(Debug, Args)]
#[command(after_long_help = "\
With --json, each finding is an object on a line of its own:
  run, line   the number of the run and of the trace's line, from 1
  what        what is wrong
and the last line tells what was checked:
  records, inputs, runs, findings   how many there are
  cut                               what --repair has cut: line, offset and
                                    bytes; or null")]
pub(crate) struct Options {
    /// The trace, a file or a folder of parts; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: String,
    /// Cut a torn last line, or the torn last frame of a compressed trace, never a whole record; not while the
    /// trace is still being written.
    #[arg(long, conflicts_with = "run")]
    repair: bool,
    /// Tell the findings of the run N only, counted from 1; a line that is not a record counts to the run before it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    run: Option<u64>,
    /// Print a JSON object a finding.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<u8, Failure> {
    if options.repair {
        repair::refuse_other_than_files(&options.file)?;
    }
    let failed = Failure::unreadable(&options.file);
    let Lines { digests: mut lines, state } = open_for_all_cores(&options.file, FormCheck::default())?;
    let mut check = if state.is_rotated { Validator::from_the_middle() } else { Validator::default() };
    let mut printer = FindingsPrinter::new(&options.file, options.run, options.json, out);
    let mut found = Vec::new();
    let mut take = |line_no, read, record: &mut CheckedRecord| -> Result<(), Failure> {
        match read {
            Ok(()) => check.checked(line_no, record, &mut found),
            Err(wrong) => check.wrong_line(&wrong, &mut found),
        }
        printer.take(&mut found, &check).map_err(Failure::Print)
    };
    let mut record = CheckedRecord::default();
    for why in state.gaps {
        take(1, Err(WrongLine { line_no: 1, why }), &mut record)?;
    }
    while let Some(read) = lines.next_line(&mut record).map_err(&failed)? {
        take(lines.line_no(), read, &mut record)?;
    }
    // Old files are ended where their last whole line or frame ends: so what is torn is in the present one.
    let in_file = |offset: u64| offset.saturating_sub(state.earlier_bytes);
    let mut to_cut = None;
    match (lines.torn_frame(), lines.tail(&mut record)) {
        (None, None) => (),
        (None, Some(Tail::Record(_))) => take(lines.line_no(), Ok(()), &mut record)?,
        (None, Some(Tail::Wrong(wrong))) => take(lines.line_no(), Err(wrong), &mut record)?,
        (None, Some(Tail::Torn(TornTail { line_no, bytes, .. }))) if lines.is_compressed() => {
            let why =
                format!("is torn after {} within a whole frame, which is not cut", counted(bytes, "byte"));
            take(line_no, Err(WrongLine { line_no, why }), &mut record)?;
        }
        (None, Some(Tail::Torn(tail))) if options.repair => {
            to_cut = Some((TornTail { offset: in_file(tail.offset), ..tail }, "record"));
        }
        (None, Some(Tail::Torn(TornTail { line_no, bytes, .. }))) => {
            let why = format!("is torn after {} (--repair cuts them)", counted(bytes, "byte"));
            take(line_no, Err(WrongLine { line_no, why }), &mut record)?;
        }
        (Some(torn), _) if options.repair && torn.is_partly_read => {
            let text = format!(
                "the last frame of `{}` is torn, and records before the tear can be read, so nothing was cut (decompress it to another \
                 file)",
                options.file
            );
            return Err(Failure::told(2, text));
        }
        (Some(TornFrame { offset, bytes, .. }), _) if options.repair => {
            let line_no = lines.line_no();
            to_cut = Some((TornTail { line_no, offset: in_file(offset), bytes }, "frame"));
        }
        (Some(TornFrame { offset, bytes, .. }), _) => {
            let bytes = counted(bytes, "byte");
            let offset = in_file(offset);
            let why = format!("the frame at byte {offset} is torn after {bytes} (--repair cuts them)");
            let line_no = lines.line_no();
            take(line_no, Err(WrongLine { line_no, why }), &mut record)?;
        }
    }
    if state.is_unfinished {
        // The next record would be there.
        let line_no = lines.line_no() + 1;
        take(
            line_no,
            Err(WrongLine { line_no, why: format!("is missing: the folder {UNFINISHED}") }),
            &mut record,
        )?;
    }
    check.finish(&mut found);
    printer.take(&mut found, &check).map_err(Failure::Print)?;
    // Findings before the first record are told with the first run, so they belong to it.
    if let Some(run) = options.run.filter(|only| *only > check.run().max(1)) {
        return Err(Failure::no_such_run(&options.file, run, check.run()));
    }
    printer.finish(&check).map_err(Failure::Print)?;
    if let Some((tail, _)) = to_cut {
        repair::cut(tail, &options.file)?;
    }
    let findings = printer.sum_up(&check, to_cut).map_err(Failure::Print)?;
    Ok(u8::from(findings > 0))
}
