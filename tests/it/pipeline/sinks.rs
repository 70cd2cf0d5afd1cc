//! Sinks of tests: into memory, into memory until it fails, or nowhere.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use stream_kernel_exec::trace::{Record, TraceSink};

use super::harness::Shared;

/// Each record becomes a line of JSON.
impl TraceSink for Shared {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.append(|bytes| {
            record.write_json(bytes);
            bytes.push(b'\n');
        });
        Ok(())
    }
}

/// What subscribers of the `tracing` ecosystem write to.
impl io::Write for Shared {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.append(|bytes| bytes.extend_from_slice(text));
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps records until it is full, and must not be called after that.
pub(crate) struct Bounded {
    pub(crate) kept: Shared,
    /// The number of records that fit.
    pub(crate) room: usize,
    /// Whether it refused a record.
    pub(crate) is_full: Arc<AtomicBool>,
}

impl TraceSink for Bounded {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        assert!(!self.is_full.load(Relaxed), "a sink that has failed is written to");
        if self.room == 0 {
            self.is_full.store(true, Relaxed);
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room -= 1;
        TraceSink::write(&mut self.kept, record)
    }

    fn finish(&mut self) -> io::Result<()> {
        assert!(!self.is_full.load(Relaxed), "a sink that has failed is finished");
        Ok(())
    }
}

/// Takes every record, and loses them all at the end.
pub(crate) struct Forgetful;

impl TraceSink for Forgetful {
    fn write(&mut self, _: &Record<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}
