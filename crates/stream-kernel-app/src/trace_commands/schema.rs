//! `trace schema`: what a record is, for programs.

use std::io::Write;

use stream_kernel_trace::record_schema;

use crate::failure::Failure;

pub(crate) fn run(out: &mut dyn Write) -> Result<u8, Failure> {
    writeln!(out, "{:#}", record_schema()).map_err(Failure::Print)?;
    Ok(0)
}
