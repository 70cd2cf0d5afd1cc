//! Memory that several workers share: owners keep it by key, homes are told what a line finds in it.

/// A worker's role for memory that several share.
///
/// The owner of a key runs the steps on the kept values, and notes what they find. A line's home runs the same steps on
/// these notes: their changes last for the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Keeps entries by key, and notes what each line finds.
    Owner,
    /// Is told what each line finds.
    Home,
}

/// The place of a look-up: the line's number, the position of the step, and the index of the message among the line's
/// messages.
///
/// Places sort in the order in which one worker would come to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

impl Place {
    const MESSAGE_BITS: u32 = 17;
    const LINE_SHIFT: u32 = Self::MESSAGE_BITS + 8;
    /// The greatest line number that a place can hold.
    pub const MAX_LINE: u64 = u64::MAX >> Self::LINE_SHIFT;

    /// Returns the place of the message with index `message` at the step at `step`.
    pub fn new(line_no: u64, step: usize, message: usize) -> Self {
        Self(line_no << Self::LINE_SHIFT | (step as u64) << Self::MESSAGE_BITS | (message as u64 + 1))
    }

    /// Returns the place before all steps of a line.
    pub fn line(line_no: u64) -> Self {
        Self(line_no << Self::LINE_SHIFT)
    }

    /// Returns the line's number.
    pub fn line_no(self) -> u64 {
        self.0 >> Self::LINE_SHIFT
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

/// A mark in the changes of an epoch.
pub type UndoMark = [usize; 2];

/// The keys that a line may look up at an owner: those of its messages that have entered the stage, and others of the
/// same owner.
#[derive(Clone, Debug)]
pub(crate) struct Entered<K> {
    keys: Vec<K>,
    /// Whether the next key is that of a message that has just entered.
    is_new: bool,
    has_strayed: bool,
}

impl<K> Entered<K> {
    pub(crate) fn new() -> Self {
        Self { keys: Vec::new(), is_new: false, has_strayed: false }
    }

    /// Says that the next key is that of a message that enters the stage.
    pub(crate) fn begin_message(&mut self) {
        self.is_new = true;
    }

    /// Records a key that is looked up.
    pub(crate) fn look_up(&mut self, key: &K, have_one_owner: impl Fn(&K, &K) -> bool)
    where
        K: Clone,
    {
        if std::mem::take(&mut self.is_new) {
            self.keys.push(key.clone());
        } else {
            self.has_strayed |= !self.keys.iter().any(|entered| have_one_owner(entered, key));
        }
    }

    /// Returns whether the line has looked up a key that it may not.
    pub(crate) fn has_strayed(&self) -> bool {
        self.has_strayed
    }

    pub(crate) fn end_line(&mut self) {
        self.keys.clear();
        self.has_strayed = false;
    }
}

/// A change at an owner of something that a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Its place.
    pub place: Place,
    /// Whether an entry was added. If not, only the counts have changed.
    pub is_addition: bool,
    /// Whether the entry's owner was new.
    pub is_owner_new: bool,
    /// Retained entries and known owners before the addition.
    pub counts: [u64; 2],
}

/// A refusal by a limit at a home: the line, the index of the addition within it, and the index of the limit.
pub type Refusal = (u32, usize);

/// The part of each kind of memory in sharing it among workers. By default nothing, as for a tally, of which every home
/// keeps its own.
pub trait Shared {
    /// Sets the role. An owner that `keeps_undo` can [undo](Self::roll_back_to) the whole epoch. If the store is not
    /// shared out, one owner has all of it.
    fn take_role(&mut self, role: Role, keeps_undo: bool, is_shared_out: bool) {
        let _ = (role, keeps_undo, is_shared_out);
    }

    /// Returns whether anything may be added that other owners have to know.
    fn is_open(&self) -> bool {
        true
    }

    /// Sets the current place of the run.
    fn set_place(&mut self, place: Place) {
        let _ = place;
    }

