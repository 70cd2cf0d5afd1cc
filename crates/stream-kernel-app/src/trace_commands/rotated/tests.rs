//! Sets of files, strung together.

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// A folder with a trace and what it was before.
struct Set(TempDir);

impl Set {
    /// Returns a set of these files, the present one first; what is `None` is missing.
    fn new(files: &[Option<&[u8]>]) -> Self {
        let set = Self(TempDir::new().unwrap());
        for (number, content) in (0..).zip(files) {
            if let Some(content) = content {
                fs::write(set.name(number), content).unwrap();
            }
        }
        set
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("trace")
    }

    fn name(&self, number: u16) -> PathBuf {
        if number == 0 { self.path() } else { rotated_path(&self.path(), number) }
    }

    fn open(&self) -> Result<(Earlier, File), Failure> {
        let file = File::open(self.path()).unwrap();
        Earlier::of(self.path().to_str().unwrap(), &file).map(|earlier| (earlier, file))
    }

    fn reader(&self) -> Rotated {
        let (earlier, file) = self.open().unwrap();
        earlier.followed_by(file, self.path().to_str().unwrap())
    }

    /// Returns what is said of it, without the folder's name.
    fn plainly(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// Checks what is read of a set, and that as many bytes are counted; returns what is said to be missing.
#[track_caller]
fn check(files: &[Option<&[u8]>], expected: &[u8]) -> String {
    let set = Set::new(files);
    let (earlier, file) = set.open().unwrap();
    let bytes = earlier.bytes + file.metadata().unwrap().len();
    let gaps = set.plainly(&earlier.gaps.join("\n"));
    let mut read = Vec::new();
    set.reader().read_to_end(&mut read).unwrap();
    assert_eq!(read, expected);
    assert_eq!(bytes, read.len() as u64);
    gaps
}

fn frame(text: &str) -> Vec<u8> {
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
    zstd_safe::compress(&mut frame, text.as_bytes(), 1).unwrap();
    frame
}

#[test]
fn the_oldest_comes_first() {
    assert_eq!(check(&[Some(b"c\n")], b"c\n"), "");
    assert_eq!(check(&[Some(b"c\n"), Some(b"b\n"), Some(b"a\n")], b"a\nb\nc\n"), "");
    assert_eq!(
        check(&[Some(b""), Some(b"b\n"), Some(b""), Some(b"a\n")], b"a\nb\n"),
        "",
        "empty ones are passed over"
    );
}

/// Otherwise a record that a run has torn would take the first of the next file along.
#[test]
fn a_line_that_is_torn_ends_with_its_file() {
    check(&[Some(b"c"), Some(b"b"), Some(b"a\n")], b"a\nb\nc");
}

#[test]
fn missing_files_are_named() {
    insta::assert_snapshot!(
        check(&[Some(b"e\n"), None, Some(b"c\n"), None, None, Some(b"a\n")], b"a\nc\ne\n"),
        @"
    was rotated, and `trace.1` is missing, though `trace.2`, which is older, is there (put it back)
    was rotated, and `trace.3` to `trace.4` are missing, though `trace.5`, which is older, is there (put it back)
    "
    );
}

#[test]
fn no_more_gaps_are_told_than_the_bound() {
    for (gaps, told) in [(MAX_GAPS_TOLD, MAX_GAPS_TOLD), (MAX_GAPS_TOLD + 1, MAX_GAPS_TOLD + 1)] {
        let mut files = vec![Some(&b"x\n"[..])];
        for _ in 0..gaps {
            files.extend([None, Some(&b"x\n"[..])]);
        }
        let said = check(&files, &b"x\n".repeat(gaps + 1));
        assert_eq!(said.lines().count(), told);
        assert_eq!(said.contains("1 more gap"), gaps > MAX_GAPS_TOLD);
    }
}

#[test]
fn files_beyond_the_bound_are_not_read() {
    let set = Set::new(&[Some(b"b\n")]);
    fs::write(set.name(MAX_ROTATED + 1), b"a\n").unwrap();
    assert!(set.open().unwrap().0.are_none());
    fs::write(set.name(MAX_ROTATED), b"a\n").unwrap();
    assert!(!set.open().unwrap().0.are_none());
}

/// What follows is read all the same, and where the tear is can be told only here.
#[test]
fn a_torn_frame_of_an_old_file_is_left_out_and_named() {
    let [a, b, c] = ["a\n", "b\n", "c\n"].map(frame);
    let torn = [&b[..], &b[..b.len() - 1]].concat();
    let gaps = check(&[Some(&c), Some(&torn), Some(&a)], &[&a[..], &b, &c].concat());
    let (bytes, at) = (b.len() - 1, b.len());
    assert_eq!(
        gaps,
        format!(
            "was rotated, and `trace.1` ends in {bytes} bytes of a torn frame, from byte {at} on, which are left out"
        )
    );
}

#[test]
fn compressed_and_plain_files_are_not_strung_together() {
    let a = frame("a\n");
    for files in [[&b"b\n"[..], &a], [&a, b"b\n"]] {
        let set = Set::new(&files.map(Some));
        let told = set.plainly(&set.open().unwrap_err().to_string());
        insta::allow_duplicates!(
            insta::assert_snapshot!(told, @"the trace `trace` was rotated, and of `trace.1` and `trace` one is compressed and one is not (read them one by one)")
        );
    }
}

/// A file that was looked at is found again by what it is, not by its name, and nothing comes twice.
#[test]
fn a_rotation_while_it_is_read_is_no_matter() {
    let set = Set::new(&[Some(b"c\n"), Some(b"b\n"), Some(b"a\n")]);
    let mut reader = set.reader();
    for number in (0..3).rev() {
        fs::rename(set.name(number), set.name(number + 1)).unwrap();
    }
    fs::write(set.path(), b"d\n").unwrap();
    let mut read = String::new();
    reader.read_to_string(&mut read).unwrap();
    assert_eq!(read, "a\nb\nc\n");

    // The present file was opened before it got its number.
    let file = File::open(set.name(1)).unwrap();
    let earlier = Earlier::of(set.path().to_str().unwrap(), &file).unwrap();
    assert_eq!(earlier.files.iter().map(|file| file.number).collect::<Vec<_>>(), [3, 2]);
}

#[test]
fn a_file_that_is_removed_or_shortened_while_it_is_read_is_told() {
    let set = Set::new(&[Some(b"b\n"), Some(b"a\n")]);
    let mut reader = set.reader();
    fs::remove_file(set.name(1)).unwrap();
    let told = reader.read_to_end(&mut Vec::new()).unwrap_err().to_string();
    assert_eq!(set.plainly(&told), "`trace.1` was removed meanwhile (read the trace again)");

    let set = Set::new(&[Some(b"b\n"), Some(b"a\na\n")]);
    let mut reader = set.reader();
    File::options().write(true).open(set.name(1)).unwrap().set_len(2).unwrap();
    let told = reader.read_to_end(&mut Vec::new()).unwrap_err().to_string();
    assert_eq!(told, "an old file of the trace was shortened while it was read");
}

#[test]
fn other_things_with_such_names_are_no_old_traces() {
    let set = Set::new(&[Some(b"a\n")]);
    fs::create_dir(set.name(1)).unwrap();
    assert!(set.open().unwrap().0.are_none());
}
