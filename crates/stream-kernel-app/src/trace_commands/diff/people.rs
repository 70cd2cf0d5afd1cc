//! Output of `trace diff` for people.

use std::io::{self, Write};

use serde_json::value::RawValue;
use stream_kernel_text::{Column, aligned, counted, escaped, grouped};
use stream_kernel_trace_reader::comparison::{
    ChangedDecision, FieldDifference, FirstDifference, RunDifference, Sides, StepCounts,
};

use crate::trace_commands::run_heading::run_heading;

/// The most fields of the first difference that are printed; `--json` has them all.
pub(super) const MAX_FIELDS: usize = 50;

/// The greatest aligned width of a column, in characters; a wider cell pushes the rest of its row aside.
const MAX_COLUMN: usize = 48;

/// The most inputs that are listed for each kind of changed decision; the others are counted. `--json` has them all.
pub(super) const MAX_LISTED: usize = 10;

/// Inputs with changed decisions, as far as they are listed.
#[derive(Default)]
pub(super) struct Listed {
    flipped: Vec<ChangedDecision>,
    other_reason: Vec<ChangedDecision>,
}

impl Listed {
    pub(super) fn add(&mut self, changed: ChangedDecision) {
        let listed = if changed.flipped { &mut self.flipped } else { &mut self.other_reason };
        if listed.len() < MAX_LISTED {
            listed.push(changed);
        }
    }
}

/// Writes how a run of the traces `names` differs, under a heading if there are several runs.
pub(super) fn write_run(
    out: &mut dyn Write,
    names: Sides<&str>,
    run: &RunDifference,
    listed: &Listed,
    has_heading: bool,
) -> io::Result<()> {
    if has_heading {
        let separator = if run.run > 1 { "\n" } else { "" };
        writeln!(out, "{separator}{}", run_heading(run.run, None))?;
    }
    if run.same {
        return write_same(out, run.inputs.a, run.steps.iter().map(|step| step.same).sum());
    }
    writeln!(
        out,
        "A  {}: {}\nB  {}: {}",
        escaped(names.a),
        inputs_of_run(run.inputs.a),
        escaped(names.b),
        inputs_of_run(run.inputs.b)
    )?;
    if let Some(moved) = &run.moved {
        let (name, Sides { a, b }) = (escaped(&moved.step_name), moved.step_index);
        writeln!(
            out,
            "\nthe pipelines differ: step `{name}` has the index {a} in A and {b} in B (indexes are not compared below)"
        )?;
    }
    if let Some(first) = &run.first {
        write_first(out, first)?;
    }
    write_steps(out, &run.steps)?;
    write_decisions(out, run)?;
    write_changed(out, run.flipped, &listed.flipped, "decisions flipped")?;
    write_changed(out, run.other_reason, &listed.other_reason, "declined for another reason")
}

pub(super) fn write_same(out: &mut dyn Write, inputs: u64, records: u64) -> io::Result<()> {
    let (inputs, records) = (counted(inputs, "input"), counted(records, "record"));
    writeln!(out, "same: {inputs}, {records} (times and run ids left out)")
}

fn inputs_of_run(count: u64) -> String {
    if count == 0 { "no such run".to_owned() } else { counted(count, "input") }
}

fn write_first(out: &mut dyn Write, first: &FirstDifference) -> io::Result<()> {
    let place = |file_line: Option<u64>| file_line.map_or("-".to_owned(), |line| format!("line {line}"));
    let in_file = ["  in the file".to_owned(), place(first.file_line.a), place(first.file_line.b)];
    let shown = fields_to_show(&first.fields);
    let rows = shown.iter().take(MAX_FIELDS).map(|field| {
        [format!("  {}", escaped(&field.path)), value(field.a.as_deref()), value(field.b.as_deref())]
    });
    let rows = std::iter::once(in_file).chain(rows);
    writeln!(
        out,
        "\ninput line {}, step {}, work index {}",
        first.line_no,
        escaped(&first.step_name),
        first.work_index
    )?;
    write_table(out, ["first difference", "A", "B"], rows, Column::Left("  "))?;
    match shown.len().saturating_sub(MAX_FIELDS) {
        0 => (),
        more => writeln!(out, "  and {} (--json has them all)", counted(more as u64, "more field"))?,
    }
    // The name is in every record.
    if first.fields.iter().any(|field| field.path == "scenario") {
        writeln!(
            out,
            "  the scenario has another name, so every record differs (--ignore-scenario leaves it out)"
        )?;
    }
    Ok(())
}

