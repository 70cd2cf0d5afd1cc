//! The bounds of a pipeline and of an input: what is at the bound passes, one beyond does not.

use stream_kernel_exec::{InputOutcome, MAX_EMITTED_PER_INPUT, MAX_STEPS, Nothing};

use crate::binding::bound;
use crate::toy::{Line, Rig, Word};

/// A pipeline of `count` steps, each of which hands lines to the next.
fn chain(count: usize) -> Rig {
    let relay = |rig: Rig, index: usize| {
        rig.step::<Line, Line>(format!("step_{index}").leak(), |text| vec![text.into()])
    };
    (1..count).fold(Rig::new(), relay).step::<Line, Nothing>("last", |_| vec![])
}

#[test]
fn a_pipeline_has_at_most_256_steps() {
    assert_eq!(MAX_STEPS, 256);
    assert_eq!(bound(&chain(256)), "strict: runs, not strict: runs");
    let story = chain(256).story(&["a"]);
    assert_eq!(story.lines().nth(255), Some("1 last < Line \"a\""), "the last step is reached");
    insta::assert_snapshot!(bound(&chain(257)), @"
    strict: refused, not strict: refused
    pipeline: the pipeline lists 257 steps, and at most 256 are possible
    ");
}

/// A pipeline that emits as many words as the line says, and one more for the first of them.
fn bursting() -> Rig {
    Rig::new()
        .step::<Line, Word>("burst", |text| {
            (0..text.parse().unwrap()).map(|word: usize| Word(word.to_string())).collect()
        })
        .step::<Word, Word>("relay", |text| if text == "0" { vec![text.into()] } else { vec![] })
        .step::<Word, Nothing>("take", |_| vec![])
}

#[test]
fn all_steps_together_emit_at_most_65536_messages_for_an_input() {
    assert_eq!(MAX_EMITTED_PER_INPUT, 65_536);
    let (mut runner, log) = bursting().continuing().runner();
    // `relay` adds one word to those of `burst`. What one input has used up is there again for the next.
    let outcomes = ["65535", "65536", "65537", "65535"].map(|words| {
        log.lock().unwrap().clear();
        match runner.process(1, Line::from(words)) {
            Ok(InputOutcome::Completed) => format!("{words}: completed"),
            Ok(InputOutcome::Abandoned(failure)) | Err(failure) => format!("{words}: {failure}"),
        }
    });
    insta::assert_snapshot!(outcomes.join("\n"), @"
    65535: completed
    65536: line 1: step `relay` failed: TooManyMessages: more than 65536 messages were emitted for one input
    65537: line 1: step `burst` failed: TooManyMessages: more than 65536 messages were emitted for one input
    65535: completed
    ");
}
