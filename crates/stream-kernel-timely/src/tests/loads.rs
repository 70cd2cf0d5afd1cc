//! An application with all that workers share: loads of money, first of their kind, counted by person and day.

use std::cell::Cell;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stream_kernel_exec::trace::{CanonicalContent, Context, ShortText};
use stream_kernel_exec::{
    Counters, Declaration, Emitter, Encode, Entry, Gate, GateCount, KeyedStep, Limit, Mark, Memory, Nothing,
    Payload, Registry, Step, StepError, Table, Tally, Value, Watermark, messages,
};
use stream_kernel_run::{
    About, Application, ConfigOf, InputSource, LineAdapters, LineContent, OutputSink, RawLine, SummaryRow,
};

pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    pub(super) fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap()
    }

    fn is_one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// Returns the lines that a seed draws: `id day who amount`, several of them on a line with `+`, how a step is to fail, and bad ones.
pub(super) fn lines(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed ^ 0xabcd);
    let (ids, people, days) = (1 + random.below(40), 1 + random.below(6), 1 + random.below(12));
    let (is_sorted, has_several, has_failing) =
        (random.is_one_in(2), random.is_one_in(2), random.is_one_in(3));
    let mut text = Vec::new();
    if random.is_one_in(8) {
        text.extend(b"\xef\xbb\xbf");
    }
    let count = random.below(60);
    for line in 0..count {
        let several = if has_several && random.is_one_in(4) { 1 + random.below(4) } else { 1 };
        for part in 0..several {
            let day = if is_sorted { line * days / count } else { random.below(days) };
            let (id, who, amount) = (random.below(ids), random.below(people), random.below(10));
            let plus = if part > 0 { "+" } else { "" };
            text.extend(format!("{plus}{id} {day} p{who} {amount}").bytes());
        }
        if has_failing && random.is_one_in(12) {
            text.extend([" parse", " first", " judge", " settle", " panic"][random.index(5)].bytes());
        }
        match random.below(30) {
            0 => text.extend(b" and so on"),
            1 => text.truncate(text.len() - 3),
            2 => text.extend(b"\n"),
            3 => text.extend([b'x'; 90]),
            4 => text.extend(b"\r"),
            _ => {}
        }
        text.push(b'\n');
    }
    if random.is_one_in(3) {
        text.pop();
    }
    text
}

/// Returns the values of the configuration that a seed draws.
pub(super) fn config(seed: u64) -> Vec<String> {
    let mut random = Random::new(seed ^ 0x1234);
    let pipeline = match random.below(5) {
        4 => "parse, first, judge, settle, count_id, write",
        0 => "parse, count_id, write",
        1 => "parse, first, judge, write",
        _ => "parse, first, judge, settle, write",
    };
    let mut config = vec![
        format!("runtime.pipeline=[{pipeline}]"),
        "runtime.strict=false".to_owned(),
        "adapters.input_source.settings.max_line_bytes=80".to_owned(),
        "runtime.tracing.signature.mode=hash".to_owned(),
        "runtime.tracing.context_diff.mode=full".to_owned(),
    ];
    let mut add = |one_in, value: String| {
        if random.is_one_in(one_in) {
            config.push(value);
        }
    };
    add(2, "runtime.on_step_error=continue".to_owned());
    add(2, "runtime.tracing.enabled=true".to_owned());
    add(3, "adapters.input_source.settings.unterminated_line=leave".to_owned());
    let mut more = Random::new(seed ^ 0x77);
    let mut number = |most| 1 + more.below(most);
    add(2, format!("nodes.remember_days={}", number(4)));
    add(3, format!("nodes.max_days_ahead={}", number(3)));
    add(2, format!("nodes.large_per_day={}", number(3)));
    add(2, format!("runtime.limits.max_ids={}", number(30)));
    add(3, format!("runtime.limits.max_people={}", number(6)));
    config
}

messages! { pub(super) enum Message { RawLine, Load, Judged } }

#[derive(Clone)]
pub(super) struct Load {
    line_no: u64,
    id: u64,
    day: i64,
    who: String,
    amount: u64,
    fails: String,
    is_first: bool,
    /// How often the id was used before.
    uses: u64,
}

pub(super) struct Judged {
    load: Load,
    is_accepted: bool,
}

