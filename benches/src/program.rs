//! The programs' command line and files: `--input IN --output OUT`, and `--trace TRACE` for those that trace.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::plain_loop::{self, LoopError};
use crate::steps::{STEPS, StepRecorder, Untraced};

/// The block size of all reads and writes; larger ones gain nothing.
pub const BLOCK_BYTES: usize = 1024 * 1024;

/// The files of a program.
#[derive(Debug, Parser)]
pub struct Files {
    /// Attempts, one a line.
    #[arg(long)]
    input: PathBuf,
    /// Decisions, one a line.
    #[arg(long)]
    output: PathBuf,
}

/// The files of a program that traces.
#[derive(Debug, Parser)]
struct TracedFiles {
    #[command(flatten)]
    files: Files,
    /// Where records go.
    #[arg(long)]
    trace: PathBuf,
}

/// Why a program failed.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// A file could not be opened or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The loop ended early.
    #[error(transparent)]
    Loop(#[from] LoopError),
    /// The library lost records, so its cost is not comparable.
    #[error("{written} records were written, not {expected}")]
    Lost {
        /// The number of records written.
        written: u64,
        /// The expected number.
        expected: u64,
    },
}

impl Files {
    /// Opens the input.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    pub fn open_input(&self) -> io::Result<BufReader<File>> {
        Ok(BufReader::with_capacity(BLOCK_BYTES, File::open(&self.input)?))
    }

    /// Creates the output.
    ///
    /// # Errors
    ///
    /// Returns the system's error.
    pub fn create_output(&self) -> io::Result<BufWriter<File>> {
        Ok(BufWriter::with_capacity(BLOCK_BYTES, File::create(&self.output)?))
    }
}

/// Runs the plain loop untraced on the files of the command line.
pub fn run_untraced() -> ExitCode {
    let files = Files::parse();
    exit_code((|| {
        let mut output = files.create_output()?;
        plain_loop::run(files.open_input()?, &mut output, &mut Untraced)?;
        Ok(output.flush()?)
    })())
}

/// Runs the plain loop with each step recorded by the recorder that `open` makes of the trace file.
pub fn run_traced<R: StepRecorder>(open: impl FnOnce(BufWriter<File>) -> R) -> ExitCode {
    let TracedFiles { files, trace } = TracedFiles::parse();
    exit_code((|| {
        let mut output = files.create_output()?;
        let mut recorder = open(BufWriter::with_capacity(BLOCK_BYTES, File::create(trace)?));
        let lines = plain_loop::run(files.open_input()?, &mut output, &mut recorder)?;
        output.flush()?;
        let (written, expected) = (recorder.finish()?, lines * STEPS.len() as u64);
        if written == expected { Ok(()) } else { Err(ProgramError::Lost { written, expected }) }
    })())
}

/// Returns the exit code of `outcome`, and prints an error on standard error.
pub fn exit_code(outcome: Result<(), ProgramError>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    // If that fails, nobody could read about it.
    let _ = writeln!(io::stderr(), "error: {error}");
    ExitCode::FAILURE
}
