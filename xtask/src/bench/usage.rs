//! The resource usage of a program.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

use crate::failure::Failure;

/// The resource usage of a program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Processor time of all its threads, in the program and in the kernel.
    pub(crate) cpu: Duration,
    /// From start to end.
    pub(crate) wall: Duration,
    /// The most memory at any time.
    pub(crate) max_rss_bytes: u64,
}

/// Runs `command` to its end, with its standard error in the file at `log`.
///
/// # Errors
///
/// When it cannot be started or fails; its standard error is then passed on.
pub(crate) fn measure(command: &mut Command, log: &Path) -> Result<Usage, Failure> {
    let stderr = File::create(log).map_err(|source| Failure::file("create", log, source))?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    #[expect(clippy::disallowed_methods, reason = "this is a benchmark")]
    let started = Instant::now();
    let child = command.spawn().map_err(|source| Failure::start(command, source))?;
    let ended = child.wait4().map_err(|source| Failure::start(command, source))?;
    let wall = started.elapsed();
    if !ended.status.success() {
        crate::say(&fs::read_to_string(log).unwrap_or_default());
        return Err(Failure::command(command, ended.status));
    }
    let usage = ended.rusage;
    Ok(Usage { cpu: usage.utime + usage.stime, wall, max_rss_bytes: usage.maxrss })
}

#[cfg(test)]
mod tests {
    use super::measure;
    use std::process::Command;

    #[test]
    fn a_failing_program_is_a_failure() {
        let log = std::env::temp_dir().join(format!("xtask-usage-{}", std::process::id()));
        let usage =
            measure(Command::new("sh").args(["-c", "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done"]), &log);
        let usage = usage.unwrap();
        assert!(usage.cpu.as_nanos() > 0 && usage.max_rss_bytes > 100_000, "{usage:?}");
        assert!(measure(Command::new("sh").args(["-c", "exit 3"]), &log).is_err());
        std::fs::remove_file(log).unwrap();
    }
}
