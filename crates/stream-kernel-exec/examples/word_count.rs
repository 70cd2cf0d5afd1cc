//! Word count: an example of fan-out, a separate route for bad lines, a failing step and a trace.
//!
//! `cargo run -p stream-kernel-exec --example word_count`

use std::error::Error;
use std::io::{self, Write};

use stream_kernel_exec::trace::{
    CanonicalContent, Context, ContextField, FieldSet, Record, RecordSerializer, Recorder, RunLabel,
    ShortText, SignatureMode, SystemClock, TraceSettings, TraceSink,
};
use stream_kernel_exec::{
    Declaration, Emitter, Entry, InputOutcome, KeyedStep, Kind, Nothing, OnStepError, Payload, Plan,
    Registry, Step, StepError, StepResult, SyncRunner, Table, messages, outputs,
};

const LINES: [&str; 4] = ["the fox", "", "an unpronounceablyoverlongword", "the end"];

/// A line of text.
struct Line(&'static str);

/// A word of a line.
struct Word(String);

/// A number to add to a named counter.
struct Tally(String);

impl Payload for Line {
    fn digest(&self, content: &mut CanonicalContent) {
        content.text("text", self.0);
    }
}

impl Payload for Word {
    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(&self.0);
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.text("text", &self.0);
    }
}

impl Payload for Tally {
    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(&self.0);
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.text("name", &self.0);
    }
}

messages! {
    /// The messages of the word counter.
    enum Message { Line, Word, Tally }
}

outputs! {
    /// The output for a line: its words, or a tally at once if it has none.
    enum WordOrTally of Message { Word, Tally }
}

/// Emits a line's words. A blank line becomes a tally and skips the step that takes words.
struct SplitLine;

impl Step<Message> for SplitLine {
    type Takes = Line;
    type Emits = WordOrTally;

    fn process(
        &self,
        line: Line,
        context: &mut Context,
        out: &mut Emitter<'_, Message, WordOrTally>,
    ) -> StepResult {
        let mut words = 0_u64;
        for word in line.0.split_whitespace() {
            out.emit(Word(word.to_owned()));
            words += 1;
        }
        if words == 0 {
            out.emit(Tally("(blank line)".to_owned()));
        }
        context.metrics.set("words", words);
        Ok(())
    }
}

/// Turns words into tallies. A word that is too long is an error, to show how such a line ends.
struct CheckWord {
    max_chars: usize,
}

impl Step<Message> for CheckWord {
    type Takes = Word;
    type Emits = Tally;

    fn process(&self, word: Word, _: &mut Context, out: &mut Emitter<'_, Message, Tally>) -> StepResult {
        let chars = word.0.chars().count();
        if chars > self.max_chars {
            let text =
                format_args!("a word has {chars} characters, and at most {} are known", self.max_chars);
            return Err(StepError::new("WordTooLong", text));
        }
        out.emit(Tally(word.0));
        Ok(())
    }
}

/// The counts by name, kept by the runner.
struct Counts;

impl Declaration for Counts {
    const NAME: &'static str = "counts";
    type Store = Table<String, u64>;
}

/// Counts.
struct Count;

impl KeyedStep<Message> for Count {
    type Takes = Tally;
    type Emits = Nothing;
    type State = Counts;

    fn key(&self, tally: &Tally) -> String {
        tally.0.clone()
    }

    fn process(
        &self,
        _: Tally,
        mut count: Entry<'_, String, u64>,
        _: &mut Context,
        _: &mut Emitter<'_, Message, Nothing>,
    ) -> StepResult {
        let before = count.get().unwrap_or_default();
        count.set(&(before + 1))
    }
}

/// The parameters of the steps.
struct Parameters {
    max_word_chars: usize,
}

/// Writes each record as a line of JSON to standard output.
#[derive(Default)]
struct StdoutSink {
    serializer: RecordSerializer,
    line: Vec<u8>,
}

impl TraceSink for StdoutSink {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.line.clear();
        self.serializer.write_json(record, &mut self.line);
        self.line.push(b'\n');
        io::stdout().lock().write_all(&self.line)
    }
}

fn recorder() -> Recorder {
    let settings = TraceSettings {
        signature: SignatureMode::TypeAndIdentity,
        context_diff: Some(FieldSet::of([ContextField::Metrics])),
    };
    Recorder::new(settings, SystemClock::new()).with_sink(Box::new(StdoutSink::default()))
}

fn main() -> Result<(), Box<dyn Error>> {
    let parameters = Parameters { max_word_chars: 20 };
    let registry = Registry::new()
        .memory::<Counts>(|_: &Parameters| Table::new())
        .with("split_line", |_: &Parameters| SplitLine)
        .with("check_word", |parameters: &Parameters| CheckWord { max_chars: parameters.max_word_chars })
        .with_keyed("count", |_: &Parameters| Count);

    // Misspell one to see how that is reported.
    let pipeline = ["split_line", "check_word", "count"].map(str::to_owned);
    let scenario = registry
        .bind(Plan { source: Kind::of::<Message, Line>(), pipeline: &pipeline, strict: true }, &parameters)?;

    let label = RunLabel { run_id: "example".into(), scenario_id: "word_count".into() };
    let mut runner = SyncRunner::new(scenario, label, OnStepError::Continue).with_recorder(recorder());
    for (line_no, line) in (1..).zip(LINES) {
        if let InputOutcome::Abandoned(failure) = runner.process(line_no, Line(line))? {
            writeln!(io::stdout(), "abandoned: {failure}")?;
        }
    }

    let report = runner.report();
    let mut out = io::stdout().lock();
    for (name, count) in runner.memory().store::<Counts>().iter().flat_map(|counts| counts.entries()) {
        writeln!(out, "{count:3} {name}")?;
    }
    writeln!(out, "{} lines, {} abandoned", report.inputs, report.abandoned)?;
    // Last, so that a failed trace costs nobody the counts.
    runner.finish()?;
    Ok(())
}
