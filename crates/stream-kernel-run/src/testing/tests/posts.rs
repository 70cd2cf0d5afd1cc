//! A tiny application with two tables, a gate and a watermark, and wrong versions of it.

use std::sync::atomic::{AtomicU64, Ordering};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stream_kernel_exec::{
    Declaration, Emitter, Encode, Entry, Gate, GateCount, KeyedStep, Mark, Memory, Nothing, Payload,
    Registry, Step, StepError, Table, Value, Watermark,
};
use stream_kernel_trace::{CanonicalContent, Context};

use crate::{
    About, Application, ConfigOf, InputSource, LineAdapters, LineContent, OutputSink, RawLine, SummaryRow,
};

/// The fault of an application.
pub(super) const NOTHING: u8 = 0;
pub(super) const DECIDES_BY_A_STATIC: u8 = 1;
pub(super) const DECIDES_BY_ITS_OWN_COUNT: u8 = 2;
pub(super) const ENCODES_TOO_LITTLE: u8 = 3;
pub(super) const DECODES_OTHERWISE: u8 = 4;
pub(super) const DECODES_NOTHING: u8 = 5;

/// New words a day.
const MAX_NEW_WORDS: u64 = 2;
/// A word is forgotten after this many days.
const REMEMBERED_DAYS: i64 = 2;

/// Lines such as `3 ann hello`: day, user, word.
pub(super) const LINES: [&str; 12] = [
    "1 ann hello",
    "1 bob hello",
    "1 ann world",
    "1 ann third",
    "2 bob third",
    "nonsense",
    "2 cyd hello",
    "4 ann world",
    "1 bob late",
    "5 bob hello",
    "5 ann world",
    "5 cyd third",
];

stream_kernel_exec::messages! { pub(super) enum Message { RawLine, Post, Counted } }

pub(super) struct Post {
    day: i64,
    user: String,
    word: String,
}

/// A post, and how often its word has occurred; `None` if it is one new word too many.
pub(super) struct Counted {
    user: String,
    uses: Option<u64>,
}

impl Payload for Post {
    fn digest(&self, content: &mut CanonicalContent) {
        content.text("user", &self.user);
        content.text("word", &self.word);
    }
}

impl Payload for Counted {
    fn digest(&self, content: &mut CanonicalContent) {
        content.text("user", &self.user);
        content.unsigned("uses", self.uses.unwrap_or_default());
    }
}

struct Parse;

impl Step<Message> for Parse {
    type Takes = RawLine;
    type Emits = Post;

    fn process(
        &self,
        line: RawLine,
        _: &mut Context,
        out: &mut Emitter<'_, Message, Post>,
    ) -> Result<(), StepError> {
        let LineContent::Whole(text) = line.content() else { return Ok(()) };
        let text = String::from_utf8_lossy(text);
        let mut parts = text.split(' ');
        if let Some(((day, user), word)) = parts.next().zip(parts.next()).zip(parts.next()) {
            let day = day.parse().map_err(|error| StepError::new("NoDay", error))?;
            out.emit(Post { day, user: user.to_owned(), word: word.to_owned() });
        }
        Ok(())
    }
}

/// Words by their text.
struct Words<const WRONG: u8>;

impl<const WRONG: u8> Declaration for Words<WRONG> {
    const NAME: &'static str = "words";
    type Store = Table<String, Word<WRONG>>;
}

/// The number of new words by day.
struct NewWords;

impl Declaration for NewWords {
    const NAME: &'static str = "new_words";
    type Store = Gate<i64>;
}

struct LatestDay;

impl Declaration for LatestDay {
    const NAME: &'static str = "latest_day";
    type Store = Watermark;
}

/// The number of posts by user.
struct Users;

impl Declaration for Users {
    const NAME: &'static str = "users";
    type Store = Table<String, u64>;
}

#[derive(Clone, Copy, Default)]
struct Word<const WRONG: u8> {
    day: i64,
    uses: u64,
}

impl<const WRONG: u8> Encode for Word<WRONG> {
    fn encode(&self, to: &mut Vec<u8>) {
        (self.day, if WRONG == ENCODES_TOO_LITTLE { 1 } else { self.uses }).encode(to);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        let (day, uses) = Encode::decode(from)?;
        match WRONG {
            DECODES_OTHERWISE => Some(Self { day, uses: day.unsigned_abs() }),
            DECODES_NOTHING => None,
            _ => Some(Self { day, uses }),
        }
    }
}

