//! Parts of a run: checked, and read as one file.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::{Header, MAX_HEADER_BYTES, MAX_NUMBER_BYTES, PartsKind, SUCCESS, decimal, index_path, part_path};

/// The block size for indexes, in bytes: one block of each index is in memory.
const INDEX_BLOCK_BYTES: usize = 4096;

/// Why a folder of parts cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadPartsError {
    /// The system refuses to read it.
    #[error("`{}` cannot be read", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        #[source]
        cause: io::Error,
    },
    /// A file of it is missing.
    #[error("`{}` is missing: that is not a whole folder of parts (put it back, or run it again)", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The run has not come to its end.
    #[error(
        "`{}` has no `_SUCCESS`: its run still writes, was stopped, or has failed (wait for its end, or run it again)",
        folder.display()
    )]
    Unfinished {
        /// The folder.
        folder: PathBuf,
    },
    /// An index is corrupt.
    #[error("the index `{}` {why} (put it back, or run it again)", path.display())]
    Index {
        /// The index.
        path: PathBuf,
        /// Its fault.
        why: String,
    },
    /// The length of a part differs from its index.
    #[error(
        "`{}` has {has} bytes, and its index says {says} (put both back, or run it again)",
        path.display()
    )]
    Size {
        /// The part.
        path: PathBuf,
        /// Its length in bytes.
        has: u64,
        /// The length in its index.
        says: u64,
    },
}

/// A folder of parts with consistent indexes.
#[derive(Clone, Debug)]
pub struct PartsFolder {
    folder: PathBuf,
    kind: PartsKind,
    workers: usize,
    bytes: u64,
    is_complete: bool,
}

impl PartsFolder {
    /// Reads all indexes of a folder, in constant memory, and compares them with the parts.
    ///
    /// Accepts a folder without `_SUCCESS` too, as far as its parts and indexes exist: see
    /// [`is_complete`](Self::is_complete).
    ///
    /// # Errors
    ///
    /// A file is missing, or an index is torn or does not fit its part, its place or the other indexes.
    pub fn open(folder: &Path) -> Result<Self, ReadPartsError> {
        let is_complete = match fs::metadata(folder.join(SUCCESS)) {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(cause) => return Err(ReadPartsError::Io { path: folder.to_owned(), cause }),
        };
        let first = Index::open(folder, 0)?.header;
        let mut found = Self {
            folder: folder.to_owned(),
            kind: first.kind,
            workers: first.workers,
            bytes: 0,
            is_complete,
        };
        let mut epochs = 0;
        for worker in 0..first.workers {
            let mut index = Index::open(folder, worker)?;
            let wrong = |index: Index, why: String| Err(ReadPartsError::Index { path: index.path, why });
            if index.header != (Header { worker, ..first }) {
                return wrong(
                    index,
                    "belongs to another part, or to another run than that of part 0".to_owned(),
                );
            }
            let path = part_path(folder, worker);
            let has = match fs::metadata(&path) {
                Ok(metadata) => metadata.len(),
                Err(cause) => return Err(missing_or(path, cause)),
            };
            let (mut numbers, mut says) = (0_u64, 0_u64);
            while let Some(bytes) = index.next()? {
                numbers += 1;
                says = match says.checked_add(bytes) {
                    Some(says) => says,
                    None => return wrong(index, "counts more bytes than there can be".to_owned()),
                };
            }
            found.bytes = found.bytes.saturating_add(says);
            if !is_complete {
                continue;
            }
            if index.is_torn() {
                return wrong(index, "is torn".to_owned());
            }
            if worker == 0 {
                epochs = numbers.saturating_sub(1);
            }
            let expected = epochs + u64::from(worker == 0);
            if numbers != expected {
                return wrong(index, format!("has {numbers} epochs, and that of part 0 has {epochs}"));
            }
            if has != says {
                return Err(ReadPartsError::Size { path, has, says });
            }
        }
        Ok(found)
    }

    /// Returns whether the run was complete: `_SUCCESS` exists.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Returns the kind of file.
    pub fn kind(&self) -> PartsKind {
        self.kind
    }

    /// Returns the number of parts.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Returns the length of the single file; of an incomplete folder, perhaps less than that.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns a reader of the single file. In an incomplete folder, it reads up to the first gap.
    ///
    /// # Errors
    ///
    /// An index has become unreadable.
    pub fn reader(&self) -> Result<PartsReader, ReadPartsError> {
        let parts = (0..self.workers).map(|worker| {
            let index = Index::open(&self.folder, worker)?;
            Ok(Part { path: part_path(&self.folder, worker), index, offset: 0 })
        });
        Ok(PartsReader {
            parts: parts.collect::<Result<_, _>>()?,
            next: 0,
            segment: None,
            is_complete: self.is_complete,
            is_over: false,
        })
    }

    /// Returns an error if the folder is incomplete.
    ///
    /// # Errors
    ///
    /// It has no `_SUCCESS`.
    pub fn check_complete(&self) -> Result<(), ReadPartsError> {
        if self.is_complete {
            Ok(())
        } else {
            Err(ReadPartsError::Unfinished { folder: self.folder.clone() })
        }
    }
}

