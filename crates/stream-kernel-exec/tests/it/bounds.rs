//! The bounds of a pipeline and of an input: what is at the bound passes, one beyond does not.

use stream_kernel_exec::{
    Declaration, Gate, InputOutcome, MAX_EMITTED_PER_INPUT, MAX_STEPS, Memory, Nothing, Registry,
};

use crate::binding::bound;
use crate::toy::{Line, Rig, Toy, Word};

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

/// Each has a name of its own, as long as its number.
struct Many<const N: usize>;

impl<const N: usize> Declaration for Many<N> {
    const NAME: &'static str =
        "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm".split_at(N).0;
    type Store = Gate<u64>;
}

macro_rules! declare {
    ($registry:expr, $($number:literal)+) => { $registry$(.memory::<Many<$number>>(|()| Gate::new()))+ };
}

fn with_64_declarations() -> Registry<Toy, ()> {
    declare!(Registry::new(), 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33
        34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64)
}

#[test]
fn as_many_declarations_as_possible_are_kept_apart() {
    let mut memory = with_64_declarations().build_memory(&());
    let mut records = Vec::new();
    let count = |memory: &mut Memory| memory.store::<Many<64>>().map(|gate| gate.get(&7));
    assert_eq!(count(&mut memory), Some(0));
    let record = [&[63][..], &7_u64.to_le_bytes(), &3_u64.to_le_bytes()].concat();
    memory.restore(&record).unwrap();
    let written = memory.snapshot::<()>(&mut |record| {
        records.extend_from_slice(record);
        Ok(())
    });
    assert_eq!(written, Ok(()));
    let mut restored = with_64_declarations().build_memory(&());
    restored.restore(&records).unwrap();
    assert_eq!(count(&mut restored), Some(3));
}

#[test]
#[should_panic(expected = "more than 64 declarations of memory")]
fn one_declaration_more_is_a_mistake() {
    let _ = with_64_declarations().memory::<Many<65>>(|()| Gate::new());
}
