//! Canonical content of every kind of message, with every field.

use std::collections::BTreeMap;

use fund_load::domain::{
    Attempt, Cents, Day, Decision, EchoedId, EnrichedAttempt, Features, FundLoadMessage, Idempotency,
    LoadAttempt, Multiplier, Reason, Subject, Verdict,
};
use stream_kernel_exec::trace::{CanonicalContent, Message, TraceRecord};
use stream_kernel_run::{LineContent, RawLine};
use stream_kernel_text::hex;

use super::fixture_files::EXP_MP;
use super::harness::{prepare, run_traced};
use super::samples::{
    BAD_LINE, GOOD_LINE, SHA256_OF_OVERLONG, accepted, attempt, classified, declined, declined_bad_line,
    enriched, features, id, keyed, load_attempt, output_line, overlong_line, raw_line,
};
use super::trace_modes::TraceMode;

/// A form is an argument of `printf`; a shell computed its hash: `printf '<form>' | sha256sum | cut -c1-32`.
type Pinned = (&'static str, &'static str);

/// The messages of [`GOOD_LINE`] as line 1 under `exp_mp`.
const GOOD: [Pinned; 7] = [
    (
        r#"RawLine\nline_no=1\ntext=88:{"id":"17","customer_id":"007","load_amount":"$1234.50","time":"2000-01-03T01:02:03.5Z"}\n"#,
        "0ff5a051e2ed604a5ad59707b21c7a8a",
    ),
    (
        r"LoadAttempt\nline_no=1\nid=2:17\ncustomer_id=3:007\namount_cents=123450\ntime_seconds=946861323\ntime_nanos=500000000\n",
        "2d1aa97fdff454a348b5f689b317e907",
    ),
    (
        r"AttemptWithKeys\nline_no=1\nid=2:17\ncustomer_id=3:007\namount_cents=123450\ntime_seconds=946861323\ntime_nanos=500000000\nday=10959\nweek=10959\n",
        "e05930bb1c79c3c626854233cd1e3570",
    ),
    (
        r"IdempotencyClassifiedAttempt\nline_no=1\nid=2:17\ncustomer_id=3:007\namount_cents=123450\ntime_seconds=946861323\ntime_nanos=500000000\nday=10959\nweek=10959\nidempotency=9:canonical\ncanonical_line_no=1\n",
        "7c9cb6335a7571e9e0b6bf6438066614",
    ),
    (
        r"EnrichedAttempt\nline_no=1\nid=2:17\ncustomer_id=3:007\namount_cents=123450\ntime_seconds=946861323\ntime_nanos=500000000\nday=10959\nweek=10959\nidempotency=9:canonical\ncanonical_line_no=1\nis_monday=true\nis_prime=true\neffective_amount_cents=246900\nlimit_divisor_millionths=1000000\n",
        "15c1ec6e2d104e5e0dec56fd2fd15994",
    ),
    (
        r"Decision\nline_no=1\nid=2:17\ncustomer_id=3:007\namount_cents=123450\ntime_seconds=946861323\ntime_nanos=500000000\nday=10959\nweek=10959\nidempotency=9:canonical\ncanonical_line_no=1\nis_monday=true\nis_prime=true\neffective_amount_cents=246900\nlimit_divisor_millionths=1000000\naccepted=true\nreason=null\n",
        "32ff32e9af1561a92e5b32c82198b289",
    ),
    (
        r#"OutputLine\nline_no=1\nid=2:17\naccepted=true\nreason=null\ntext=48:{"id":"17","customer_id":"007","accepted":true}\n\n"#,
        "22e9efe7aed8937a93d18638f6329ef7",
    ),
];

/// The messages of [`BAD_LINE`] as line 2.
const BAD: [Pinned; 3] = [
    (
        r#"RawLine\nline_no=2\ntext=33:{"id":"12-00","customer_id":null}\n"#,
        "38ece03342e92e2e7ce07f84bb9fffc6",
    ),
    (
        r"Decision\nline_no=2\nid=5:12-00\ncustomer_id=null\naccepted=false\nreason=17:INPUT_PARSE_ERROR\n",
        "c578ca5695ffd7f23633552f872197cf",
    ),
    (
        r#"OutputLine\nline_no=2\nid=5:12-00\naccepted=false\nreason=17:INPUT_PARSE_ERROR\ntext=49:{"id":"12-00","customer_id":"","accepted":false}\n\n"#,
        "d20d943d4802a2378d4e114aca3e9738",
    ),
];

/// The message of 200 times `x` as line 3, where lines have 100 bytes: it holds only the length and the SHA-256 of the
/// text.
const OVERLONG: [Pinned; 2] = [
    (
        r"RawLine\nline_no=3\ntext=null\ntext_bytes=200\ntext_sha256=64:aa20c23e3201834050679e1d88941b9a6fed0557c9a705cb2c315e2e63fd486d\n",
        "c58d7641c04c2994c4a0e3a0bb6815bc",
    ),
    (
        r"Decision\nline_no=3\nid=null\ncustomer_id=null\naccepted=false\nreason=17:INPUT_PARSE_ERROR\n",
        "7f5459de9b77897ee130168daf756dfa",
    ),
];

