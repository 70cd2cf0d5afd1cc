//! A trace in memory.

use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stream_kernel_trace::{Record, TraceSink};

/// A trace in memory: records as lines of JSON. Clones share them: one goes to the recorder, the other reads them
/// afterwards.
#[derive(Clone, Debug, Default)]
pub struct CapturedTrace(Arc<Mutex<Vec<u8>>>);

impl CapturedTrace {
    /// Returns the number of bytes so far.
    pub fn bytes(&self) -> usize {
        self.lines().len()
    }

    /// Takes all records so far.
    pub fn take(&self) -> Vec<u8> {
        mem::take(&mut self.lines())
    }

    fn lines(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TraceSink for CapturedTrace {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let mut lines = self.lines();
        record.write_json(&mut lines);
        lines.push(b'\n');
        Ok(())
    }
}