impl Payload for Load {
    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(self.id);
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.text("who", &self.who);
        content.unsigned("amount", self.amount);
        content.unsigned("first", u64::from(self.is_first));
    }

    fn always_packs() -> bool {
        PACKS.get()
    }

    /// Those with even ids only, unless all are to be packed: of others, the line is sent.
    fn pack(&self, to: &mut Vec<u8>) -> bool {
        let Self { line_no, id, day, who, amount, fails, is_first, uses } = self;
        (((*line_no, *id), (*day, *amount)), ((who.clone(), fails.clone()), (*is_first, *uses))).encode(to);
        PACKS.get() || id % 2 == 0
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let (((line_no, id), (day, amount)), ((who, fails), (is_first, uses))) = Encode::decode(from)?;
        Some(Self { line_no, id, day, who, amount, fails, is_first, uses })
    }
}

impl Payload for Judged {
    fn digest(&self, content: &mut CanonicalContent) {
        self.load.digest(content);
        content.unsigned("accepted", u64::from(self.is_accepted));
    }

    fn always_packs() -> bool {
        PACKS.get()
    }

    fn pack(&self, to: &mut Vec<u8>) -> bool {
        self.is_accepted.encode(to);
        self.load.pack(to) && PACKS.get()
    }

    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let is_accepted = Encode::decode(from)?;
        Some(Self { is_accepted, load: Load::unpack(from)? })
    }
}

thread_local! {
    /// Whether all payloads can be packed, so that owners may pass lines.
    pub(super) static PACKS: Cell<bool> = const { Cell::new(false) };
}

impl Load {
    /// Returns whether it adds to a sum: what is used for the second time does not.
    fn is_counted(&self) -> bool {
        self.uses != 1
    }

    fn check(&self, step: &str) -> Result<(), StepError> {
        if self.fails == "panic" && step == "judge" {
            // As a panic, without the hook that prints it.
            std::panic::resume_unwind(Box::new("panics"));
        }
        if self.fails == step { Err(StepError::new("Fails", step)) } else { Ok(()) }
    }
}

/// The day on which an id was there first, and how often it was.
struct Ids;

impl Declaration for Ids {
    const NAME: &'static str = "ids";
    type Store = Table<u64, Uses>;
}

#[derive(Clone, Copy, Default)]
struct Uses {
    day: i64,
    count: u64,
}

impl Encode for Uses {
    fn encode(&self, to: &mut Vec<u8>) {
        (self.day, self.count).encode(to);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        let (day, count) = Encode::decode(from)?;
        Some(Self { day, count })
    }
}

impl Value for Uses {
    type Piece = Self;

    fn pieces(&self) -> Option<impl Iterator<Item = Self>> {
        Some(std::iter::once(*self))
    }

    fn from_pieces(mut pieces: impl Iterator<Item = Self>) -> Self {
        pieces.next().unwrap_or_default()
    }
}

/// What a person has loaded on a day.
struct Sums;

impl Declaration for Sums {
    const NAME: &'static str = "sums";
    type Store = Table<(String, i64), u64, String>;
}

/// Large loads that were accepted, by day.
struct Large;

impl Declaration for Large {
    const NAME: &'static str = "large";
    type Store = Gate<i64>;
}

struct LatestDay;

impl Declaration for LatestDay {
    const NAME: &'static str = "latest_day";
    type Store = Watermark;
}

struct Outcomes;

impl Declaration for Outcomes {
    const NAME: &'static str = "outcomes";
    type Store = Tally;
}

struct Parse;

impl Step<Message> for Parse {
    type Takes = RawLine;
    type Emits = Load;

    fn process(
        &self,
        line: RawLine,
        context: &mut Context,
        out: &mut Emitter<'_, Message, Load>,
    ) -> Result<(), StepError> {
        let LineContent::Whole(text) = line.content() else {
            out.write(b"too long\n");
            return Ok(());
        };
        let text = String::from_utf8_lossy(text);
        context.metrics.set("bytes", text.len() as u64);
        for part in text.split('+') {
            let words: Vec<_> = part.split(' ').collect();
            let fails = words.get(4).copied().unwrap_or_default().to_owned();
            let numbers =
                words.iter().take(4).filter_map(|word| word.parse::<u64>().ok()).collect::<Vec<_>>();
            let (&[id, day, amount], Some(who)) = (numbers.as_slice(), words.get(2)) else {
                out.write(b"bad\n");
                continue;
            };
            let (day, who) = (i64::try_from(day).unwrap_or_default(), (*who).to_owned());
            let load = Load { line_no: line.line_no(), id, day, who, amount, fails, is_first: true, uses: 0 };
            load.check("parse")?;
            out.emit(load);
        }
        Ok(())
    }
}

