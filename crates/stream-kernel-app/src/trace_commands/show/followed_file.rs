//! The file that a trace is written to, from one to the next if it is rotated.

use std::cell::RefCell;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use stream_kernel_run::files::{MAX_ROTATED, rotated_path};

use crate::failure::Failure;
use crate::trace_commands::rotated::{Earlier, id_of, kind_of};
use crate::trace_commands::source::refuse_standard_output;

/// A trace that grows, and may be rotated meanwhile. Clones read on from the same place.
#[derive(Clone)]
pub(super) struct FollowedFile(Rc<RefCell<Present>>);

/// The file that is read at present.
struct Present {
    path: PathBuf,
    file: File,
    /// How many bytes were read of files before it.
    bytes_before: u64,
    last_byte: u8,
}

impl FollowedFile {
    /// Opens the trace in the file `name`: its oldest file, or the one of that name if something is missing between.
    pub(super) fn open(name: &str) -> Result<(Self, Vec<String>), Failure> {
        let failed = Failure::unreadable(name);
        let file = File::open(name).map_err(&failed)?;
        refuse_standard_output(name, &file)?;
        let earlier = Earlier::of(name, &file)?;
        let gaps = earlier.gaps.clone();
        let oldest = if gaps.is_empty() { earlier.open_oldest(name).map_err(&failed)? } else { None };
        let (path, file) = (Path::new(name).to_owned(), oldest.unwrap_or(file));
        let present = Present { path, file, bytes_before: 0, last_byte: b'\n' };
        Ok((Self(Rc::new(RefCell::new(present))), gaps))
    }

    /// Returns how many bytes there are: those that were read of earlier files, and all of the present one.
    pub(super) fn length(&self) -> io::Result<u64> {
        let present = self.0.borrow();
        Ok(present.bytes_before + present.file.metadata()?.len())
    }

    /// Begins again with the present file.
    pub(super) fn rewind(&self) -> io::Result<()> {
        let mut present = self.0.borrow_mut();
        (present.bytes_before, present.last_byte) = (0, b'\n');
        present.file.rewind()
    }
}

impl Read for FollowedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

impl Present {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.read_file(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(next) = self.next_file()? else { return Ok(0) };
            // Once it has another name, nothing comes to it any more: what came before is read first.
            let read = self.read_file(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            let old = self.file.metadata()?;
            self.bytes_before += self.file.stream_position()?;
            let is_torn = self.last_byte != b'\n' && kind_of(&self.file, old.len())? != Some(true);
            self.file = next;
            if is_torn {
                // The next record is not the rest of this one.
                (buffer[0], self.last_byte) = (b'\n', b'\n');
                self.bytes_before += 1;
                return Ok(1);
            }
        }
    }

    fn read_file(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if let Some(last) = buffer[..read].last() {
            self.last_byte = *last;
        }
        Ok(read)
    }

    /// Returns the file after the present one, if that is one of the old ones by now. A file that was moved to any
    /// other name has none.
    fn next_file(&self) -> io::Result<Option<File>> {
        let name = |number| if number == 0 { self.path.clone() } else { rotated_path(&self.path, number) };
        let there = |number| fs::metadata(name(number)).ok().filter(Metadata::is_file);
        let ours = id_of(&self.file.metadata()?);
        let is_ours = |number: &u16| there(*number).is_some_and(|file| id_of(&file) == ours);
        let Some(number) = (0..=MAX_ROTATED).find(is_ours) else { return Ok(None) };
        // An empty one among the old ones may be the new one, on its way to its place.
        let holds_any = |number: &u16| *number == 0 || there(*number).is_some_and(|file| file.len() > 0);
        let Some(next) = (0..number).rev().find(holds_any) else { return Ok(None) };
        match File::open(name(next)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // If files have moved on meanwhile, it may be any: the next look will tell.
            opened => opened.map(|file| Some(file).filter(|_| is_ours(&number))),
        }
    }
}
