//! The content of real files after a rotating sink.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io;
use std::num::{NonZeroU16, NonZeroU64};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use stream_kernel_sinks::{Cadence, Compression, JsonlSink, Rotation, rotated_path};
use stream_kernel_trace::{Record, Signature, Timestamp, TraceSink};
use tempfile::TempDir;

fn rotation(max_bytes: u64, keep: u16) -> Rotation {
    Rotation { max_bytes: NonZeroU64::new(max_bytes).unwrap(), keep: NonZeroU16::new(keep).unwrap() }
}

fn open(path: &Path, cadence: Cadence, rotation: Rotation) -> JsonlSink {
    JsonlSink::open_rotated(path, cadence, Compression::None, Some(rotation)).unwrap()
}

fn write(sink: &mut JsonlSink, line_no: u64) -> io::Result<()> {
    let signature = Signature::default();
    sink.write(&Record {
        run_id: "run",
        line_no,
        scenario: "test",
        step_index: 0,
        step_name: "step",
        work_index: 0,
        t_enter: Timestamp::default(),
        t_exit: Timestamp::default(),
        msg_in: &signature,
        msg_out: &[],
        context: None,
        error: None,
    })
}

/// Writes records of ten lines and ends the run.
fn record(mut sink: JsonlSink) {
    for line_no in 10..20 {
        write(&mut sink, line_no).unwrap();
    }
    sink.finish().unwrap();
}

/// Returns the content of the files, the present one first.
fn set(path: &Path) -> Vec<String> {
    let names = (0..).map(|number| if number == 0 { path.to_owned() } else { rotated_path(path, number) });
    names.map_while(|name| fs::read_to_string(name).ok()).collect()
}

fn whole() -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trace");
    record(JsonlSink::open(&path, Cadence::default(), Compression::None).unwrap());
    fs::read_to_string(path).unwrap()
}

fn cadences() -> [Cadence; 4] {
    let of = |flush_every_n, fsync_every_n| Cadence {
        flush_every_n: NonZeroU64::new(flush_every_n).unwrap(),
        fsync_every_n: NonZeroU64::new(fsync_every_n),
    };
    [Cadence::default(), of(4, 0), of(100, 0), of(4, 3)]
}

/// A file ends at the same record, whatever the cadence.
#[test]
fn the_bound_holds_and_a_byte_less_makes_smaller_files() {
    let whole = whole();
    let line_bytes = whole.len() as u64 / 10;
    for cadence in cadences() {
        for is_beside in [false, true] {
            for (max_bytes, lines) in [(3 * line_bytes, &[1, 3, 3, 3][..]), (3 * line_bytes - 1, &[2; 5])] {
                let folder = TempDir::new().unwrap();
                let path = folder.path().join("trace");
                let sink = open(&path, cadence, rotation(max_bytes, 9));
                record(if is_beside { sink.beside_the_run() } else { sink });
                let mut files = set(&path);
                let counts: Vec<usize> = files.iter().map(|file| file.lines().count()).collect();
                assert_eq!(counts, lines, "{cadence:?}");
                files.reverse();
                assert_eq!(files.concat(), whole);
                for name in fs::read_dir(folder.path()).unwrap() {
                    assert_eq!(name.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
                }
            }
        }
    }
}

#[test]
fn a_record_beyond_the_bound_is_alone_in_its_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trace");
    record(open(&path, Cadence::default(), rotation(1, 100)));
    assert_eq!(set(&path).len(), 10);
}

#[test]
fn only_the_configured_number_of_old_files_stays() {
    for keep in [1, 2] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("trace");
        record(open(&path, Cadence::default(), rotation(1, keep)));
        let mut files = set(&path);
        assert_eq!(files.len(), usize::from(keep) + 1);
        files.reverse();
        assert!(whole().ends_with(&files.concat()));
    }
}

/// Existing content counts, and exceeds the bound if it comes from a run without rotation.
#[test]
fn a_run_continues_an_existing_file() {
    let whole = whole();
    let line_bytes = whole.len() as u64 / 10;
    for (max_bytes, lines) in
        [(20 * line_bytes, &[20][..]), (15 * line_bytes, &[5, 15]), (line_bytes, &[1; 10])]
    {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("trace");
        record(JsonlSink::open(&path, Cadence::default(), Compression::None).unwrap());
        record(open(&path, Cadence::default(), rotation(max_bytes, 20)));
        let counts: Vec<usize> = set(&path).iter().map(|file| file.lines().count()).collect();
        assert_eq!(counts[..lines.len()], *lines);
    }
}

/// The missing line end goes to the torn file, not to the next one.
#[test]
fn a_torn_file_is_ended_before_it_is_rotated() {
    let whole = whole();
    for cadence in cadences() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("trace");
        fs::write(&path, "torn").unwrap();
        record(open(&path, cadence, rotation(4, 20)));
        let files = set(&path);
        assert_eq!((files.len(), &*files[10]), (11, "torn\n"));
        assert_eq!(files[..10].iter().rev().map(String::as_str).collect::<String>(), whole);
    }
}

#[test]
fn only_regular_files_are_rotated() {
    record(open(Path::new("/dev/null"), Cadence::default(), rotation(1, 1)));
    assert!(!Path::new("/dev/null.1").exists());
}

/// The next records need a file: the failure is reported, and written records stay where they are.
#[test]
fn a_file_that_cannot_be_rotated_ends_the_sink() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trace");
    fs::create_dir(rotated_path(&path, 1)).unwrap();
    let mut sink = open(&path, Cadence::default(), rotation(1, 1));
    write(&mut sink, 1).unwrap();
    write(&mut sink, 2).unwrap_err();
    drop(sink);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
}
