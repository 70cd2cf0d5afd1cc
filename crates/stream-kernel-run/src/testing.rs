//! Tests of an application's memory and recovery, on a simulated disk.

mod captured_trace;
mod recovery;
mod snapshots;
mod undisturbed;

use std::marker::PhantomData;

use stream_kernel_config::Loader;
use stream_kernel_trace::{ManualClock, Timestamp};

use crate::{Application, InputSettings, Job, LineAdapters, LineReader, OutputSettings};
pub use captured_trace::CapturedTrace;
use undisturbed::Undisturbed;

const INPUT: &str = "/scene.input";
const OUTPUT: &str = "/scene.output";
const TRACE: &str = "/scene.trace";
const CHECKPOINT: &str = "/scene.checkpoint";

/// Lines for an application under a configuration. Whatever happens to the run, its output, trace and summary must be
/// the same.
///
/// The configuration is that of [`Job::loader`], with a trace of everything and a commit every 3 lines;
/// [`set`](Self::set) changes it. Input, output, trace and checkpoint are files on a simulated disk. The clock stands
/// still, so that traces are the same to the byte.
///
/// A run must decide by its message and its memory alone, and a snapshot must restore all memory. This application
/// passes:
///
/// ```
/// use stream_kernel_run::prelude::*;
/// use stream_kernel_run::testing::Scene;
///
/// messages! { enum Message { RawLine } }
///
/// /// How often each line was there, by its text.
/// struct Counts;
/// impl Declaration for Counts {
///     const NAME: &'static str = "counts";
///     type Store = Table<Vec<u8>, u64>;
/// }
///
/// struct CountLine;
/// impl KeyedStep<Message> for CountLine {
///     type Takes = RawLine;
///     type Emits = Nothing;
///     type State = Counts;
///     fn key(&self, line: &RawLine) -> Vec<u8> {
///         match line.content() {
///             LineContent::Whole(text) => text.to_vec(),
///             LineContent::Overlong { .. } => Vec::new(),
///         }
///     }
///     fn process(
///         &self, _: RawLine, mut count: Entry<'_, Vec<u8>, u64>, _: &mut Context, out: &mut Emitter<'_, Message, Nothing>,
///     ) -> StepResult {
///         let now = count.get().unwrap_or_default() + 1;
///         out.write(format!("{now}\n").as_bytes());
///         count.set(&now)
///     }
/// }
///
/// struct MyApp;
/// impl Application for MyApp {
///     type Message = Message;
///     type Nodes = NoParameters;
///     type Adapters = LineFiles;
///     const ABOUT: About =
///         About::new("my-app", "1.0.0", "Counts lines", ("built-in", "version: 1\nscenario: {name: counting}\n"));
///     fn registry() -> Registry<Message, ConfigOf<Self>> {
///         Registry::new().memory::<Counts>(|_| Table::new()).with_keyed("count_line", |_| CountLine)
///     }
/// }
///
/// let scene = Scene::<MyApp>::new().lines(["a", "b", "a", "a", "b"]);
/// assert_eq!(scene.check_snapshots(), 6);
/// scene.sample(100).check_recovery();
/// ```
pub struct Scene<A> {
    loader: Loader,
    input: Vec<u8>,
    /// The number of cases; `None` for all.
    cases: Option<u64>,
    application: PhantomData<fn() -> A>,
}

impl<A: Application> Default for Scene<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Application> Scene<A> {
    /// Returns a scene without lines.
    pub fn new() -> Self {
        let defaults = [
            "runtime.checkpoint.every_lines=3",
            "runtime.tracing.enabled=true",
            "runtime.tracing.signature.mode=hash",
            "runtime.tracing.context_diff.mode=full",
            "runtime.tracing.sink.jsonl={write_mode: batch, flush_every_n: 20}",
        ];
        let loader = defaults.into_iter().fold(Job::<A>::loader(), Loader::set);
        Self { loader, input: Vec::new(), cases: None, application: PhantomData }
    }

    /// Sets a value of the configuration: `key=value`, as with `--set`.
    pub fn set(self, assignment: &str) -> Self {
        self.layers(|loader| loader.set(assignment))
    }

