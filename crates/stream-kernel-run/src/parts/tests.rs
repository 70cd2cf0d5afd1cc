//! Parts against the single file: what is written comes back in order, and whatever does not fit is named.

use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::writing::tests::{open, open_with, run_of};
use super::*;

/// Returns a number below `end`, as a seed draws it.
fn draw(seed: &mut u64, end: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % end
}

/// Writes parts that a seed draws; returns the single file.
fn write(dir: &TempDir, seed: u64, workers: usize, epochs: usize, is_complete: bool) -> String {
    let mut seed = seed + 1;
    let mut parts = open(dir, 0..workers, workers).unwrap();
    let mut single = String::new();
    for epoch in 0..epochs {
        for (worker, (output, _)) in parts.writers.iter_mut().enumerate() {
            let lines = draw(&mut seed, 4);
            let text = format!("{epoch} {worker}\n").repeat(usize::try_from(lines).unwrap());
            output.write(text.as_bytes()).unwrap();
            single += &text;
        }
    }
    for (output, _) in &mut parts.take_writers().unwrap() {
        output.sync().unwrap();
    }
    parts.finish(b"the end\n", true).unwrap();
    assert!(parts.unfinished_output().is_some());
    single += "the end\n";
    if is_complete {
        parts.succeed(true).unwrap();
        assert_eq!(parts.unfinished_output(), None);
    }
    single
}

fn folder_of(dir: &TempDir) -> PathBuf {
    dir.path().join("out.parts")
}

fn read(dir: &TempDir) -> Result<String, String> {
    let parts = PartsFolder::open(&folder_of(dir)).map_err(|error| error.to_string())?;
    let mut text = String::new();
    let read = parts.reader().map_err(|error| error.to_string())?.read_to_string(&mut text);
    read.map_err(|error| error.to_string())?;
    assert!(!parts.is_complete() || parts.bytes() == text.len() as u64);
    Ok(text)
}

#[test]
fn what_is_written_comes_back_in_order() {
    for seed in 0..60 {
        let dir = tempfile::tempdir().unwrap();
        // The indexes of the last ones have several blocks.
        let epochs = if seed < 55 { usize::try_from(seed).unwrap() } else { 5_000 };
        let single = write(&dir, seed, 1 + epochs % 5, epochs, true);
        assert_eq!(read(&dir), Ok(single), "seed {seed}");
    }
}

#[test]
fn of_an_unfinished_folder_comes_what_is_there_without_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = open(&dir, 0..3, 3).unwrap();
    let write = |parts: &mut RunParts, worker: usize, text: &str| {
        parts.writers[worker].0.write(text.as_bytes()).unwrap();
    };
    for (worker, text) in [(0, "a"), (1, "b"), (2, "c"), (0, "d"), (2, "f")] {
        write(&mut parts, worker, text);
    }
    let is_complete = || PartsFolder::open(&folder_of(&dir)).unwrap().is_complete();
    assert_eq!((read(&dir), is_complete()), (Ok("abcd".to_owned()), false));
    write(&mut parts, 1, "e");
    assert_eq!(read(&dir).unwrap(), "abcdef");
    fs::write(folder_of(&dir).join("part-00001"), "b").unwrap();
    assert_eq!(read(&dir).unwrap(), "abcd", "what was written last is lost");
    let told = PartsFolder::open(&folder_of(&dir)).unwrap().check_complete().unwrap_err().to_string();
    assert!(told.contains("no `_SUCCESS`"), "{told}");
}

#[test]
fn what_does_not_fit_is_named() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 12] = [
        ("part-00001` is missing", |folder| fs::remove_file(folder.join("part-00001")).unwrap()),
        ("part-00001.index` is missing", |folder| fs::remove_file(folder.join("part-00001.index")).unwrap()),
        ("part-00000.index` is missing", |folder| fs::remove_dir_all(folder).unwrap()),
        ("has 4 bytes, and its index says", |folder| fs::write(folder.join("part-00001"), "much").unwrap()),
        ("part-00001.index` is torn", |folder| cut(folder, |text| text.trim_end().len())),
        ("has 19 epochs, and that of part 0 has 20", |folder| {
            cut(folder, |text| text.trim_end().rfind('\n').unwrap() + 1);
        }),
        ("does not begin as", |folder| cut(folder, |_| 20)),
        ("does not begin as", |folder| cut(folder, |_| 0)),
        ("belongs to another part, or to another run", |folder| {
            fs::copy(folder.join("part-00000.index"), folder.join("part-00001.index")).unwrap();
        }),
        ("belongs to another part, or to another run", |folder| {
            let path = folder.join("part-00001.index");
            let text =
                fs::read_to_string(&path).unwrap().replace(&format!("{:016x}", run_of()), "00000000000000ff");
            fs::write(path, text).unwrap();
        }),
        ("is not a number of bytes", |folder| append(folder, "+5\n")),
        ("counts more bytes than there can be", |folder| append(folder, "18446744073709551615\n1\n")),
    ];
    for (told, change) in changes {
        let dir = tempfile::tempdir().unwrap();
        write(&dir, 7, 3, 20, true);
        change(&folder_of(&dir));
        let error = read(&dir).unwrap_err();
        assert!(error.contains(told), "{told}: {error}");
        assert!(error.contains('('), "a remedy: {error}");
    }
}