fn missing_or(path: PathBuf, cause: io::Error) -> ReadPartsError {
    match cause.kind() {
        ErrorKind::NotFound => ReadPartsError::Missing { path },
        _ => ReadPartsError::Io { path, cause },
    }
}

/// An index, read block by block. It is open only during a read, because there may be a thousand.
#[derive(Debug)]
struct Index {
    path: PathBuf,
    header: Header,
    /// The offset of the next block, at the beginning of a line.
    offset: u64,
    /// Numbers of the last block that are not returned yet.
    numbers: VecDeque<u64>,
    /// The index ends without a line end.
    is_torn: bool,
}

impl Index {
    fn open(folder: &Path, worker: usize) -> Result<Self, ReadPartsError> {
        let path = index_path(folder, worker);
        let mut header = [0; MAX_HEADER_BYTES];
        let read = File::open(&path).and_then(|file| read_up_to(&file, &mut header, 0));
        let read = match read {
            Ok(read) => read,
            Err(cause) => return Err(missing_or(path, cause)),
        };
        let line_end = memchr::memchr(b'\n', &header[..read]);
        let line = line_end.and_then(|end| std::str::from_utf8(&header[..end]).ok());
        let Some(header) = line.and_then(Header::read) else {
            let why = "does not begin as one of this program's version does".to_owned();
            return Err(ReadPartsError::Index { path, why });
        };
        let offset = line_end.map_or(0, |end| end as u64 + 1);
        Ok(Self { path, header, offset, numbers: VecDeque::new(), is_torn: false })
    }

    /// Returns the next number of bytes; `None` at the end, or before a line without an end.
    fn next(&mut self) -> Result<Option<u64>, ReadPartsError> {
        if let Some(number) = self.numbers.pop_front() {
            return Ok(Some(number));
        }
        let mut block = [0; INDEX_BLOCK_BYTES];
        let read = File::open(&self.path).and_then(|file| read_up_to(&file, &mut block, self.offset));
        let read = read.map_err(|cause| missing_or(self.path.clone(), cause))?;
        let mut lines = &block[..read];
        while let Some(end) = memchr::memchr(b'\n', lines) {
            let line = std::str::from_utf8(&lines[..end]).ok().filter(|line| !line.is_empty());
            let number = line.and_then(decimal).ok_or_else(|| self.no_number())?;
            self.numbers.push_back(number);
            self.offset += end as u64 + 1;
            lines = &lines[end + 1..];
        }
        // If the block is full, the next one has the rest of the line.
        if lines.len() >= MAX_NUMBER_BYTES {
            return Err(self.no_number());
        }
        self.is_torn = read < block.len() && !lines.is_empty();
        Ok(self.numbers.pop_front())
    }

    fn is_torn(&self) -> bool {
        self.is_torn
    }

    fn no_number(&self) -> ReadPartsError {
        let why = format!("holds at byte {} what is not a number of bytes", self.offset);
        ReadPartsError::Index { path: self.path.clone(), why }
    }
}

/// Reads until the buffer is full or the file ends.
fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read_at(&mut buffer[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

#[derive(Debug)]
struct Part {
    path: PathBuf,
    index: Index,
    /// The beginning of the next epoch.
    offset: u64,
}

/// The single file, read in constant memory: 16 KiB for each of at most 1,024 indexes. One part is open at a time.
#[derive(Debug)]
pub struct PartsReader {
    parts: Vec<Part>,
    /// The part with the next bytes, after the present one.
    next: usize,
    /// The unread rest of a part.
    segment: Option<(PathBuf, io::Take<File>)>,
    is_complete: bool,
    is_over: bool,
}

impl PartsReader {
    /// Moves to the next part with bytes; returns whether there is one.
    fn turn(&mut self) -> io::Result<bool> {
        while !self.is_over {
            let Some(part) = self.parts.get_mut(self.next) else { return Ok(false) };
            let Some(bytes) = part.index.next().map_err(io::Error::other)? else {
                self.is_over = true;
                return Ok(false);
            };
            let offset = part.offset;
            part.offset += bytes;
            let path = part.path.clone();
            self.next = (self.next + 1) % self.parts.len();
            if bytes > 0 {
                let mut file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
                file.seek(SeekFrom::Start(offset)).map_err(|error| unreadable(&path, &error))?;
                self.segment = Some((path, file.take(bytes)));
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Read for PartsReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some((path, bytes)) = &mut self.segment {
                let read = bytes.read(buffer).map_err(|error| unreadable(path, &error))?;
                if read > 0 {
                    return Ok(read);
                }
                if bytes.limit() > 0 {
                    if self.is_complete {
                        let path = path.display();
                        return Err(io::Error::other(format!(
                            "`{path}` was shortened while it was read (put it back, or run it again)"
                        )));
                    }
                    // Its index is ahead of it: the system has lost the last writes.
                    self.is_over = true;
                }
                self.segment = None;
            }
            if !self.turn()? {
                return Ok(0);
            }
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}` cannot be read: {error}", path.display()))
}