    /// Adds layers to the configuration, such as a file.
    pub fn layers(self, over: impl FnOnce(Loader) -> Loader) -> Self {
        Self { loader: over(self.loader), ..self }
    }

    /// Adds lines.
    pub fn lines<L: AsRef<[u8]>>(self, lines: impl IntoIterator<Item = L>) -> Self {
        lines.into_iter().fold(self, |scene, line| scene.bytes(line.as_ref()).bytes(b"\n"))
    }

    /// Adds bytes to the input, for input that is not a line.
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.input.extend_from_slice(bytes);
        self
    }

    /// Limits [`check_recovery`](Self::check_recovery) to about this many cases, of all kinds and from the whole
    /// run; with
    /// `SWEEPS=all` in the environment it plays all of them.
    pub fn sample(self, cases: u64) -> Self {
        Self { cases: Some(cases), ..self }
    }

    /// Makes every operation on the disk fail in every way, once and from then on; kills the process and cuts the power
    /// at every operation; and stops the run after every line. Each time the run is started again, and must give the
    /// results of an undisturbed one. Returns the number of disturbed processes.
    ///
    /// In a third of the cases, the restarted process is disturbed as well. A snapshot is made as soon as deciding the
    /// lines again would cost more.
    ///
    /// # Panics
    ///
    /// A run gives other results; the message tells how to repeat it. Or the undisturbed run fails: the configuration
    /// is wrong, or a step ends the run.
    #[track_caller]
    pub fn check_recovery(&self) -> u64 {
        recovery::check(self).unwrap_or_else(|what| panic!("{what}"))
    }

    /// Takes a snapshot of all memory before every line and after the last, restores it into new memory, and lets a new
    /// run go on from there. A snapshot of the restored memory must have the same records, and the results must be
    /// those of one run. Returns the number of snapshots.
    ///
    /// # Panics
    ///
    /// As for [`check_recovery`](Self::check_recovery).
    #[track_caller]
    pub fn check_snapshots(&self) -> u64 {
        snapshots::check(self).unwrap_or_else(|what| panic!("{what}"))
    }

    /// Returns a job on the files of the scene.
    fn job(&self, with_checkpoint: bool) -> Result<Job<A>, String> {
        let checkpoint = if with_checkpoint {
            format!("runtime.checkpoint.dir={CHECKPOINT}")
        } else {
            "runtime.checkpoint=null".to_owned()
        };
        let loader = (self.loader.clone())
            .set(format!("{}={INPUT}", InputSettings::PATH_KEY))
            .set(format!("{}={OUTPUT}", OutputSettings::PATH_KEY))
            .set("runtime.tracing.sink.kind=jsonl")
            .set(format!("runtime.tracing.sink.jsonl.path={TRACE}"))
            .set(checkpoint);
        Job::prepare(loader).map_err(|mistakes| mistakes.to_string())
    }

    /// Returns a reader of the lines after line `line_no`, which ends at `offset`.
    fn reader(&self, job: &Job<A>, line_no: u64, offset: usize) -> LineReader<&[u8]> {
        let settings = &job.config().adapters.input_source().settings;
        LineReader::new(&self.input[offset..], settings.max_line_bytes)
            .unterminated_line(settings.unterminated_line)
            .after(line_no, offset as u64)
    }
}

/// Returns another job of the same configuration.
fn again<A: Application>(job: &Job<A>) -> Result<Job<A>, String> {
    job.again().map_err(|faults| faults.to_string())
}

/// Returns a clock that stands still.
fn clock() -> ManualClock {
    ManualClock::new(NOW, 0)
}

/// 2026-01-21T01:30:25Z
const NOW: Timestamp = Timestamp::from_nanos(1_768_959_025_000_000_000);

/// Returns the first line that differs.
fn difference(what: &str, found: &[u8], expected: &[u8]) -> String {
    let [found, expected] = [found, expected].map(String::from_utf8_lossy);
    let same = found.lines().zip(expected.lines()).take_while(|(found, expected)| found == expected).count();
    let [found, expected] =
        [found, expected].map(|text| text.lines().nth(same).unwrap_or("nothing").to_owned());
    format!("the {what} differs in line {}:\n{found}\ninstead of\n{expected}", same + 1)
}

#[cfg(test)]
mod tests;
