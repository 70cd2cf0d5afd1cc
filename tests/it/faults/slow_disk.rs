//! Commits beside the run: on a disk that takes longer for one than the run takes for the lines up to the next, and on one that is full.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use fund_load::FundLoad;
use stream_kernel_exec::trace::{ManualClock, Timestamp};
use stream_kernel_run::checkpoint::inspect;
use stream_kernel_run::{CheckpointFailure, CommitIn, Job, Reached, Surroundings, run_checkpointed};
use stream_kernel_tests::watched_disk::{Watch, WatchedDisk};

use super::input::lines;
use super::scene::{CHECKPOINT, CONFIGURATION, disk_with};
use crate::pipeline::harness::prepare;

/// For whoever waits for what may never come. A run that is in order takes a part of it.
const LONG: Duration = Duration::from_secs(10);
/// Time enough for a run that waits for nothing to decide many more lines.
const A_WHILE: Duration = Duration::from_millis(200);

/// Lets files be made durable, or makes whoever wants that wait.
#[derive(Debug, Default)]
struct Gate {
    is_closed: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    fn set_closed(&self, is_closed: bool) {
        *self.is_closed.lock().unwrap() = is_closed;
        self.changed.notify_all();
    }

    fn pass(&self) {
        drop(self.changed.wait_while(self.is_closed.lock().unwrap(), |is_closed| *is_closed).unwrap());
    }
}

impl Watch for Gate {
    fn around<T>(&self, name: &str, _: &Path, operation: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if name == "sync" {
            self.pass();
        }
        operation()
    }
}

/// Lines go on while a commit is made, but not without end: all that were decided since are decided again after a kill.
#[test]
fn a_run_is_ahead_of_its_disk_by_four_times_the_usual_lines_at_most() {
    const EVERY_LINES: u64 = 7;
    // The commit after line 7 hangs; the next one is put off until so many lines are due.
    const HANGS_AFTER: u64 = EVERY_LINES;
    const WAITS_AFTER: u64 = HANGS_AFTER + 4 * EVERY_LINES;
    let gate = Arc::new(Gate::default());
    let reached = Mutex::new(0);
    let moved_on = Condvar::new();
    let disk = WatchedDisk { disk: disk_with(&lines(31, 300)), watch: Arc::clone(&gate) };
    let run = || {
        let job: Job<FundLoad> = prepare(CONFIGURATION, &[]);
        let start = Timestamp::from_nanos(0);
        let surroundings = Surroundings {
            disk: Arc::new(disk),
            now: &|| start,
            min_compaction_bytes: u64::MAX,
            commit_in: CommitIn::Background,
            run_id: "run",
            restart: false,
            between_lines: &mut |Reached { line_no, .. }| {
                if line_no == HANGS_AFTER - 1 {
                    gate.set_closed(true);
                }
                *reached.lock().unwrap() = line_no;
                moved_on.notify_all();
                false
            },
            tell: &mut |_| {},
        };
        run_checkpointed(job, || ManualClock::new(start, 1_000), surroundings).unwrap()
    };
    let (reached_then, ended) = thread::scope(|scope| {
        let run = scope.spawn(run);
        let is_before = |line_no: &mut u64| *line_no < WAITS_AFTER - 1;
        drop(moved_on.wait_timeout_while(reached.lock().unwrap(), LONG, is_before).unwrap());
        thread::sleep(A_WHILE);
        let reached_then = *reached.lock().unwrap();
        gate.set_closed(false);
        (reached_then, run.join().unwrap())
    });
    assert_eq!(reached_then, WAITS_AFTER - 1, "it decides line {WAITS_AFTER}, and waits");
    assert_eq!((ended.is_stopped, ended.report.inputs), (false, 300));
}

/// Has no more room in the state log from some time on.
#[derive(Debug, Default)]
struct Fill(AtomicBool);

impl Watch for Fill {
    fn around<T>(&self, name: &str, path: &Path, operation: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if name == "write" && path == Path::new(CHECKPOINT).join("state-1.log") && self.0.load(Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        operation()
    }
}

/// What is written ahead is of a later commit than the one that may be being made. Of that, people are told as well.
#[test]
fn a_log_that_is_full_does_not_hide_how_far_a_run_is_committed() {
    let disk = disk_with(&lines(31, 310).repeat(30));
    let fill = Arc::new(Fill::default());
    let settings = ["runtime.checkpoint.every_lines=5000", "runtime.tracing.enabled=false"];
    let job: Job<FundLoad> = prepare(CONFIGURATION, &settings.map(str::to_owned));
    let start = Timestamp::from_nanos(0);
    let surroundings = Surroundings {
        disk: Arc::new(WatchedDisk { disk: disk.clone(), watch: Arc::clone(&fill) }),
        now: &|| start,
        min_compaction_bytes: u64::MAX,
        commit_in: CommitIn::Background,
        run_id: "run",
        restart: false,
        between_lines: &mut |Reached { line_no, .. }| {
            // With the line after this one, there is more than 4 KiB to be written since line 5,000.
            fill.0.store(line_no == 9_215, Relaxed);
            false
        },
        tell: &mut |_| {},
    };
    let failure = run_checkpointed(job, || ManualClock::new(start, 1_000), surroundings).unwrap_err();
    let CheckpointFailure::Commit { line_no: told, .. } = failure else { panic!("{failure:?}") };
    let committed = inspect(&disk, Path::new(CHECKPOINT)).unwrap().last.unwrap().committed.lines;
    assert_eq!(told, committed);
    assert!((5_000..9_216).contains(&told), "{told}");
}
