//! Records as lines of JSON on standard output.

use std::io::{self, IsTerminal, Stdout, Write};
use std::num::NonZeroU64;

use stream_kernel_trace::{Record, TraceSink};

use crate::{Cadence, Destination, JsonlSink};

/// The size of a block for a standard output that is not a terminal: the capacity of a pipe.
const PIPE_BYTES: usize = 64 * 1024;

/// A sink that writes each record as one line to standard output: at once to a terminal; otherwise in blocks of whole
/// lines, about 64 KiB each, and before the run waits for input.
#[derive(Debug)]
pub struct StdoutSink {
    sink: JsonlSink<Stdout>,
}

impl StdoutSink {
    /// Returns a sink on this process's standard output.
    pub fn new() -> Self {
        let stdout = io::stdout();
        let flush_every_n = if stdout.is_terminal() { NonZeroU64::MIN } else { NonZeroU64::MAX };
        let cadence = Cadence { flush_every_n, fsync_every_n: None };
        Self { sink: JsonlSink::new(stdout, cadence).with_max_bytes(PIPE_BYTES) }
    }
}

impl Default for StdoutSink {
    fn default() -> Self {
        Self::new()
    }
}

impl TraceSink for StdoutSink {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.sink.write(record)
    }

    fn idle(&mut self) -> io::Result<()> {
        self.sink.finish()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.sink.finish()
    }
}

impl Destination for Stdout {
    fn sync(&mut self) -> io::Result<()> {
        self.flush()
    }
}
