//! Reports of exports: the counts of what arrived and what did not.

use std::fmt;

/// The counts of an export, and why anything is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportReport {
    /// Spans that the receiver has taken.
    pub exported_spans: u64,
    /// Spans that the receiver has rejected, in answers that are a success otherwise.
    pub rejected_spans: u64,
    /// Spans that could not be delivered, or may not have arrived.
    pub undelivered_spans: u64,
    /// Inputs that did not fit into the queue, or were too large. Nothing was recorded of most of them.
    pub dropped_inputs: u64,
    /// Inputs that are not in the sample.
    pub unsampled_inputs: u64,
    /// Why spans were rejected or not delivered: the first reason.
    pub reason: Option<String>,
    /// Why the present batch is being repeated.
    pub(crate) trouble: Option<String>,
}

impl ExportReport {
    /// Returns whether the receiver has everything that was to be exported.
    pub fn is_complete(&self) -> bool {
        self.rejected_spans == 0 && self.undelivered_spans == 0 && self.dropped_inputs == 0
    }

    pub(crate) fn note(&mut self, reason: impl Into<String>) {
        self.reason.get_or_insert_with(|| reason.into());
    }
}

impl fmt::Display for ExportReport {
    /// Writes the counts that are not zero, such as `1,000 spans exported, 7 inputs dropped`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = stream_kernel_text::counted;
        write!(f, "{} exported", counted(self.exported_spans, "span"))?;
        for (count, noun, what) in [
            (self.rejected_spans, "span", "rejected by the receiver"),
            (self.undelivered_spans, "span", "not delivered"),
            (self.dropped_inputs, "input", "dropped, which did not fit into the queue"),
        ] {
            if count > 0 {
                write!(f, ", {} {what}", counted(count, noun))?;
            }
        }
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}
