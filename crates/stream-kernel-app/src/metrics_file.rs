//! The file of a run's metrics, which a thread writes while the run goes on.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use stream_kernel_run::files::partial_path;
use stream_kernel_run::{Application, Figures, Job, Meter};
use stream_kernel_text::escaped;
use stream_kernel_trace::{Clock, SystemClock};

use crate::failure::Failure;
use crate::metrics::{Metrics, PREFIX, RunLabels, RunState};
use crate::progress::now;
use crate::report::{Summary, say};

/// Everybody may read it, as far as the umask allows: a collector runs as another user, and it shows counts alone.
const MODE: u32 = 0o644;

/// How long a busy run has to answer before older figures are written.
const PATIENCE: Duration = Duration::from_millis(100);

/// The file of metrics of a run, if one is configured. Its thread ends with [`finish`](Self::finish).
pub(crate) struct MetricsFile(Option<Open>);

struct Open {
    shared: Arc<Shared>,
    thread: RefCell<Option<JoinHandle<()>>>,
}

struct Shared {
    path: PathBuf,
    meter: Arc<Meter>,
    labels: RunLabels,
    is_traced: bool,
    /// The lines that earlier runs have taken.
    resumed_after: Mutex<u64>,
    has_ended: AtomicBool,
    failure: Mutex<Failed>,
}

/// Whether the file could not be written.
#[derive(Default)]
enum Failed {
    #[default]
    No,
    /// The error, until it is printed.
    Unsaid(io::Error),
    Said,
}

impl MetricsFile {
    /// Prepares the file of a job, and gives the job a meter. Without such a file, or if another process writes it,
    /// does nothing. The file is not touched before the run has begun.
    ///
    /// # Errors
    ///
    /// Refuses to replace a file that is not one of metrics.
    pub(crate) fn prepare<A: Application>(job: Job<A>, run_id: &str) -> Result<(Self, Job<A>), Failure> {
        let runtime = &job.config().runtime;
        let is_first = runtime.cluster.as_ref().is_none_or(|cluster| cluster.process == 0);
        let Some(textfile) = runtime.metrics.textfile.clone().filter(|_| is_first) else {
            return Ok((Self(None), job));
        };
        check_replaced(&textfile.path)?;
        let meter = Arc::new(Meter::new(&runtime.pipeline));
        let labels = RunLabels {
            program: A::ABOUT.name,
            version: A::ABOUT.version,
            scenario: job.config().scenario.name.clone(),
            run_id: run_id.to_owned(),
            configuration: job.effective().digest(),
            began_ms: SystemClock::new().now().as_nanos() / 1_000_000,
        };
        let shared = Arc::new(Shared {
            path: textfile.path,
            meter: Arc::clone(&meter),
            labels,
            is_traced: runtime.tracing.enabled,
            resumed_after: Mutex::default(),
            has_ended: AtomicBool::new(false),
            failure: Mutex::default(),
        });
        let every = Duration::from_millis(textfile.every_ms.get());
        let of_thread = Arc::clone(&shared);
        let spawned = thread::Builder::new().spawn(move || of_thread.write_from_time_to_time(every));
        let thread = spawned.map_err(|error| Failure::told(1, format!("metrics need a thread: {error}")))?;
        let open = Open { shared, thread: RefCell::new(Some(thread)) };
        Ok((Self(Some(open)), job.with_meter(meter)))
    }

    /// Says once if the file cannot be written.
    pub(crate) fn look(&self) {
        if let Some(open) = &self.0 {
            open.shared.say_failure();
        }
    }

    /// Notes that the run continues an earlier one.
    pub(crate) fn resumed_after(&self, line_no: u64) {
        if let Some(open) = &self.0 {
            *open.shared.resumed_after.lock().unwrap_or_else(PoisonError::into_inner) = line_no;
        }
    }

    /// Publishes how far a run on several workers has come, if somebody asks: its other figures are known at its end.
    #[cfg(feature = "workers")]
    pub(crate) fn publish_if_asked(&self, position: stream_kernel_run::Position) {
        if self.0.as_ref().is_some_and(|open| open.shared.meter.is_asked()) {
            self.publish(position);
        }
    }