impl<const WRONG: u8> Value for Word<WRONG> {
    type Piece = Self;

    fn pieces(&self) -> Option<impl Iterator<Item = Self>> {
        Some(std::iter::once(*self))
    }

    fn from_pieces(mut pieces: impl Iterator<Item = Self>) -> Self {
        pieces.next().unwrap_or_default()
    }
}

#[derive(Default)]
struct CountWord<const WRONG: u8> {
    own_count: AtomicU64,
}

static COUNT: AtomicU64 = AtomicU64::new(0);

impl<const WRONG: u8> KeyedStep<Message> for CountWord<WRONG> {
    type Takes = Post;
    type Emits = Counted;
    type State = (Words<WRONG>, NewWords, LatestDay);

    fn key(&self, post: &Post) -> (String, i64, i64) {
        (post.word.clone(), post.day, post.day)
    }

    fn process(
        &self,
        post: Post,
        (mut word, mut new_words, latest): (Entry<'_, String, Word<WRONG>>, GateCount<'_, i64>, Mark),
        context: &mut Context,
        out: &mut Emitter<'_, Message, Counted>,
    ) -> Result<(), StepError> {
        context.metrics.set("latest_day", latest.now);
        let count = match WRONG {
            DECIDES_BY_A_STATIC => COUNT.fetch_add(1, Ordering::Relaxed),
            DECIDES_BY_ITS_OWN_COUNT => self.own_count.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
        let known = word.get();
        let is_refused = known.is_none() && new_words.get() >= MAX_NEW_WORDS + count % 2;
        if known.is_none() && !is_refused {
            new_words.add(1);
        }
        let uses = known.map_or(0, |word| word.uses) + 1;
        if !is_refused {
            word.set(&Word { day: known.map_or(post.day, |word| word.day), uses })?;
        }
        out.emit(Counted { user: post.user, uses: (!is_refused).then_some(uses) });
        Ok(())
    }
}

struct CountPost;

impl KeyedStep<Message> for CountPost {
    type Takes = Counted;
    type Emits = Nothing;
    type State = Users;

    fn key(&self, counted: &Counted) -> String {
        counted.user.clone()
    }

    fn process(
        &self,
        counted: Counted,
        mut posts: Entry<'_, String, u64>,
        _: &mut Context,
        out: &mut Emitter<'_, Message, Nothing>,
    ) -> Result<(), StepError> {
        let now = posts.get().unwrap_or_default() + 1;
        posts.set(&now)?;
        out.write(format!("{} {now} {:?}\n", counted.user, counted.uses).as_bytes());
        Ok(())
    }
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Nodes {}

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

/// Lets through two new words a day.
pub(super) struct Posts<const WRONG: u8>;

impl<const WRONG: u8> Application for Posts<WRONG> {
    type Message = Message;
    type Nodes = Nodes;
    type Adapters = Adapters;

    const ABOUT: About =
        About::new("posts", "1.0.0", "Counts posts", ("built-in", "version: 1\nscenario: {name: posts}\n"));

    fn registry() -> Registry<Message, ConfigOf<Self>> {
        Registry::new()
            .memory::<Words<WRONG>>(|_| Table::new().forgets(REMEMBERED_DAYS, |_, word| word.day))
            .memory::<NewWords>(|_| Gate::new())
            .memory::<LatestDay>(|_| Watermark::new())
            .memory::<Users>(|_| Table::new())
            .forgets_by::<Words<WRONG>, LatestDay>()
            .with("parse", |_| Parse)
            .with_keyed("count_word", |_| CountWord::<WRONG>::default())
            .with_keyed("count_post", |_| CountPost)
    }

    fn finish(_: &ConfigOf<Self>, memory: &mut Memory, output: &mut Vec<u8>) {
        if let Some(words) = memory.store::<Words<WRONG>>() {
            for (text, word) in words.entries() {
                output.extend(format!("{text}: {} since day {}\n", word.uses, word.day).as_bytes());
            }
        }
    }

    fn summary(_: &ConfigOf<Self>, memory: &mut Memory) -> Vec<SummaryRow> {
        let users = memory.store::<Users>().map_or(0, |users| users.entries().count() as u64);
        vec![SummaryRow { label: "users".to_owned(), count: users, level: 0 }]
    }
}
