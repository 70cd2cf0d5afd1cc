//! What steps find, what a line that ends the run leaves, inputs that are prepared, stages that run alone, snapshots.

use stream_kernel_exec::trace::{
    CanonicalContent, Context, ManualClock, Recorder, RunLabel, Timestamp, TraceSettings,
};
use stream_kernel_exec::{
    Counters, Declaration, Emitter, Encode, Entry, Gate, GateCount, InputOutcome, KeyedStep, Kind, Limit,
    Mark, NotRestored, Nothing, OnStepError, Payload, Plan, Registry, Role, Scenario, Share, Stage, Step,
    StepError, SyncRunner, Table, Tally, Watermark, messages,
};

/// A load: who, how much, on which day. The text is `who amount day`, or how a step is to fail.
#[derive(Clone)]
struct Text(String);

struct Load {
    who: String,
    amount: u64,
    day: i64,
    fails: Option<&'static str>,
}

struct Judged(Load);

messages! {
    /// What moves through the toy.
    enum Toy { Text, Load, Judged }
}

impl Payload for Text {
    fn digest(&self, content: &mut CanonicalContent) {
        content.text("text", &self.0);
    }
}

impl Payload for Load {
    fn digest(&self, content: &mut CanonicalContent) {
        content.text("who", &self.who);
    }
}

impl Payload for Judged {
    fn digest(&self, content: &mut CanonicalContent) {
        self.0.digest(content);
    }
}

/// What each has loaded.
struct Sums;

impl Declaration for Sums {
    const NAME: &'static str = "sums";
    type Store = Table<String, u64>;
}

/// How many large loads there were on a day.
struct Large;

impl Declaration for Large {
    const NAME: &'static str = "large";
    type Store = Gate<i64>;
}

/// The greatest day.
struct Latest;

impl Declaration for Latest {
    const NAME: &'static str = "latest";
    type Store = Watermark;
}

/// Accepted and declined.
struct Outcomes;

impl Declaration for Outcomes {
    const NAME: &'static str = "outcomes";
    type Store = Tally;
}

struct Read;

impl Step<Toy> for Read {
    type Takes = Text;
    type Emits = Load;

    fn process(
        &self,
        text: Text,
        context: &mut Context,
        out: &mut Emitter<'_, Toy, Load>,
    ) -> Result<(), StepError> {
        let mut words = text.0.split(' ');
        let who = words.next().unwrap_or_default().to_owned();
        context.tags.set("who", &who);
        if who == "unreadable" {
            return Err(StepError::new("Unreadable", "cannot be read"));
        }
        let fails = ["early", "late", "panic"].into_iter().find(|fails| text.0.ends_with(fails));
        let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
        out.emit(Load { who, amount: number(), day: i64::try_from(number()).unwrap(), fails });
        Ok(())
    }
}

struct Add;

impl KeyedStep<Toy> for Add {
    type Takes = Load;
    type Emits = Judged;
    type State = (Sums, Large, Latest);

    fn key(&self, load: &Load) -> (String, i64, i64) {
        (load.who.clone(), load.day, load.day)
    }

    fn process(
        &self,
        load: Load,
        (mut sum, mut large, latest): (Entry<'_, String, u64>, GateCount<'_, i64>, Mark),
        _: &mut Context,
        out: &mut Emitter<'_, Toy, Judged>,
    ) -> Result<(), StepError> {
        let now = sum.get().unwrap_or_default() + load.amount;
        if load.fails == Some("early") {
            return Err(StepError::new("Early", "failed"));
        }
        sum.set(&now)?;
        let before = large.get();
        if load.amount > 9 {
            large.add(1);
        }
        if latest.before.is_some_and(|before| latest.now > before + 5) {
            out.notice("jump", 2, format_args!("the day jumps to {}", latest.now));
        }
        out.write(format!("{} {now} large {before} latest {} ", load.who, latest.now).as_bytes());
        out.emit(Judged(load));
        Ok(())
    }
}

struct Count;

impl KeyedStep<Toy> for Count {
    type Takes = Judged;
    type Emits = Nothing;
    type State = (Sums, Outcomes);

