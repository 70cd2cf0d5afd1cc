//! Folders of parts: each of several workers writes files of its own, which come to one file when they are strung together.
//!
//! `OUTPUT.parts/` holds, for each worker, `part-00000` with its bytes, and `part-00000.index`. The first line of an index is
//!
//! ```text
//! parts/1 KIND RUN WORKER WORKERS
//! ```
//!
//! where `KIND` is `output` or `trace`, `RUN` are 16 hexadecimal digits that all parts of a run share, `WORKER` is the number of the
//! part, and `WORKERS` how many parts there are. Each further line is the decimal number of bytes that the worker's lines of an epoch
//! have come to, epoch by epoch. Part 0 has one such line more: what comes behind the last line of the input. So the single file
//! is, epoch by epoch, what part 0 holds of it, then what part 1 holds of it, and so on; and then the rest of part 0.
//!
//! `_SUCCESS`, an empty file, is written last: without it, a run is not over, or has not come to its end.

mod reading;
mod writing;

use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use reading::{PartsFolder, PartsReader, ReadPartsError};
pub use writing::{OpenPartsError, PartWriter, PartsOf, RunParts};

use crate::MAX_CLUSTER_WORKERS;

/// The name of the file that is written last.
pub const SUCCESS: &str = "_SUCCESS";

/// The ending of a folder of parts, behind the name of the single file.
const ENDING: &str = ".parts";

/// The ending of an index, behind the name of its part.
const INDEX_ENDING: &str = ".index";

/// What an index begins with: the format and its version.
const FORMAT: &str = "parts/1";

/// The longest first line of an index, in bytes, its end included.
const MAX_HEADER_BYTES: usize = 64;

/// The longest other line of an index, in bytes, its end included.
const MAX_NUMBER_BYTES: usize = 21;

/// What parts are parts of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartsKind {
    /// An output.
    Output,
    /// A trace.
    Trace,
}

impl PartsKind {
    fn word(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Trace => "trace",
        }
    }
}

/// Returns the folder of the parts of a file: `<path>.parts`.
///
/// ```
/// use std::path::Path;
/// use stream_kernel_run::parts::parts_folder;
///
/// assert_eq!(parts_folder(Path::new("a/output.txt")), Path::new("a/output.txt.parts"));
/// ```
pub fn parts_folder(path: &Path) -> PathBuf {
    with_ending(path, ENDING)
}

/// Returns the single file that a folder of parts is named after; `None` if its name does not end in `.parts`.
///
/// ```
/// use std::path::Path;
/// use stream_kernel_run::parts::single_file;
///
/// assert_eq!(single_file(Path::new("a/output.txt.parts/")).as_deref(), Some(Path::new("a/output.txt")));
/// assert_eq!(single_file(Path::new("a/output.txt")), None);
/// ```
pub fn single_file(folder: &Path) -> Option<PathBuf> {
    let name = folder.file_name()?.to_str()?.strip_suffix(ENDING).filter(|name| !name.is_empty())?;
    Some(folder.with_file_name(name))
}

/// Returns whether a path leads to a folder that a run has written parts into, or that has the name of one.
pub fn is_parts_folder(path: &Path) -> bool {
    path.is_dir() && (single_file(path).is_some() || index_path(path, 0).exists())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn part_path(folder: &Path, worker: usize) -> PathBuf {
    folder.join(format!("part-{worker:05}"))
}

fn index_path(folder: &Path, worker: usize) -> PathBuf {
    with_ending(&part_path(folder, worker), INDEX_ENDING)
}

/// Returns the worker whose part or index has this name; `None` if it is neither's.
fn worker_of(name: &str) -> Option<usize> {
    let digits = name.strip_prefix("part-")?;
    let digits = digits.strip_suffix(INDEX_ENDING).unwrap_or(digits);
    if digits.len() == 5 { decimal(digits) } else { None }
}

/// Returns the number that these are the digits of, without a sign.
fn decimal<T: FromStr>(digits: &str) -> Option<T> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// The first line of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    kind: PartsKind,
    run: u64,
    worker: usize,
    workers: usize,
}

impl Header {
    fn line(self) -> String {
        let Self { kind, run, worker, workers } = self;
        format!("{FORMAT} {} {run:016x} {worker} {workers}\n", kind.word())
    }

    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let mut word = || words.next();
        if word()? != FORMAT {
            return None;
        }
        let kind = word()?;
        let kind = [PartsKind::Output, PartsKind::Trace].into_iter().find(|known| known.word() == kind)?;
        let run = word()?;
        let is_hex = run.len() == 16 && run.bytes().all(|byte| byte.is_ascii_hexdigit());
        let run = u64::from_str_radix(run, 16).ok().filter(|_| is_hex)?;
        let (worker, workers) = (decimal(word()?)?, decimal(word()?)?);
        let is_possible = worker < workers && workers <= MAX_CLUSTER_WORKERS && word().is_none();
        is_possible.then_some(Self { kind, run, worker, workers })
    }
}

#[cfg(test)]
mod tests;
