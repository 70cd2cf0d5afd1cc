//! Names of files in a temporary folder.

use std::cell::Cell;
use std::io::Write;

use tempfile::TempDir;

use super::*;

/// A folder with `trace` and its old files; each holds the number of its creation.
struct Set(TempDir);

impl Set {
    /// Returns a set with `old` old files, the oldest of which holds 1.
    fn new(old: u16) -> Self {
        let set = Self(TempDir::new().unwrap());
        for number in 0..=old {
            fs::write(set.name(number), (old + 1 - number).to_string()).unwrap();
        }
        set
    }

    fn name(&self, number: u16) -> PathBuf {
        let path = self.0.path().join("trace");
        if number == 0 { path } else { rotated_path(&path, number) }
    }

    /// Rotates, and writes `x` to the new file.
    fn rotate(&self, keep: u16, exchange: impl Fn(&Path, &Path) -> io::Result<bool>) -> io::Result<()> {
        let path = self.name(0);
        let file = OpenOptions::new().append(true).open(&path)?;
        super::rotate(&path, &file, NonZeroU16::new(keep).unwrap(), exchange)?.write_all(b"x")
    }

    /// Returns the content of the files, the present one first, up to the last that exists; `-` for a missing one.
    fn told(&self) -> String {
        let there = (0..=MAX_ROTATED).rev().find(|number| self.name(*number).exists()).unwrap();
        let content = |number| fs::read_to_string(self.name(number)).unwrap_or_else(|_| "-".to_owned());
        (0..=there).map(content).collect::<Vec<_>>().join(" ")
    }
}

/// With exchange, and without.
const WAYS: [fn(&Path, &Path) -> io::Result<bool>; 2] = [exchange, |_, _| Ok(false)];

/// The result is the same with and without exchange.
#[track_caller]
fn check(old: u16, keep: u16, expected: &str) {
    for exchange in WAYS {
        let set = Set::new(old);
        set.rotate(keep, exchange).unwrap();
        assert_eq!(set.told(), expected);
    }
}

#[test]
fn each_file_gets_the_next_number_and_the_oldest_goes() {
    check(0, 1, "x 1");
    check(1, 1, "x 2");
    check(0, 3, "x 1");
    check(2, 3, "x 3 2 1");
    check(3, 3, "x 4 3 2");
}

/// Files of a run that retained more would otherwise remain after a gap, forever.
#[test]
fn surplus_files_of_an_earlier_run_are_removed() {
    check(5, 2, "x 6 5");
}

#[test]
fn a_file_that_is_missing_is_still_missing() {
    for exchange in WAYS {
        let set = Set::new(4);
        fs::remove_file(set.name(2)).unwrap();
        set.rotate(9, exchange).unwrap();
        assert_eq!(set.told(), "x 5 4 - 2 1");
    }
}

#[test]
fn no_more_files_are_retained_than_the_bound() {
    let set = Set::new(0);
    for number in [MAX_ROTATED - 1, MAX_ROTATED] {
        fs::write(set.name(number), "old").unwrap();
    }
    set.rotate(u16::MAX, exchange).unwrap();
    assert!(set.name(MAX_ROTATED).exists() && !set.name(MAX_ROTATED - 1).exists());
    set.rotate(u16::MAX, exchange).unwrap();
    assert_eq!(set.told(), "x x 1");
}

/// Wherever a rotation is interrupted, all content is there once and in order, and the next rotation continues from
/// there.
#[test]
fn an_interrupted_rotation_leaves_all_files_in_order() {
    for steps in 0_u32..3 {
        let set = Set::new(2);
        let left = Cell::new(steps);
        let interrupted = |one: &Path, other: &Path| {
            if left.replace(left.get().saturating_sub(1)) == 0 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            exchange(one, other)
        };
        set.rotate(5, interrupted).unwrap_err();
        assert_eq!(set.told().split_whitespace().collect::<Vec<_>>(), ["3", "2", "1"], "{steps}");
        set.rotate(5, exchange).unwrap();
        assert_eq!(set.told().split_whitespace().collect::<Vec<_>>(), ["x", "3", "2", "1"], "{steps}");
    }
}

#[test]
fn a_moved_file_is_left_alone() {
    let set = Set::new(1);
    let file = OpenOptions::new().append(true).open(set.name(0)).unwrap();
    fs::rename(set.name(0), set.0.path().join("elsewhere")).unwrap();
    let rotate = || super::rotate(&set.name(0), &file, NonZeroU16::MIN, exchange).unwrap_err().to_string();
    assert_eq!(rotate(), "somebody else has moved the file, so that it cannot be rotated");
    fs::write(set.name(0), "another").unwrap();
    assert_eq!(rotate(), "somebody else has moved the file, so that it cannot be rotated");
    assert_eq!(set.told(), "another 1");
}

/// Records of two writers to one file would be interleaved.
#[test]
fn the_new_file_is_locked() {
    let set = Set::new(0);
    let file = File::open(set.name(0)).unwrap();
    let new = super::rotate(&set.name(0), &file, NonZeroU16::MIN, exchange).unwrap();
    assert!(File::open(set.name(0)).unwrap().try_lock().is_err());
    drop(new);
    assert!(File::open(set.name(0)).unwrap().try_lock().is_ok());
}
