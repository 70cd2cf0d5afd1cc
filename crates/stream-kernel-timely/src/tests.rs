//! Several workers against one: the same bytes, whatever the lines, the configuration, the epochs and the order of deliveries.

mod loads;
mod measured;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use loads::{Loads, PACKS, Random, config, lines};
use stream_kernel_run::Job;

use crate::planted::{Bug, PLANTED};
use crate::testing::{Results, Setting, Written, alone, resumed, together};

/// The number of configurations that are drawn.
const CONFIGURATIONS: u64 = 256;

/// Jobs by the number of their configuration: to load one takes longer than to run it.
#[derive(Default)]
struct Jobs(BTreeMap<u64, Job<Loads>>);

impl Jobs {
    fn get(&mut self, number: u64) -> &Job<Loads> {
        self.0.entry(number).or_insert_with(|| {
            let values = config(number);
            let loader =
                values.iter().fold(Job::<Loads>::loader(), |loader, value| loader.set(value.as_str()));
            Job::prepare(loader).unwrap_or_else(|mistakes| panic!("{mistakes}"))
        })
    }
}

/// Runs what a seed draws on one worker and on several; returns what differs.
fn check(jobs: &mut Jobs, seed: u64) -> Result<(), String> {
    PACKS.set(seed % 4 < 2);
    let mut random = Random::new(seed);
    let number = random.below(CONFIGURATIONS);
    let job = jobs.get(number);
    let input = lines(seed);
    let workers = 1 + random.index(5);
    let longest = input.len() as u64 + 1;
    // From two lines or less to all of them.
    let epoch_bytes = 1 + [20, 60, 200, 1000, longest][random.index(5)];
    let written = match random.below(4) {
        0 => Written::InParts,
        1 => Written::Gathered(1 + random.index(workers)),
        _ => Written::AtPlaces,
    };
    let setting = Setting { workers, epoch_bytes, seed, written, trace_room: u64::MAX };
    let expected = alone(job.again().unwrap(), &input);
    let context = |what: String| {
        let input = String::from_utf8_lossy(&input);
        format!("{what}\nseed {seed}, {setting:?}, {:#?}, lines:\n{input}", config(number))
    };
    let found = together(job, &input, setting).map_err(context)?;
    let is_refused = found.told.last().is_some_and(|told| told.contains("several workers cannot share that"));
    if is_refused {
        // What was decided before is right.
        let is_right = input.contains(&b'+')
            && expected.output.starts_with(&found.output)
            && expected.trace.starts_with(&found.trace);
        return if is_right { Ok(()) } else { Err(context(format!("refused wrongly: {found:#?}"))) };
    }
    if found == expected {
        return Ok(());
    }
    Err(context(format!("several workers: {found:#?}\none: {expected:#?}")))
}

/// Runs what a seed draws on several workers that save it, and goes on from what was saved; returns what differs.
fn check_resumed(jobs: &mut Jobs, seed: u64) -> Result<(), String> {
    PACKS.set(seed % 4 < 2);
    let mut random = Random::new(seed);
    let number = random.below(CONFIGURATIONS);
    let job = jobs.get(number);
    let input = lines(seed);
    let workers = 1 + random.index(5);
    let epoch_bytes = 1 + [20, 60, 200][random.index(3)];
    let setting = Setting { workers, epoch_bytes, seed, written: Written::AtPlaces, trace_room: u64::MAX };
    let context = |what: String| {
        let input = String::from_utf8_lossy(&input);
        format!("{what}\nseed {seed}, {setting:?}, {:#?}, lines:\n{input}", config(number))
    };
    let (first, second) = resumed(job, &input, setting).map_err(context)?;
    let is_refused = |results: &Results| {
        results.told.last().is_some_and(|told| told.contains("several workers cannot share that"))
    };
    if is_refused(&first) {
        return Ok(());
    }
    let expected = alone(job.again().unwrap(), &input);
    if first != expected {
        return Err(context(format!("several workers that save: {first:#?}\none: {expected:#?}")));
    }
    let Some((second, expected_of_second)) = second else { return Ok(()) };
    if second != expected_of_second
        || (&second.output, &second.trace, &second.summary)
            != (&expected.output, &expected.trace, &expected.summary)
    {
        return Err(context(format!("resumed: {second:#?}\none: {expected_of_second:#?}")));
    }
    Ok(())
}

/// Checks what these seeds draw.
fn check_all(seeds: impl Iterator<Item = u64>) {
    let mut jobs = Jobs::default();
    for seed in seeds {
        check(&mut jobs, seed).unwrap_or_else(|what| panic!("{what}"));
    }
}

#[test]
fn workers_go_on_from_what_others_have_saved() {
    let mut jobs = Jobs::default();
    for seed in 0..2_000 {
        check_resumed(&mut jobs, seed).unwrap_or_else(|what| panic!("{what}"));
    }
}

// Two tests, since there may be two cores.
#[test]
fn several_workers_do_what_one_does() {
    check_all((0..10_000).step_by(2));
}

