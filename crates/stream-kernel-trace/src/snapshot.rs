//! Snapshots of the context before and after a step, and their difference.

use crate::json::{begin_trace_id, push_integer, push_optional_string, push_string};
use crate::{Context, ContextField, FieldSet, Redaction, ShortText};

/// The shown fields of the context before and after one step, as JSON. They are updated step by step: a field is
/// rendered again only after a write to it.
#[derive(Debug)]
pub struct Snapshots {
    fields: Vec<FieldSnapshot>,
}

impl Snapshots {
    pub(crate) fn new(shown: FieldSet) -> Self {
        Self { fields: shown.iter().map(FieldSnapshot::new).collect() }
    }

    /// Takes the first snapshot of an input, under `redaction`.
    pub(crate) fn begin(&mut self, context: &Context, redaction: &Redaction) {
        for snapshot in &mut self.fields {
            snapshot.changed = false;
            snapshot.render(context, redaction, 0);
        }
    }

    /// Updates the one field that is known only when the first step begins.
    pub(crate) fn render_received_at(&mut self, context: &Context) {
        if let Some(snapshot) = self.fields.iter_mut().find(|one| one.field == ContextField::ReceivedAt) {
            snapshot.render(context, &Redaction::default(), 0);
        }
    }

    /// Takes the snapshot after a step; the current one becomes the one before.
    pub(crate) fn advance(&mut self, context: &mut Context, redaction: &Redaction) {
        for snapshot in &mut self.fields {
            snapshot.changed = take_changed(context, snapshot.field)
                .is_some_and(|from| snapshot.render_changed(context, redaction, from));
        }
    }

    /// Appends the JSON object of the shown fields before the step.
    pub fn write_before(&self, out: &mut Vec<u8>) {
        write_object(out, self.fields.iter(), |out, snapshot| out.extend_from_slice(snapshot.before()));
    }

    /// Appends the JSON object of the shown fields after the step.
    pub fn write_after(&self, out: &mut Vec<u8>) {
        write_object(out, self.fields.iter(), |out, snapshot| out.extend_from_slice(&snapshot.current));
    }

    /// Appends the JSON object of the fields that the step changed: `{"before":..,"after":..}` for each.
    pub fn write_diff(&self, out: &mut Vec<u8>) {
        write_object(out, self.fields.iter().filter(|snapshot| snapshot.changed), |out, snapshot| {
            out.extend_from_slice(b"{\"before\":");
            out.extend_from_slice(snapshot.before());
            out.extend_from_slice(b",\"after\":");
            out.extend_from_slice(&snapshot.current);
            out.push(b'}');
        });
    }
}

fn write_object<'a>(
    out: &mut Vec<u8>,
    snapshots: impl Iterator<Item = &'a FieldSnapshot>,
    write_value: impl Fn(&mut Vec<u8>, &FieldSnapshot),
) {
    out.push(b'{');
    for (position, snapshot) in snapshots.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        // The names of the fields need no escape.
        out.push(b'"');
        out.extend_from_slice(snapshot.field.name().as_bytes());
        out.extend_from_slice(b"\":");
        write_value(out, snapshot);
    }
    out.push(b'}');
}

/// One field's JSON, now and before the last step.
#[derive(Clone, Debug)]
struct FieldSnapshot {
    field: ContextField,
    changed: bool,
    current: Vec<u8>,
    /// The end of each entry of a map, so that only entries from the first changed one on are rendered again.
    entry_ends: Vec<usize>,
    /// Digest of the cut parts of the field's texts, so that a change behind a cut counts.
    current_cut: u64,
    /// The state before the last step; valid only if that step changed the field.
    previous: Vec<u8>,
}

impl FieldSnapshot {
    fn new(field: ContextField) -> Self {
        Self {
            field,
            changed: false,
            current: Vec::new(),
            entry_ends: Vec::new(),
            current_cut: 0,
            previous: Vec::new(),
        }
    }

    fn before(&self) -> &[u8] {
        if self.changed { &self.previous } else { &self.current }
    }

    /// Renders the field again from the entry at position `from`, the first one with a write, and returns whether it
    /// has changed. Two masked values count as equal.
    fn render_changed(&mut self, context: &Context, redaction: &Redaction, from: usize) -> bool {
        self.previous.clone_from(&self.current);
        let previous_cut = self.current_cut;
        self.render(context, redaction, from);
        self.current != self.previous || self.current_cut != previous_cut
    }

    fn render(&mut self, context: &Context, redaction: &Redaction, from: usize) {
        self.entry_ends.truncate(from);
        self.current.truncate(self.entry_ends.last().copied().unwrap_or(0));
        let mut cut = 0_u64;
        let (out, ends) = (&mut self.current, &mut self.entry_ends);
        let text = |out: &mut Vec<u8>, text: &ShortText| push_string(out, text.as_str());
        match self.field {
            ContextField::TraceId => {
                begin_trace_id(out, context.run_id());
                push_integer(out, context.line_no());
                out.push(b'"');
            }
            ContextField::RunId => push_string(out, context.run_id()),
            ContextField::ScenarioId => push_string(out, context.scenario_id()),
            ContextField::LineNo => push_integer(out, context.line_no()),
            ContextField::ReceivedAt => {
                push_optional_string(out, context.received_at().map(|at| at.to_string()).as_deref());
            }
            ContextField::Tags => {
                context.tags.write_json(out, from, ends, |out, name, value| {
                    if redaction.hides_tag(name) {
                        redaction.push_hidden_tag(out, value);
                    } else {
                        text(out, value);
                    }
                });
                // Of a hidden value, only its replacement may show.
                let shown = context.tags.iter().filter(|(name, _)| !redaction.hides_tag(name));
                shown.for_each(|(_, text)| cut = cut.rotate_left(7) ^ text.cut_digest());
            }
            ContextField::Metrics => {
                context.metrics.write_json(out, from, ends, |out, _, number| number.write_json(out));
            }
            // Lists only grow, which shows even if texts are cut.
            ContextField::Notes => context.notes.write_json(out, text),
            ContextField::Flags => context.flags.write_json(out, from, ends, |out, _, &flag| {
                out.extend_from_slice(if flag { b"true" } else { b"false" });
            }),
            ContextField::Errors => context.errors.write_json(out, |out, entry| entry.write_json(out)),
        }
        self.current_cut = cut;
    }
}

/// Returns the position of the first entry of `field` that a step wrote to since the last call; lists count as a whole.
/// Only the kernel writes to the other fields.
fn take_changed(context: &mut Context, field: ContextField) -> Option<usize> {
    match field {
        ContextField::Tags => context.tags.take_changed(),
        ContextField::Metrics => context.metrics.take_changed(),
        ContextField::Notes => context.notes.take_changed().then_some(0),
        ContextField::Flags => context.flags.take_changed(),
        ContextField::Errors => context.errors.take_changed().then_some(0),
        ContextField::TraceId
        | ContextField::RunId
        | ContextField::ScenarioId
        | ContextField::LineNo
        | ContextField::ReceivedAt => None,
    }
}

#[cfg(test)]
mod tests;
