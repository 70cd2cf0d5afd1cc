//! What a worker's lines of an epoch have come to.

use stream_kernel_exec::{Encode, RunReport, StepError, StepFailure};

use crate::packet::{read_number, write_number};

/// Something that people are told of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Remark {
    /// A step has failed, and the run has gone on.
    Abandoned(StepFailure),
    /// A step wants people to know something: its topic, how many of these are told, and the text.
    Notice(String, u32, String),
}

/// What a worker's lines of an epoch have come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The counts of this epoch.
    pub(crate) report: RunReport,
    pub(crate) output_bytes: u64,
    pub(crate) trace_bytes: u64,
    /// The failure that has ended the run, if any.
    pub(crate) failure: Option<StepFailure>,
    /// Why what was to be written earlier could not be.
    pub(crate) write_error: Option<String>,
    /// Why its records could not be.
    pub(crate) trace_error: Option<String>,
    pub(crate) remarks: Vec<Remark>,
}

impl Told {
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        let RunReport { inputs, abandoned, undeliverable } = self.report;
        for number in [inputs, abandoned, undeliverable, self.output_bytes, self.trace_bytes] {
            write_number(number, to);
        }
        self.write_error.encode(to);
        self.trace_error.encode(to);
        to.push(u8::from(self.failure.is_some()));
        if let Some(failure) = &self.failure {
            write_failure(failure, to);
        }
        write_number(self.remarks.len() as u64, to);
        for remark in &self.remarks {
            match remark {
                Remark::Abandoned(failure) => {
                    to.push(0);
                    write_failure(failure, to);
                }
                Remark::Notice(topic, most, text) => {
                    to.push(1);
                    ((topic.clone(), text.clone()), *most).encode(to);
                }
            }
        }
    }

    pub(crate) fn read(mut from: &[u8]) -> Option<Self> {
        let from = &mut from;
        let report = RunReport {
            inputs: read_number(from)?,
            abandoned: read_number(from)?,
            undeliverable: read_number(from)?,
        };
        let (output_bytes, trace_bytes) = (read_number(from)?, read_number(from)?);
        let (write_error, trace_error) = (Option::decode(from)?, Option::decode(from)?);
        let failure = if bool::decode(from)? { Some(read_failure(from)?) } else { None };
        let mut remarks = Vec::new();
        for _ in 0..read_number(from)? {
            remarks.push(match u8::decode(from)? {
                0 => Remark::Abandoned(read_failure(from)?),
                1 => {
                    let ((topic, text), most) = Encode::decode(from)?;
                    Remark::Notice(topic, most, text)
                }
                _ => return None,
            });
        }
        from.is_empty().then_some(Self {
            report,
            output_bytes,
            trace_bytes,
            failure,
            write_error,
            trace_error,
            remarks,
        })
    }
}

fn write_failure(StepFailure { line_no, step_name, error }: &StepFailure, to: &mut Vec<u8>) {
    (*line_no, step_name.clone()).encode(to);
    error.encode(to);
}

fn read_failure(from: &mut &[u8]) -> Option<StepFailure> {
    let (line_no, step_name) = Encode::decode(from)?;
    Some(StepFailure { line_no, step_name, error: StepError::decode(from)? })
}

/// What a worker has to say before an epoch is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    /// How many lines begin in its part.
    pub(crate) count: u64,
    /// The signal for which the run is to stop behind this epoch; 0 for none.
    pub(crate) signal: u8,
    /// Why its part cannot be read.
    pub(crate) read_error: Option<String>,
    /// Where the run's records begin in the trace; worker 0 knows.
    pub(crate) trace_start: u64,
    /// What is to be saved of the run behind this epoch; worker 0 says.
    pub(crate) save: Save,
}

/// What is to be saved of a run behind an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Save {
    /// Nothing.
    #[default]
    Nothing,
    /// How far it has come.
    Position,
    /// How far it has come, and all that it remembers.
    Memory,
}

impl Lines {
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        write_number(self.count, to);
        to.push(self.signal);
        write_number(self.trace_start, to);
        to.push(self.save as u8);
        self.read_error.encode(to);
    }

    pub(crate) fn read(mut from: &[u8]) -> Option<Self> {
        let count = read_number(&mut from)?;
        let (signal, trace_start) = (u8::decode(&mut from)?, read_number(&mut from)?);
        let save = match u8::decode(&mut from)? {
            0 => Save::Nothing,
            1 => Save::Position,
            2 => Save::Memory,
            _ => return None,
        };
        let read_error = Option::decode(&mut from)?;
        from.is_empty().then_some(Self { count, signal, read_error, trace_start, save })
    }
}
