//! Binding: the faults that are found before a pipeline runs.

use std::fmt::Write as _;

use stream_kernel_exec::{Nothing, Registry};

use crate::toy::{Line, Log, Report, Rig, Toy, Verdict, Word, WordOrVerdict};

/// Binds the rig's pipeline both ways and returns whether each can run, and the faults with their positions.
pub(crate) fn bound(rig: &Rig) -> String {
    let strict = rig.bind(true, &Log::default());
    let lenient = rig.bind(false, &Log::default());
    let verdict = |runs: bool| if runs { "runs" } else { "refused" };
    let mut told = format!("strict: {}, not strict: {}", verdict(strict.is_ok()), verdict(lenient.is_ok()));

    let faults = strict.err().map_or_else(Vec::new, |faults| faults.as_slice().to_vec());
    let warnings =
        lenient.map_or_else(|faults| faults.as_slice().to_vec(), |scenario| scenario.warnings().to_vec());
    assert_eq!(faults, warnings, "what is an error when strict is listed as well when not");
    for fault in faults {
        let place = fault.index().map_or("pipeline".to_owned(), |index| format!("step {index}"));
        write!(told, "\n{place}: {fault}").unwrap();
    }
    told
}

/// A pipeline that fits: lines are split, words judged, verdicts reported.
fn fitting() -> Rig {
    Rig::new()
        .step::<Line, WordOrVerdict>("split", |text| vec![Word::from(text).into()])
        .step::<Word, Verdict>("judge", |text| vec![text.into()])
        .step::<Verdict, Report>("sum", |text| vec![text.into()])
        .step::<Report, Nothing>("write", |_| vec![])
}

