//! A trace for an application's own commands: a file, or a folder of parts, that can be read more than once.

use std::cell::Cell;

use stream_kernel_trace::TraceRecord;

use crate::command::CommandFailure;
use crate::trace_commands::source::{Records, is_lasting};

/// A trace in a regular file or a folder of parts, which can be read more than once.
#[derive(Clone, Debug)]
pub struct TraceFile {
    name: String,
    only_run: Option<u64>,
    was_opened: Cell<bool>,
}

/// The records of a [`TraceFile`], in constant memory.
pub struct TraceRecords(Records);

impl TraceFile {
    /// Returns the trace in the file, or in the folder of parts, `name`; with `only_run`, only the records of that run
    /// are read, counted from 1.
    ///
    /// # Errors
    ///
    /// It cannot be inspected, or is neither a regular file nor a folder of parts.
    pub fn new(name: &str, only_run: Option<u64>) -> Result<Self, CommandFailure> {
        let text = "is not a regular file, but has to be read more than once (write it to a file first)";
        if is_lasting(name)? {
            return Ok(Self { name: name.to_owned(), only_run, was_opened: Cell::new(false) });
        }
        Err(CommandFailure::new(2, format!("the trace `{name}` {text}")))
    }

    /// Begins to read the trace. Its faults are reported on standard error the first time.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub fn records(&self) -> Result<TraceRecords, CommandFailure> {
        let mut records = Records::open(&self.name, self.only_run)?;
        records.wrong_lines.is_silent = self.was_opened.replace(true);
        Ok(TraceRecords(records))
    }

    /// Returns the name of the file.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl TraceRecords {
    /// Returns the next record and the number of its run, from 1. Lines without a record, and a torn end, are left out.
    ///
    /// # Errors
    ///
    /// The file cannot be read, holds no record, or lacks the requested run.
    pub fn next_record(&mut self) -> Result<Option<(u64, TraceRecord)>, CommandFailure> {
        Ok(self.0.next()?)
    }

    /// Fails if lines were left out, except a torn end: call it when everything else is done.
    ///
    /// # Errors
    ///
    /// Some lines held no record.
    pub fn finish(&self) -> Result<(), CommandFailure> {
        Ok(self.0.finish()?)
    }
}
