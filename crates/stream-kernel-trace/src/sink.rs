//! Sinks: the targets of records.

use std::io;

use crate::Record;

/// Takes records, one by one, in the order of execution.
pub trait TraceSink: Send {
    /// Takes one record.
    ///
    /// # Errors
    ///
    /// An error says that the record, or an earlier one, could not be kept. The recorder then drops the sink for the
    /// rest of the run.
    fn write(&mut self, record: &Record<'_>) -> io::Result<()>;

    /// Called before each input: returns whether the sink takes its records. If it does not, none are made, and the
    /// input takes no more time than without a trace.
    fn takes_input(&mut self, line_no: u64) -> bool {
        let _ = line_no;
        true
    }

    /// Called when the run goes idle to wait for input: flush here, because somebody may be waiting for records. A sink
    /// with a fixed cadence does nothing.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    fn idle(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Returns the number of inputs that it has dropped so far, without an error: because they came too fast.
    fn dropped(&self) -> u64 {
        0
    }

    /// Flushes everything: called once, after the last record.
    ///
    /// # Errors
    ///
    /// An error says that some records could not be flushed.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why a trace is incomplete.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkFailure {
    /// The sink refused a record and was dropped: the trace lacks later records too, and earlier ones that the sink had
    /// not flushed.
    #[error("the trace breaks off at line {line_no}, step `{step_name}`, or shortly before")]
    Refused {
        /// The line of the record that the sink refused.
        line_no: u64,
        /// The step of that record.
        step_name: String,
        /// The sink's error.
        #[source]
        cause: io::Error,
    },
    /// The sink failed while the run was waiting for input, and was dropped.
    #[error("the trace breaks off at line {line_no}, or shortly before")]
    Idle {
        /// The last line before it.
        line_no: u64,
        /// The sink's error.
        #[source]
        cause: io::Error,
    },
    /// The sink could not flush its last records.
    #[error("the trace lacks its last records")]
    Unfinished {
        /// The sink's error.
        #[source]
        cause: io::Error,
    },
}
