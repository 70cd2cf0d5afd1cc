//! What the context looked like before and after a step, and what the step changed.

use crate::json::{push_integer, push_string, push_trace_id};
use crate::timestamp::TimestampFormatter;
use crate::{Context, ContextField, FieldSet, ShortText};

/// Which fields of the context a record shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContextDiffMode {
    /// None: the record's three `ctx_` fields are null.
    #[default]
    None,
    /// These, and only these.
    Whitelist(FieldSet),
    /// All of them.
    Full,
}

impl ContextDiffMode {
    /// Returns whether records show snapshots at all, be it of no field.
    pub(crate) fn is_shown(self) -> bool {
        self != Self::None
    }

    /// Returns the fields that snapshots show in this mode: what a [`Context`] has to take in.
    pub fn fields(self) -> FieldSet {
        match self {
            Self::None => FieldSet::EMPTY,
            Self::Whitelist(fields) => fields,
            Self::Full => FieldSet::ALL,
        }
    }
}

/// The shown fields of the context before and after one step, as JSON.
#[derive(Clone, Copy, Debug)]
pub struct ContextChange<'a> {
    fields: &'a [FieldSnapshot],
}

impl ContextChange<'_> {
    /// Appends the JSON object of the shown fields as they were before the step.
    pub fn write_before(&self, out: &mut Vec<u8>) {
        write_object(out, self.fields.iter(), |out, snapshot| out.extend_from_slice(snapshot.before()));
    }

    /// Appends the JSON object of the shown fields as they are after the step.
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
        // The names of the fields are plain words.
        out.push(b'"');
        out.extend_from_slice(snapshot.field.name().as_bytes());
        out.extend_from_slice(b"\":");
        write_value(out, snapshot);
    }
    out.push(b'}');
}

/// The snapshots of one input, brought up to date step by step: a field is rendered again only when a step wrote to it.
#[derive(Debug)]
pub(crate) struct Snapshots {
    fields: Vec<FieldSnapshot>,
}

impl Snapshots {
    pub(crate) fn new(shown: FieldSet) -> Self {
        Self { fields: shown.iter().map(FieldSnapshot::new).collect() }
    }

    /// Takes the first snapshot of an input.
    pub(crate) fn begin(&mut self, context: &Context) {
        for snapshot in &mut self.fields {
            snapshot.changed = false;
            snapshot.entry_ends.clear();
            snapshot.current.clear();
            snapshot.render(context, 0);
        }
    }

    /// Brings the one field up to date that is known only when the first step begins.
    pub(crate) fn render_received_at(&mut self, context: &Context) {
        if let Some(snapshot) = self.fields.iter_mut().find(|one| one.field == ContextField::ReceivedAt) {
            snapshot.current.clear();
            snapshot.render(context, 0);
        }
    }

    /// Takes the snapshot after a step; what was current becomes what was before.
    pub(crate) fn advance(&mut self, context: &mut Context) {
        for snapshot in &mut self.fields {
            snapshot.changed = take_changed(context, snapshot.field)
                .is_some_and(|from| snapshot.render_changed(context, from));
        }
    }

    /// Returns the change that the last step made.
    pub(crate) fn change(&self) -> ContextChange<'_> {
        ContextChange { fields: &self.fields }
    }
}

/// One field's JSON, now and before the last step.
#[derive(Clone, Debug)]
struct FieldSnapshot {
    field: ContextField,
    changed: bool,
    current: Vec<u8>,
    /// Where each entry of a map ends in it, so that only those from the first changed one on are rendered again.
    entry_ends: Vec<usize>,
    /// Digest of what was cut from the field's texts, so that a change behind a cut counts as a change.
    current_cut: u64,
    /// Stands for the state before the last step only if that step changed the field.
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

    /// Renders the field again, the entry at position `from` being the first that changed, and returns whether it differs from
    /// what it was.
    fn render_changed(&mut self, context: &Context, from: usize) -> bool {
        std::mem::swap(&mut self.current, &mut self.previous);
        let previous_cut = self.current_cut;
        self.current.clear();
        self.entry_ends.truncate(from);
        if let Some(&end) = self.entry_ends.last() {
            self.current.extend_from_slice(&self.previous[..end]);
        }
        self.render(context, from);
        self.current != self.previous || self.current_cut != previous_cut
    }

