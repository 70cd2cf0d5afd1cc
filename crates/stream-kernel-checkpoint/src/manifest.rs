//! Manifest of a checkpoint: two slots, so that one is whole while the other is written.

use std::io;

use stream_kernel_disk::DiskFile;

pub use crate::slot::SLOT_BYTES;
use crate::slot::{Slot, SlotContent, other_format};

/// The length of a manifest: it never changes, so that a commit changes no length that would have to be made durable,
/// too.
const MANIFEST_BYTES: usize = 2 * SLOT_BYTES;

/// A slot's place in the manifest.
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

    fn offset(self) -> u64 {
        match self {
            Self::First => 0,
            Self::Second => SLOT_BYTES as u64,
        }
    }
}

/// What a manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Newest {
    /// Nothing was ever committed.
    Nothing,
    /// This is the newest commit, and this is where it stands.
    Committed(Box<Slot>, Place),
    /// Written by a program of another version.
    OtherFormat(u32),
    /// Something was committed, but no slot is whole.
    Damaged,
}

/// Returns what is in both slots. What is missing of them counts as damage unless all of the file is zeros.
pub(crate) fn read_slots(file: &dyn DiskFile) -> io::Result<[SlotContent; 2]> {
    let len = file.len()?;
    let mut bytes = vec![0; MANIFEST_BYTES];
    let present = usize::try_from(len).unwrap_or(usize::MAX).min(MANIFEST_BYTES);
    file.read_exact_at(&mut bytes[..present], 0)?;
    // While it is made, it may have any length; once something is in it, it has its full one.
    if len != MANIFEST_BYTES as u64 && bytes.iter().any(|byte| *byte != 0) {
        // Those of other formats have other lengths.
        let content = || other_format(&bytes).map_or(SlotContent::Damaged, SlotContent::OtherFormat);
        return Ok([content(), content()]);
    }
    let (slots, _) = bytes.as_chunks::<SLOT_BYTES>();
    Ok([SlotContent::decode(&slots[0]), SlotContent::decode(&slots[1])])
}

/// Returns the newest commit.
///
/// The first commit is written into both slots. So a damaged slot beside an empty one is what is left of a first commit
/// that was cut off, and nothing was promised.
pub(crate) fn newest(slots: [SlotContent; 2]) -> Newest {
    use SlotContent::{Empty, OtherFormat, Valid};
    match slots {
        [OtherFormat(version), _] | [_, OtherFormat(version)] => Newest::OtherFormat(version),
        [Valid(first), Valid(second)] if second.sequence > first.sequence => {
            Newest::Committed(second, Place::Second)
        }
        [Valid(first), _] => Newest::Committed(first, Place::First),
        [_, Valid(second)] => Newest::Committed(second, Place::Second),
        [Empty, _] | [_, Empty] => Newest::Nothing,
        [SlotContent::Damaged, SlotContent::Damaged] => Newest::Damaged,
    }
}

/// Writes zeros over both slots: nothing is committed.
///
/// `last` is overwritten when the other is durably gone, so that at any moment it is there or nothing is.
pub(crate) fn clear(file: &dyn DiskFile, last: Place) -> io::Result<()> {
    for place in [last.other(), last] {
        file.write_all_at(&[0; SLOT_BYTES], place.offset())?;
        file.sync_data()?;
    }
    file.set_len(MANIFEST_BYTES as u64)?;
    file.sync_data()
}

/// Writes a slot.
pub(crate) fn write_slot(file: &dyn DiskFile, place: Place, bytes: &[u8]) -> io::Result<()> {
    file.write_all_at(bytes, place.offset())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use stream_kernel_disk::{Disk, DiskFile, OpenHow, SimulatedDisk};

    use super::{MANIFEST_BYTES, Newest, Place, clear, newest, read_slots, write_slot};
    use crate::committed::tests::greatest;
    use crate::slot::{SLOT_BYTES, Slot};

    fn slot(sequence: u64) -> Slot {
        Slot { sequence, snapshot: None, committed: greatest() }
    }

    fn manifest() -> Box<dyn DiskFile> {
        let file = SimulatedDisk::new(1).open(Path::new("/manifest"), OpenHow::New).unwrap();
        clear(&*file, Place::First).unwrap();
        file
    }

    fn put(file: &dyn DiskFile, place: Place, sequence: u64) {
        write_slot(file, place, &slot(sequence).encode().unwrap()).unwrap();
    }

    fn found(file: &dyn DiskFile) -> Newest {
        newest(read_slots(file).unwrap())
    }

    fn is(sequence: u64, place: Place) -> Newest {
        Newest::Committed(Box::new(slot(sequence)), place)
    }

    #[test]
    fn the_newest_whole_slot_counts() {
        let file = manifest();
        assert_eq!(found(&*file), Newest::Nothing);
        put(&*file, Place::First, 1);
        assert_eq!(found(&*file), is(1, Place::First));
        put(&*file, Place::Second, 2);
        assert_eq!(found(&*file), is(2, Place::Second));
        put(&*file, Place::First, 3);
        assert_eq!(found(&*file), is(3, Place::First));
        file.write_all_at(b"torn", 20).unwrap();
        assert_eq!(found(&*file), is(2, Place::Second));
        file.write_all_at(b"torn", SLOT_BYTES as u64).unwrap();
        assert_eq!(found(&*file), Newest::Damaged);
        clear(&*file, Place::First).unwrap();
        assert_eq!(found(&*file), Newest::Nothing);
    }

    #[test]
    fn a_torn_first_commit_promised_nothing() {
        let file = manifest();
        write_slot(&*file, Place::First, &slot(1).encode().unwrap()[..SLOT_BYTES / 2]).unwrap();
        assert_eq!(found(&*file), Newest::Nothing);
    }

    #[test]
    fn another_format_may_have_another_length() {
        let file = manifest();
        put(&*file, Place::First, 1);
        file.write_all_at(&[2], 16).unwrap();
        file.set_len(16 * 1024).unwrap();
        assert_eq!(found(&*file), Newest::OtherFormat(2));
    }

    #[test]
    fn every_other_length_is_damage() {
        let file = manifest();
        put(&*file, Place::First, 1);
        for len in [1, SLOT_BYTES, MANIFEST_BYTES - 1, MANIFEST_BYTES + 1] {
            file.set_len(MANIFEST_BYTES as u64).unwrap();
            put(&*file, Place::First, 1);
            file.set_len(len as u64).unwrap();
            assert_eq!(found(&*file), Newest::Damaged, "{len} bytes");
        }
        file.set_len(0).unwrap();
        assert_eq!(found(&*file), Newest::Nothing, "it may have been about to be made");
    }
}
