//! Memory that several workers share: owners keep it by key, homes are told what a line finds there.

/// What a worker does with memory that several share.
///
/// The owner of a key runs the steps on what is there, and notes what they find. A line's home runs the same steps on these
/// notes: what they change lasts for the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Keeps entries by key, and notes what each line finds.
    Owner,
    /// Is told what each line finds.
    Home,
}

/// Where a line is: its number, the position of a step, and which of the line's messages the step handles.
///
/// Places are in the order in which one worker would come to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

impl Place {
    const MESSAGE_BITS: u32 = 17;
    const LINE_SHIFT: u32 = Self::MESSAGE_BITS + 8;
    /// The greatest number of a line that a place can hold.
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

/// How far the changes of an epoch have come.
pub type UndoMark = [usize; 2];

/// The keys that a line may look up at an owner: those of its messages that have entered the stage, and others of the same owner.
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

    /// Takes in a key that is looked up.
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

    /// Returns whether a key was looked up that the line may not.
    pub(crate) fn has_strayed(&self) -> bool {
        self.has_strayed
    }

    pub(crate) fn end_line(&mut self) {
        self.keys.clear();
        self.has_strayed = false;
    }
}

/// Something that a limit counts, at an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Where.
    pub place: Place,
    /// Whether an entry was added here. If not, only the counts are other ones now.
    pub is_addition: bool,
    /// Whether that made its owner known.
    pub is_owner_new: bool,
    /// Retained entries, and known owners, before the addition.
    pub counts: [u64; 2],
}

/// What a limit refuses at a home: the addition of this line with this index, by the limit with this index.
pub type Refusal = (u32, usize);

/// What each kind of memory does for workers that share it. By default nothing: such as a tally, which every home keeps for itself.
pub trait Shared {
    /// Takes a role. An owner that `keeps_undo` can [undo](Self::roll_back_to) the whole epoch. If the store is not shared out, one owner
    /// has all of it.
    fn take_role(&mut self, role: Role, keeps_undo: bool, is_shared_out: bool) {
        let _ = (role, keeps_undo, is_shared_out);
    }

    /// Returns whether anything may be added that other owners have to know of.
    fn is_open(&self) -> bool {
        true
    }

    /// Takes where the run is.
    fn set_place(&mut self, place: Place) {
        let _ = place;
    }

    /// Takes where a message has entered the stage, whose key says what its line may look up, and whether what the line finds is noted.
    fn begin_message(&mut self, place: Place, notes_found: bool) {
        let _ = (place, notes_found);
    }

    /// Appends what the line has found, and forgets that it has.
    fn write_found(&mut self, to: &mut Vec<u8>) {
        let _ = to;
    }

    /// Takes in what the next line finds; `None` if these are not such bytes.
    fn read_found(&mut self, from: &mut &[u8]) -> Option<()> {
        let _ = from;
        Some(())
    }

    /// Returns whether a step has looked up what the messages that entered its stage did not ask for.
    fn has_strayed(&self) -> bool {
        false
    }

    /// Returns how far the changes of the epoch have come.
    fn undo_mark(&self) -> UndoMark {
        [0; 2]
    }

    /// Undoes what came after the mark.
    fn roll_back_to(&mut self, mark: UndoMark) {
        let _ = mark;
    }

    /// Makes what the epoch has changed final.
    fn end_epoch(&mut self) {}

    /// Appends what this owner has added to a gate in this epoch.
    fn write_added(&self, to: &mut Vec<u8>) {
        let _ = to;
    }

    /// Takes in what another owner has added in this epoch.
    fn read_elsewhere(&mut self, from: &mut &[u8]) -> Option<()> {
        let _ = from;
        Some(())
    }

    /// Forgets what other owners have added.
    fn clear_elsewhere(&mut self) {}

    /// Returns the first line that would read something else by now.
    fn first_stale(&self) -> Option<u64> {
        None
    }

    /// Returns the most of retained entries and known owners; `None` for no limit.
    fn limits(&self) -> [Option<u64>; 2] {
        [None; 2]
    }

    /// Returns the counts at the beginning of the epoch, and what was counted since.
    fn counted(&self) -> ([u64; 2], &[Counted]) {
        ([0; 2], &[])
    }

    /// Takes what is refused on the next line.
    fn refuse(&mut self, refusal: Refusal) {
        let _ = refusal;
    }

    /// Returns how many entries are forgotten because the watermark has moved.
    fn forgotten(&self) -> u64 {
        0
    }

    /// Takes how many entries of all owners are forgotten because of the next line.
    fn set_forgotten(&mut self, forgotten: u64) {
        let _ = forgotten;
    }

    /// Hands each record of a snapshot to `each`, with the place where its entry was added; returns false if there are no places.
    fn records_by_place(&self, each: &mut dyn FnMut(Place, &[u8])) -> bool {
        let _ = each;
        false
    }

    /// Hands each record of a snapshot to `each`, after the bytes that its entry is shared out by; returns false if it is not shared out.
    fn records_by_key(&self, each: &mut dyn FnMut(&[u8], &[u8])) -> bool {
        let _ = each;
        false
    }

    /// Takes where the entry was added that was restored last.
    fn note_birth(&mut self, place: Place) {
        let _ = place;
    }

    /// Adds another one to this if it is a sum; returns false if it is not.
    fn add_up(&mut self, from: &[u8]) -> bool {
        let _ = from;
        false
    }
}

/// Appends a count in as few bytes as it takes, 7 bits each.
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
