//! `trace show`: each input, step by step.

mod block;
mod choice;
mod follow;
mod followed_file;
mod palette;
mod printer;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use clap::Args;
use stream_kernel_trace_reader::reading::Inputs;

use super::source::Records;
use crate::failure::Failure;
use crate::report::say;
use choice::Choice;
use follow::UntilSignal;
use palette::Palette;
use printer::{Form, Printer};

/// Show what happened to each input, step by step.
///
/// `--line` and `--id` choose inputs, `--step` and `--status` choose steps of them; an input without any is left out.
#[derive(Debug, Args)]
#[command(after_long_help = "\
With --json, each input is an object on a line of its own:
  run        the number of the run in the file, from 1
  trace_id   <run id>:<line number>
  line_no    the input's line, from 1
  identity   the tag `id`, or the first identity of its messages, or null
  continued  true if records of this input stand in an object before (while
             a file is followed, and of an input with more than 10,000 records)
  records    the records that were asked for, each as it is in the trace")]
pub(crate) struct Options {
    /// The trace, a file or a folder of parts; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    choice: Choice,
    /// Wait for more, as `tail -f` does; an input is shown when the next one begins, or after a second without news.
    ///
    /// It ends when it is interrupted, with 130 (143 by SIGTERM, 129 by SIGHUP), when nobody reads what it prints
    /// any more, and if the file begins with a line that is not a record. A file that became shorter is shown from its
    /// beginning. A trace that is rotated is followed from file to file. One that is replaced under its name
    /// otherwise is not noticed.
    #[arg(long)]
    follow: bool,
    /// Show the run N only, counted from 1.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    run: Option<u64>,
    /// Print a JSON object an input.
    #[arg(long)]
    json: bool,
}

/// Colours depend on standard output, where `out` finally leads, and on the usual environment variables.
pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<u8, Failure> {
    let is_coloured = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    show(options, if is_coloured { Palette::coloured() } else { Palette::default() }, out)
}

fn show(options: &Options, palette: Palette, out: &mut dyn Write) -> Result<u8, Failure> {
    let form = if options.json { Form::Json } else { Form::People(palette) };
    let mut printer = Printer::new(out, form, options.choice.clone());
    if options.follow {
        let mut until_signal = UntilSignal::install().map_err(Failure::Signals)?;
        return follow::follow(&options.file, options.run, &mut printer, &mut until_signal);
    }
    let records = print_all(options, &mut printer)?;
    if !records.are_none()
        && let Some(why) = printer.why_nothing()
    {
        say(format!("note: {why}"));
    }
    records.finish().map(|()| 0)
}

/// Prints the inputs read before a failure, too; returns the records read.
fn print_all(options: &Options, printer: &mut Printer<'_>) -> Result<Records, Failure> {
    let mut records = Records::open_to_page(&options.file, options.run)?;
    let mut inputs = Inputs::default();
    let read = loop {
        match records.next() {
            Ok(Some((run, record))) => printer.print(inputs.push(run, record).as_ref())?,
            Ok(None) => break Ok(()),
            Err(failure) => break Err(failure),
        }
    };
    printer.print(inputs.take().as_ref())?;
    read.map(|()| records)
}
