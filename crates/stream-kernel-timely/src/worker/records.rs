//! Records that wait in memory for their place in the trace.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use stream_kernel_exec::trace::{Record, RecordSerializer, TraceSink};

/// Records of an epoch, in memory until it is known where they go.
#[derive(Clone, Default)]
pub(crate) struct RecordBuffer(Arc<Mutex<Records>>);

#[derive(Default)]
struct Records {
    serializer: RecordSerializer,
    bytes: Vec<u8>,
    is_given_up: bool,
}

impl RecordBuffer {
    /// Takes the records, and leaves `buffer` for later ones.
    pub(crate) fn take(&self, buffer: &mut Vec<u8>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut inner.bytes, buffer);
    }

    /// Drops all records from now on.
    pub(super) fn give_up(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_given_up = true;
    }
}

impl TraceSink for RecordBuffer {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Records { serializer, bytes, is_given_up } = &mut *inner;
        if !*is_given_up {
            serializer.write_json(record, bytes);
            bytes.push(b'\n');
        }
        Ok(())
    }
}
