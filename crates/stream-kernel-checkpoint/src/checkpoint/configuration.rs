//! Configuration of a run: kept as text beside the manifest.
//!
//! It is written once, before the first commit, and every commit holds its hash.

use std::io;
use std::path::Path;

use stream_kernel_disk::{Disk, DiskFile, OpenHow};

use super::Checkpoint;
use crate::committed::{CommittedConfiguration, OutOfBounds};
use crate::error::{CommitError, FileError, RestoreError};
use crate::injected::{InjectedFault, is_injected};
use crate::layout::CONFIGURATION;
use crate::prefix::PrefixHash;

/// The greatest length of a configuration's text, in bytes.
pub const MAX_CONFIGURATION_TEXT_BYTES: usize = 16 * 1024 * 1024;

impl Checkpoint {
    /// Saves the configuration of a new run, and returns the part for its commits. People know it by `digest`; the
    /// program compares `text` with a resumed run's configuration.
    ///
    /// Call it once, before the first commit, which makes the file's name durable.
    ///
    /// # Errors
    ///
    /// The text is longer than [`MAX_CONFIGURATION_TEXT_BYTES`], or as for [`Checkpoint::commit`].
    pub fn keep_configuration(
        &mut self,
        digest: String,
        text: &str,
    ) -> Result<CommittedConfiguration, CommitError> {
        let (bytes, max) = (text.len(), MAX_CONFIGURATION_TEXT_BYTES);
        if bytes > max {
            return Err(OutOfBounds::TextTooLong { what: "the configuration", bytes, max }.into());
        }
        self.unless_failed(|this| {
            this.prepare()?;
            let path = this.dir.join(CONFIGURATION);
            // A run that was cut off before its first commit may have left one.
            match this.disk.remove(&path) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                    return Err(FileError::io("be replaced", &path)(cause).into());
                }
                _ => {}
            }
            let file = this.disk.open(&path, OpenHow::New).map_err(FileError::io("be created", &path))?;
            file.write_all_at(text.as_bytes(), 0).map_err(FileError::io("be written", &path))?;
            if !is_injected(InjectedFault::ConfigurationNotSynced) {
                file.sync_data().map_err(FileError::io("be made durable", &path))?;
            }
            let hash = PrefixHash::of(text.as_bytes());
            this.configuration = Some(file);
            Ok(CommittedConfiguration { digest, bytes: bytes as u64, hash })
        })
    }

    /// Returns the committed text of the configuration; an empty one without a commit.
    ///
    /// # Errors
    ///
    /// It cannot be read, or differs from the commit.
    pub fn configuration(&mut self) -> Result<String, RestoreError> {
        let Some((slot, _)) = &self.last else { return Ok(String::new()) };
        let (text, file) = read_configuration(&*self.disk, &self.dir, &slot.committed.configuration)?;
        self.configuration = Some(file);
        Ok(text)
    }
}

/// Reads the configuration of the checkpoint in `dir`, and returns its file as well.
pub(crate) fn read_configuration(
    disk: &dyn Disk,
    dir: &Path,
    committed: &CommittedConfiguration,
) -> Result<(String, Box<dyn DiskFile>), RestoreError> {
    let path = &dir.join(CONFIGURATION);
    let damaged = |what| RestoreError::ConfigurationDamaged { path: path.clone(), what };
    let unreadable = |cause| RestoreError::ReadConfiguration { path: path.clone(), cause };
    let file = match disk.open(path, OpenHow::ReadOnlyNoFollow) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(damaged("it is missing")),
        opened => opened.map_err(unreadable)?,
    };
    let bytes = usize::try_from(committed.bytes).unwrap_or(usize::MAX);
    // Checked before memory is allocated: a damaged length may be anything.
    if bytes > MAX_CONFIGURATION_TEXT_BYTES || file.len().map_err(unreadable)? != committed.bytes {
        return Err(damaged("its length differs from what was committed"));
    }
    let mut text = vec![0; bytes];
    file.read_exact_at(&mut text, 0).map_err(unreadable)?;
    if PrefixHash::of(&text) != committed.hash && !is_injected(InjectedFault::ConfigurationNotVerified) {
        return Err(damaged("its checksum differs"));
    }
    let text = String::from_utf8(text).map_err(|_| damaged("it is not UTF-8"))?;
    Ok((text, file))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stream_kernel_disk::SimulatedDisk;

    use super::*;
    use crate::committed::tests::after_lines;

    const DIR: &str = "/ckpt";

    /// Commits with a configuration, and returns the disk.
    fn committed_with(text: &str) -> SimulatedDisk {
        let disk = SimulatedDisk::new(1);
        let mut checkpoint = open(&disk);
        let configuration = checkpoint.keep_configuration("digest".to_owned(), text).unwrap();
        let committed = crate::Committed { configuration, ..after_lines(0) };
        checkpoint.commit(committed, &[]).unwrap();
        disk
    }

    fn open(disk: &SimulatedDisk) -> Checkpoint {
        Checkpoint::open(Arc::new(disk.clone()), Path::new(DIR)).unwrap().0
    }

    #[test]
    fn a_resumed_run_reads_the_configuration() {
        for text in ["", "{}", "ü".repeat(70_000).as_str()] {
            let disk = committed_with(text);
            assert_eq!(open(&disk).configuration().unwrap(), text);
        }
    }

    #[test]
    fn a_longer_one_left_behind_is_replaced() {
        let disk = SimulatedDisk::new(1);
        open(&disk).keep_configuration(String::new(), "a longer text").unwrap();
        let mut checkpoint = open(&disk);
        let configuration = checkpoint.keep_configuration(String::new(), "text").unwrap();
        let committed = crate::Committed { configuration, ..after_lines(0) };
        checkpoint.commit(committed, &[]).unwrap();
        assert_eq!(checkpoint.configuration().unwrap(), "text");
    }

    #[test]
    fn damage_is_noticed() {
        let disk = committed_with("text");
        let path = Path::new("/ckpt/configuration");
        let mut told = String::new();
        for content in ["texts", "tex", "text\n", "tExt"] {
            disk.put(path, content.as_bytes());
            told += &format!("{}\n", open(&disk).configuration().unwrap_err());
        }
        disk.remove(path).unwrap();
        told += &open(&disk).configuration().unwrap_err().to_string();
        insta::assert_snapshot!(told, @"
        the configuration of the checkpoint, `/ckpt/configuration`, is damaged: its length differs from what was committed (restore it from a copy, or start over)
        the configuration of the checkpoint, `/ckpt/configuration`, is damaged: its length differs from what was committed (restore it from a copy, or start over)
        the configuration of the checkpoint, `/ckpt/configuration`, is damaged: its length differs from what was committed (restore it from a copy, or start over)
        the configuration of the checkpoint, `/ckpt/configuration`, is damaged: its checksum differs (restore it from a copy, or start over)
        the configuration of the checkpoint, `/ckpt/configuration`, is damaged: it is missing (restore it from a copy, or start over)
        ");
    }

    #[test]
    fn the_length_of_the_text_is_bounded() {
        let disk = SimulatedDisk::new(1);
        let longest = "x".repeat(MAX_CONFIGURATION_TEXT_BYTES);
        open(&disk).keep_configuration(String::new(), &longest).unwrap();
        let error = open(&disk).keep_configuration(String::new(), &(longest + "x")).unwrap_err();
        assert!(matches!(error, CommitError::OutOfBounds(_)), "{error}");
    }
}
