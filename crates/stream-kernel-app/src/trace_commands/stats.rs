//! `trace stats`.

use std::io::Write;

use clap::Args;

use crate::failure::Failure;

/// What `trace stats` takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The trace; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: String,
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<u8, Failure> {
    let _ = (options, out);
    Ok(0)
}