#[test]
fn every_kind_of_message_has_the_content_that_is_pinned() {
    for (message, (form, hash)) in [
        (raw_line().into(), GOOD[0]),
        (load_attempt().into(), GOOD[1]),
        (keyed().into(), GOOD[2]),
        (classified().into(), GOOD[3]),
        (enriched().into(), GOOD[4]),
        (accepted().into(), GOOD[5]),
        (output_line().into(), GOOD[6]),
        (declined_bad_line().into(), BAD[1]),
        (overlong_line().into(), OVERLONG[0]),
    ] {
        let content = content(&message);
        let written = String::from_utf8_lossy(content.as_bytes()).replace('\n', r"\n");
        assert_eq!((written.as_str(), hex(&content.hash()).as_str()), (form, hash));
    }
}

/// These lines really have the contents above.
#[test]
fn a_trace_holds_the_hashes_that_are_pinned() {
    let mut settings = TraceMode::EXPLAINING.settings();
    settings.push("adapters.input_source.settings.max_line_bytes=100".to_owned());
    let input = [GOOD_LINE, BAD_LINE, &"x".repeat(200)].join("\n");
    let tape = run_traced(prepare(EXP_MP, &settings), input.as_bytes(), None).tape;

    let [raw, load, keyed, classified, enriched, decision, output] = GOOD.map(|(_, hash)| hash);
    // `update_windows` hands the decision on unchanged.
    let good = [raw, load, keyed, classified, enriched, decision, decision, output];
    assert_eq!(hashes(&tape, 1), good);
    let [raw, decision, output] = BAD.map(|(_, hash)| hash);
    assert_eq!(hashes(&tape, 2), [raw, decision, decision, output]);
    assert_eq!(hashes(&tape, 3)[..2], OVERLONG.map(|(_, hash)| hash));
}

#[test]
fn any_field_of_an_attempt_changed_gives_another_hash() {
    check(
        &[load_attempt()],
        &[
            ("line_no", |load| *load = other_attempt(|attempt| attempt.line_no = 9)),
            ("id", |load| *load = other_attempt(|attempt| attempt.id = id("017"))),
            ("customer_id", |load| *load = other_attempt(|attempt| attempt.customer_id = id("7"))),
            ("amount", |load| *load = other_attempt(|attempt| attempt.amount = Cents(123_451))),
            ("seconds", |load| *load = other_attempt(|attempt| attempt.time.seconds += 1)),
            ("nanos", |load| *load = other_attempt(|attempt| attempt.time.nanos += 1)),
        ],
    );
    check(
        &[keyed()],
        &[
            ("attempt", |keyed| *keyed = other_line().with_keys(Day(10_959), Day(10_959))),
            ("day", |keyed| *keyed = load_attempt().with_keys(Day(1), Day(10_959))),
            ("week", |keyed| *keyed = load_attempt().with_keys(Day(10_959), Day(1))),
        ],
    );
    check(
        &[classified()],
        &[
            ("attempt", |classified| {
                let keyed = other_line().with_keys(Day(10_959), Day(10_959));
                *classified = keyed.classified(Idempotency::Canonical, 1);
            }),
            ("day", |classified| {
                let keyed = load_attempt().with_keys(Day(1), Day(10_959));
                *classified = keyed.classified(Idempotency::Canonical, 1);
            }),
            ("replay", |classified| {
                *classified = keyed().classified(Idempotency::Replay, 1);
            }),
            ("replay of", |classified| {
                *classified = keyed().classified(Idempotency::Replay, 2);
            }),
            ("conflict", |classified| {
                *classified = keyed().classified(Idempotency::Conflict, 1);
            }),
        ],
    );
    check(
        &[enriched()],
        &[
            ("attempt", |enriched| *enriched = enriched_other_line()),
            ("is_monday", |enriched| *enriched = other_features(|features| features.is_monday = false)),
            ("is_prime", |enriched| *enriched = other_features(|features| features.is_prime = false)),
            ("effective_amount", |enriched| {
                *enriched = other_features(|features| features.effective_amount = Cents(1));
            }),
            ("limit_divisor", |enriched| {
                *enriched = other_features(|features| {
                    features.limit_divisor = Multiplier::from_millionths(1_000_001).unwrap();
                });
            }),
        ],
    );
}

