//! Where records go.

use std::io;

use crate::Record;

/// Takes records in, one by one, in the order of execution.
pub trait TraceSink {
    /// Takes one record in.
    ///
    /// # Errors
    ///
    /// An error says that the record, or an earlier one, could not be kept. The recorder then lets the sink go for the rest
    /// of the run.
    fn write(&mut self, record: &Record<'_>) -> io::Result<()>;

    /// Brings out everything that was taken in: called once, after the last record.
    ///
    /// # Errors
    ///
    /// An error says that some of it could not be brought out.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why a trace is not complete.
#[derive(Debug, thiserror::Error)]
pub enum SinkFailure {
    /// The sink refused a record and was let go: later records are not in the trace either, nor are earlier ones that it still held.
    #[error("the trace breaks off at line {line_no}, step `{step_name}`, or shortly before")]
    Refused {
        /// The line of the record that the sink refused.
        line_no: u64,
        /// The step of that record.
        step_name: String,
        /// What the sink said.
        #[source]
        cause: io::Error,
    },
    /// The sink could not bring out what it still held.
    #[error("the trace lacks its last records")]
    Unfinished {
        /// What the sink said.
        #[source]
        cause: io::Error,
    },
}
