//! The meter of a run: its current figures, for monitoring.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stream_kernel_exec::{RunReport, TableSize};
use stream_kernel_trace::{Record, TraceSink};

use crate::{Position, SummaryRow};

/// The upper bounds, in nanoseconds, of the classes that durations of steps are counted in.
pub const DURATION_BOUNDS_NS: [u64; 18] = [
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
];

/// The figures of a run between two lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The last line taken, and the input up to there.
    pub position: Position,
    /// The counts of all lines, including those of earlier runs.
    pub report: RunReport,
    /// The application's part of the summary.
    pub rows: Vec<SummaryRow>,
    /// The size of each table.
    pub tables: Vec<TableSize>,
    /// The number of inputs that the trace's sinks have dropped.
    pub inputs_dropped: u64,
}

/// The last commit of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastCommit {
    /// The last line that it covers.
    pub line_no: u64,
    /// When it was begun, in milliseconds since 1970.
    pub at_ms: u64,
}

/// The durations of a step, counted in classes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepDurations {
    /// The step's name.
    pub step: String,
    /// By class, one for each of [`DURATION_BOUNDS_NS`] and one for longer durations: how often.
    pub counts: Vec<u64>,
    /// The sum of all durations, in nanoseconds.
    pub sum_ns: u64,
}

/// Hands the figures of a run to another thread, which asks for them from time to time.
///
/// Every few lines the run checks whether it was asked. The durations of steps are counted when records are made.
#[derive(Debug)]
pub struct Meter {
    is_asked: AtomicBool,
    latest: Mutex<Latest>,
    published: Condvar,
    steps: Vec<Durations>,
}

#[derive(Debug, Default)]
struct Latest {
    figures: Option<Figures>,
    commit: Option<LastCommit>,
}

#[derive(Debug)]
struct Durations {
    step: String,
    counts: [AtomicU64; DURATION_BOUNDS_NS.len() + 1],
    sum_ns: AtomicU64,
}

impl Meter {
    /// Returns the meter of a run with this pipeline: the names of its steps.
    pub fn new(pipeline: &[String]) -> Self {
        let durations =
            |step: &String| Durations { step: step.clone(), counts: Default::default(), sum_ns: 0.into() };
        Self {
            is_asked: true.into(),
            latest: Mutex::default(),
            published: Condvar::new(),
            steps: pipeline.iter().map(durations).collect(),
        }
    }

    /// Asks for figures, waits for at most this long, and returns the latest, which may be older. `None` if the run has
    /// not begun.
    pub fn ask(&self, at_most: Duration) -> Option<Figures> {
        self.is_asked.store(true, Ordering::Relaxed);
        let is_asked = |_: &mut Latest| self.is_asked.load(Ordering::Relaxed);
        let waited = self.published.wait_timeout_while(self.lock(), at_most, is_asked);
        let (latest, _) = waited.unwrap_or_else(PoisonError::into_inner);
        latest.figures.clone()
    }

    /// Returns the last commit; `None` if there is none.
    pub fn last_commit(&self) -> Option<LastCommit> {
        self.lock().commit
    }

    /// Returns the durations of all steps so far; without a trace all counts are 0.
    pub fn durations(&self) -> Vec<StepDurations> {
        let durations = |durations: &Durations| StepDurations {
            step: durations.step.clone(),
            counts: durations.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect(),
            sum_ns: durations.sum_ns.load(Ordering::Relaxed),
        };
        self.steps.iter().map(durations).collect()
    }

    /// Returns whether somebody asks for figures.
    #[inline]
    pub fn is_asked(&self) -> bool {
        self.is_asked.load(Ordering::Relaxed)
    }

    /// Publishes figures.
    pub fn publish(&self, figures: Figures) {
        self.lock().figures = Some(figures);
        self.is_asked.store(false, Ordering::Relaxed);
        self.published.notify_all();
    }

    pub(crate) fn committed(&self, commit: LastCommit) {
        self.lock().commit = Some(commit);
    }

    fn observe(&self, step_index: usize, duration_ns: u64) {
        let Some(Durations { counts, sum_ns, .. }) = self.steps.get(step_index) else { return };
        let class = DURATION_BOUNDS_NS.partition_point(|bound| *bound < duration_ns);
        counts[class].fetch_add(1, Ordering::Relaxed);
        sum_ns.fetch_add(duration_ns, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sink that counts the durations of records, beside the sinks that keep them.
pub(crate) struct MeteredSink(pub(crate) Arc<Meter>);

impl TraceSink for MeteredSink {
    /// Takes none: no input is recorded for its durations alone.
    fn takes_input(&mut self, _: u64) -> bool {
        false
    }

    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.0.observe(record.step_index, record.t_exit.nanos_since(record.t_enter));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_up_to_their_bounds() {
        let meter = Meter::new(&["a".to_owned(), "b".to_owned()]);
        for duration_ns in [0, 250, 251, 10_000_000_000, 10_000_000_001] {
            meter.observe(1, duration_ns);
        }
        meter.observe(2, 1);
        let [first, second] = &*meter.durations() else { panic!("two steps") };
        assert_eq!((first.sum_ns, first.counts.iter().sum::<u64>()), (0, 0));
        assert_eq!(&second.counts[..2], [2, 1], "a bound belongs to its class");
        assert_eq!(&second.counts[17..], [1, 1], "longer than the last bound");
        assert_eq!(second.sum_ns, 20_000_000_502);
    }

    #[test]
    fn figures_are_those_published_last() {
        let meter = Meter::new(&[]);
        assert!(meter.is_asked(), "the run publishes at its beginning");
        assert_eq!(meter.ask(Duration::ZERO), None, "it has not begun");
        let figures = |line_no| Figures { position: Position { line_no, bytes: 0 }, ..Figures::default() };
        meter.publish(figures(1));
        assert!(!meter.is_asked());
        assert_eq!(meter.ask(Duration::ZERO), Some(figures(1)), "nobody answers in time");
        assert!(meter.is_asked());
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| meter.ask(Duration::from_mins(1)));
            meter.publish(figures(2));
            assert_eq!(asked.join().unwrap(), Some(figures(2)));
        });
    }
}
