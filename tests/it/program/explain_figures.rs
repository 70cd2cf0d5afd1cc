//! The figures of `explain`, compared with the naive model: the counts before, the limits, and the amount that would
//! have passed, which must pass if it is tried, and with a cent more must not.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stream_kernel_tests::model::{Figures, Settings, Verdict, adjudicate, baseline, exp_mp};
use stream_kernel_tests::streams::{clean_input, configuration, hostile_input};

use super::folder::Folder;
use super::harness::Program;

const BASELINE: &str = include_str!("../../../fixtures/baseline.yaml");
const EXP_MP: &str = include_str!("../../../fixtures/exp_mp.yaml");
const REASONS: &[u8] = include_bytes!("../../../fixtures/reasons.ndjson");

/// An id that no stream contains and that is not a prime.
const FRESH_COMPOSITE_ID: &str = "8888888888888888888";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn figures_are_those_of_the_model(
        input in prop_oneof![6 => clean_input(), 1 => hostile_input()],
        drawn in configuration(),
    ) {
        check(&drawn.yaml, &drawn.settings, &input);
    }
}

#[test]
fn figures_of_the_fixtures_are_those_of_the_model() {
    // Under `exp_mp`, line 2 is also declined for its amount, but line 17 for two rules at once.
    assert_eq!(check(BASELINE, &baseline(), REASONS).amounts, 5);
    assert_eq!(check(EXP_MP, &exp_mp(), REASONS).amounts, 5);
}

/// The number of tries of advice.
#[derive(Debug, Default)]
struct Tried {
    amounts: usize,
}

/// The exact explanation of a line.
#[derive(Debug, Deserialize)]
struct Told {
    line_no: usize,
    accepted: bool,
    reason: Option<String>,
    rules: Vec<Rule>,
    advice: Option<String>,
    largest_amount_cents: Option<u128>,
    earlier: Option<Earlier>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Rule {
    #[serde(rename = "rule")]
    name: String,
    unit: String,
    before: u128,
    adds: u128,
    limit: u128,
    passes: bool,
}

#[derive(Debug, Default, Deserialize)]
struct Earlier {
    lines: Vec<EarlierLine>,
    more: u128,
    more_cents: u128,
}

#[derive(Debug, Deserialize)]
struct EarlierLine {
    line_no: usize,
    effective_amount_cents: u128,
    accepted: bool,
    reason: Option<String>,
}

/// The explanation of every line must agree with the model, and so must its advice.
#[track_caller]
fn check(configuration: &str, settings: &Settings, input: &[u8]) -> Tried {
    let folder = Folder::with_input(input);
    folder.write("config.yaml", configuration);
    let run = ["run", "--config", "config.yaml", "--input", "input.txt", "--output", "out"];
    let tracing = ["--trace-path", "trace.jsonl"];
    let notes = ["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}"];
    Program::new(&folder).args(run).args(tracing).set(notes).exits_with(0);
    let verdicts = adjudicate(input, settings);
    let mut tried = Tried::default();
    for told in told_of_every_line(&folder, &verdicts) {
        let position = told.line_no - 1;
        let verdict = &verdicts[position];
        assert_eq!(told.reason.as_deref(), verdict.reason, "{told:?}");
        assert_eq!(told.accepted, verdict.reason.is_none(), "{told:?}");
        assert_eq!(told.rules, verdict.figures.as_ref().map(rules).unwrap_or_default(), "{told:?}");
        check_earlier(&told, &verdicts);
        let trial = Trial { input, position, settings, reason: verdict.reason };
        tried.amounts += usize::from(trial.check_amount(&told));
        trial.check_advice(&told);
    }
    tried
}

/// Returns the explanation of every line, by id, or by line if an id cannot be an argument.
fn told_of_every_line(folder: &Folder, verdicts: &[Verdict]) -> Vec<Told> {
    let is_argument = |id: &str| id.len() < 256 && !id.contains('\0');
    let ids: BTreeSet<&str> =
        verdicts.iter().map(|verdict| &*verdict.id).filter(|id| is_argument(id)).collect();
    let by_line = (1..).zip(verdicts).filter(|(_, verdict)| !is_argument(&verdict.id));
    let asked = ids.iter().map(|id| format!("--id={id}"));
    let asked = asked.chain(by_line.map(|(line_no, _): (u64, _)| format!("--line={line_no}")));
    let mut told: Vec<Told> = Vec::new();
    for asked in asked {
        let explain = ["explain", "trace.jsonl", "--json", &asked];
        let outcome = Program::new(folder).args(explain).exits_with(0);
        told.extend(outcome.stdout.lines().map(|line| serde_json::from_str::<Told>(line).unwrap()));
    }
    told.sort_by_key(|told| told.line_no);
    let line_nos: Vec<_> = told.iter().map(|told| told.line_no).collect();
    assert_eq!(line_nos, (1..=verdicts.len()).collect::<Vec<_>>(), "every line is explained once");
    told
}

/// Returns the rules in the form of the explanation, with the model's figures.
fn rules(figures: &Figures) -> Vec<Rule> {
    let rule = |name: &str, unit: &str, before: u128, adds: u128, limit: Option<u128>| {
        let (name, unit) = (name.to_owned(), unit.to_owned());
        limit.map(|limit| Rule { name, unit, before, adds, limit, passes: before + adds <= limit })
    };
    let Figures { effective, loaded_that_day, loaded_that_week, .. } = *figures;
    let attempts_limit = figures.daily_attempts.map(u128::from);
    let primes_limit = figures.global_per_day.map(u128::from);
    let rules = [
        rule("DAILY_ATTEMPT_LIMIT", "count", figures.attempts_before.into(), 1, attempts_limit),
        rule("PRIME_AMOUNT_CAP", "cents", 0, effective, figures.amount_cap),
        rule("PRIME_DAILY_GLOBAL_LIMIT", "count", figures.primes_before.into(), 1, primes_limit),
        rule("DAILY_AMOUNT_LIMIT", "cents", loaded_that_day, effective, figures.daily_amount),
        rule("WEEKLY_AMOUNT_LIMIT", "cents", loaded_that_week, effective, figures.weekly_amount),
    ];
    rules.into_iter().flatten().collect()
}

/// Lines that are said to have used up a limit must be earlier ones with that decision by the model, and add up to the
/// compared figure.
fn check_earlier(told: &Told, verdicts: &[Verdict]) {
    let none = Earlier::default();
    let earlier = told.earlier.as_ref().unwrap_or(&none);
    for line in &earlier.lines {
        assert!(line.line_no < told.line_no, "{told:?}");
        let verdict = &verdicts[line.line_no - 1];
        assert_eq!(line.reason.as_deref(), verdict.reason, "{told:?}");
        assert_eq!(line.accepted, verdict.reason.is_none(), "{told:?}");
    }
    let rule = told.rules.iter().find(|rule| Some(&rule.name) == told.reason.as_ref());
    let accepted = earlier.lines.iter().filter(|line| line.accepted);
    let found = match rule {
        Some(rule) if rule.unit == "cents" => {
            accepted.map(|line| line.effective_amount_cents).sum::<u128>() + earlier.more_cents
        }
        _ => earlier.lines.len() as u128 + earlier.more,
    };
    assert_eq!(found, rule.map_or(0, |rule| rule.before), "{told:?}");
}

/// The deciding parts of a line; anything else is copied unchanged.
#[derive(Deserialize, Serialize)]
struct Attempt {
    id: Value,
    customer_id: Value,
    load_amount: String,
    time: String,
}

/// A line that is decided again after a change.
struct Trial<'a> {
    input: &'a [u8],
    position: usize,
    settings: &'a Settings,
    reason: Option<&'static str>,
}