    fn render(&mut self, context: &Context, from: usize) {
        let mut cut = 0_u64;
        let (out, ends) = (&mut self.current, &mut self.entry_ends);
        let mut note_cut = |text: &ShortText| cut = cut.rotate_left(7) ^ text.cut_digest();
        let text = |out: &mut Vec<u8>, text: &ShortText| push_string(out, text.as_str());
        match self.field {
            ContextField::TraceId => push_trace_id(out, context.run_id(), context.line_no()),
            ContextField::RunId => push_string(out, context.run_id()),
            ContextField::ScenarioId => push_string(out, context.scenario_id()),
            ContextField::LineNo => push_integer(out, context.line_no()),
            ContextField::ReceivedAt => match context.received_at() {
                Some(received_at) => {
                    push_string(out, TimestampFormatter::default().render(received_at).as_str());
                }
                None => out.extend_from_slice(b"null"),
            },
            ContextField::Tags => {
                context.tags.write_json(out, from, ends, text);
                context.tags.iter().for_each(|(_, text)| note_cut(text));
            }
            ContextField::Metrics => {
                context.metrics.write_json(out, from, ends, |out, number| number.write_json(out));
            }
            ContextField::Notes => {
                context.notes.write_json(out, text);
                context.notes.iter().for_each(note_cut);
            }
            ContextField::Flags => context.flags.write_json(out, from, ends, |out, &flag| {
                out.extend_from_slice(if flag { b"true" } else { b"false" });
            }),
            ContextField::Errors => context.errors.write_json(out, |out, entry| {
                entry.write_json(out);
                entry.texts().for_each(&mut note_cut);
            }),
        }
        self.current_cut = cut;
    }
}

/// Returns the position of the first entry of `field` that a step wrote to since this was last asked; lists are taken as a whole.
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
mod tests {
    use super::*;
    use crate::{ErrorEntry, RunLabel};

    /// Takes a context of line 3 through `steps` and returns `before -> after: diff` after each.
    fn check(shown: FieldSet, steps: &[fn(&mut Context)]) -> Vec<[String; 3]> {
        let label = RunLabel { run_id: "run".into(), scenario_id: "test".into() };
        let mut context = Context::new(label, shown);
        context.begin_input(3);
        let mut snapshots = Snapshots::new(shown);
        snapshots.begin(&context);
        let mut taken = Vec::new();
        for step in steps {
            step(&mut context);
            snapshots.advance(&mut context);
            let change = snapshots.change();
            taken.push(
                [ContextChange::write_before, ContextChange::write_after, ContextChange::write_diff].map(
                    |write| {
                        let mut out = Vec::new();
                        write(&change, &mut out);
                        String::from_utf8(out).unwrap()
                    },
                ),
            );
        }
        taken
    }

