//! SIGINT, SIGTERM and SIGHUP: checked between lines, and able to wake a run that waits for input.

use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// The signals that end a run.
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Notes the first signal; a second one ends the process at once.
pub(crate) struct Signals {
    received: Arc<AtomicUsize>,
    wake: UnixStream,
}

impl Signals {
    /// Replaces the system's default for the signals, which would end the process in the middle of a line.
    pub(crate) fn install() -> io::Result<Self> {
        let received = Arc::new(AtomicUsize::new(0));
        let is_second = Arc::new(AtomicBool::new(false));
        let (wake, waker) = UnixStream::pair()?;
        // A program started with `nohup` is to outlive the terminal.
        let outlives_terminal = is_ignored(SIGHUP);
        for signal in SIGNALS.into_iter().filter(|signal| *signal != SIGHUP || !outlives_terminal) {
            // In this order: the first signal finds `is_second` still false and sets it for the next.
            flag::register_conditional_shutdown(signal, exit_code(signal).into(), Arc::clone(&is_second))?;
            flag::register(signal, Arc::clone(&is_second))?;
            flag::register_usize(signal, Arc::clone(&received), usize::try_from(signal).unwrap_or_default())?;
            low_level::pipe::register(signal, waker.try_clone()?)?;
        }
        // A file at its size limit is an error of that file, not the end of the process.
        flag::register(Signal::XFSZ.as_raw(), Arc::new(AtomicBool::new(false)))?;
        Ok(Self { received, wake })
    }

    /// Returns the exit code of the signal received, if there was one: 130, 143 or 129.
    pub(crate) fn received(&self) -> Option<u8> {
        let signal = self.received.load(Ordering::Relaxed);
        (signal != 0).then(|| exit_code(i32::try_from(signal).unwrap_or_default()))
    }

    /// Returns a descriptor that becomes readable when a signal is received.
    pub(crate) fn wake(&self) -> io::Result<UnixStream> {
        self.wake.try_clone()
    }
}

/// Returns whether the program was started with the signal ignored; false if the system does not say.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    ignored & (1 << (signal - 1)) != 0
}

/// Returns a shell's exit code for a process that a signal ended.
fn exit_code(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}
