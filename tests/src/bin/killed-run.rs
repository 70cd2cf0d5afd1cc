//! A run of fund-load with a checkpoint that kills itself (`kill -9`) at an operation on files: right before it, or right after.
//!
//! `killed-run CONFIGURATION [before|after OPERATION]`, with operations counted from 0. Says on standard error where it kills itself;
//! a run that is complete says on standard output how many operations it took.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fund_load::FundLoad;
use rustix::process::{Signal, getpid, kill_process};
use stream_kernel_app::{CommitIn, Job, Surroundings, run_checkpointed};
use stream_kernel_disk::{Disk, DiskFile, FileId, OpenHow, OsDisk};
use stream_kernel_trace::{Clock, SystemClock};

/// Where the process kills itself.
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

/// Counts operations, and ends the process at one of them.
#[derive(Debug)]
struct Deadline {
    point: Option<Point>,
    operations: AtomicU64,
}

impl Deadline {
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

/// The operating system's disk, with a deadline.
#[derive(Debug)]
struct DeadlyDisk {
    disk: OsDisk,
    deadline: Arc<Deadline>,
}

impl Disk for DeadlyDisk {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn DiskFile>> {
        let name = match how {
            OpenHow::ReadOnly | OpenHow::ReadOnlyNoFollow => "open for reading",
            OpenHow::Existing => "open",
            OpenHow::New => "create",
            OpenHow::ExistingOrNew => "open or create",
        };
        let file = self.deadline.around(name, path, || self.disk.open(path, how))?;
        Ok(Box::new(DeadlyFile { file, deadline: Arc::clone(&self.deadline) }))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.deadline.around("create directory", path, || self.disk.create_dir(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.deadline.around("sync directory", path, || self.disk.sync_dir(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.deadline.around("rename", from, || self.disk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.deadline.around("remove", path, || self.disk.remove(path))
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        self.deadline.around("list", dir, || self.disk.names(dir))
    }
}

/// A file of that disk.
#[derive(Debug)]
struct DeadlyFile {
    file: Box<dyn DiskFile>,
    deadline: Arc<Deadline>,
}

impl DeadlyFile {
    fn around<T>(&self, name: &str, operation: impl FnOnce(&dyn DiskFile) -> io::Result<T>) -> io::Result<T> {
        self.deadline.around(name, self.file.path(), || operation(&*self.file))
    }
}

impl DiskFile for DeadlyFile {
    fn path(&self) -> &Path {
        self.file.path()
    }

    fn id(&self) -> io::Result<FileId> {
        self.around("tell apart", |file| file.id())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.around("read", |file| file.read_at(buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.around("write", |file| file.write_at(bytes, offset))
    }

    fn len(&self) -> io::Result<u64> {
        self.around("measure", |file| file.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.around("cut", |file| file.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.around("sync", |file| file.sync_data())
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.around("lock", |file| file.try_lock())
    }

    fn is_locked(&self) -> io::Result<bool> {
        self.around("look for a lock on", |file| file.is_locked())
    }
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

/// Runs, and returns how many operations that took.
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
    let clock = SystemClock::new();
    let surroundings = Surroundings {
        disk: Arc::new(DeadlyDisk { disk: OsDisk, deadline: Arc::clone(&deadline) }),
        now: &|| clock.now(),
        min_compaction_bytes: 0,
        commit_in: CommitIn::Foreground,
        run_id: "run",
        restart: false,
        between_lines: &mut |_| None,
        tell: &mut |_| {},
    };
    run_checkpointed(job, SystemClock::new(), surroundings)?;
    Ok(deadline.operations.load(Ordering::Relaxed))
}