    fn key(&self, judged: &Judged) -> (String, ()) {
        (judged.0.who.clone(), ())
    }

    fn process(
        &self,
        judged: Judged,
        (mut sum, mut outcomes): (Entry<'_, String, u64>, Counters<'_>),
        _: &mut Context,
        out: &mut Emitter<'_, Toy, Nothing>,
    ) -> Result<(), StepError> {
        outcomes.add(usize::from(judged.0.amount > 9), 1);
        out.write(format!("sum {:?}\n", sum.get()).as_bytes());
        match judged.0.fails {
            Some("late") => Err(StepError::new("Late", "failed")),
            Some("panic") => panic!("a step panics"),
            _ => Ok(()),
        }
    }
}

fn registry(large: fn() -> Gate<i64>) -> Registry<Toy, ()> {
    let max = std::num::NonZeroU64::new(3);
    let limit = Limit { name: "max_people", one: "person", many: "people", max, remedy: "raise it" };
    Registry::new()
        .memory::<Sums>(move |()| Table::new().limit(limit))
        .memory::<Large>(move |()| large())
        .memory::<Latest>(|()| Watermark::new())
        .memory::<Outcomes>(|()| Tally::new(2))
        .with("read", |()| Read)
        .with_keyed("add", |()| Add)
        .with_keyed("count", |()| Count)
}

fn runner(on_step_error: OnStepError) -> SyncRunner<Toy> {
    runner_with(Gate::new, on_step_error)
}

fn runner_with(large: fn() -> Gate<i64>, on_step_error: OnStepError) -> SyncRunner<Toy> {
    SyncRunner::new(
        scenario(large),
        RunLabel { run_id: "run".into(), scenario_id: "toy".into() },
        on_step_error,
    )
}

