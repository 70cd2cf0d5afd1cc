//! The command `explain`: why a line was decided as it was, from its trace.

mod earlier;
mod explanation;
mod inputs;
mod not_compared;
mod notes;
mod rules;
mod sentences;
mod steps;
mod text;

#[cfg(test)]
mod tests;

use std::io::Write;

use clap::builder::{StringValueParser, TypedValueParser};
use clap::{ArgGroup, Args};
use stream_kernel_app::{Command, CommandFailure, TraceFile};
use stream_kernel_text::escaped;
use stream_kernel_trace::{ContextSnapshot, MASK, ShortText, may_be_hidden};
use stream_kernel_trace_reader::reading::Input;
use stream_kernel_trace_reader::view::Wording;
use stream_kernel_trace_reader::write_json;

use crate::FundLoad;
use earlier::{Counted, Earlier, FirstWithId};
use explanation::Explanation;
use inputs::Inputs;
use notes::Notes;

/// The remedy for a trace that shows too little.
const SETTING: &str = "--set 'runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}'";

/// Explain decisions: the answer in plain words, the figures that were compared, and every step on the way.
///
/// The trace must show tags and metrics, as a run writes it with
/// `--set 'runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}'`. Every occurrence of an id is
/// explained, since ids repeat. Exit 0: explained. 1: there is no such line or id, or the trace does not show enough. 2:
/// usage, or the trace cannot be read.
///
/// With --json one object a line of input: `run`, `run_id`, `scenario`, `line_no`, `id`, `customer_id`, `day`, `week`,
/// `accepted` (null if there is no decision), `reason`, `answer` (the sentence), `rules` (each limit that was compared:
/// `rule`, `unit`, `before`, `adds`, `limit` (null if the trace does not show it), `passes`), `advice` and
/// `largest_amount_cents` (what would have passed), `first` (of a replay or conflict: `line_no`, `customer_id`,
/// `amount_cents`, `day`, `accepted`), `earlier` (the lines that used up the limit: `lines`, at most 20, and of the others
/// `more` and `more_cents`), `steps` (`step`, `takes`, `emits`, `duration_ms`, `tags` and `metrics` that it set, `error`).
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("lines").args(["line", "id"]).required(true)))]
struct Options {
    /// The trace: a regular file or a folder of parts, for it is read twice.
    #[arg(value_name = "FILE")]
    file: String,
    /// Explain the line of input with this number, from 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    line: Option<u64>,
    /// Explain every line with this id, as it is echoed.
    #[arg(long, value_name = "ID", value_parser = recorded_id())]
    id: Option<String>,
    /// Look at this run only, counted from 1; without it, at all that the file holds.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    run: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Reads an id as records have it: cut, if it is too long for them.
fn recorded_id() -> impl TypedValueParser<Value = String> {
    StringValueParser::new().map(|id| ShortText::from(id).as_str().to_owned())
}

/// Returns the command.
pub(crate) fn command() -> Command<FundLoad> {
    Command::new("explain", run)
}

/// Returns the words of `trace view`: the sentences of an explanation, and money.
pub(crate) fn wording() -> Wording {
    Wording::default().with_explanation(sentences_of).with_value(text::value)
}

/// Returns the sentences that the context after the last step allows, the answer first; none if it does not show
/// whether the line was accepted.
fn sentences_of(snapshot: &ContextSnapshot) -> Vec<String> {
    let notes = Notes::of(Some(snapshot)).ok().flatten().filter(|notes| notes.tags.accepted.is_some());
    notes.map(|notes| text::sentences(&Explanation::of_notes(&notes))).unwrap_or_default()
}

/// The lines that are asked for in one run.
#[derive(Default)]
struct Found {
    /// The last of these lines.
    last_line_no: Option<u64>,
    /// By canonical attempt among them, in order: an id that was forgotten has several.
    beside: Vec<Beside>,
    /// Whether the trace shows too little of a line that is asked for, or may be.
    is_lacking: bool,
    /// Whether the trace hides ids, so that the requested one may have another text there.
    hides_ids: bool,
}

/// The rest of a run that the answer for a line needs.
struct Beside {
    /// The line of the first attempt with the id.
    first_line_no: u64,
    /// The earlier lines that have used up a limit.
    counted: Option<Counted>,
    /// The trace of that line.
    first: Option<FirstWithId>,
    /// The traces of the lines before.
    earlier: Earlier,
}

fn run(options: &Options, out: &mut dyn Write) -> Result<u8, CommandFailure> {
    let trace = TraceFile::new(&options.file, options.run)?;
    // Both passes go run by run, so nothing of earlier runs need be kept.
    let (mut ahead, mut behind) = (Inputs::of(&trace)?, Inputs::of(&trace)?);
    let (mut is_any_found, mut hides_ids, mut lacking_run, mut runs) = (false, false, None, 0);
    while let Some(run) = ahead.next_run()? {
        runs = run;
        let found = search(options, run, &mut ahead)?;
        hides_ids |= found.hides_ids;
        if found.is_lacking {
            lacking_run.get_or_insert(run);
        }
        if found.last_line_no.is_some() {
            is_any_found = true;
            let is_one_of_several = options.run.is_none() && (run > 1 || ahead.next_run()?.is_some());
            explain(options, run, found, &mut behind, is_one_of_several, out)?;
        }
    }
    // Lines without a record may have been requested ones.
    let wrong_lines = ahead.records.finish().err();
    let exit_code = if wrong_lines.is_some() { 2 } else { 1 };
    let name = escaped(trace.name());
    match (lacking_run, is_any_found) {
        (Some(run), _) => {
            let of_run = if runs > 1 { format!(", run {run},") } else { String::new() };
            let text = format!(
                "`{name}`{of_run} does not show the tags and metrics that explain a decision (trace the run again with `{SETTING}`)"
            );
            Err(CommandFailure::new(exit_code, text))
        }
        (None, true) => wrong_lines.map_or(Ok(0), Err),
        (None, false) => {
            let asked = match &options.id {
                Some(id) => format!("line with the id `{}`", escaped(id)),
                None => format!("line {}", options.line.unwrap_or_default()),
            };
            let run = options.run.map(|run| format!(" in run {run}")).unwrap_or_default();
            let hint = if hides_ids && options.id.is_some() {
                " (it hides ids: ask for a hash as the trace shows it, or with `--line N`)"
            } else {
                ""
            };
            Err(CommandFailure::new(exit_code, format!("`{name}` holds no {asked}{run}{hint}")))
        }
    }
}

/// Finds the requested lines in `run`, and what to look for among the lines before.
fn search(options: &Options, run: u64, inputs: &mut Inputs) -> Result<Found, CommandFailure> {
    let mut found = Found::default();
    while let Some(input) = inputs.next_of_run(run)? {
        if options.line.is_some_and(|line_no| line_no != input.line_no) {
            continue;
        }
        let Some(notes) = options.notes_of(&input)? else {
            found.is_lacking |= options.may_mean(&input);
            continue;
        };
        found.hides_ids |= notes.tags.id.as_deref().is_some_and(may_be_hidden);
        if options.means(&input, &notes) {
            found.last_line_no = Some(input.line_no);
            let first_line_no = notes.metrics.canonical_line_no;
            let is_known = found.beside.last().is_some_and(|last| Some(last.first_line_no) == first_line_no);
            if let Some(first_line_no) = first_line_no.filter(|_| !is_known) {
                let counted = Counted::before(&notes);
                let beside = Beside { first_line_no, counted, first: None, earlier: Earlier::default() };
                found.beside.push(beside);
            }
        }
    }
    Ok(found)
}

/// Explains the lines `found` in `run`; with a heading, if it is one of several.
fn explain(
    options: &Options,
    run: u64,
    mut found: Found,
    inputs: &mut Inputs,
    is_one_of_several: bool,
    out: &mut dyn Write,
) -> Result<(), CommandFailure> {
    while let Some(input) = inputs.next_of_run(run)? {
        let line_no = input.line_no;
        let is_possible = !found.beside.is_empty() || options.line.is_none_or(|asked| asked == line_no);
        let Some(notes) = is_possible.then(|| options.notes_of(&input)).transpose()?.flatten() else {
            continue;
        };
        if options.means(&input, &notes) {
            let first_line_no = notes.metrics.canonical_line_no;
            let beside = found.beside.iter().find(|beside| Some(beside.first_line_no) == first_line_no);
            let explanation = Explanation::new(&input, &notes, beside);
            let printed = if options.json {
                write_json(&mut *out, &explanation).map_err(Into::into).and_then(|()| writeln!(out))
            } else {
                text::write(&explanation, is_one_of_several, out)
            };
            printed.map_err(CommandFailure::print)?;
        }
        for Beside { first_line_no, counted, first, earlier } in &mut found.beside {
            if line_no == *first_line_no {
                *first = Some(FirstWithId::new(line_no, &notes));
            } else if line_no < *first_line_no && counted.as_ref().is_some_and(|it| it.includes(&notes)) {
                earlier.add(line_no, &notes);
            }
        }
        if found.last_line_no == Some(line_no) {
            break;
        }
    }
    Ok(())
}

impl Options {
    /// Returns the input's tags and metrics in the trace; `None` unless it shows both.
    fn notes_of(&self, input: &Input) -> Result<Option<Notes>, CommandFailure> {
        Notes::of(input.records.last().and_then(|record| record.ctx_after.as_ref())).map_err(|error| {
            let (name, line_no) = (escaped(&self.file), input.line_no);
            // The position in the error is one in the snapshot, not in the file.
            let why = error.to_string();
            let why = why.rsplit_once(" at line ").map_or(&*why, |(why, _)| why);
            let text = format!(
                "`{name}` does not show what fund-load notes, of input line {line_no} for one: {}",
                escaped(why)
            );
            CommandFailure::new(1, text)
        })
    }

    fn means(&self, input: &Input, notes: &Notes) -> bool {
        match &self.id {
            // Lines with masked ids have nothing in common.
            Some(id) => notes.tags.id.as_ref() == Some(id) && id != MASK,
            None => self.line == Some(input.line_no),
        }
    }

    /// Returns whether an input without notes may be a requested one.
    fn may_mean(&self, input: &Input) -> bool {
        match &self.id {
            Some(id) => {
                input.is_known_as(id) || input.identity().is_none_or(|identity| may_be_hidden(&identity))
            }
            None => self.line == Some(input.line_no),
        }
    }
}