#[test]
fn a_pipeline_that_fits_tells_how_it_is_wired() {
    assert_eq!(bound(&fitting()), "strict: runs, not strict: runs");
    let scenario = fitting().bind(true, &Log::default()).unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut told = String::new();
    for step in scenario.wiring() {
        let routes: Vec<_> = step.routes.iter().map(|route| (route.kind, route.to)).collect();
        writeln!(told, "{} {} takes {}: {routes:?}", step.index, step.name, step.takes).unwrap();
    }
    insta::assert_snapshot!(told, @r#"
    0 split takes Line: [("Word", Some("judge")), ("Verdict", Some("sum"))]
    1 judge takes Word: [("Verdict", Some("sum"))]
    2 sum takes Verdict: [("Report", Some("write"))]
    3 write takes Report: []
    "#);
}

#[test]
fn an_unknown_step_is_named_with_its_consequences() {
    insta::assert_snapshot!(bound(&fitting().pipeline("split jugde sum write")), @"
    strict: refused, not strict: runs
    step 0: step `split` emits `Word`, which no later step takes
    step 1: no step is named `jugde`
    ");
}

#[test]
fn an_unfed_step_is_one_fault() {
    // `sum` would get verdicts from `judge` if `judge` got words: one cause, one fault.
    let rig = Rig::new()
        .step::<Line, Nothing>("swallow", |_| vec![])
        .step::<Word, Verdict>("judge", |text| vec![text.into()])
        .step::<Verdict, Nothing>("sum", |_| vec![]);
    insta::assert_snapshot!(bound(&rig), @"
    strict: refused, not strict: runs
    step 1: step `judge` takes `Word`, which no earlier step sends it
    ");
}

#[test]
fn only_an_earlier_step_feeds() {
    insta::assert_snapshot!(bound(&fitting().pipeline("split sum judge write")), @"
    strict: refused, not strict: runs
    step 2: step `judge` emits `Verdict`, which no later step takes
    ");
}

#[test]
fn a_second_taker_of_the_sources_kind_is_unfed() {
    let rig =
        Rig::new().step::<Line, Nothing>("swallow", |_| vec![]).step::<Line, Nothing>("never", |_| vec![]);
    insta::assert_snapshot!(bound(&rig), @"
    strict: refused, not strict: runs
    step 1: step `never` takes `Line`, which no earlier step sends it
    ");
}

#[test]
fn a_kind_that_no_later_step_takes_is_a_fault() {
    insta::assert_snapshot!(bound(&fitting().pipeline("split judge")), @"
    strict: refused, not strict: runs
    step 0: step `split` emits `Verdict`, which no later step takes
    step 1: step `judge` emits `Verdict`, which no later step takes
    ");
}

#[test]
fn a_source_kind_that_no_step_takes_is_a_fault() {
    insta::assert_snapshot!(bound(&fitting().pipeline("write")), @"
    strict: refused, not strict: runs
    pipeline: no step takes `Line`, which the source gives
    step 0: step `write` takes `Report`, which no earlier step sends it
    ");
}

#[test]
fn an_empty_pipeline_lets_nothing_through() {
    insta::assert_snapshot!(bound(&Rig::new()), @"
    strict: refused, not strict: runs
    pipeline: no step takes `Line`, which the source gives
    ");
    assert_eq!(Rig::new().not_strict().story(&["a", "b"]), "inputs 2, undeliverable 2");
}

#[test]
fn a_step_listed_twice_cannot_run_even_when_not_strict() {
    // Both positions would share a name: neither a target nor a reader of a trace could distinguish them.
    insta::assert_snapshot!(bound(&fitting().pipeline("split judge judge sum write")), @"
    strict: refused, not strict: refused
    step 2: step `judge` is listed twice (its first place is 1)
    ");
}

#[test]
fn a_step_that_cannot_be_built_cannot_run_even_when_not_strict() {
    // Its kinds are known anyway, so the steps around it have no additional faults.
    let rig = Rig::new()
        .step::<Line, Word>("split", |text| vec![text.into()])
        .refusing::<Word>("count", "`limit` is below 0");
    insta::assert_snapshot!(bound(&rig), @"
    strict: refused, not strict: refused
    step 1: step `count` cannot be built: `limit` is below 0
    ");
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_pipeline() {
    let rig = fitting()
        .refusing::<Word>("count", "no counter")
        .pipeline("write count split nowhere count judge sum");
    insta::assert_snapshot!(bound(&rig), @"
    strict: refused, not strict: refused
    step 0: step `write` takes `Report`, which no earlier step sends it
    step 1: step `count` cannot be built: no counter
    step 1: step `count` takes `Word`, which no earlier step sends it
    step 3: no step is named `nowhere`
    step 4: step `count` is listed twice (its first place is 1)
    step 6: step `sum` emits `Report`, which no later step takes
    ");
}

#[test]
fn a_lenient_pipeline_runs_as_far_as_it_fits() {
    // Without the misspelt `judge`, words find no taker, and `sum` gets nothing.
    let rig = fitting().pipeline("split jugde sum write").not_strict();
    insta::assert_snapshot!(rig.story(&["a", "b"]), @r#"
    1 split < Line "a"
    2 split < Line "b"
    inputs 2, undeliverable 2
    "#);
}

#[test]
fn an_unknown_step_is_skipped_but_keeps_its_index() {
    let rig = fitting().pipeline("split tally judge sum write").not_strict();
    insta::assert_snapshot!(rig.tapes(&["a"]), @r#"
    run:1 0 split #0: Line -> ["Word"]
    run:1 2 judge #0: Word -> ["Verdict"]
    run:1 3 sum #0: Verdict -> ["Report"]
    run:1 4 write #0: Report -> []
    "#);
}

#[test]
#[should_panic(expected = "step `split` is registered twice")]
fn registering_a_name_twice_is_a_mistake_in_the_code() {
    let _ = fitting().step::<Word, Nothing>("split", |_| vec![]);
}

#[test]
fn a_registry_lists_its_steps_in_order() {
    assert_eq!(fitting().names(), ["split", "judge", "sum", "write"]);
    assert_eq!(Registry::<Toy, Log>::default().names().count(), 0);
}