fn scenario(large: fn() -> Gate<i64>) -> Scenario<Toy> {
    let pipeline = ["read", "add", "count"].map(str::to_owned);
    let plan = Plan { source: Kind::of::<Toy, Text>(), pipeline: &pipeline, strict: true };
    registry(large).bind(plan, &()).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// Takes the lines one by one, and returns what each writes, or why it fails.
fn story(runner: &mut SyncRunner<Toy>, first_line_no: u64, lines: &[&str]) -> String {
    let line = |(line_no, text): (u64, &&str)| {
        let done = runner.process(line_no, Text((*text).to_owned()));
        told(runner, done)
    };
    (first_line_no..).zip(lines).map(line).collect()
}

fn told<E: std::fmt::Display>(runner: &SyncRunner<Toy>, done: Result<InputOutcome, E>) -> String {
    match done {
        Ok(InputOutcome::Completed) => String::from_utf8(runner.written().to_vec()).unwrap(),
        Ok(InputOutcome::Abandoned(failure)) => {
            assert_eq!(runner.written(), b"", "an abandoned line has no output");
            format!("abandoned: {failure}\n")
        }
        Err(failure) => {
            assert_eq!(runner.written(), b"");
            format!("ended: {failure}\n")
        }
    }
}

#[test]
fn steps_find_what_earlier_lines_have_left() {
    let lines = ["ann 5 1", "bob 10 1", "ann 20 3", "bob 1 1", "ann 1 3"];
    insta::assert_snapshot!(story(&mut runner(OnStepError::Stop), 1, &lines), @"
    ann 5 large 0 latest 1 sum Some(5)
    bob 10 large 0 latest 1 sum Some(10)
    ann 25 large 0 latest 3 sum Some(25)
    bob 11 large 1 latest 3 sum Some(11)
    ann 26 large 1 latest 3 sum Some(26)
    ");
}

/// Whatever steps add to it: then several workers, who do not tell each other what they add, find what one does.
#[test]
fn a_closed_gate_stays_at_0_and_leaves_nothing_to_agree_upon() {
    let lines = ["ann 50 1", "ann 50 1", "ann 1 1"];
    for (large, finds, is_tried) in [(Gate::new as fn() -> _, 2, true), (Gate::closed, 0, false)] {
        let mut runner = runner_with(large, OnStepError::Stop);
        let story = story(&mut runner, 1, &lines);
        assert!(story.ends_with(&format!("ann 101 large {finds} latest 1 sum Some(101)\n")), "{story}");
        let scenario = scenario(large);
        let stages = scenario.stages().unwrap();
        assert_eq!(stages.iter().map(Stage::is_tried).collect::<Vec<_>>(), [is_tried]);
    }
}

/// The line comes again when the run is resumed: it must find what the line before has left.
#[test]
fn a_line_that_ends_the_run_changes_nothing() {
    for failing in ["ann 50 9 early", "eve 50 9 late", "ann 50 9 panic", "unreadable"] {
        let mut runner = runner(OnStepError::Stop);
        story(&mut runner, 1, &["ann 5 1", "bob 10 1"]);
        let before = snapshot(&mut runner);
        assert!(story(&mut runner, 3, &[failing]).starts_with("ended: line 3"), "{failing}");
        assert_eq!(snapshot(&mut runner), before, "{failing}");
        let again = story(&mut runner, 3, &["ann 1 2"]);
        assert_eq!(again, "ann 6 large 0 latest 2 sum Some(6)\n", "{failing}");
    }
}

#[test]
fn a_line_beyond_a_limit_changes_nothing() {
    let mut runner = runner(OnStepError::Continue);
    insta::assert_snapshot!(story(&mut runner, 1, &["a 1 1", "b 1 1", "c 1 1", "d 50 7", "a 1 1"]), @"
    a 1 large 0 latest 1 sum Some(1)
    b 1 large 0 latest 1 sum Some(1)
    c 1 large 0 latest 1 sum Some(1)
    ended: line 4: step `add` failed: StoreFull: the person is new, and as many are remembered as `runtime.limits.max_people` allows: 3 (raise it)
    a 2 large 0 latest 1 sum Some(2)
    ");
}

/// What the steps before the one that failed have changed stays, as if the line had come to its end there.
#[test]
fn an_abandoned_line_keeps_earlier_changes() {
    let lines = ["ann 5 1", "ann 10 8 late", "ann 7 9 early", "ann 1 1"];
    insta::assert_snapshot!(story(&mut runner(OnStepError::Continue), 1, &lines), @"
    ann 5 large 0 latest 1 sum Some(5)
    abandoned: line 2: step `count` failed: Late: failed
    abandoned: line 3: step `add` failed: Early: failed
    ann 16 large 0 latest 9 sum Some(16)
    ");
}

#[test]
fn notices_are_told_so_often_and_no_more() {
    let mut runner = runner(OnStepError::Continue);
    story(&mut runner, 1, &["a 1 1", "a 1 10", "a 1 20 late", "a 1 30", "a 1 40", "a 1 50"]);
    let notices = runner.take_notices().join("\n");
    insta::assert_snapshot!(notices, @"
    the day jumps to 10
    the day jumps to 30; further lines of this kind are not reported
    ");
    assert_eq!(runner.take_notices(), [""; 0]);
}

const MIXED: [&str; 9] = [
    "a 1 1",
    "b 10 1",
    "unreadable",
    "a 20 3",
    "b 1 1 late",
    "a 1 3 early",
    "c 3 4",
    "a 2 2 panic",
    "b 30 9",
];

fn mixed(at: u64) -> &'static str {
    MIXED[usize::try_from(at * 7 + at / 5).unwrap() % MIXED.len()]
}

/// Whatever is prepared ahead, and in blocks of whatever size: the same output, counts and memory.
#[test]
fn prepared_inputs_come_to_the_same() {
    let mut plain = runner(OnStepError::Continue);
    let expected: Vec<_> = (1..=200).map(|line_no| story(&mut plain, line_no, &[mixed(line_no)])).collect();
    for (block, traced) in [(1, false), (3, false), (16, false), (200, false), (16, true)] {
        let mut ahead = runner(OnStepError::Continue);
        if traced {
            let clock = ManualClock::new(Timestamp::from_nanos(0), 1_000);
            ahead = ahead.with_recorder(Recorder::new(TraceSettings::default(), clock));
        }
        let mut found = Vec::new();
        for begin in (1..=200).step_by(block) {
            let lines = begin..(begin + block as u64).min(201);
            for line_no in lines {
                ahead.prepare(line_no, Text(mixed(line_no).to_owned()));
            }
            ahead.prefetch();
            while let Some(done) = ahead.process_prepared() {
                found.push(told(&ahead, done));
            }
        }
        assert_eq!(found, expected, "blocks of {block}");
        assert_eq!((ahead.report(), snapshot(&mut ahead)), (plain.report(), snapshot(&mut plain)));
    }
}

/// A tape shows an input that was prepared as any other: no record is missing, and none is there twice.
#[test]
fn prepared_inputs_are_traced_alike() {
    use std::sync::{Arc, Mutex};
    let traced = |is_prepared: bool| {
        let tape = Arc::new(Mutex::new(String::new()));
        let writer = Arc::clone(&tape);
        let clock = ManualClock::new(Timestamp::from_nanos(0), 1_000);
        let mut runner = runner(OnStepError::Continue)
            .with_recorder(Recorder::new(TraceSettings::default(), clock))
            .with_observer(move |context| {
                *writer.lock().unwrap() += &format!("{:?}\n", context.trace());
            });
        for line_no in 1..=20 {
            let text = Text(mixed(line_no).to_owned());
            if is_prepared {
                runner.prepare(line_no, text);
            } else {
                let _ = runner.process(line_no, text);
            }
        }
        while runner.process_prepared().is_some() {}
        drop(runner);
        Arc::into_inner(tape).unwrap().into_inner().unwrap()
    };
    let expected = traced(false);
    assert!(expected.matches("TraceRecord").count() > 40);
    assert_eq!(traced(true), expected);
}

fn snapshot(runner: &mut SyncRunner<Toy>) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let written = runner.memory().snapshot::<()>(&mut |record| {
        records.push(record.to_vec());
        Ok(())
    });
    assert_eq!(written, Ok(()));
    records
}

/// A restored run answers as the one before would have, wherever it was stopped.
#[test]
fn a_snapshot_restores_to_the_same_answers() {
    for stopped_after in 0..40 {
        let mut whole = runner(OnStepError::Continue);
        for line_no in 1..=stopped_after {
            story(&mut whole, line_no, &[mixed(line_no)]);
        }
        let records = snapshot(&mut whole);
        let mut resumed = runner(OnStepError::Continue);
        for record in &records {
            resumed.memory().restore(record).unwrap();
        }
        assert_eq!(snapshot(&mut resumed), records);
        for line_no in stopped_after + 1..60 {
            let line = [mixed(line_no)];
            assert_eq!(story(&mut resumed, line_no, &line), story(&mut whole, line_no, &line));
        }
    }
}

#[test]
fn records_of_other_memory_are_rejected() {
    let mut whole = runner(OnStepError::Continue);
    story(&mut whole, 1, &["ann 5 1", "bob 10 1"]);
    for record in snapshot(&mut whole) {
        for len in 1..record.len() {
            let mut empty = runner(OnStepError::Stop);
            let restored = empty.memory().restore(&record[..len]);
            assert_eq!(restored, Err(NotRestored::Corrupt), "{record:?} cut at {len}");
            assert_eq!(empty.memory().check(&record[..len]), restored);
        }
        assert_eq!(runner(OnStepError::Stop).memory().check(&record), Ok(()));
    }
    for other in [&[9_u8, 1][..], &[255, 0, 4, b's', b'u', b'm', b'z'], &[255, 7, 0]] {
        assert_eq!(runner(OnStepError::Stop).memory().restore(other), Err(NotRestored::Corrupt));
    }
}

/// Without a watermark nothing would ever be forgotten, and nobody would be told.
#[test]
#[should_panic(expected = "`sums` forgets, but no `forgets_by` says by which watermark")]
fn a_table_that_forgets_needs_a_watermark() {
    let sums = |(): &()| Table::new().forgets(1, |_, _| 0);
    Registry::<Toy, ()>::new().memory::<Sums>(sums).build_memory(&());
}

#[test]
fn memory_that_is_not_declared_so_is_a_fault() {
    /// Looks sums up by another key.
    struct Other;

    impl Declaration for Other {
        const NAME: &'static str = "sums";
        type Store = Table<u64, u64>;
    }

    struct Misled;

    impl KeyedStep<Toy> for Misled {
        type Takes = Load;
        type Emits = Judged;
        type State = Option<Other>;

        fn key(&self, load: &Load) -> Option<u64> {
            Some(load.amount)
        }

        fn process(
            &self,
            load: Load,
            _: Option<Entry<'_, u64, u64>>,
            _: &mut Context,
            out: &mut Emitter<'_, Toy, Judged>,
        ) -> Result<(), StepError> {
            out.emit(Judged(load));
            Ok(())
        }
    }

    let pipeline = ["read", "add", "count"].map(str::to_owned);
    let faults = |registry: Registry<Toy, ()>, strict| {
        let plan = Plan { source: Kind::of::<Toy, Text>(), pipeline: &pipeline, strict };
        registry.bind(plan, &()).err().map(|faults| faults.to_string()).unwrap_or_default()
    };
    let undeclared = || {
        Registry::new()
            .memory::<Sums>(|()| Table::new())
            .with("read", |()| Read)
            .with_keyed("add", |()| Misled)
            .with_keyed("count", |()| Count)
    };
    insta::assert_snapshot!(faults(undeclared(), true), @"
    step `add` looks into the memory `sums` by `u64`, and it is declared otherwise, by `alloc::string::String`
    step `count` looks into the memory `outcomes`, which is not declared
    ");
    assert_eq!(faults(undeclared(), false), faults(undeclared(), true), "no pipeline can run so");
}

/// Steps that look into the same memory are one stage. Somebody else has the memory here: the owner runs the stage on it and notes what each
/// line finds, and the line's home runs on these notes.
#[test]
fn a_stage_runs_where_its_memory_is() {
    let mut whole = runner(OnStepError::Continue);
    let (mut owner, mut home) = (runner(OnStepError::Continue), runner(OnStepError::Continue));
    let stages = scenario(Gate::new).stages().unwrap();
    let [stage] = stages.as_slice() else { panic!("{stages:?}") };
    assert_eq!((stage.key, stage.steps.clone()), (Some("sums"), 1..3));
    owner.take_role(Role::Owner, &stages);
    home.take_role(Role::Home, &stages);
    let mut share = Share::default();
    let mut watermark = None;
    for line_no in 1..=200 {
        let text = mixed(line_no);
        let paused = home.start(line_no, Text(text.to_owned()), stage.steps.start);
        let mut found = Vec::new();
        let asks = paused.entering(stage).next().is_some();
        if let Some((step, message)) = paused.entering(stage).next() {
            home.share(stage, step, message, &mut share);
            let mut who = Vec::new();
            text.split(' ').next().unwrap().to_owned().encode(&mut who);
            assert_eq!(share.owner(), Some(who.as_slice()), "it is shared out by the table's key");
        }
        if asks {
            let again = home.start(line_no, Text(text.to_owned()), stage.steps.start);
            owner.run_stage(
                line_no,
                stage,
                (again.emitted(), again.alone().is_some()),
                again.into_entering(stage),
                &mut found,
            );
            home.memory().set_watermark(stage, watermark);
            home.memory().read_found(stage, &found).unwrap();
            let after = share.time().and_then(|day| owner.memory().watermark_after(stage, watermark, day));
            watermark = after.or(watermark);
        }
        let done = home.finish_paused(paused);
        assert_eq!(told(&home, done), story(&mut whole, line_no, &[text]), "line {line_no}");
        owner.memory().end_epoch(stage);
    }
    let sums = |runner: &mut SyncRunner<Toy>| {
        let sums = runner.memory().store::<Sums>().unwrap();
        sums.entries().map(|(who, sum)| (who.clone(), sum)).collect::<Vec<_>>()
    };
    assert_eq!(sums(&mut owner), sums(&mut whole));
    assert_eq!(sums(&mut home), [], "nothing stays at home");
    assert_eq!(home.memory().read_found(stage, b"torn"), None);
}

#[test]
fn a_runner_can_go_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&runner(OnStepError::Stop));
}
