//! Rotated traces: `FILE.1`, `FILE.2` and so on are what FILE was before, and are read before it, the oldest first.

use std::collections::VecDeque;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use stream_kernel_run::files::{MAX_ROTATED, STANDARD_STREAM, end_of_whole_frames, rotated_path};
use stream_kernel_text::counted;
use stream_kernel_trace_reader::reading::is_compressed;

use super::source::refuse_standard_output;
use crate::failure::Failure;

/// How many of its gaps are told; the others are counted.
const MAX_GAPS_TOLD: usize = 10;

/// How many bytes tell whether a trace is compressed.
const MAGIC_BYTES: usize = 4;

/// Device and inode.
type FileId = (u64, u64);

/// What a trace was before it was rotated.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// The oldest first.
    files: VecDeque<EarlierFile>,
    /// What is missing among them, each as the end of a sentence about the trace.
    pub(super) gaps: Vec<String>,
    /// How many bytes they have, line ends that they lack included.
    pub(super) bytes: u64,
}

#[derive(Clone, Copy, Debug)]
struct EarlierFile {
    number: u16,
    id: FileId,
    /// How much of it is read.
    bytes: u64,
    /// What follows must not be taken for the rest of its last line.
    lacks_line_end: bool,
}

impl Earlier {
    /// Looks at the files that the trace in the file `name` was before; `present` is that file, open.
    ///
    /// A rotation at the same time does no harm: files only move to higher numbers, so none is missed in this order.
    pub(super) fn of(name: &str, present: &File) -> Result<Self, Failure> {
        let failed = Failure::unreadable(name);
        let path = Path::new(name);
        let metadata = present.metadata().map_err(&failed)?;
        let kind = kind_of(present, metadata.len()).map_err(&failed)?;
        let (mut found, mut ids, mut missing) = (Self::default(), vec![id_of(&metadata)], Vec::new());
        let mut torn = Vec::new();
        let mut last = 0;
        for number in 1..=MAX_ROTATED {
            let this = rotated_path(path, number);
            // Only a regular file can be an old trace.
            if !fs::metadata(&this).is_ok_and(|metadata| metadata.is_file()) {
                continue;
            }
            let shown = this.display().to_string();
            let failed = Failure::unreadable(&shown);
            let file = match File::open(&this) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.map_err(&failed)?,
            };
            refuse_standard_output(&shown, &file)?;
            let metadata = file.metadata().map_err(&failed)?;
            if number > last + 1 {
                missing.push((last + 1, number - 1));
            }
            last = number;
            let id = id_of(&metadata);
            if metadata.len() == 0 || ids.contains(&id) {
                continue;
            }
            ids.push(id);
            let this_kind = kind_of(&file, metadata.len()).map_err(&failed)?;
            if kind.is_some_and(|kind| this_kind != Some(kind)) {
                let text = format!(
                    "the trace `{name}` was rotated, and of `{shown}` and `{name}` one is compressed and one is not (read them one by one)"
                );
                return Err(Failure::told(2, text));
            }
            let mut earlier = EarlierFile { number, id, bytes: metadata.len(), lacks_line_end: false };
            if this_kind == Some(true) {
                let read_at = |bytes: &mut [u8], at| file.read_exact_at(bytes, at);
                earlier.bytes = end_of_whole_frames(metadata.len(), read_at).map_err(&failed)?;
                if earlier.bytes < metadata.len() {
                    torn.push(format!(
                        "was rotated, and `{shown}` ends in {} of a torn frame, from byte {} on, which are left out",
                        counted(metadata.len() - earlier.bytes, "byte"),
                        earlier.bytes
                    ));
                }
            } else {
                let mut end = [0];
                file.read_exact_at(&mut end, metadata.len() - 1).map_err(&failed)?;
                earlier.lacks_line_end = end != *b"\n";
            }
            found.bytes += earlier.bytes + u64::from(earlier.lacks_line_end);
            found.files.push_front(earlier);
        }
        found.gaps = missing.into_iter().map(|gap| missing_files(path, gap)).chain(torn).collect();
        if found.gaps.len() > MAX_GAPS_TOLD {
            let more = found.gaps.len() - MAX_GAPS_TOLD;
            found.gaps.truncate(MAX_GAPS_TOLD);
            found.gaps.push(format!(
                "was rotated, and has {} among its old files",
                counted(more as u64, "more gap")
            ));
        }
        Ok(found)
    }

    /// Opens the oldest of the files that the trace in the file `name` was before, if there is one.
    pub(super) fn open_oldest(&self, name: &str) -> io::Result<Option<File>> {
        self.files.front().map(|oldest| oldest.open(name)).transpose()
    }

    pub(super) fn are_none(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns what is in these files and then in the present one.
    pub(super) fn followed_by(self, present: File, name: &str) -> Rotated {
        Rotated { name: name.to_owned(), waiting: self.files, reading: None, present }
    }
}