    /// Sets the place at which a message entered the stage, whose key says what its line may look up, and whether the
    /// finds of the line are noted.
    fn begin_message(&mut self, place: Place, notes_found: bool) {
        let _ = (place, notes_found);
    }

    /// Appends what the line has found, and clears it.
    fn write_found(&mut self, to: &mut Vec<u8>) {
        let _ = to;
    }

    /// Takes in what the next line finds; `None` if the bytes are corrupt.
    fn read_found(&mut self, from: &mut &[u8]) -> Option<()> {
        let _ = from;
        Some(())
    }

    /// Returns whether a step has looked up a key that the messages entering its stage did not ask for.
    fn has_strayed(&self) -> bool {
        false
    }

    /// Returns a mark behind the changes of the epoch so far.
    fn undo_mark(&self) -> UndoMark {
        [0; 2]
    }

    /// Undoes the changes after the mark.
    fn roll_back_to(&mut self, mark: UndoMark) {
        let _ = mark;
    }

    /// Commits the changes of the epoch.
    fn end_epoch(&mut self) {}

    /// Appends the additions of this owner to a gate in this epoch.
    fn write_added(&self, to: &mut Vec<u8>) {
        let _ = to;
    }

    /// Takes in the additions of another owner in this epoch.
    fn read_elsewhere(&mut self, from: &mut &[u8]) -> Option<()> {
        let _ = from;
        Some(())
    }

    /// Forgets the additions of other owners.
    fn clear_elsewhere(&mut self) {}

    /// Returns the first line that would read something else now.
    fn first_stale(&self) -> Option<u64> {
        None
    }

    /// Returns the limits on retained entries and known owners; `None` for no limit.
    fn limits(&self) -> [Option<u64>; 2] {
        [None; 2]
    }

    /// Returns the counts at the beginning of the epoch, and the changes since.
    fn counted(&self) -> ([u64; 2], &[Counted]) {
        ([0; 2], &[])
    }

    /// Sets what is refused on the next line.
    fn refuse(&mut self, refusal: Refusal) {
        let _ = refusal;
    }

    /// Returns how many entries are forgotten because the watermark has moved.
    fn forgotten(&self) -> u64 {
        0
    }

    /// Sets how many entries of all owners the next line makes forgotten.
    fn set_forgotten(&mut self, forgotten: u64) {
        let _ = forgotten;
    }

    /// Hands each record of a snapshot to `each`, with the place where its entry was added; returns false if the store
    /// has no places.
    fn records_by_place(&self, each: &mut dyn FnMut(Place, &[u8])) -> bool {
        let _ = each;
        false
    }

    /// Hands each record of a snapshot to `each`, after the bytes that its entry is shared out by; returns false if the
    /// store is not shared out.
    fn records_by_key(&self, each: &mut dyn FnMut(&[u8], &[u8])) -> bool {
        let _ = each;
        false
    }

    /// Sets the place where the entry restored last was added.
    fn note_birth(&mut self, place: Place) {
        let _ = place;
    }

    /// Adds another store to this one if it is a sum; returns false if it is not.
    fn add_up(&mut self, from: &[u8]) -> bool {
        let _ = from;
        false
    }
}

/// Appends a count in as few bytes as possible, 7 bits each.
pub(crate) fn write_count(mut count: usize, to: &mut Vec<u8>) {
    while count >= 0x80 {
        to.push(count.to_le_bytes()[0] | 0x80);
        count >>= 7;
    }
    to.push(count.to_le_bytes()[0]);
}

/// Takes a count off the front; `None` if there is none.
pub(crate) fn read_count(from: &mut &[u8]) -> Option<usize> {
    let mut count = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (&byte, rest) = from.split_first()?;
        *from = rest;
        let bits = usize::from(byte & 0x7f);
        if (bits << shift) >> shift != bits {
            return None;
        }
        count |= bits << shift;
        if byte < 0x80 {
            return Some(count);
        }
    }
    None
}
