//! A running program: its output so far, signals to it, and its end. Every wait here has a bound.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::folder::Folder;

/// The number of polls, and the time between two of them: 90 seconds altogether.
const LOOKS: u32 = 45_000;
const PAUSE: Duration = Duration::from_millis(2);

/// States of a program: stopped by a signal, and at its end.
const STOPPED: char = 'T';
const ZOMBIE: char = 'Z';

/// A running program. A failing test leaves none behind.
pub(super) struct Running {
    child: Child,
    folder: PathBuf,
    stdout: Option<Capture>,
    stderr: Option<Capture>,
}

/// The end of a program.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) exit: i32,
    pub(super) stdout: String,
    /// With `<folder>` for the test's folder, and without the duration of the run.
    pub(super) stderr: String,
}

impl Running {
    pub(super) fn new(mut child: Child, folder: &Path) -> Self {
        let stdout = child.stdout.take().map(Capture::new);
        let stderr = child.stderr.take().map(Capture::new);
        Self { child, folder: folder.to_owned(), stdout, stderr }
    }

    /// Writes to standard input, which stays open.
    pub(super) fn send(&mut self, input: impl AsRef<[u8]>) {
        self.child.stdin.as_mut().unwrap().write_all(input.as_ref()).unwrap();
    }

    /// Returns standard input, for other writers.
    pub(super) fn take_stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// Returns standard output as soon as it has `lines` lines.
    #[track_caller]
    pub(super) fn stdout_of(&self, lines: usize) -> String {
        within_reason("the lines on standard output", || {
            let text = self.stdout.as_ref().unwrap().so_far();
            (text.lines().count() >= lines && text.ends_with('\n')).then_some(text)
        })
    }

    /// Returns standard error as soon as it has a line.
    #[track_caller]
    pub(super) fn stderr_line(&self) -> String {
        within_reason("a line on standard error", || {
            let text = self.stderr.as_ref().unwrap().so_far();
            text.ends_with('\n').then(|| text.replace(&*self.folder.to_string_lossy(), "<folder>"))
        })
    }

    /// Stops the program once it has begun to read the file. Returns false if it has come to the file's end first.
    #[track_caller]
    pub(super) fn stop_within(&self, name: &str) -> bool {
        let path = self.folder.join(name);
        within_reason("what is read", || {
            (self.bytes_read(&path) > Some(0) || self.state() == ZOMBIE).then_some(())
        });
        self.signal(Signal::STOP);
        within_reason("the stop", || self.stands_still().then_some(()));
        let length = path.metadata().unwrap().len();
        // The findings in the last blocks may be shown already.
        self.bytes_read(&path).is_some_and(|bytes| 0 < bytes && bytes < length / 2)
    }

    /// Stops the program in the middle of its work, and returns when none of its threads does anything any more: the
    /// signal alone does not wait for a write in progress. Returns false if the program ended first.
    #[track_caller]
    pub(super) fn stop(&self) -> bool {
        self.signal(Signal::STOP);
        within_reason("the stop", || self.stands_still().then_some(()));
        self.state() == STOPPED
    }

    /// Returns whether every thread of the program is stopped or has ended.
    fn stands_still(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        // A thread may end during the check: the next check sees whether others still run.
        let states =
            threads.map(|thread| Some(letter(&fs::read_to_string(thread.ok()?.path().join("stat")).ok()?)));
        states.into_iter().all(|state| state.is_some_and(|state| [STOPPED, ZOMBIE].contains(&state)))
    }

    /// Returns the program's position in the file, if it is open.
    fn bytes_read(&self, path: &Path) -> Option<u64> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let mut files = fs::read_dir(process.join("fd")).ok()?.flatten();
        let file = files.find(|file| fs::read_link(file.path()).is_ok_and(|target| target == path))?;
        let about = fs::read_to_string(process.join("fdinfo").join(file.file_name())).ok()?;
        about.strip_prefix("pos:")?.lines().next()?.trim().parse().ok()
    }

    /// Returns the program's peak memory so far, in bytes; it must still run.
    pub(super) fn peak_memory_bytes(&self) -> u64 {
        let about = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = about.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Returns the system's letter for the program's state.
    fn state(&self) -> char {
        letter(&fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap())
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Returns the end of the program, which must be an exit and no signal. Standard input stays unchanged.
    #[track_caller]
    pub(super) fn wait(mut self) -> Outcome {
        let status = within_reason("the end of the program", || self.child.try_wait().unwrap());
        let stdout = self.stdout.as_mut().map(Capture::finish).unwrap_or_default();
        let stderr = self.stderr.as_mut().map(Capture::finish).unwrap_or_default();
        let exit = status.code().unwrap_or_else(|| panic!("{status}: {stderr}"));
        let stderr = without_times(&stderr.replace(&*self.folder.to_string_lossy(), "<folder>"));
        Outcome { exit, stdout, stderr }
    }
}

/// Kills the program if it still runs, like `kill -9`.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stream that is read continuously.
pub(super) struct Capture {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Capture {
    pub(super) fn new(mut stream: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut block = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = stream.read(&mut block) {
                shared.lock().unwrap().extend_from_slice(&block[..length]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    fn so_far(&self) -> String {
        String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
    }

    /// Returns all of it, after the other end was closed.
    pub(super) fn finish(&mut self) -> String {
        self.reader.take().into_iter().for_each(|reader| reader.join().unwrap());
        self.so_far()
    }
}

/// Returns the letter for the state of a process or thread, from the system's description.
fn letter(stat: &str) -> char {
    // The name, in brackets, comes first.
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap()
}

/// Returns the first result of `look`.
#[track_caller]
pub(super) fn within_reason<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(found) = look() {
            return found;
        }
        thread::sleep(PAUSE);
    }
    panic!("waited too long for {what}");
}

/// Waits until the file exists and has at least this many bytes.
#[track_caller]
pub(super) fn wait_for_bytes(folder: &Folder, name: &str, bytes: u64) {
    wait_until("bytes in a file", || folder.length(name) >= bytes);
}

/// Waits until `holds` returns true.
#[track_caller]
pub(super) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    within_reason(what, || holds().then_some(()));
}

/// Removes the duration and the rate from a summary, `fund-load: 2 lines in 0.001 s, 1,234 lines/s`, and the digest,
/// which every new key of the configuration changes.
fn without_times(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| match line.split_once(" in ") {
        Some((lines, time)) if line.starts_with("fund-load: ") && time.contains(" s") => format!("{lines}\n"),
        _ => match line.split_once("configuration: sha256:") {
            Some((indent, _)) => format!("{indent}configuration: <digest>\n"),
            None => line.to_owned(),
        },
    });
    lines.collect()
}
