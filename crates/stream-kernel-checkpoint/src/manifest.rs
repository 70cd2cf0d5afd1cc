//! Manifest of a checkpoint: two slots, so that one is whole while the other is written.

use std::io;
use std::path::Path;

use stream_kernel_disk::{Disk, DiskFile};

use crate::error::{FileError, OpenCheckpointError};
use crate::layout::{MANIFEST, holds_later_files};
use crate::slot::{Commit, SLOT_BYTES, Slot, other_format};

/// The length of a manifest. It never changes, so that no commit has to sync a new length.
const MANIFEST_BYTES: usize = 2 * SLOT_BYTES;

/// The index of a slot in the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    First,
    Second,
}

impl Place {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    pub(crate) fn offset(self) -> u64 {
        match self {
            Self::First => 0,
            Self::Second => SLOT_BYTES as u64,
        }
    }
}

/// Returns both slots; `None` if the file is empty. A missing part counts as damage unless the whole file is zeros.
pub(crate) fn read_slots(file: &dyn DiskFile) -> io::Result<Option<[Slot; 2]>> {
    let len = file.len()?;
    let mut bytes = vec![0; MANIFEST_BYTES];
    let present = usize::try_from(len).unwrap_or(usize::MAX).min(MANIFEST_BYTES);
    file.read_exact_at(&mut bytes[..present], 0)?;
    // While it is made, it may have any length; once it holds data, it has its full one.
    if len != MANIFEST_BYTES as u64 && bytes.iter().any(|byte| *byte != 0) {
        // Other formats have other lengths.
        let slot = other_format(&bytes).map_or(Slot::Damaged, Slot::OtherFormat);
        return Ok(Some([slot.clone(), slot]));
    }
    let (slots, _) = bytes.as_chunks::<SLOT_BYTES>();
    Ok((len > 0).then(|| [Slot::decode(&slots[0]), Slot::decode(&slots[1])]))
}

/// Returns the newest commit, and its slot; without a commit, the error.
///
/// The first commit is written into both slots. So a damaged slot beside an empty one is left of a first commit that
/// was cut off, and nothing was promised.
pub(crate) fn newest([first, second]: [Slot; 2]) -> (Slot, Place) {
    match (&first, &second) {
        (Slot::OtherFormat(_), _) => (first, Place::First),
        (_, Slot::OtherFormat(_)) => (second, Place::Second),
        (Slot::Whole(one), Slot::Whole(other)) if other.sequence > one.sequence => (second, Place::Second),
        (Slot::Whole(_), _) => (first, Place::First),
        (_, Slot::Whole(_) | Slot::Empty) => (second, Place::Second),
        _ => (first, Place::First),
    }
}

/// Returns the last commit in the manifest of the checkpoint in `dir`, and its slot; `None` if there is none.
pub(crate) fn last_commit(
    disk: &dyn Disk,
    dir: &Path,
    slots: Option<[Slot; 2]>,
) -> Result<Option<(Commit, Place)>, OpenCheckpointError> {
    let damaged = |what| Err(OpenCheckpointError::Damaged { path: dir.join(MANIFEST), what });
    let Some(slots) = slots else {
        // Its zeros are synced before any of the other files.
        let is_lost = holds_later_files(disk, dir).map_err(FileError::io("be read", dir))?;
        let what = "it is empty, but there is a configuration or snapshot beside it";
        return if is_lost { damaged(what) } else { Ok(None) };
    };
    match newest(slots) {
        (Slot::Whole(commit), place) => Ok(Some((*commit, place))),
        (Slot::Empty, _) => Ok(None),
        (Slot::OtherFormat(version), _) => {
            Err(OpenCheckpointError::OtherFormat { path: dir.join(MANIFEST), version })
        }
        (Slot::Damaged, _) => damaged("neither of its slots is whole"),
    }
}

/// Writes zeros over both slots: nothing is committed.
///
/// `last` is overwritten only when the other is durably gone, so that at any moment it is there or nothing is.
pub(crate) fn clear(file: &dyn DiskFile, last: Place) -> io::Result<()> {
    for place in [last.other(), last] {
        file.write_all_at(&[0; SLOT_BYTES], place.offset())?;
        file.sync_data()?;
    }
    file.set_len(MANIFEST_BYTES as u64)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use stream_kernel_disk::{Disk, DiskFile, OpenHow, SimulatedDisk};

    use super::{MANIFEST_BYTES, Place, clear, newest, read_slots};
    use crate::committed::tests::greatest;
    use crate::slot::{Commit, SLOT_BYTES, Slot};

    fn slot(sequence: u64) -> Commit {
        Commit { sequence, snapshot: None, committed: greatest() }
    }

    fn manifest() -> Box<dyn DiskFile> {
        let file = SimulatedDisk::new(1).open(Path::new("/manifest"), OpenHow::New).unwrap();
        clear(&*file, Place::First).unwrap();
        file
    }

    fn put(file: &dyn DiskFile, place: Place, sequence: u64) {
        file.write_all_at(&slot(sequence).encode().unwrap(), place.offset()).unwrap();
    }

    fn found(file: &dyn DiskFile) -> (Slot, Place) {
        newest(read_slots(file).unwrap().unwrap())
    }

    fn is(sequence: u64, place: Place) -> (Slot, Place) {
        (Slot::Whole(Box::new(slot(sequence))), place)
    }

    #[test]
    fn the_newest_whole_slot_counts() {
        let file = manifest();
        assert_eq!(found(&*file).0, Slot::Empty);
        put(&*file, Place::First, 1);
        assert_eq!(found(&*file), is(1, Place::First));
        put(&*file, Place::Second, 2);
        assert_eq!(found(&*file), is(2, Place::Second));
        put(&*file, Place::First, 3);
        assert_eq!(found(&*file), is(3, Place::First));
        file.write_all_at(b"torn", 20).unwrap();
        assert_eq!(found(&*file), is(2, Place::Second));
        file.write_all_at(b"torn", SLOT_BYTES as u64).unwrap();
        assert_eq!(found(&*file).0, Slot::Damaged);
        clear(&*file, Place::First).unwrap();
        assert_eq!(found(&*file).0, Slot::Empty);
    }

    #[test]
    fn a_torn_first_commit_promised_nothing() {
        let file = manifest();
        file.write_all_at(&slot(1).encode().unwrap()[..SLOT_BYTES / 2], 0).unwrap();
        assert_eq!(found(&*file).0, Slot::Empty);
    }

    #[test]
    fn another_format_may_have_another_length() {
        let file = manifest();
        put(&*file, Place::First, 1);
        file.write_all_at(&[2], 16).unwrap();
        file.set_len(16 * 1024).unwrap();
        assert_eq!(found(&*file).0, Slot::OtherFormat(2));
    }

    #[test]
    fn every_other_length_is_damage() {
        let file = manifest();
        put(&*file, Place::First, 1);
        for len in [1, SLOT_BYTES, MANIFEST_BYTES - 1, MANIFEST_BYTES + 1] {
            file.set_len(MANIFEST_BYTES as u64).unwrap();
            put(&*file, Place::First, 1);
            file.set_len(len as u64).unwrap();
            assert_eq!(found(&*file).0, Slot::Damaged, "{len} bytes");
        }
        file.set_len(0).unwrap();
        assert_eq!(read_slots(&*file).unwrap(), None, "it may have been about to be made");
    }
}
