//! A floor: writes ready-made lines to a file, in blocks or with one write(2) a line.
//!
//! Equivalent: the number and size of the bytes that reach the file, and of the calls that write them. Left out:
//! everything that makes a record.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stream_kernel_benches::program::exit_code;

/// What is to be written.
#[derive(Parser)]
struct Options {
    /// The file, which is created.
    #[arg(long)]
    output: PathBuf,
    /// How many lines.
    #[arg(long)]
    lines: u64,
    /// How long a line is, its line end included.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    bytes: u32,
    /// How many bytes a write takes at most, in whole lines; 0 for one line a write.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=67_108_864))]
    block: u32,
}

fn main() -> ExitCode {
    exit_code(write(&Options::parse()).map_err(Into::into))
}

fn write(options: &Options) -> io::Result<()> {
    let mut file = File::create(&options.output)?;
    let lines_a_block = u64::from(options.block / options.bytes).max(1);
    let mut line = vec![b'x'; options.bytes as usize];
    if let Some(last) = line.last_mut() {
        *last = b'\n';
    }
    let mut block = Vec::new();
    for _ in 0..options.lines / lines_a_block {
        put_together(&mut block, &line, lines_a_block);
        file.write_all(&block)?;
    }
    put_together(&mut block, &line, options.lines % lines_a_block);
    file.write_all(&block)
}

/// Fills the block again, as a sink must: lines that are copied once leave the processor's caches, as records do.
fn put_together(block: &mut Vec<u8>, line: &[u8], lines: u64) {
    block.clear();
    for _ in 0..lines {
        block.extend_from_slice(line);
    }
}