    #[test]
    fn each_step_starts_from_what_the_one_before_left() {
        let steps: [fn(&mut Context); 3] =
            [|context| context.tags.set("day", "Mon"), |_| {}, |context| context.tags.set("day", "Tue")];
        insta::assert_debug_snapshot!(check(FieldSet::of([ContextField::Tags, ContextField::LineNo]), &steps), @r#"
        [
            [
                "{\"line_no\":3,\"tags\":{}}",
                "{\"line_no\":3,\"tags\":{\"day\":\"Mon\"}}",
                "{\"tags\":{\"before\":{},\"after\":{\"day\":\"Mon\"}}}",
            ],
            [
                "{\"line_no\":3,\"tags\":{\"day\":\"Mon\"}}",
                "{\"line_no\":3,\"tags\":{\"day\":\"Mon\"}}",
                "{}",
            ],
            [
                "{\"line_no\":3,\"tags\":{\"day\":\"Mon\"}}",
                "{\"line_no\":3,\"tags\":{\"day\":\"Tue\"}}",
                "{\"tags\":{\"before\":{\"day\":\"Mon\"},\"after\":{\"day\":\"Tue\"}}}",
            ],
        ]
        "#);
    }

    #[test]
    fn every_field_is_shown_in_full_mode_in_the_order_of_the_contract() {
        let steps: [fn(&mut Context); 1] = [|context| {
            context.tags.set("a", "1");
            context.metrics.set("big", u128::MAX);
            context.metrics.set("nan", f64::NAN);
            context.metrics.set("half", 0.5);
            context.metrics.set("minus", -1_i64);
            context.notes.push("note");
            context.flags.set("flag", true);
            context.errors.push(|| ErrorEntry::new("E1", "message", "step"));
        }];
        insta::assert_debug_snapshot!(check(FieldSet::ALL, &steps), @r#"
        [
            [
                "{\"trace_id\":\"run:3\",\"run_id\":\"run\",\"scenario_id\":\"test\",\"line_no\":3,\"received_at\":null,\"tags\":{},\"metrics\":{},\"notes\":[],\"flags\":{},\"errors\":[]}",
                "{\"trace_id\":\"run:3\",\"run_id\":\"run\",\"scenario_id\":\"test\",\"line_no\":3,\"received_at\":null,\"tags\":{\"a\":\"1\"},\"metrics\":{\"big\":340282366920938463463374607431768211455,\"nan\":null,\"half\":0.5,\"minus\":-1},\"notes\":[\"note\"],\"flags\":{\"flag\":true},\"errors\":[{\"code\":\"E1\",\"message\":\"message\",\"step\":\"step\",\"details\":null}]}",
                "{\"tags\":{\"before\":{},\"after\":{\"a\":\"1\"}},\"metrics\":{\"before\":{},\"after\":{\"big\":340282366920938463463374607431768211455,\"nan\":null,\"half\":0.5,\"minus\":-1}},\"notes\":{\"before\":[],\"after\":[\"note\"]},\"flags\":{\"before\":{},\"after\":{\"flag\":true}},\"errors\":{\"before\":[],\"after\":[{\"code\":\"E1\",\"message\":\"message\",\"step\":\"step\",\"details\":null}]}}",
            ],
        ]
        "#);
    }

    #[test]
    fn setting_the_same_value_is_no_change_but_a_difference_behind_the_cut_is() {
        let steps: [fn(&mut Context); 3] = [
            |context| context.tags.set("a", "x".repeat(300)),
            |context| context.tags.set("a", "x".repeat(300)),
            |context| context.tags.set("a", "x".repeat(301)),
        ];
        let taken = check(FieldSet::of([ContextField::Tags]), &steps);
        assert_eq!(taken[1][2], "{}");
        assert_eq!(taken[2][0], taken[2][1], "both are cut at the same place");
        assert!(taken[2][2].starts_with(r#"{"tags":{"before":"#));
    }

    /// Only what changed is rendered again: it must read as if all of it were.
    #[test]
    fn a_snapshot_brought_up_to_date_reads_like_a_new_one() {
        let shown = FieldSet::of([ContextField::Tags, ContextField::Metrics, ContextField::Flags]);
        let label = RunLabel { run_id: "run".into(), scenario_id: "test".into() };
        let mut context = Context::new(label, shown);
        let mut kept = Snapshots::new(shown);
        for input in 0..40_u64 {
            context.begin_input(input);
            kept.begin(&context);
            for step in 0..40_u64 {
                // Names come again and anew, in an order that differs from input to input.
                for set in 0..step % 4 {
                    let name = ((input * 7 + step * 5 + set * 3) % (1 + step)).to_string();
                    context.tags.set(name.clone(), step);
                    context.metrics.set(name.clone(), step * input);
                    context.flags.set(name, step > input);
                }
                let before = written(&kept, ContextChange::write_after);
                kept.advance(&mut context);
                let mut fresh = Snapshots::new(shown);
                fresh.begin(&context);
                let after = written(&fresh, ContextChange::write_after);
                assert_eq!(written(&kept, ContextChange::write_before), before);
                assert_eq!(written(&kept, ContextChange::write_after), after);
                let diff = written(&kept, ContextChange::write_diff);
                assert_eq!(diff == "{}", before == after, "{diff}");
            }
        }
    }

    #[test]
    fn the_mark_of_what_was_left_out_is_seen_as_a_change() {
        let shown = FieldSet::of([ContextField::Flags]);
        let label = RunLabel { run_id: "run".into(), scenario_id: "test".into() };
        let mut context = Context::new(label, shown);
        let mut kept = Snapshots::new(shown);
        context.begin_input(1);
        kept.begin(&context);
        for entry in 0..crate::MAX_ENTRIES {
            context.flags.set(entry.to_string(), true);
        }
        kept.advance(&mut context);
        assert!(written(&kept, ContextChange::write_after).ends_with(r#""1023":true}}"#));
        context.flags.set("one beyond", true);
        kept.advance(&mut context);
        assert!(written(&kept, ContextChange::write_after).ends_with(r#""...(truncated)":false}}"#));
    }

    fn written<'a>(snapshots: &'a Snapshots, write: impl Fn(&ContextChange<'a>, &mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&snapshots.change(), &mut out);
        String::from_utf8(out).unwrap()
    }
}
