//! Snapshots, step by step: their contents, changes, and hidden values.

use super::*;
use crate::{ErrorEntry, IdentityRedaction, RedactionKey, RunLabel};

/// Takes a context of line 3 through `steps` and returns `before -> after: diff` after each.
fn check(shown: FieldSet, steps: &[fn(&mut Context)]) -> Vec<[String; 3]> {
    check_redacted(shown, &Redaction::default(), steps)
}

fn check_redacted(shown: FieldSet, redaction: &Redaction, steps: &[fn(&mut Context)]) -> Vec<[String; 3]> {
    let label = RunLabel { run_id: "run".into(), scenario_id: "test".into() };
    let mut context = Context::new(label, shown);
    context.begin_input(3);
    let mut snapshots = Snapshots::new(shown);
    snapshots.begin(&context, redaction);
    let mut taken = Vec::new();
    for step in steps {
        step(&mut context);
        snapshots.advance(&mut context, redaction);
        taken.push([Snapshots::write_before, Snapshots::write_after, Snapshots::write_diff].map(|write| {
            let mut out = Vec::new();
            write(&snapshots, &mut out);
            String::from_utf8(out).unwrap()
        }));
    }
    taken
}

#[test]
fn each_step_starts_from_the_state_before_it() {
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
fn full_mode_shows_every_field_in_contract_order() {
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
fn an_equal_value_is_no_change_and_one_behind_the_cut_is() {
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

/// Even if many other texts are cut as well.
#[test]
fn a_change_behind_the_cut_of_the_last_text_counts() {
    fn set_all(context: &mut Context, last: usize) {
        for number in 0..100_usize {
            let behind = if number == 99 { last } else { number };
            context.tags.set(format!("tag{number}"), format!("{}{behind}", "x".repeat(300)));
        }
    }
    let steps: [fn(&mut Context); 3] =
        [|context| set_all(context, 1), |context| set_all(context, 1), |context| set_all(context, 2)];
    let taken = check(FieldSet::of([ContextField::Tags]), &steps);
    assert_eq!(taken[1][2], "{}");
    assert_ne!(taken[2][2], "{}");
}

/// Two customers, one after the other, and the first again; the day is not hidden.
const CUSTOMERS: [fn(&mut Context); 3] = [
    |context| {
        context.tags.set("customer", "528");
        context.tags.set("day", "Mon");
    },
    |context| context.tags.set("customer", "x".repeat(300)),
    |context| context.tags.set("customer", "528"),
];

#[test]
fn a_masked_tag_shows_that_it_is_set_and_nothing_of_its_changes() {
    let redaction = Redaction::new(IdentityRedaction::None, ["customer".to_owned()], None);
    insta::assert_debug_snapshot!(check_redacted(FieldSet::of([ContextField::Tags]), &redaction, &CUSTOMERS), @r#"
    [
        [
            "{\"tags\":{}}",
            "{\"tags\":{\"customer\":\"***\",\"day\":\"Mon\"}}",
            "{\"tags\":{\"before\":{},\"after\":{\"customer\":\"***\",\"day\":\"Mon\"}}}",
        ],
        [
            "{\"tags\":{\"customer\":\"***\",\"day\":\"Mon\"}}",
            "{\"tags\":{\"customer\":\"***\",\"day\":\"Mon\"}}",
            "{}",
        ],
        [
            "{\"tags\":{\"customer\":\"***\",\"day\":\"Mon\"}}",
            "{\"tags\":{\"customer\":\"***\",\"day\":\"Mon\"}}",
            "{}",
        ],
    ]
    "#);
}

#[test]
fn equal_tags_have_equal_hashes_and_others_do_not() {
    fn tags(snapshot: &str) -> &str {
        snapshot.strip_prefix(r#"{"tags":"#).and_then(|tags| tags.strip_suffix('}')).unwrap()
    }
    let key = RedactionKey::new(b"key").unwrap();
    let redaction = Redaction::new(IdentityRedaction::Hash, ["customer".to_owned()], Some(key));
    let taken = check_redacted(FieldSet::of([ContextField::Tags]), &redaction, &CUSTOMERS);
    assert_eq!(taken[2][1], taken[0][1]);
    assert_ne!(taken[1][1], taken[0][1]);
    for [before, after, diff] in &taken[1..] {
        assert_eq!(*diff, format!(r#"{{"tags":{{"before":{},"after":{}}}}}"#, tags(before), tags(after)));
    }
    assert!(!format!("{taken:?}").contains("528"), "{taken:?}");
}

/// Only changed entries are rendered again: the result must equal a full rendering.
#[test]
fn a_snapshot_brought_up_to_date_reads_like_a_new_one() {
    let shown = FieldSet::of([ContextField::Tags, ContextField::Metrics, ContextField::Flags]);
    let label = RunLabel { run_id: "run".into(), scenario_id: "test".into() };
    let mut context = Context::new(label, shown);
    let mut kept = Snapshots::new(shown);
    for input in 0..40_u64 {
        context.begin_input(input);
        kept.begin(&context, &Redaction::default());
        for step in 0..40_u64 {
            // Names repeat or are new, in an order that differs from input to input.
            for set in 0..step % 4 {
                let name = ((input * 7 + step * 5 + set * 3) % (1 + step)).to_string();
                context.tags.set(name.clone(), step);
                context.metrics.set(name.clone(), step * input);
                context.flags.set(name, step > input);
            }
            let before = written(&kept, Snapshots::write_after);
            kept.advance(&mut context, &Redaction::default());
            let mut fresh = Snapshots::new(shown);
            fresh.begin(&context, &Redaction::default());
            let after = written(&fresh, Snapshots::write_after);
            assert_eq!(written(&kept, Snapshots::write_before), before);
            assert_eq!(written(&kept, Snapshots::write_after), after);
            let diff = written(&kept, Snapshots::write_diff);
            assert_eq!(diff == "{}", before == after, "{diff}");
        }
    }
}

#[test]
fn the_mark_of_left_out_entries_counts_as_a_change() {
    let shown = FieldSet::of([ContextField::Flags]);
    let label = RunLabel { run_id: "run".into(), scenario_id: "test".into() };
    let mut context = Context::new(label, shown);
    let mut kept = Snapshots::new(shown);
    context.begin_input(1);
    kept.begin(&context, &Redaction::default());
    for entry in 0..crate::MAX_ENTRIES {
        context.flags.set(entry.to_string(), true);
    }
    kept.advance(&mut context, &Redaction::default());
    assert!(written(&kept, Snapshots::write_after).ends_with(r#""1023":true}}"#));
    context.flags.set("one beyond", true);
    kept.advance(&mut context, &Redaction::default());
    assert!(written(&kept, Snapshots::write_after).ends_with(r#""...(truncated)":false}}"#));
}

fn written(snapshots: &Snapshots, write: impl Fn(&Snapshots, &mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(snapshots, &mut out);
    String::from_utf8(out).unwrap()
}