/// Marks loads whose id was there before.
struct First;

impl KeyedStep<Message> for First {
    type Takes = Load;
    type Emits = Load;
    type State = (Ids, LatestDay);

    fn key(&self, load: &Load) -> (u64, i64) {
        (load.id, load.day)
    }

    fn process(
        &self,
        mut load: Load,
        (mut id, latest): (Entry<'_, u64, Uses>, Mark),
        context: &mut Context,
        out: &mut Emitter<'_, Message, Load>,
    ) -> Result<(), StepError> {
        let known = id.get();
        load.is_first = known.is_none();
        context.metrics.set("latest", latest.now);
        if latest.before.is_some_and(|before| latest.now > before + 1) {
            let forgotten = id.forgotten().in_words("id is", "ids are");
            out.notice("jump", 3, format_args!("line {} jumps: {forgotten} forgotten", load.line_no));
        }
        // The day of the last use counts, so that entries become younger.
        let uses = known.unwrap_or_default();
        load.uses = uses.count;
        id.set(&Uses { day: load.day.max(uses.day), count: uses.count + 1 })?;
        load.check("first")?;
        out.emit(load);
        Ok(())
    }
}

/// Counts ids, and nothing else; or, which no workers can share, ids that the message does not have.
struct CountId {
    of_next: bool,
}

impl KeyedStep<Message> for CountId {
    type Takes = Load;
    type Emits = Judged;
    type State = Ids;

    fn key(&self, load: &Load) -> u64 {
        load.id + u64::from(self.of_next)
    }

    fn process(
        &self,
        load: Load,
        mut id: Entry<'_, u64, Uses>,
        _: &mut Context,
        out: &mut Emitter<'_, Message, Judged>,
    ) -> Result<(), StepError> {
        let uses = id.get().unwrap_or_default();
        load.check("first")?;
        id.set(&Uses { day: load.day, count: uses.count + 1 })?;
        out.write(format!("{}x ", uses.count + 1).as_bytes());
        let is_accepted = uses.count.is_multiple_of(2);
        out.emit(Judged { load, is_accepted });
        Ok(())
    }
}

/// Accepts as many large loads a day as are allowed, and others up to a sum.
struct Judge {
    large_per_day: Option<u64>,
}

type Found<'a> = (Entry<'a, (String, i64), u64, String>, GateCount<'a, i64>);

impl KeyedStep<Message> for Judge {
    type Takes = Load;
    type Emits = Judged;
    type State = Option<(Sums, Large)>;

    fn key(&self, load: &Load) -> Option<((String, i64), i64)> {
        load.is_counted().then(|| ((load.who.clone(), load.day), load.day))
    }

    fn process(
        &self,
        load: Load,
        found: Option<Found<'_>>,
        context: &mut Context,
        out: &mut Emitter<'_, Message, Judged>,
    ) -> Result<(), StepError> {
        load.check("judge")?;
        let Some((mut sum, mut large)) = found else {
            out.emit(Judged { load, is_accepted: false });
            return Ok(());
        };
        let before = sum.get().unwrap_or_default();
        let is_large = load.amount > 5;
        let is_full = is_large && self.large_per_day.is_some_and(|most| large.get() >= most);
        context.metrics.set("sum_before", before);
        if self.large_per_day.is_some() {
            context.metrics.set("large_before", large.get());
        }
        let is_accepted = !is_full && before + load.amount < 25;
        out.emit(Judged { load, is_accepted });
        Ok(())
    }
}

/// Counts what was accepted.
struct Settle;

impl KeyedStep<Message> for Settle {
    type Takes = Judged;
    type Emits = Judged;
    type State = Option<(Sums, Large)>;

    fn key(&self, judged: &Judged) -> Option<((String, i64), i64)> {
        let Judged { load, is_accepted } = judged;
        (load.is_counted() && *is_accepted).then(|| ((load.who.clone(), load.day), load.day))
    }