impl Trial<'_> {
    /// The amount that is said to pass must pass, and a cent more must not; returns whether there is one.
    fn check_amount(&self, told: &Told) -> bool {
        let Some(cents) = told.largest_amount_cents else { return false };
        let with = |cents: u128| {
            self.verdict_with(|attempt| attempt.load_amount = format!("${}.{:02}", cents / 100, cents % 100))
        };
        assert!(with(cents).is_none_or(|verdict| verdict.reason.is_none()), "{told:?}");
        assert!(with(cents + 1).is_none_or(|verdict| verdict.reason == self.reason), "{told:?}");
        true
    }

    /// There must be advice if only one rule fails. An amount that is said to pass must pass; one that is said not to,
    /// must not.
    fn check_advice(&self, told: &Told) {
        let advice = told.advice.as_deref().unwrap_or_default();
        let failing = told.rules.iter().filter(|rule| !rule.passes).count();
        assert_eq!(!advice.is_empty(), failing == 1, "{told:?}");
        if advice.contains("no prime number") {
            let verdict = self.verdict_with(|attempt| attempt.id = FRESH_COMPOSITE_ID.into());
            assert!(verdict.is_none_or(|verdict| verdict.reason.is_none()), "{told:?}");
        }
        if advice.starts_with("As ") {
            assert_eq!(self.reason_as_the_first(), None, "{told:?}");
        }
        if advice.starts_with("Nothing would have passed") || advice.starts_with("No attempt") {
            let verdict = self.verdict_with(|attempt| attempt.load_amount = "$0.00".into());
            assert!(verdict.is_none_or(|verdict| verdict.reason == self.reason), "{told:?}");
        }
    }

    /// Returns the verdict on the changed line; nothing if it becomes too long.
    fn verdict_with(&self, change: impl FnOnce(&mut Attempt)) -> Option<Verdict> {
        let (before, line) = self.lines();
        let mut attempt: Attempt = serde_json::from_slice(line).unwrap();
        change(&mut attempt);
        let changed = serde_json::to_vec(&attempt).unwrap();
        let fits = changed.len() <= self.settings.max_line_bytes;
        fits.then(|| adjudicate(&[before, &changed].concat(), self.settings).swap_remove(self.position))
    }

    /// Returns why the line is declined if it comes first.
    fn reason_as_the_first(&self) -> Option<&'static str> {
        adjudicate(self.lines().1, self.settings)[0].reason
    }

    /// Returns everything before the line, and the line.
    fn lines(&self) -> (&[u8], &[u8]) {
        let mut lines = self.input.split_inclusive(|byte| *byte == b'\n');
        let before: usize = lines.by_ref().take(self.position).map(<[u8]>::len).sum();
        let line = lines.next().unwrap();
        let mark = "\u{feff}".as_bytes();
        (&self.input[..before], line.strip_prefix(mark).unwrap_or(line))
    }
}
