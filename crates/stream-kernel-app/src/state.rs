//! What an application remembers from line to line, as a checkpoint keeps it.

use stream_kernel_checkpoint::{Changes, CommitError, StateWriter};

/// What an application remembers from line to line, in records that a checkpoint keeps.
///
/// Records are the application's own, in whatever form. Taken in by [`restore`](Self::restore) in the order in which they were
/// handed out, they bring back all that decisions depend on.
pub trait State {
    /// Is told that a line begins, which may have to be taken back.
    fn begin_line(&mut self);

    /// Forgets the records of what has changed since the line began: it will come again, to a run that is resumed.
    fn take_back_line(&mut self);

    /// Returns the records of what has changed since the last call, or since the beginning.
    fn take_changes(&mut self) -> Changes;

    /// Writes the records of everything.
    ///
    /// # Errors
    ///
    /// Returns the error of the writer.
    fn write_all(&self, writer: &mut StateWriter<'_>) -> Result<(), CommitError>;

    /// Returns about how many bytes the records of everything have.
    fn bytes(&self) -> u64;

    /// Takes in one or more records.
    ///
    /// # Errors
    ///
    /// Says what is wrong with them; that hardly ever happens, since they have checksums.
    fn restore(&mut self, records: &[u8]) -> Result<(), String>;
}