#[test]
fn any_field_of_a_line_or_a_decision_changed_gives_another_hash() {
    check(
        &[raw_line(), overlong_line()],
        &[
            ("line_no", |line| *line = RawLine::new(9, line.content().clone())),
            ("text", |line| *line = other_content(line, LineContent::Whole(b"x"[..].into()))),
            ("bytes", |line| *line = other_content(line, overlong(201, SHA256_OF_OVERLONG))),
            ("sha256", |line| *line = other_content(line, overlong(200, [0; 32]))),
        ],
    );
    check(
        &[accepted(), declined_bad_line()],
        &[
            ("reason", |decision| *decision = other_verdict(decision, Reason::WeeklyAmountLimit)),
            ("attempt", |decision| {
                let subject = match decision.subject().clone() {
                    Subject::Attempt(_) => Subject::Attempt(enriched_other_line()),
                    Subject::BadLine(_) => bad_line(9),
                };
                *decision = Decision::new(subject, decision.verdict());
            }),
        ],
    );
    check(
        &[declined(EchoedId::Digits(id("1")), EchoedId::Unreadable)],
        &[
            ("id", |decision| *decision = declined(EchoedId::Digits(id("2")), EchoedId::Unreadable)),
            ("no id", |decision| *decision = declined(EchoedId::Unreadable, EchoedId::Unreadable)),
            ("customer_id", |decision| {
                *decision = declined(EchoedId::Digits(id("1")), EchoedId::Digits(id("1")));
            }),
            ("empty", |decision| *decision = declined(EchoedId::Digits(id("1")), EchoedId::Text("".into()))),
            ("reason", |decision| *decision = other_verdict(decision, Reason::InvalidTimestamp)),
        ],
    );
}

#[test]
fn any_field_of_a_line_of_output_changed_gives_another_hash() {
    let written =
        |decision: Decision, text: &[u8]| decision.into_line(|_, _, line| line.extend_from_slice(text));
    let text = b"a line\n";
    let (good, bad) = (accepted(), declined_bad_line());
    let lines = [
        (
            "line_no of an attempt",
            written(Decision::new(Subject::Attempt(enriched_other_line()), good.verdict()), text),
        ),
        (
            "id of an attempt",
            written(Decision::new(Subject::Attempt(enriched_other_id()), good.verdict()), text),
        ),
        ("verdict", written(other_verdict(&good, Reason::DailyAmountLimit), text)),
        ("text", written(good.clone(), b"another line\n")),
        ("nothing", written(good, text)),
        ("line_no of a bad line", written(Decision::new(bad_line(9), bad.verdict()), text)),
        ("id of a bad line", written(declined(EchoedId::Unreadable, EchoedId::Unreadable), text)),
        ("nothing of a bad line", written(bad, text)),
    ];
    let names_by_hash: BTreeMap<_, _> = lines.iter().map(|(name, line)| (hash(line.clone()), name)).collect();
    assert_eq!(names_by_hash.len(), lines.len(), "{names_by_hash:?}");
}

fn overlong(bytes: u64, sha256: [u8; 32]) -> LineContent {
    LineContent::Overlong { bytes, sha256 }
}

fn other_content(line: &RawLine, content: LineContent) -> RawLine {
    RawLine::new(line.line_no(), content)
}

fn other_verdict(decision: &Decision, reason: Reason) -> Decision {
    Decision::new(decision.subject().clone(), Verdict::Declined(reason))
}

fn bad_line(line_no: u64) -> Subject {
    let Subject::BadLine(mut line) = declined_bad_line().subject().clone() else { panic!("a bad line") };
    line.line_no = line_no;
    Subject::BadLine(line)
}

fn other_attempt(change: fn(&mut Attempt)) -> LoadAttempt {
    let mut attempt = attempt();
    change(&mut attempt);
    LoadAttempt::new(attempt)
}

fn other_line() -> LoadAttempt {
    other_attempt(|attempt| attempt.line_no = 9)
}

fn enriched_other_line() -> EnrichedAttempt {
    enriched_other(other_line())
}

fn enriched_other_id() -> EnrichedAttempt {
    enriched_other(other_attempt(|attempt| attempt.id = id("18")))
}

fn enriched_other(attempt: LoadAttempt) -> EnrichedAttempt {
    let keyed = attempt.with_keys(Day(10_959), Day(10_959));
    keyed.classified(Idempotency::Canonical, 1).enriched(features())
}

fn other_features(change: fn(&mut Features)) -> EnrichedAttempt {
    let mut features = features();
    change(&mut features);
    classified().enriched(features)
}

/// The change, and its name.
type Change<P> = (&'static str, fn(&mut P));

/// Each of the messages, unchanged and with each of the changes, must have a different hash.
#[track_caller]
fn check<P: Clone + Into<FundLoadMessage>>(bases: &[P], changes: &[Change<P>]) {
    for base in bases {
        let mut names_by_hash = BTreeMap::from([(hash(base.clone()), "the original")]);
        for (name, change) in changes {
            let mut copy = base.clone();
            change(&mut copy);
            let earlier = names_by_hash.insert(hash(copy), name);
            assert_eq!(earlier, None, "`{name}` changed makes no difference");
        }
    }
}

fn hash(payload: impl Into<FundLoadMessage>) -> String {
    hex(&content(&payload.into()).hash())
}

fn content(message: &FundLoadMessage) -> CanonicalContent {
    let mut content = CanonicalContent::default();
    content.begin(message.type_name());
    message.digest(&mut content);
    content
}

/// Returns the hashes of a line's messages: the input, and the outputs of each step.
fn hashes(tape: &[TraceRecord], line_no: u64) -> Vec<&str> {
    let records: Vec<_> = tape.iter().filter(|record| record.line_no == line_no).collect();
    let emitted = records.iter().flat_map(|record| &record.msg_out);
    [&records[0].msg_in].into_iter().chain(emitted).filter_map(|message| message.hash.as_deref()).collect()
}