    /// Does the same whether or not anybody asks.
    #[cfg(feature = "workers")]
    pub(crate) fn publish(&self, position: stream_kernel_run::Position) {
        if let Some(Open { shared, .. }) = &self.0
            && position.line_no > 0
        {
            let inputs = position.line_no;
            let report = stream_kernel_run::exec::RunReport { inputs, ..Default::default() };
            shared.meter.publish(Figures { position, report, ..Figures::default() });
        }
    }

    /// Writes the file a last time, as the run has ended; a run without a summary has failed. Returns the exit code of
    /// the run: `exit_code`, or 1 instead of 0 if the file could not be written at some time. Later calls do nothing.
    pub(crate) fn finish(&self, summary: Option<&Summary>, exit_code: u8) -> u8 {
        let Some(Open { shared, thread }) = &self.0 else { return exit_code };
        let Some(thread) = thread.take() else { return exit_code };
        shared.has_ended.store(true, Ordering::Release);
        thread.thread().unpark();
        let _ = thread.join();
        let figures = shared.meter.ask(Duration::ZERO);
        // A run that was refused has touched nothing.
        if summary.is_none() && figures.is_none() {
            return exit_code;
        }
        let mut metrics = shared.metrics(RunState::Failed, figures.unwrap_or_default());
        if let Some(summary) = summary {
            metrics.state = if summary.is_stopped { RunState::Stopped } else { RunState::Complete };
            metrics.resumed_after = summary.resumed_after;
            metrics.figures.report = summary.report;
            metrics.figures.rows.clone_from(&summary.rows);
        }
        shared.write(&metrics);
        shared.say_failure();
        exit_code.max(u8::from(matches!(*shared.failure(), Failed::Said)))
    }
}

impl Shared {
    fn write_from_time_to_time(&self, every: Duration) {
        while !self.has_ended.load(Ordering::Acquire) {
            if let Some(figures) = self.meter.ask(PATIENCE) {
                self.write(&self.metrics(RunState::Running, figures));
                self.wait(every);
            }
        }
    }

    /// Waits for this long, or for the end of the run.
    fn wait(&self, every: Duration) {
        let began = now();
        while !self.has_ended.load(Ordering::Acquire) {
            match every.checked_sub(began.elapsed()) {
                Some(left) if !left.is_zero() => thread::park_timeout(left),
                _ => return,
            }
        }
    }

    fn metrics(&self, state: RunState, figures: Figures) -> Metrics {
        Metrics {
            labels: self.labels.clone(),
            state,
            figures,
            resumed_after: *self.resumed_after.lock().unwrap_or_else(PoisonError::into_inner),
            last_commit: self.meter.last_commit(),
            durations: if self.is_traced { self.meter.durations() } else { Vec::new() },
        }
    }

    /// Replaces the file as a whole.
    fn write(&self, metrics: &Metrics) {
        let partial = partial_path(&self.path);
        // A file that an earlier run has left, or a link.
        let _ = fs::remove_file(&partial);
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(MODE)
            .open(&partial)
            .and_then(|mut file| file.write_all(metrics.to_text().as_bytes()))
            .and_then(|()| fs::rename(&partial, &self.path));
        if let Err(error) = written {
            let _ = fs::remove_file(&partial);
            let mut failure = self.failure();
            if matches!(*failure, Failed::No) {
                *failure = Failed::Unsaid(error);
            }
        }
    }

    fn say_failure(&self) {
        let mut failure = self.failure();
        if let Failed::Unsaid(error) = &*failure {
            let path = self.path.display().to_string();
            say(format!(
                "error: the metrics `{}` cannot be written: {error} (the run goes on)",
                escaped(&path)
            ));
            *failure = Failed::Said;
        }
    }

    fn failure(&self) -> std::sync::MutexGuard<'_, Failed> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a file with other content, which somebody may need.
fn check_replaced(path: &Path) -> Result<(), Failure> {
    let beginning = format!("# HELP {PREFIX}_");
    let mut present = Vec::new();
    // If the file cannot be read or replaced, the first write reports it.
    let read = File::open(path).and_then(|file| file.take(beginning.len() as u64).read_to_end(&mut present));
    if read.is_ok() && !present.is_empty() && present != beginning.as_bytes() {
        let path = path.display().to_string();
        let text = format!(
            "the metrics `{}` would replace a file that is not one of metrics (name another file)",
            escaped(&path)
        );
        return Err(Failure::usage(text));
    }
    Ok(())
}