fn cut(folder: &Path, to: impl Fn(&str) -> usize) {
    let path = folder.join("part-00001.index");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..to(&text)]).unwrap();
}

fn append(folder: &Path, text: &str) {
    let path = folder.join("part-00001.index");
    let before = fs::read_to_string(&path).unwrap();
    fs::write(&path, before + text).unwrap();
}

#[test]
fn the_longest_number_is_read_and_a_longer_one_is_refused() {
    for (number, is_read) in [("0".repeat(MAX_NUMBER_BYTES - 1), true), ("0".repeat(MAX_NUMBER_BYTES), false)]
    {
        let dir = tempfile::tempdir().unwrap();
        write(&dir, 7, 3, 20, false);
        // Without its end, so that nothing but its length tells.
        append(&folder_of(&dir), &number);
        assert_eq!(read(&dir).is_ok(), is_read, "{number}");
    }
}

#[test]
fn headers_are_read_as_they_are_written_and_nothing_else_is() {
    let header = Header { kind: PartsKind::Trace, run: u64::MAX, worker: 1_023, workers: 1_024 };
    assert!(header.line().len() <= MAX_HEADER_BYTES);
    assert_eq!(Header::read(header.line().trim_end()), Some(header));
    for wrong in [
        "",
        "parts/2 trace 00000000000000ff 0 1",
        "parts/1 else 00000000000000ff 0 1",
        "parts/1 trace +0000000000000ff 0 1",
        "parts/1 trace ff 0 1",
        "parts/1 trace 00000000000000ff 1 1",
        "parts/1 trace 00000000000000ff 0 1025",
        "parts/1 trace 00000000000000ff +0 1",
        "parts/1 trace 00000000000000ff 0 1 ",
    ] {
        assert_eq!(Header::read(wrong), None, "{wrong}");
    }
}

#[test]
fn a_folder_of_an_earlier_run_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir, 1, 7, 9, true);
    let parts = open(&dir, 0..2, 2).unwrap();
    let names = || {
        let names = fs::read_dir(folder_of(&dir)).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(names(), "part-00000 part-00000.index part-00001 part-00001.index", "and no `_SUCCESS`");
    let told = open(&dir, 0..1, 1).map(drop).unwrap_err().to_string();
    assert!(told.contains("part-00000` is being written by another run"), "{told}");
    drop(parts);
    let single = write(&dir, 2, 2, 3, true);
    assert_eq!(read(&dir), Ok(single));
}

#[test]
fn a_folder_with_anything_else_is_refused_and_left_alone() {
    for (name, is_folder) in
        [("notes.txt", false), ("part-1", false), ("part-000001", false), ("part-00000", true)]
    {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder_of(&dir);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(SUCCESS), "").unwrap();
        fs::write(folder.join("part-00009"), "kept").unwrap();
        if is_folder { fs::create_dir(folder.join(name)) } else { fs::write(folder.join(name), "") }.unwrap();
        let told = open(&dir, 0..1, 1).map(drop).unwrap_err().to_string();
        assert!(told.contains(&format!("holds `{name}`, which is not a part")), "{told}");
        assert!(folder.join(SUCCESS).exists() && folder.join("part-00009").exists());
    }
    let dir = tempfile::tempdir().unwrap();
    fs::write(folder_of(&dir), "a file").unwrap();
    let told = open(&dir, 0..1, 1).map(drop).unwrap_err().to_string();
    assert!(told.contains("is not a folder"), "{told}");
    fs::remove_file(folder_of(&dir)).unwrap();
    symlink("nowhere", folder_of(&dir)).unwrap();
    assert!(open(&dir, 0..1, 1).is_err());
}

#[test]
fn a_trace_has_parts_of_its_own_and_nothing_is_touched_if_either_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(folder_of(&dir)).unwrap();
    fs::write(folder_of(&dir).join("notes"), "").unwrap();
    assert!(open_with(&dir, 0..1, 1, true).is_err());
    assert!(!dir.path().join("trace.parts").exists());
    fs::remove_file(folder_of(&dir).join("notes")).unwrap();
    let mut parts = open_with(&dir, 0..2, 2, true).unwrap();
    for (_, trace) in &mut parts.writers {
        trace.as_mut().unwrap().write(b"a record\n").unwrap();
    }
    let kind = PartsFolder::open(&dir.path().join("trace.parts")).unwrap().kind();
    assert_eq!(kind, PartsKind::Trace);
}

#[test]
fn a_part_that_somebody_else_has_changed_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = open(&dir, 0..1, 1).unwrap();
    let part = &mut parts.writers[0].0;
    part.write(b"a line\n").unwrap();
    part.sync().unwrap();
    for (name, text) in [("part-00000", "short"), ("part-00000.index", "")] {
        let path = folder_of(&dir).join(name);
        let before = fs::read(&path).unwrap();
        fs::write(&path, text).unwrap();
        let told = part.sync().unwrap_err().to_string();
        assert!(told.contains(&format!("{name}`: it has")), "{told}");
        fs::write(&path, before).unwrap();
    }
}
