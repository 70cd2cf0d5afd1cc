//! `explain`: why a line was decided as it was, from what its trace shows.

mod earlier;
mod explanation;
mod inputs;
mod notes;
mod rules;
mod sentences;
mod steps;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Write;

use clap::Args;
use stream_kernel_app::{CommandFailure, OwnCommand, TraceFile, escaped};
use stream_kernel_trace::reading::Input;

use earlier::{Counted, Earlier, FirstWithId};
use explanation::Explanation;
use inputs::Inputs;
use notes::Notes;

/// What makes a trace show enough.
const SETTING: &str = "runtime.tracing.context_diff: {mode: whitelist, whitelist: [tags, metrics]}";

/// Explain decisions: the answer in plain words, the figures that were compared, and every step on the way.
///
/// The trace must show tags and metrics: `runtime.tracing.context_diff: {mode: whitelist, whitelist: [tags, metrics]}`.
/// Every occurrence of an id is explained, since ids repeat. Exit 0: explained. 1: there is no such line or id, or the
/// trace does not show enough. 2: usage, or the trace cannot be read.
///
/// With --json one object a line of input: `run`, `run_id`, `scenario`, `line_no`, `id`, `customer_id`, `day`, `week`,
/// `accepted` (null if there is no decision), `reason`, `answer` (the sentence), `rules` (each limit that was compared:
/// `rule`, `unit`, `before`, `adds`, `limit`, `passes`), `advice` and `largest_amount_cents` (what would have passed),
/// `first` (of a replay or conflict: `line_no`, `customer_id`, `amount_cents`, `day`, `accepted`), `earlier` (the lines
/// that used up the limit: `lines`, at most 20, and of the others `more` and `more_cents`), `steps`.
#[derive(Debug, Args)]
struct Options {
    /// The trace: a regular file, for it is read twice.
    #[arg(value_name = "FILE")]
    file: String,
    /// Explain the line of input with this number, from 1.
    #[arg(long, value_name = "N", required_unless_present = "id", conflicts_with = "id")]
    line: Option<u64>,
    /// Explain every line with this id, as it is echoed.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Look at this run only, counted from 1; without it, at all that the file holds.
    #[arg(long, value_name = "N")]
    run: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Returns the command.
pub(crate) fn command() -> OwnCommand {
    OwnCommand::new("explain", run)
}

/// What an answer needs to know of a run beside the line itself.
struct Wanted {
    /// The line of the first attempt with the id.
    first_line_no: u64,
    /// Which lines before it have used up a limit.
    counted: Option<Counted>,
}

/// What the first reading of a trace has found.
#[derive(Default)]
struct Found {
    by_run: BTreeMap<u64, Wanted>,
    /// The last line asked for: its run and number.
    last: Option<(u64, u64)>,
    runs: u64,
    /// Whether the trace shows too little of a line that is asked for, or may be.
    is_lacking: bool,
}

fn run(options: &Options, out: &mut dyn Write) -> Result<u8, CommandFailure> {
    let trace = TraceFile::new(&options.file, options.run)?;
    let found = search(options, &trace)?;
    if let Some(last) = found.last {
        explain(options, &trace, &found, last, out)?;
    }
    let name = escaped(trace.name());
    match (found.is_lacking, found.last) {
        (true, _) => Err(CommandFailure::new(
            1,
            format!(
                "`{name}` does not show the tags and metrics that explain a decision (trace the run again with `{SETTING}`)"
            ),
        )),
        (false, Some(_)) => Ok(0),
        (false, None) => {
            let asked = match (options.line, &options.id) {
                (Some(line_no), _) => format!("line {line_no}"),
                (None, id) => format!("line with the id `{}`", escaped(id.as_deref().unwrap_or_default())),
            };
            let run = options.run.map(|run| format!(" in run {run}")).unwrap_or_default();
            Err(CommandFailure::new(1, format!("`{name}` holds no {asked}{run}")))
        }
    }
}

/// Finds the lines asked for, and with them what to look for among the lines before.
fn search(options: &Options, trace: &TraceFile) -> Result<Found, CommandFailure> {
    let mut inputs = Inputs::of(trace)?;
    let mut found = Found::default();
    while let Some(input) = inputs.next_input()? {
        found.runs = input.run;
        if options.line.is_some_and(|line_no| line_no != input.line_no) {
            continue;
        }
        let Some(notes) = notes_of(&input, trace)? else {
            if options.may_mean(&input) {
                found.is_lacking = true;
            }
            continue;
        };
        if options.means(&input, &notes) {
            found.last = Some((input.run, input.line_no));
            if let Some(first_line_no) = notes.metrics.canonical_line_no {
                let counted = Counted::before(&notes);
                found.by_run.entry(input.run).or_insert(Wanted { first_line_no, counted });
            }
        }
    }
    Ok(found)
}

/// Explains the lines asked for, up to the one at `last`.
fn explain(
    options: &Options,
    trace: &TraceFile,
    found: &Found,
    last: (u64, u64),
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    let mut inputs = Inputs::of(trace)?;
    let mut run = None;
    let (mut first, mut earlier) = (None, Earlier::default());
    let has_headings = found.runs > 1 && options.run.is_none();
    while let Some(input) = inputs.next_input()? {
        let is_new_run = run != Some(input.run);
        if is_new_run {
            run = Some(input.run);
            (first, earlier) = (None, Earlier::default());
        }
        let wanted = found.by_run.get(&input.run);
        let is_possible = wanted.is_some() || options.line.is_none_or(|line_no| line_no == input.line_no);
        let Some(notes) = is_possible.then(|| notes_of(&input, trace)).transpose()?.flatten() else {
            continue;
        };
        if options.means(&input, &notes) {
            let explanation = Explanation::new(&input, &notes, first.as_ref(), &earlier);
            let printed = if options.json {
                explanation.write_json(out)
            } else {
                text::write(&explanation, has_headings, out)
            };
            printed.map_err(CommandFailure::print)?;
        }
        if let Some(Wanted { first_line_no, counted }) = wanted {
            if input.line_no == *first_line_no {
                first = Some(FirstWithId::new(input.line_no, &notes));
            } else if input.line_no < *first_line_no
                && counted.as_ref().is_some_and(|counted| counted.includes(&notes))
            {
                earlier.add(input.line_no, &notes);
            }
        }
        if (input.run, input.line_no) == last {
            break;
        }
    }
    Ok(())
}

/// Returns what the trace shows of the input's tags and metrics, `None` unless it shows both.
fn notes_of(input: &Input, trace: &TraceFile) -> Result<Option<Notes>, CommandFailure> {
    Notes::of(input.records.last().and_then(|record| record.ctx_after.as_ref())).map_err(|error| {
        let (name, line_no) = (escaped(trace.name()), input.line_no);
        let text =
            format!("`{name}` does not show what fund-load notes, of input line {line_no} for one: {error}");
        CommandFailure::new(1, text)
    })
}

impl Options {
    fn means(&self, input: &Input, notes: &Notes) -> bool {
        match &self.id {
            Some(id) => notes.tags.id.as_ref() == Some(id),
            None => self.line == Some(input.line_no),
        }
    }

    /// Returns whether an input without notes may be one that is asked for.
    fn may_mean(&self, input: &Input) -> bool {
        match &self.id {
            Some(id) => input.is_known_as(id) || input.identity().is_none(),
            None => self.line == Some(input.line_no),
        }
    }
}
