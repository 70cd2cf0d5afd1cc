//! `trace diff`: where two traces part.

mod people;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Write};
use std::iter;

use clap::Args;
use stream_kernel_trace::comparison::{Comparison, PlacedRecord, RunDifference, Sides};

use super::source::Records;
use crate::adapters::STANDARD_STREAM;
use crate::failure::Failure;

/// What `trace diff` takes.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_FORM)]
pub(crate) struct Options {
    /// The one trace, a regular file.
    #[arg(value_name = "A")]
    a: String,
    /// The other trace, a regular file.
    #[arg(value_name = "B")]
    b: String,
    /// Compare only the N-th run of A with the N-th run of B.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    run: Option<u64>,
    /// Print JSON, one object a run.
    #[arg(long)]
    json: bool,
}

const JSON_FORM: &str = "\
Times and run ids are left out, in snapshots too. The k-th run of A is compared with the k-th run of B; a run that one
of them lacks is a difference. Records are matched by line, step and work index.

Exit code: 0 if the traces are the same, 1 if they differ, 2 if one of them cannot be read.

With --json, one line a run:
  {\"run\":1,\"same\":false,\"inputs\":{\"a\":30,\"b\":30},
   \"first\":{\"line_no\":4,\"step_name\":\"..\",\"work_index\":0,\"file_line\":{\"a\":28,\"b\":28},
            \"fields\":[{\"path\":\"ctx_after.tags.reason\",\"a\":..,\"b\":..}]},
   \"steps\":[{\"step_name\":\"..\",\"same\":29,\"differing\":1,\"only_in_a\":0,\"only_in_b\":0}],
   \"tags\":[{\"tag\":\"reason\",\"inputs\":1}],
   \"decisions\":[{\"decision\":\"accepted\",\"a\":15,\"b\":16}],
   \"flipped\":{\"inputs\":1,\"first\":[{\"line_no\":4,\"id\":\"7\",\"a\":\"declined: ..\",\"b\":\"accepted\"}]},
   \"other_reason\":{\"inputs\":0,\"first\":[]}}
`first` is null if the run is the same; a `file_line` is null where the record is missing; a field has no `a` or no `b`
where it is missing. `tags` counts the inputs in which a tag ended with another value.";

/// Compares the traces, writes what differs, and returns 0 if nothing does, 1 otherwise.
pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut comparison =
        Comparison::new(records_of(&options.a, options.run)?, records_of(&options.b, options.run)?);
    let names = Sides { a: &*options.a, b: &*options.b };
    let Some(mut present) = comparison.next_run()? else {
        let number = options.run.unwrap_or(1);
        return Err(Failure::Usage(format!(
            "neither `{}` nor `{}` has a run {number} (without --run, all are compared)",
            names.a, names.b
        )));
    };
    let (mut is_same, mut has_several) = (true, false);
    loop {
        let next = comparison.next_run()?;
        is_same &= present.same;
        has_several |= next.is_some();
        let written = if options.json {
            write_json(out, &present)
        } else {
            people::write_run(out, names, &present, has_several)
        };
        written.map_err(Failure::Print)?;
        match next {
            Some(run) => present = run,
            None => return Ok(u8::from(!is_same)),
        }
    }
}

fn write_json(out: &mut dyn Write, run: &RunDifference) -> io::Result<()> {
    serde_json::to_writer(&mut *out, run)?;
    writeln!(out)
}

/// Opens the trace `name`, which must be a regular file: two streams could not be waited for in turn.
fn records_of(
    name: &str,
    only_run: Option<u64>,
) -> Result<impl Iterator<Item = Result<PlacedRecord, Failure>>, Failure> {
    let failed = |cause| Failure::ReadTrace { name: name.to_owned(), cause };
    if name == STANDARD_STREAM || !fs::metadata(name).map_err(failed)?.is_file() {
        return Err(Failure::Usage(format!("the trace `{name}` is no regular file (write it to one first)")));
    }
    let mut records = Records::open(name, only_run)?;
    Ok(iter::from_fn(move || {
        let next = records.next().transpose()?;
        Some(next.map(|(run, record)| PlacedRecord { run, file_line: records.line_no(), record }))
    }))
}