#[test]
fn several_workers_do_what_one_does_once_more() {
    check_all((1..10_000).step_by(2));
}

/// More cases: `SEEDS=10000..1000000 cargo test --release -p stream-kernel-timely -- --ignored`.
#[test]
#[ignore = "takes as long as one likes"]
#[expect(clippy::disallowed_methods, reason = "there is no other way to tell a test")]
fn several_workers_do_what_one_does_for_long() {
    let seeds = std::env::var("SEEDS").unwrap_or_default();
    let bound =
        |text: &str| text.parse::<u64>().unwrap_or_else(|_| panic!("SEEDS is FROM..TO, not `{seeds}`"));
    let (from, to) = seeds.split_once("..").unwrap_or(("", ""));
    check_all(bound(from)..bound(to));
    let mut jobs = Jobs::default();
    for seed in bound(from)..bound(to) {
        check_resumed(&mut jobs, seed).unwrap_or_else(|what| panic!("{what}"));
    }
}

/// Decisions never depend on the trace: without room for it, it ends with an epoch, and everything else is as it would be.
#[test]
fn a_trace_without_room_ends_and_nothing_else_does() {
    let mut jobs = Jobs::default();
    let mut ended = 0;
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let job = jobs.get(random.below(CONFIGURATIONS));
        let input = lines(seed);
        let workers = 1 + random.index(3);
        let written = if random.below(2) == 0 { Written::AtPlaces } else { Written::Gathered(1) };
        let setting = Setting { workers, epoch_bytes: 60, seed, written, trace_room: random.below(20_000) };
        let expected = together(job, &input, Setting { trace_room: u64::MAX, ..setting }).unwrap();
        let mut found = together(job, &input, setting).unwrap();
        if found.told.last().is_some_and(|told| told.starts_with("the trace ends with line ")) {
            found.told.pop();
            ended += 1;
            assert!(found.trace.is_empty() || found.trace.ends_with('\n'), "seed {seed}: a torn record");
        } else {
            assert!(found.trace == expected.trace, "seed {seed}: another trace, and no word of it");
        }
        assert!(expected.trace.starts_with(&found.trace), "seed {seed}: another trace");
        found.trace.clone_from(&expected.trace);
        assert!(found == expected, "seed {seed}: other results");
    }
    assert!(ended > 20, "there was room for nearly all: {ended}");
}

/// The cases find bugs: each of these makes a run differ, or break down.
#[test]
fn planted_bugs_are_found() {
    let mut jobs = Jobs::default();
    let mut missed = Vec::new();
    for bug in Bug::ALL {
        PLANTED.set(Some(bug));
        let is_found = (0..4_000).any(|seed| {
            let checked = catch_unwind(AssertUnwindSafe(|| {
                check(&mut jobs, seed).and_then(|()| check_resumed(&mut jobs, seed))
            }));
            checked.map_or(true, |checked| checked.is_err())
        });
        if !is_found {
            missed.push(bug);
        }
    }
    PLANTED.set(None);
    assert_eq!(missed, []);
}

/// An owner does not know what others have under a key: it ends the run, and decides nothing by it.
#[test]
fn a_step_that_looks_up_another_key_ends_the_run() {
    for traced in [false, true] {
        let loader = Job::<Loads>::loader()
            .set("runtime.pipeline=[parse, first, count_next, write]")
            .set(format!("runtime.tracing.enabled={traced}"));
        let job = Job::<Loads>::prepare(loader).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let input = b"1 0 p 3\n2 0 p 3\n";
        assert!(alone(job.again().unwrap(), input).output.starts_with("1x 1 1 p"), "one worker can do it");
        for (workers, seed) in [(1, 1), (3, 1), (3, 2)] {
            let written = Written::AtPlaces;
            let setting = Setting { workers, epoch_bytes: 100, seed, written, trace_room: u64::MAX };
            let found = together(&job, input, setting).unwrap();
            assert_eq!(found.output, "", "{setting:?}");
            let told = found.told.last().unwrap();
            assert!(
                told.starts_with("line 1: step `first` failed: KeyDiffers: it looks into `ids`"),
                "{told}"
            );
        }
    }
}

/// By which key each stage of a pipeline is shared out; none for one whose steps look into several tables.
#[test]
fn stages_are_told_by_what_steps_look_into() {
    let stages = |pipeline: &str| {
        let loader =
            Job::<Loads>::loader().set(format!("runtime.pipeline=[{pipeline}]")).set("runtime.strict=false");
        let job = Job::<Loads>::prepare(loader).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let stages = job.scenario().stages().unwrap();
        stages.into_iter().map(|stage| (stage.key, stage.steps)).collect::<Vec<_>>()
    };
    assert_eq!(stages("parse, first, judge, settle, write"), [(Some("ids"), 1..2), (Some("sums"), 2..4)]);
    assert_eq!(stages("parse, first, judge, count_id, write"), [(None, 1..4)]);
}
