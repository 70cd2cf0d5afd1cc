//! `trace diff`: the differences between two traces.

mod people;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::iter;

use clap::Args;
use stream_kernel_trace_reader::comparison::{Comparison, PlacedRecord, Sides};

use super::source::{Records, is_lasting};
use super::write_json_line;
use crate::failure::Failure;
use people::Listed;

/// Find where two traces part.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_FORM)]
pub(crate) struct Options {
    /// The one trace, a regular file.
    #[arg(value_name = "A")]
    a: String,
    /// The other trace, a regular file; it may be the same.
    #[arg(value_name = "B")]
    b: String,
    /// Compare only the N-th run of A with the N-th run of B, or run N of A with run M of B (`N:M`).
    #[arg(long, value_name = "N[:M]", value_parser = run_choice)]
    run: Option<Sides<u64>>,
    /// Leave the scenario's name out, too: for runs of two configurations.
    #[arg(long)]
    ignore_scenario: bool,
    /// Print JSON, one object a run, and before it one for each decision that changed.
    #[arg(long)]
    json: bool,
}

const JSON_FORM: &str = "\
Times and run ids are left out, in snapshots too. The k-th run of A is
compared with the k-th run of B; a run that one of them lacks is a
difference. Records are matched by line, step and work index. A step that
stands at another place in the pipeline is a difference of the run, not of
its records.

Exit code: 0 if the traces are the same, 1 if they differ, 2 if one of them
cannot be read.

With --json, one line for each decision that changed:
  {\"run\":1,\"line_no\":4,\"id\":\"7\",\"a\":\"declined: ..\",\"b\":\"accepted\",
   \"flipped\":true}
and then one line for the run:
  {\"run\":1,\"same\":false,\"inputs\":{\"a\":30,\"b\":30},
   \"first\":{\"line_no\":4,\"step_name\":\"..\",\"work_index\":0,
            \"file_line\":{\"a\":28,\"b\":28},
            \"fields\":[{\"path\":\"ctx_after.tags.reason\",\"a\":..,\"b\":..}]},
   \"moved\":{\"step_name\":\"..\",\"step_index\":{\"a\":1,\"b\":2}},
   \"steps\":[{\"step_name\":\"..\",\"same\":29,\"differing\":1,
             \"only_in_a\":0,\"only_in_b\":0}],
   \"has_tags\":true,\"tags\":[{\"tag\":\"reason\",\"inputs\":1}],
   \"decisions\":[{\"decision\":\"accepted\",\"a\":15,\"b\":16}],
   \"flipped\":1,\"other_reason\":0}
`run` is the run of A; `flipped` is false where both decline, but not for the
same reason; `first` is null if no record differs; a `file_line` is null where
the record is missing; a field has no `a` or no `b` where it is missing;
`moved` is the first step that stands at another place, or null. `tags` counts
the inputs in which a tag ended with another value.";

/// Compares the traces, writes the differences, and returns 0 if there are none, 1 otherwise.
pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut a = open(&options.a, options.run.map(|runs| runs.a))?;
    let mut b = open(&options.b, options.run.map(|runs| runs.b))?;
    // A chosen run is compared as if both had the number of the run in A.
    let as_run = options.run.map(|runs| runs.a);
    let mut comparison = Comparison::new(placed(&mut a, as_run), placed(&mut b, as_run));
    if options.ignore_scenario {
        comparison = comparison.ignoring_scenario();
    }
    let names = Sides { a: &*options.a, b: &*options.b };
    let (mut is_same, mut has_several, mut has_any) = (true, false, false);
    loop {
        let mut listed = Listed::default();
        let compared = comparison.next_run(|changed| {
            if options.json {
                return write_json_line(out, &changed).map_err(Failure::Print);
            }
            listed.add(changed);
            Ok(())
        })?;
        let Some(run) = compared else { break };
        has_any = true;
        is_same &= run.same;
        has_several |= comparison.has_next_run()?;
        let written = if options.json {
            write_json_line(out, &run)
        } else {
            people::write_run(out, names, &run, &listed, has_several)
        };
        written.map_err(Failure::Print)?;
    }
    drop(comparison);
    if !has_any && !options.json {
        people::write_same(out, 0, 0).map_err(Failure::Print)?;
    }
    a.finish()?;
    b.finish()?;
    Ok(u8::from(!is_same))
}

/// Reads one run number for both traces, or two such as `1:2`.
pub(super) fn run_choice(text: &str) -> Result<Sides<u64>, String> {
    let number = |text: &str| {
        text.parse()
            .ok()
            .filter(|run| *run > 0)
            .ok_or("expected the number of a run, from 1, or two, such as `1:2`")
    };
    let (a, b) = text.split_once(':').unwrap_or((text, text));
    Ok(Sides { a: number(a)?, b: number(b)? })
}

/// Opens the trace `name`, which must be a regular file or a folder of parts: two streams could not be waited for in
/// turn.
pub(super) fn open(name: &str, only_run: Option<u64>) -> Result<Records, Failure> {
    if !is_lasting(name)? {
        return Err(Failure::usage(format!(
            "the trace `{name}` is not a regular file (write it to one first)"
        )));
    }
    Records::open(name, only_run)
}

/// Returns the records with their places; with `as_run`, these have that run number.
pub(super) fn placed(
    records: &mut Records,
    as_run: Option<u64>,
) -> impl Iterator<Item = Result<PlacedRecord, Failure>> + use<'_> {
    iter::from_fn(move || {
        let next = records.next().transpose()?;
        Some(next.map(|(run, record)| PlacedRecord {
            run: as_run.unwrap_or(run),
            file_line: records.line_no(),
            record,
        }))
    })
}
