//! Where records go.

use std::io;

use crate::Record;

/// Takes records in, one by one, in the order of execution.
pub trait TraceSink: Send {
    /// Takes one record in.
    ///
    /// # Errors
    ///
    /// An error says that the record, or an earlier one, could not be kept. The recorder then lets the sink go for the rest
    /// of the run.
    fn write(&mut self, record: &Record<'_>) -> io::Result<()>;

    /// Is told that nothing happens for a while, since the run waits for input: the moment to bring out what somebody may be
    /// waiting for. A sink whose cadence is fixed does nothing.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    fn idle(&mut self) -> io::Result<()> {
        Ok(())
    }

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
    /// The sink failed while the run was waiting for input, and was let go.
    #[error("the trace breaks off at line {line_no}, or shortly before")]
    Idle {
        /// The last line before it.
        line_no: u64,
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