    fn process(
        &self,
        judged: Judged,
        found: Option<Found<'_>>,
        _: &mut Context,
        out: &mut Emitter<'_, Message, Judged>,
    ) -> Result<(), StepError> {
        let load = &judged.load;
        if let Some((mut sum, mut large)) = found {
            let before = sum.get().unwrap_or_default();
            sum.set(&(before + load.amount + load.uses))?;
            if load.amount > 5 {
                large.add(1);
            }
            load.check("settle")?;
        }
        out.emit(judged);
        Ok(())
    }
}

struct Write;

impl KeyedStep<Message> for Write {
    type Takes = Judged;
    type Emits = Nothing;
    type State = Outcomes;

    fn key(&self, _: &Judged) {}

    fn process(
        &self,
        Judged { load, is_accepted }: Judged,
        mut outcomes: Counters<'_>,
        _: &mut Context,
        out: &mut Emitter<'_, Message, Nothing>,
    ) -> Result<(), StepError> {
        let Load { line_no, id, who, is_first, .. } = load;
        out.write(format!("{line_no} {id} {who} first {is_first} accepted {is_accepted}\n").as_bytes());
        outcomes.add(usize::from(is_accepted), 1);
        Ok(())
    }
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Nodes {
    remember_days: Option<u16>,
    max_days_ahead: Option<u16>,
    large_per_day: Option<u64>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Adapters {
    input_source: InputSource,
    output_sink: OutputSink,
}

impl LineAdapters for Adapters {
    fn input_source(&self) -> &InputSource {
        &self.input_source
    }

    fn output_sink(&self) -> &OutputSink {
        &self.output_sink
    }
}

pub(super) struct Loads;

impl Application for Loads {
    type Message = Message;
    type Nodes = Nodes;
    type Adapters = Adapters;

    const ABOUT: About = About {
        limits: &[("max_ids", "Ids."), ("max_people", "People.")],
        ..About::new("loads", "1.0.0", "Judges loads", ("built-in", "version: 1\nscenario: {name: loads}\n"))
    };

    fn registry() -> Registry<Message, ConfigOf<Self>> {
        let limit = |name, one, many| {
            move |config: &ConfigOf<Self>| Limit {
                name,
                one,
                many,
                max: config.runtime.limit(name),
                remedy: "raise it",
            }
        };
        let (ids, people) = (limit("max_ids", "id", "ids"), limit("max_people", "person", "people"));
        Registry::new()
            .memory::<Ids>(move |config| {
                let table = Table::new().limit(ids(config));
                match config.nodes.remember_days {
                    Some(days) => table.forgets(days.into(), |_, uses| uses.day),
                    None => table,
                }
            })
            .memory::<Sums>(move |config| {
                Table::shared_by(|(who, _): &(String, i64)| who.clone(), people(config))
            })
            .memory::<Large>(|_| Gate::new())
            .memory::<LatestDay>(|config| {
                Watermark::new().max_ahead(config.nodes.max_days_ahead.map(i64::from))
            })
            .memory::<Outcomes>(|_| Tally::new(2))
            .forgets_by::<Ids, LatestDay>()
            .with("parse", |_| Parse)
            .with_keyed("first", |_| First)
            .with_keyed("count_id", |_| CountId { of_next: false })
            .with_keyed("count_next", |_| CountId { of_next: true })
            .with_keyed("judge", |config: &ConfigOf<Self>| Judge {
                large_per_day: config.nodes.large_per_day,
            })
            .with_keyed("settle", |_| Settle)
            .with_keyed("write", |_| Write)
    }

    fn finish(_: &ConfigOf<Self>, memory: &mut Memory, output: &mut Vec<u8>) {
        if let Some(ids) = memory.store::<Ids>() {
            for (id, uses) in ids.entries() {
                output.extend(format!("id {id}: {} uses, since day {}\n", uses.count, uses.day).as_bytes());
            }
        }
    }

    fn summary(_: &ConfigOf<Self>, memory: &mut Memory) -> Vec<SummaryRow> {
        let row = |label: &str, count| SummaryRow { label: label.to_owned(), count, level: 0 };
        let days = memory.store::<Sums>().map_or(0, |sums| sums.entries().count() as u64);
        let large = memory.store::<Large>().map_or(0, |large| (0..20).map(|day| large.get(&day)).sum());
        let outcomes = memory.store::<Outcomes>().map_or(0, |outcomes| outcomes.counts()[1]);
        vec![row("days", days), row("large", large), row("accepted", outcomes)]
    }
}