/// Returns whether one of the files that the trace in the file `name` was before is `path`.
pub(super) fn is_earlier(name: &str, is_same: impl Fn(&Path) -> bool) -> bool {
    let names = (1..=MAX_ROTATED).map(|number| rotated_path(Path::new(name), number));
    name != STANDARD_STREAM && names.filter(|name| name.is_file()).any(|name| is_same(&name))
}

fn missing_files(path: &Path, (first, last): (u16, u16)) -> String {
    let shown = |number| rotated_path(path, number).display().to_string();
    let missing = if first == last {
        format!("`{}` is missing", shown(first))
    } else {
        format!("`{}` to `{}` are missing", shown(first), shown(last))
    };
    format!(
        "was rotated, and {missing}, though `{}`, which is older, is there (put it back)",
        shown(last + 1)
    )
}

pub(super) fn id_of(metadata: &Metadata) -> FileId {
    (metadata.dev(), metadata.ino())
}

/// Returns whether the trace in the file is compressed; nothing if it is empty.
pub(super) fn kind_of(file: &File, length: u64) -> io::Result<Option<bool>> {
    let mut beginning = [0; MAGIC_BYTES];
    let bytes = usize::try_from(length).unwrap_or(MAGIC_BYTES).min(MAGIC_BYTES);
    file.read_exact_at(&mut beginning[..bytes], 0)?;
    Ok((bytes > 0).then(|| bytes == MAGIC_BYTES && is_compressed(&beginning)))
}

/// Old files and the present one, strung together. One of them is open beside the present one.
#[derive(Debug)]
pub(super) struct Rotated {
    name: String,
    waiting: VecDeque<EarlierFile>,
    reading: Option<(EarlierFile, io::Take<File>)>,
    present: File,
}

impl EarlierFile {
    /// Opens the file, which may have moved on since it was looked at.
    fn open(self, name: &str) -> io::Result<File> {
        for number in self.number..=MAX_ROTATED {
            match File::open(rotated_path(Path::new(name), number)) {
                Ok(file) if id_of(&file.metadata()?) == self.id => return Ok(file),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let name = rotated_path(Path::new(name), self.number);
        let why = format!("`{}` was removed meanwhile (read the trace again)", name.display());
        Err(io::Error::new(io::ErrorKind::NotFound, why))
    }
}

impl Read for Rotated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some((earlier, file)) = &mut self.reading {
                let read = file.read(buffer)?;
                if read > 0 {
                    return Ok(read);
                }
                if file.limit() > 0 {
                    return Err(io::Error::other("an old file of the trace was shortened while it was read"));
                }
                let lacks_line_end = earlier.lacks_line_end;
                self.reading = None;
                if lacks_line_end {
                    buffer[0] = b'\n';
                    return Ok(1);
                }
            }
            let Some(earlier) = self.waiting.pop_front() else { return self.present.read(buffer) };
            let file = earlier.open(&self.name)?;
            self.reading = Some((earlier, file.take(earlier.bytes)));
        }
    }
}

#[cfg(test)]
mod tests;
