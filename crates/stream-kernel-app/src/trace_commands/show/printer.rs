//! Printing of the requested inputs, under the heading of their run.

use std::io::{self, Write};

use serde::Serialize;
use stream_kernel_trace::{TraceRecord, may_be_hidden};
use stream_kernel_trace_reader::reading::Input;

use super::block::write_block;
use super::choice::Choice;
use super::palette::{Palette, styled};
use crate::failure::Failure;
use crate::trace_commands::run_heading::run_heading;
use crate::trace_commands::write_json_line;

#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// A block per input.
    People(Palette),
    /// A JSON object per input, on a line of its own.
    Json,
}

pub(super) struct Printer<'a> {
    out: &'a mut dyn Write,
    form: Form,
    choice: Choice,
    /// The run whose heading was printed last.
    run: Option<u64>,
    is_any_shown: bool,
    is_any_known: bool,
    is_any_hidden: bool,
}

#[derive(Serialize)]
struct InputObject<'a> {
    run: u64,
    trace_id: &'a str,
    line_no: u64,
    identity: Option<String>,
    continued: bool,
    records: Vec<&'a TraceRecord>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(out: &'a mut dyn Write, form: Form, choice: Choice) -> Self {
        Self { out, form, choice, run: None, is_any_shown: false, is_any_known: false, is_any_hidden: false }
    }

    /// Prints `input` if it is requested.
    pub(super) fn print(&mut self, input: Option<&Input>) -> Result<(), Failure> {
        let Some(input) = input else { return Ok(()) };
        // Only a request for an id needs to know whether the trace names any.
        if let Some(identity) = self.choice.id.as_ref().and_then(|_| input.identity()) {
            self.is_any_known = true;
            self.is_any_hidden |= may_be_hidden(&identity);
        }
        let records = self.choice.of(input);
        if records.is_empty() {
            return Ok(());
        }
        self.write(input, records).map_err(Failure::Print)
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::Print)
    }

    /// Forgets the runs, because the trace begins anew.
    pub(super) fn start_over(&mut self) {
        self.run = None;
    }

    /// Returns why nothing was printed, if so.
    pub(super) fn why_nothing(&self) -> Option<&'static str> {
        if self.is_any_shown {
            None
        } else if self.choice.id.is_some() && !self.is_any_known {
            Some(
                "no input matches, and the inputs that were read name no ids (trace with \
                 `runtime.tracing.signature.mode: type_and_identity`, or with `tags` in the context's whitelist)",
            )
        } else if self.is_any_hidden {
            Some(
                "no input matches, and the trace hides ids (ask for one as the trace shows it, or with `--line N`)",
            )
        } else {
            Some("no input matches")
        }
    }

    fn write(&mut self, input: &Input, records: Vec<&TraceRecord>) -> io::Result<()> {
        let is_first = !self.is_any_shown;
        self.is_any_shown = true;
        match &self.form {
            Form::Json => {
                let object = InputObject {
                    run: input.run,
                    trace_id: &input.trace_id,
                    line_no: input.line_no,
                    identity: input.identity(),
                    continued: input.is_continued,
                    records,
                };
                write_json_line(self.out, &object)
            }
            Form::People(palette) => {
                if !is_first {
                    self.out.write_all(b"\n")?;
                }
                if self.run.replace(input.run) != Some(input.run)
                    && let Some(record) = records.first()
                {
                    let heading = run_heading(input.run, Some((record.run_id(), &record.scenario)));
                    writeln!(self.out, "{}\n", styled(palette.run, heading))?;
                }
                write_block(self.out, palette, input, &records)
            }
        }
    }
}
