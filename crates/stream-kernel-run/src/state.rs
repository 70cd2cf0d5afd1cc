//! What an application remembers from line to line, as a checkpoint keeps it.

use std::io;

use stream_kernel_checkpoint::{Changes, CommitError, StateWriter};

use crate::{CommittedLines, Reached};

/// What an application remembers from line to line, in records that a checkpoint keeps.
///
/// Records are the application's own, in whatever form. Taken in by [`restore`](Self::restore) in the order in which they were
/// handed out, they bring back all that decisions depend on. What stands in the input need not stand in a record as well: lines that were
/// committed can be read again.
///
/// An application that remembers one number, which its steps count up in the same cell, hands it out if it has changed:
///
/// ```
/// use std::cell::Cell;
/// use std::mem;
/// use std::rc::Rc;
///
/// use stream_kernel_run::{CommittedLines, NotRestored, Reached, State};
/// use stream_kernel_run::checkpoint::{Changes, CommitError, StateWriter};
///
/// struct Counted {
///     now: Rc<Cell<u64>>,
///     when_line_began: u64,
///     handed_out: u64,
/// }
///
/// impl State for Counted {
///     fn begin_line(&mut self, _: Reached) {
///         self.when_line_began = self.now.get();
///     }
///     fn take_back_line(&mut self) {
///         self.now.set(self.when_line_began);
///     }
///     fn take_changes(&mut self, changes: &mut Changes) {
///         let now = self.now.get();
///         if mem::replace(&mut self.handed_out, now) != now {
///             changes.push(&now.to_le_bytes());
///         }
///     }
///     fn write_all(&self, writer: &mut StateWriter<'_>) -> Result<(), CommitError> {
///         writer.push(&self.now.get().to_le_bytes())
///     }
///     fn bytes(&self) -> u64 {
///         8
///     }
///     fn restore(&mut self, records: &[u8], _: &mut CommittedLines) -> Result<(), NotRestored> {
///         let no_number = || NotRestored::Senseless("a number has eight bytes".to_owned());
///         let last = records.last_chunk().ok_or_else(no_number)?;
///         self.now.set(u64::from_le_bytes(*last));
///         self.handed_out = self.now.get();
///         Ok(())
///     }
/// }
///
/// let counted = |now| Counted { now: Rc::new(Cell::new(now)), when_line_began: now, handed_out: now };
/// let (mut before, mut after) = (counted(0), counted(0));
/// before.now.set(7);
/// let mut changes = Changes::new();
/// before.take_changes(&mut changes);
/// assert_eq!(changes.len(), 8);
/// changes.clear();
/// before.take_changes(&mut changes);
/// assert!(changes.is_empty(), "that is handed out already");
/// # use stream_kernel_disk::{Disk, OpenHow, SimulatedDisk};
/// # let disk = SimulatedDisk::new(1);
/// # disk.put("/input".as_ref(), b"");
/// # let input = disk.open("/input".as_ref(), OpenHow::ReadOnly)?;
/// # let mut lines = CommittedLines::new(input.into(), 1, 0);
/// after.restore(&7_u64.to_le_bytes(), &mut lines)?;
/// assert_eq!(after.now.get(), 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait State {
    /// Is told that a line begins where a run is that has `reached` the end of the one before. It may have to be taken back.
    fn begin_line(&mut self, reached: Reached);

    /// Forgets the records of what has changed since the line began: it will come again, to a run that is resumed.
    ///
    /// The run ends then. What changed before is still asked for, everything is not: what is remembered may go on holding the line.
    fn take_back_line(&mut self);

    /// Adds the records of what has changed since the last call, or since the beginning, to `changes`.
    ///
    /// It is called once in 1,024 lines and for every commit, between lines or after one was taken back. A record that
    /// is too long for the state log ends the run; what was committed before stays.
    fn take_changes(&mut self, changes: &mut Changes);

    /// Writes the records of everything.
    ///
    /// # Errors
    ///
    /// Returns the error of the writer.
    fn write_all(&self, writer: &mut StateWriter<'_>) -> Result<(), CommitError>;

    /// Returns about how many bytes the records of everything have.
    fn bytes(&self) -> u64;

    /// Returns what it costs to repeat the lines that the records since [`write_all`](Self::write_all) tell of, in bytes of such records: nothing,
    /// unless they tell of lines. The state log counts as so much longer when it is asked whether everything is to take its place.
    fn bytes_of_lines(&self) -> u64 {
        0
    }

    /// Takes in one or more records; `lines` are those of the input that are committed.
    ///
    /// # Errors
    ///
    /// Says why they are not taken in.
    fn restore(&mut self, records: &[u8], lines: &mut CommittedLines) -> Result<(), NotRestored>;

    /// Is told that these were all records, of a run that was committed when it had `reached` so far.
    ///
    /// # Errors
    ///
    /// Says what is missing in them.
    fn end_restore(&mut self, reached: Reached) -> Result<(), NotRestored> {
        let _ = reached;
        Ok(())
    }
}

/// Why records of state are not taken in.
#[derive(Debug, thiserror::Error)]
pub enum NotRestored {
    /// There is one that makes no sense; that hardly ever happens, since they have checksums. With what is wrong.
    #[error("{0}")]
    Senseless(String),
    /// They are more than a limit allows that was larger, or none, when they were committed. With the limit, and what to do.
    #[error("{0}")]
    BeyondLimit(String),
    /// The lines that they tell of cannot be read.
    #[error("the input cannot be read")]
    Unreadable(#[from] io::Error),
}
