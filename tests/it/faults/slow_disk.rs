//! A disk that takes longer to make something durable than the run takes for the lines between two commits.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use fund_load::FundLoad;
use stream_kernel_app::{CommitIn, Job, Reached, Surroundings, run_checkpointed};
use stream_kernel_disk::{Disk, DiskFile, FileId, OpenHow, SimulatedDisk};
use stream_kernel_exec::trace::{ManualClock, Timestamp};

use super::input::lines;
use super::scene::{CONFIGURATION, disk_with};
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

#[derive(Debug)]
struct SlowDisk {
    disk: SimulatedDisk,
    gate: Arc<Gate>,
}

#[derive(Debug)]
struct SlowFile {
    file: Box<dyn DiskFile>,
    gate: Arc<Gate>,
}

impl Disk for SlowDisk {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn DiskFile>> {
        let file = self.disk.open(path, how)?;
        Ok(Box::new(SlowFile { file, gate: Arc::clone(&self.gate) }))
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.create_dir(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.sync_dir(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }
    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        self.disk.names(dir)
    }
}

impl DiskFile for SlowFile {
    fn path(&self) -> &Path {
        self.file.path()
    }
    fn id(&self) -> io::Result<FileId> {
        self.file.id()
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(bytes, offset)
    }
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.gate.pass();
        self.file.sync_data()
    }
    fn try_lock(&self) -> io::Result<bool> {
        self.file.try_lock()
    }
    fn is_locked(&self) -> io::Result<bool> {
        self.file.is_locked()
    }
}

/// Lines go on while a commit is made, but not without end: what has changed since is kept in memory.
#[test]
fn a_run_is_ahead_of_its_disk_by_four_times_the_usual_lines_at_most() {
    const EVERY_LINES: u64 = 7;
    // The commit after line 7 hangs; the next one is put off until so many lines are due.
    const HANGS_AFTER: u64 = EVERY_LINES;
    const WAITS_AFTER: u64 = HANGS_AFTER + 4 * EVERY_LINES;
    let gate = Arc::new(Gate::default());
    let reached = Mutex::new(0);
    let moved_on = Condvar::new();
    let disk = SlowDisk { disk: disk_with(&lines(31, 300)), gate: Arc::clone(&gate) };
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
                None
            },
            tell: &mut |_| {},
        };
        run_checkpointed(job, ManualClock::new(start, 1_000), surroundings).unwrap()
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
    assert_eq!((ended.stopped, ended.report.inputs), (None, 300));
}
