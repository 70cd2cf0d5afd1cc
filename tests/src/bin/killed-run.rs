//! A run of fund-load with a checkpoint that kills itself (`kill -9`) just before or after an operation on files.
//!
//! `killed-run CONFIGURATION [before|after OPERATION]`, with operations counted from 0. It prints on standard error
//! where it kills itself; a complete run prints on standard output how many operations it took.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fund_load::FundLoad;
use rustix::process::{Signal, getpid, kill_process};
use stream_kernel_disk::{Disk, OsDisk};
use stream_kernel_run::{CheckpointOptions, CommitIn, Job, run_checkpointed};
use stream_kernel_tests::watched_disk::{Watch, WatchedDisk};
use stream_kernel_timely::{Committing, WorkerOptions, WorkersError, run_on_workers};
use stream_kernel_trace::{Clock, MonotonicClock, SystemClock};

/// The point at which the process kills itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    moment: Moment,
    operation: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Before,
    After,
}

/// Counts operations, and kills the process at one of them.
#[derive(Debug)]
struct Deadline {
    point: Option<Point>,
    operations: AtomicU64,
}

impl Watch for Deadline {
    fn around<T>(&self, name: &str, path: &Path, operation: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let number = self.operations.fetch_add(1, Ordering::Relaxed);
        let is_at = |moment| self.point == Some(Point { moment, operation: number });
        if is_at(Moment::Before) {
            die("before", name, path)?;
        }
        let done = operation();
        if is_at(Moment::After) {
            die("after", name, path)?;
        }
        done
    }
}

fn die(moment: &str, name: &str, path: &Path) -> io::Result<()> {
    let file = path.file_name().unwrap_or(path.as_os_str());
    writeln!(io::stderr(), "killed {moment} {name} {}", file.display())?;
    kill_process(getpid(), Signal::KILL)?;
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(operations) => {
            let told = writeln!(io::stdout(), "{operations}");
            told.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs, and returns the number of operations.
fn run(args: &[String]) -> Result<u64, Box<dyn std::error::Error>> {
    let (configuration, point) = match args {
        [configuration] => (configuration, None),
        [configuration, moment, operation] => {
            let moment = match moment.as_str() {
                "before" => Moment::Before,
                "after" => Moment::After,
                other => return Err(format!("`{other}` is neither `before` nor `after`").into()),
            };
            (configuration, Some(Point { moment, operation: operation.parse()? }))
        }
        _ => return Err("usage: killed-run CONFIGURATION [before|after OPERATION]".into()),
    };
    let layers = Job::<FundLoad>::loader().file(PathBuf::from(configuration));
    let job = Job::<FundLoad>::prepare(layers).map_err(|mistakes| mistakes.to_string())?;
    let deadline = Arc::new(Deadline { point, operations: AtomicU64::new(0) });
    let clock = MonotonicClock::new();
    let disk = Arc::new(WatchedDisk { disk: OsDisk, watch: Arc::clone(&deadline) });
    if job.is_on_several_workers() {
        run_workers(&job, disk)?;
        return Ok(deadline.operations.load(Ordering::Relaxed));
    }
    let options = CheckpointOptions {
        disk,
        now: Arc::new(move || clock.now()),
        commit_in: CommitIn::Foreground,
        // As soon as a snapshot costs less than the lines since the last one.
        min_snapshot_bytes: 1,
        run_id: "run",
        restart: false,
        live_sinks: Vec::new(),
        between_lines: &mut |_| false,
        tell: &mut |_| {},
    };
    run_checkpointed(job, SystemClock::new, options)?;
    Ok(deadline.operations.load(Ordering::Relaxed))
}

/// Runs on several threads: only operations of the process's checkpoint keeper count.
fn run_workers(job: &Job<FundLoad>, disk: Arc<dyn Disk>) -> Result<(), WorkersError> {
    let clock = MonotonicClock::new();
    let runtime = &job.config().runtime;
    let options = WorkerOptions {
        run_id: "run",
        workers: runtime.workers.get(),
        cluster: None,
        epoch_bytes: runtime.epoch_bytes.get() as u64,
        committing: Some(Committing {
            disk,
            now: Arc::new(move || clock.now()),
            min_snapshot_bytes: 1,
            restart: false,
        }),
        between_lines: &mut |_| None,
        tell: &mut |_| {},
    };
    run_on_workers(job, SystemClock::new, options).ended.map(drop)
}
