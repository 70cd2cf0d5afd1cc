//! Commits on a slow disk, which takes longer for one than the run takes for the lines up to the next; and snapshots on
//! a full one.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use fund_load::FundLoad;
use stream_kernel_exec::trace::{ManualClock, Timestamp};
use stream_kernel_run::checkpoint::inspect;
use stream_kernel_run::{CheckpointFailure, CheckpointOptions, CommitIn, Job, Position, run_checkpointed};
use stream_kernel_tests::watched_disk::{Watch, WatchedDisk};

use super::input::lines;
use super::scene::{CHECKPOINT, CONFIGURATION, disk_with};
use crate::pipeline::harness::prepare;

/// A limit on waits that may never end. A correct run takes a fraction of it.
const LONG: Duration = Duration::from_secs(10);
/// Enough time for a run that does not wait to decide many more lines.
const A_WHILE: Duration = Duration::from_millis(200);

/// Lets syncs proceed, or blocks them.
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

/// Lines go on during a commit, but not without end: after a kill, all lines since are decided again.
#[test]
fn a_run_is_at_most_four_commits_ahead_of_its_disk() {
    const EVERY_LINES: u64 = 7;
    // The commit after line 7 hangs; the next one is put off until this many lines are due.
    const HANGS_AFTER: u64 = EVERY_LINES;
    const WAITS_AFTER: u64 = HANGS_AFTER + 4 * EVERY_LINES;
    let gate = Arc::new(Gate::default());
    let reached = Mutex::new(0);
    let moved_on = Condvar::new();
    let disk = WatchedDisk { disk: disk_with(&lines(31, 300)), watch: Arc::clone(&gate) };
    let run = || {
        let job: Job<FundLoad> = prepare(CONFIGURATION, &[]);
        let start = Timestamp::from_nanos(0);
        let options = CheckpointOptions {
            disk: Arc::new(disk),
            now: Arc::new(move || start),
            commit_in: CommitIn::Background,
            min_snapshot_bytes: u64::MAX,
            run_id: "run",
            restart: false,
            live_sinks: Vec::new(),
            between_lines: &mut |Position { line_no, .. }| {
                if line_no == HANGS_AFTER - 1 {
                    gate.set_closed(true);
                }
                *reached.lock().unwrap() = line_no;
                moved_on.notify_all();
                false
            },
            tell: &mut |_| {},
        };
        run_checkpointed(job, || ManualClock::new(start, 1_000), options).unwrap()
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

/// Has no more space for snapshots from some time on.
#[derive(Debug, Default)]
struct Fill(AtomicBool);

impl Watch for Fill {
    fn around<T>(&self, name: &str, path: &Path, operation: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let name_of_file = path.file_name().unwrap_or_default().to_string_lossy();
        if name == "write" && name_of_file.starts_with("snapshot-") && self.0.load(Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        operation()
    }
}

/// People are told of the earlier commit, which another thread has made.
#[test]
fn a_snapshot_without_room_hides_no_commit() {
    let disk = disk_with(&lines(31, 310).repeat(30));
    let fill = Arc::new(Fill::default());
    let settings = ["runtime.checkpoint.every_lines=500", "runtime.tracing.enabled=false"];
    let job: Job<FundLoad> = prepare(CONFIGURATION, &settings.map(str::to_owned));
    let start = Timestamp::from_nanos(0);
    let options = CheckpointOptions {
        disk: Arc::new(WatchedDisk { disk: disk.clone(), watch: Arc::clone(&fill) }),
        now: Arc::new(move || start),
        commit_in: CommitIn::Background,
        // It pays after some 5,000 lines.
        min_snapshot_bytes: 200_000,
        run_id: "run",
        restart: false,
        live_sinks: Vec::new(),
        between_lines: &mut |Position { line_no, .. }| {
            fill.0.store(line_no >= 600, Relaxed);
            false
        },
        tell: &mut |_| {},
    };
    let failure = run_checkpointed(job, || ManualClock::new(start, 1_000), options).unwrap_err();
    let CheckpointFailure::Commit { line_no: told, .. } = failure else { panic!("{failure:?}") };
    let last = inspect(&disk, Path::new(CHECKPOINT)).unwrap().last.unwrap();
    assert_eq!((last.snapshot, last.committed.lines), (None, told));
    assert!((500..9_300).contains(&told), "{told}");
}
