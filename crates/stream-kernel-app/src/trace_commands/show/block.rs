//! Blocks of text for people, one per input.

use std::borrow::Cow;
use std::io::{self, Write};

use stream_kernel_text::{duration, escaped};
use stream_kernel_trace::{MessageSignature, Status, TraceRecord};
use stream_kernel_trace_reader::reading::{Input, ValueChange, shown_changes};
use stream_kernel_trace_reader::value_text;

use super::palette::{Palette, styled};

/// Writes a heading and `records`, the requested ones of the input.
pub(super) fn write_block(
    out: &mut dyn Write,
    palette: &Palette,
    input: &Input,
    records: &[&TraceRecord],
) -> io::Result<()> {
    let mut heading = format!("{}  line {}", escaped(&input.trace_id), input.line_no);
    if let Some(identity) = input.identity() {
        heading += &format!("  id {}", escaped(&identity));
    }
    write!(out, "{}", styled(palette.heading, heading))?;
    if input.is_continued {
        out.write_all(b"  (continued)")?;
    }
    if records.len() < input.records.len() {
        write!(out, "  ({} of {} steps)", records.len(), input.records.len())?;
    }
    out.write_all(b"\n")?;

    let rows: Vec<_> = records.iter().map(|record| (step_name(record), kinds(record))).collect();
    let width = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max();
    let name_width = width(&mut rows.iter().map(|row| &row.0)).unwrap_or(0);
    let kinds_width = width(&mut rows.iter().map(|row| &row.1)).unwrap_or(0);
    for (record, (name, kinds)) in records.iter().zip(&rows) {
        let style = if record.status == Status::Error { palette.error } else { palette.step };
        let padding = name_width - name.chars().count();
        let duration = duration(record.duration_ns());
        writeln!(out, "  {}{:padding$}  {kinds:kinds_width$}  {duration:>9}", styled(style, name), "")?;
        write_changes(out, palette, record)?;
        write_error(out, palette, record)?;
    }
    Ok(())
}

fn step_name(record: &TraceRecord) -> String {
    match record.work_index {
        0 => escaped(&record.step_name).to_string(),
        index => format!("{} [{index}]", escaped(&record.step_name)),
    }
}

/// Returns `kind in -> kinds out`; several of a kind in a row are counted.
fn kinds(record: &TraceRecord) -> String {
    let out = match (record.status, &*record.msg_out) {
        (Status::Error, _) => "error".to_owned(),
        (Status::Ok, []) => "nothing".to_owned(),
        (Status::Ok, messages) => messages
            .chunk_by(|one, next| one.type_name == next.type_name)
            .map(kind_and_count)
            .collect::<Vec<_>>()
            .join(", "),
    };
    format!("{} -> {out}", escaped(&record.msg_in.type_name))
}

fn kind_and_count(messages: &[MessageSignature]) -> String {
    let kind = messages.first().map_or("", |message| &message.type_name);
    match messages.len() {
        1 => escaped(kind).to_string(),
        count => format!("{count} x {}", escaped(kind)),
    }
}

fn write_changes(out: &mut dyn Write, palette: &Palette, record: &TraceRecord) -> io::Result<()> {
    for ValueChange { path, before, after, .. } in shown_changes(record.ctx_diff.as_ref()) {
        let (before, after) = (shown(before.as_deref()), shown(after.as_deref()));
        writeln!(
            out,
            "    {} {} -> {}",
            styled(palette.path, format!("{}:", escaped(&path))),
            escaped(&before),
            escaped(&after)
        )?;
    }
    Ok(())
}

/// Returns a value for people: `-` if there is none.
fn shown(json: Option<&str>) -> Cow<'_, str> {
    json.map_or("-".into(), value_text)
}

fn write_error(out: &mut dyn Write, palette: &Palette, record: &TraceRecord) -> io::Result<()> {
    let Some(error) = &record.error else { return Ok(()) };
    let what = format!("{}: {}", escaped(&error.type_name), escaped(&error.message));
    write!(out, "    {} {what}", styled(palette.error, "error:"))?;
    if error.step_name != record.step_name {
        write!(out, " (in {})", escaped(&error.step_name))?;
    }
    out.write_all(b"\n")?;
    match &error.stack {
        Some(stack) => writeln!(out, "    stack: {}", escaped(stack)),
        None => Ok(()),
    }
}