/// Leaves `ctx_diff` out if the snapshots around it show the same difference.
fn fields_to_show(fields: &[FieldDifference]) -> Vec<&FieldDifference> {
    let is_of = |field: &FieldDifference, part: &str| field.path.starts_with(part);
    let has_snapshots = fields.iter().any(|field| is_of(field, "ctx_before") || is_of(field, "ctx_after"));
    fields.iter().filter(|field| !has_snapshots || !is_of(field, "ctx_diff")).collect()
}

fn value(json: Option<&RawValue>) -> String {
    json.map_or("-".to_owned(), |json| escaped(json.get()).to_string())
}

fn write_steps(out: &mut dyn Write, steps: &[StepCounts]) -> io::Result<()> {
    let heading = ["records by step", "same", "differing", "only in A", "only in B"];
    let rows = steps.iter().map(|step| {
        let counts = [step.same, step.differing, step.only_in_a, step.only_in_b];
        let [same, differing, only_in_a, only_in_b] = counts.map(grouped);
        [format!("  {}", escaped(&step.step_name)), same, differing, only_in_a, only_in_b]
    });
    writeln!(out)?;
    write_table(out, heading, rows, Column::Right("  "))
}

fn write_decisions(out: &mut dyn Write, run: &RunDifference) -> io::Result<()> {
    if !run.tags.is_empty() {
        let rows = run.tags.iter().map(|tag| [format!("  {}", escaped(&tag.tag)), grouped(tag.inputs)]);
        writeln!(out)?;
        write_table(out, ["tags that ended otherwise", "inputs"], rows, Column::Right("  "))?;
    }
    if run.decisions.is_empty() {
        // If tags are shown and none is `accepted`, the steps do not decide anything.
        if run.has_tags {
            return Ok(());
        }
        return writeln!(
            out,
            "\nno decisions: neither trace shows tags (runtime.tracing.context_diff can show `tags`)"
        );
    }
    let rows = run.decisions.iter().map(|decision| {
        [format!("  {}", escaped(&decision.decision)), grouped(decision.a), grouped(decision.b)]
    });
    writeln!(out)?;
    write_table(out, ["decisions", "A", "B"], rows, Column::Right("  "))
}

fn write_changed(out: &mut dyn Write, inputs: u64, listed: &[ChangedDecision], what: &str) -> io::Result<()> {
    if inputs == 0 {
        return Ok(());
    }
    writeln!(out, "\n{what}: {}", counted(inputs, "input"))?;
    for input in listed {
        let id = input.id.as_deref().map(|id| format!("  id {}", escaped(id))).unwrap_or_default();
        writeln!(out, "  line {}{id}  {} -> {}", input.line_no, escaped(&input.a), escaped(&input.b))?;
    }
    match inputs.saturating_sub(listed.len() as u64) {
        0 => Ok(()),
        more => writeln!(out, "  and {} more (--json has them all)", grouped(more)),
    }
}

/// Writes a heading and rows with aligned columns: the first one to the left, and the others all alike.
fn write_table<const N: usize>(
    out: &mut dyn Write,
    heading: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    others: Column,
) -> io::Result<()> {
    let rows: Vec<_> = std::iter::once(heading.map(str::to_owned)).chain(rows).collect();
    let mut columns = [others; N];
    columns[0] = Column::Left("");
    aligned(&rows, columns, MAX_COLUMN).try_for_each(|line| writeln!(out, "{line}"))
}
