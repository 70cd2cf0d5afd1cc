//! How `trace diff` tells people what differs.

use std::io::{self, Write};

use serde_json::value::RawValue;
use stream_kernel_trace::comparison::{
    ChangedDecisions, FieldDifference, FirstDifference, RunDifference, Sides, StepCounts,
};

use crate::trace_commands::escape::escaped;

/// How many fields of the first difference are printed; `--json` has them all.
pub(super) const MAX_FIELDS: usize = 50;

/// Columns are aligned up to this width, in characters; what is wider pushes the rest of its row aside.
const MAX_COLUMN: usize = 48;

/// Writes how a run of the traces `names` differs, under a heading if there are several runs.
pub(super) fn write_run(
    out: &mut dyn Write,
    names: Sides<&str>,
    run: &RunDifference,
    has_heading: bool,
) -> io::Result<()> {
    if has_heading {
        writeln!(out, "== run {} ==", run.run)?;
    }
    let records: u64 = run.steps.iter().map(|step| step.same).sum();
    let Some(first) = &run.first else {
        let (inputs, records) = (counted(run.inputs.a, "input"), counted(records, "record"));
        return writeln!(out, "same: {inputs}, {records} (times and run ids left out)");
    };
    writeln!(
        out,
        "A  {}: {}\nB  {}: {}",
        escaped(names.a),
        inputs_of_run(run.inputs.a),
        escaped(names.b),
        inputs_of_run(run.inputs.b)
    )?;
    write_first(out, first)?;
    write_steps(out, &run.steps)?;
    write_decisions(out, run)?;
    for (changed, what) in
        [(&run.flipped, "decisions flipped"), (&run.other_reason, "declined for another reason")]
    {
        write_changed(out, changed, what)?;
    }
    Ok(())
}

fn inputs_of_run(count: u64) -> String {
    if count == 0 { "no such run".to_owned() } else { counted(count, "input") }
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn write_first(out: &mut dyn Write, first: &FirstDifference) -> io::Result<()> {
    let place = |file_line: Option<u64>| file_line.map_or("-".to_owned(), |line| format!("line {line}"));
    let mut rows = vec![["first difference".to_owned(), "A".to_owned(), "B".to_owned()]];
    rows.push(["  in the file".to_owned(), place(first.file_line.a), place(first.file_line.b)]);
    let shown = fields_to_show(&first.fields);
    for field in shown.iter().take(MAX_FIELDS) {
        rows.push([
            format!("  {}", escaped(&field.path)),
            value(field.a.as_deref()),
            value(field.b.as_deref()),
        ]);
    }
    writeln!(
        out,
        "\ninput line {}, step {}, work index {}",
        first.line_no,
        escaped(&first.step_name),
        first.work_index
    )?;
    write_table(out, &rows)?;
    match shown.len().saturating_sub(MAX_FIELDS) {
        0 => Ok(()),
        more => writeln!(out, "  and {} (--json has them all)", counted(more as u64, "more field")),
    }
}

/// Leaves `ctx_diff` out where the snapshots it is made of say the same.
fn fields_to_show(fields: &[FieldDifference]) -> Vec<&FieldDifference> {
    let is_of = |field: &FieldDifference, part: &str| field.path.starts_with(part);
    let has_snapshots = fields.iter().any(|field| is_of(field, "ctx_before") || is_of(field, "ctx_after"));
    fields.iter().filter(|field| !has_snapshots || !is_of(field, "ctx_diff")).collect()
}

fn value(json: Option<&RawValue>) -> String {
    json.map_or("-".to_owned(), |json| escaped(json.get()).to_string())
}

fn write_steps(out: &mut dyn Write, steps: &[StepCounts]) -> io::Result<()> {
    let heading = ["records by step", "same", "differing", "only in A", "only in B"].map(str::to_owned);
    let rows = steps.iter().map(|step| {
        let counts =
            [step.same, step.differing, step.only_in_a, step.only_in_b].map(|count| count.to_string());
        let [same, differing, only_in_a, only_in_b] = counts;
        [format!("  {}", escaped(&step.step_name)), same, differing, only_in_a, only_in_b]
    });
    writeln!(out)?;
    write_table(out, &with_heading(heading, rows))
}

fn write_decisions(out: &mut dyn Write, run: &RunDifference) -> io::Result<()> {
    if !run.tags.is_empty() {
        let rows = run.tags.iter().map(|tag| [format!("  {}", escaped(&tag.tag)), tag.inputs.to_string()]);
        writeln!(out)?;
        write_table(out, &with_heading(["tags that ended otherwise", "inputs"].map(str::to_owned), rows))?;
    }
    if run.decisions.is_empty() {
        return writeln!(
            out,
            "\nno decisions: neither trace shows the tag `accepted` (runtime.tracing.context_diff shows `tags`)"
        );
    }
    let rows = run.decisions.iter().map(|decision| {
        [format!("  {}", escaped(&decision.decision)), decision.a.to_string(), decision.b.to_string()]
    });
    writeln!(out)?;
    write_table(out, &with_heading(["decisions", "A", "B"].map(str::to_owned), rows))
}

fn write_changed(out: &mut dyn Write, changed: &ChangedDecisions, what: &str) -> io::Result<()> {
    if changed.inputs == 0 {
        return Ok(());
    }
    writeln!(out, "\n{what}: {}", counted(changed.inputs, "input"))?;
    for input in &changed.first {
        let id = input.id.as_deref().map(|id| format!("  id {}", escaped(id))).unwrap_or_default();
        writeln!(out, "  line {}{id}  {} -> {}", input.line_no, escaped(&input.a), escaped(&input.b))?;
    }
    match changed.inputs - changed.first.len() as u64 {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more"),
    }
}

fn with_heading<const N: usize>(
    heading: [String; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Vec<[String; N]> {
    std::iter::once(heading).chain(rows).collect()
}

/// Writes rows with their columns aligned.
fn write_table<const N: usize>(out: &mut dyn Write, rows: &[[String; N]]) -> io::Result<()> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count().min(MAX_COLUMN)).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or(0));
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}
