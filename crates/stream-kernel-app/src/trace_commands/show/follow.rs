//! Following a trace while it is written.

use std::io;
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use stream_kernel_text::escaped;
use stream_kernel_trace_reader::reading::Inputs;

use super::followed_file::FollowedFile;
use super::printer::Printer;
use crate::failure::Failure;
use crate::report::say;
use crate::signals::Signals;
use crate::trace_commands::source::{Records, is_folder_of_parts, is_regular_file};

/// The interval between two checks of the file.
const POLL_EVERY: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// After this many checks without anything new, a second in all, an input counts as over.
const QUIET_POLLS: u32 = 5;

/// The end of following, and the wait between two checks of the file.
pub(super) trait Pauses {
    /// Returns the exit code if following is to end.
    fn ended(&self) -> Option<u8>;

    /// Waits for [`POLL_EVERY`], or less if following is to end.
    fn pause(&mut self) -> io::Result<()>;
}

/// Waits, until a signal comes or nobody reads standard output any more.
pub(super) struct UntilSignal {
    signals: Signals,
    wake: UnixStream,
    is_unread: bool,
}

impl UntilSignal {
    pub(super) fn install() -> io::Result<Self> {
        let signals = Signals::install()?;
        let wake = signals.wake()?;
        Ok(Self { signals, wake, is_unread: false })
    }
}

impl Pauses for UntilSignal {
    fn ended(&self) -> Option<u8> {
        self.signals.received().or(self.is_unread.then_some(0))
    }

    fn pause(&mut self) -> io::Result<()> {
        let stdout = io::stdout();
        // Only the end of standard output is asked for, which is always reported.
        let mut events = [PollFd::new(&self.wake, PollFlags::IN), PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut events, Some(&POLL_EVERY)) {
            // The caller that asks whether to end finds the signal that interrupts it.
            Err(Errno::INTR) => {}
            polled => drop(polled?),
        }
        self.is_unread = !events[1].revents().is_empty();
        Ok(())
    }
}

/// Prints the trace `name` and its additions, until `pauses` ends it; returns the exit code.
///
/// It must be a regular file, because only the length of such a file shows a truncation.
pub(super) fn follow(
    name: &str,
    only_run: Option<u64>,
    printer: &mut Printer<'_>,
    pauses: &mut dyn Pauses,
) -> Result<u8, Failure> {
    if is_folder_of_parts(name) {
        let text = format!(
            "`{name}` is a folder of parts, which --follow does not put in order while they grow (follow one of its parts, \
             such as `{name}/part-00000`)"
        );
        return Err(Failure::usage(text));
    }
    if !is_regular_file(name)? {
        return Err(Failure::usage(format!("`{name}` is not a regular file (--follow needs one)")));
    }
    let failed = Failure::unreadable(name);
    let (file, gaps) = FollowedFile::open(name)?;
    for gap in gaps {
        say(format!("note: `{}` {gap}; following it from there", escaped(name)));
    }
    loop {
        let records = Records::growing(name, only_run, file.clone());
        let length = || file.length().map_err(&failed);
        if let Some(exit_code) = read_until_truncated(records, length, printer, pauses)? {
            return Ok(exit_code);
        }
        say(format!("note: `{}` was truncated; starting over", escaped(name)));
        file.rewind().map_err(&failed)?;
        printer.start_over();
    }
}

/// Returns the exit code; `None` if the file, now `length` long, became shorter than the part that was read.
fn read_until_truncated(
    mut records: Records,
    length: impl Fn() -> Result<u64, Failure>,
    printer: &mut Printer<'_>,
    pauses: &mut dyn Pauses,
) -> Result<Option<u8>, Failure> {
    let mut inputs = Inputs::default();
    let (mut quiet_polls, mut bytes_before) = (0, 0);
    loop {
        let read = read_what_is_there(&mut records, &mut inputs, printer, pauses);
        let ended = pauses.ended();
        let bytes_read = records.bytes_read();
        let is_truncated = length()? < bytes_read;
        quiet_polls = if bytes_read == bytes_before { quiet_polls + 1 } else { 0 };
        bytes_before = bytes_read;
        if quiet_polls == QUIET_POLLS || ended.is_some() || is_truncated || read.is_err() {
            printer.print(inputs.take().as_ref())?;
        }
        printer.flush()?;
        read?;
        if ended.is_some() {
            return Ok(ended);
        }
        if is_truncated {
            return Ok(None);
        }
        pauses.pause().map_err(Failure::Signals)?;
    }
}

fn read_what_is_there(
    records: &mut Records,
    inputs: &mut Inputs,
    printer: &mut Printer<'_>,
    pauses: &dyn Pauses,
) -> Result<(), Failure> {
    while pauses.ended().is_none()
        && let Some((run, record)) = records.next_of_any_run()?
    {
        if records.only_run.is_none_or(|only| only == run) {
            printer.print(inputs.push(run, record).as_ref())?;
        }
    }
    // Tell people now, whatever comes next.
    records.settle()
}
