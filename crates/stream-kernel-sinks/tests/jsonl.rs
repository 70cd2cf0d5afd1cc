//! The content of real files after a JSONL sink.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::{self, Read, Write};
use std::num::NonZeroU64;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use stream_kernel_sinks::{Cadence, Compression, Destination, JsonlSink, TraceFile};
use stream_kernel_trace::{
    CanonicalContent, Context, ManualClock, Message, Recorder, RunLabel, ShortText, StepRef, Timestamp,
    TraceRecord, TraceSettings,
};
use tempfile::TempDir;

struct Tick;

impl Message for Tick {
    fn type_name(&self) -> &'static str {
        "Tick"
    }
    fn identity(&self, _: &mut ShortText) -> bool {
        false
    }
    fn digest(&self, _: &mut CanonicalContent) {}
}

/// Records `inputs` inputs of one step into `sink` and ends the run.
fn record(sink: JsonlSink, inputs: u64) {
    let clock = ManualClock::new(Timestamp::from_nanos(0), 1_000);
    let mut recorder = Recorder::new(TraceSettings::default(), clock).with_sink(Box::new(sink));
    record_inputs(&mut recorder, inputs);
    recorder.finish().unwrap();
}

fn record_inputs(recorder: &mut Recorder, inputs: u64) {
    let label = RunLabel { run_id: "run".into(), scenario_id: "test".into() };
    let mut context = Context::new(label, TraceSettings::default().context_diff.unwrap_or_default());
    for line_no in 1..=inputs {
        context.begin_input(line_no);
        recorder.begin_input();
        recorder.enter(&Tick, &mut context);
        recorder.exit(StepRef { index: 0, name: "tick" }, &[Tick], &mut context, Ok(()));
    }
}

fn batches_of(records: u64) -> Cadence {
    Cadence { flush_every_n: NonZeroU64::new(records).unwrap(), ..Cadence::default() }
}

fn line_numbers(path: &Path) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap();
    let record = |line| serde_json::from_str::<TraceRecord>(line).unwrap();
    text.lines().map(|line| record(line).line_no).collect()
}

#[test]
fn every_cadence_leaves_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    let durable = Cadence { fsync_every_n: NonZeroU64::new(2), ..batches_of(3) };
    let files = [Cadence::default(), batches_of(3), batches_of(1_000), durable].map(|cadence| {
        let path = folder.path().join(format!("{cadence:?}"));
        record(JsonlSink::open(&path, cadence, Compression::None).unwrap(), 10);
        assert_eq!(line_numbers(&path), (1..=10).collect::<Vec<_>>());
        fs::read(&path).unwrap()
    });
    assert!(files.iter().all(|file| *file == files[0]));
}

#[test]
fn a_second_run_is_appended_and_a_torn_record_spoils_none() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trace.jsonl");
    record(JsonlSink::open(&path, Cadence::default(), Compression::None).unwrap(), 2);
    let whole = fs::read_to_string(&path).unwrap();
    record(JsonlSink::open(&path, Cadence::default(), Compression::None).unwrap(), 2);
    assert_eq!(fs::read_to_string(&path).unwrap(), whole.repeat(2));

    let torn = &whole[..whole.len() - 20];
    fs::write(&path, torn).unwrap();
    record(JsonlSink::open(&path, batches_of(100), Compression::None).unwrap(), 2);
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{torn}\n{whole}"));
}

#[test]
fn a_run_without_records_leaves_a_torn_file_unchanged() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trace.jsonl");
    fs::write(&path, "torn").unwrap();
    record(JsonlSink::open(&path, Cadence::default(), Compression::None).unwrap(), 0);
    assert_eq!(fs::read_to_string(&path).unwrap(), "torn");
}

#[test]
fn only_the_owner_can_read_a_new_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trace.jsonl");
    JsonlSink::open(
        &path,
        Cadence { fsync_every_n: NonZeroU64::new(1), ..Cadence::default() },
        Compression::None,
    )
    .unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let folder = TempDir::new().unwrap();
    let (target, link) = (folder.path().join("target"), folder.path().join("link"));
    fs::write(&target, "").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let error = JsonlSink::open(&link, Cadence::default(), Compression::None).unwrap_err();
    assert_eq!(error.to_string(), format!("the trace file `{}` cannot be opened", link.display()));
    assert_eq!(fs::read(&target).unwrap(), b"");
}

/// A reader of the file is not in the way, and takes no lock.
#[test]
fn a_file_with_another_writer_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trace.jsonl");
    let open = || JsonlSink::open(&path, Cadence::default(), Compression::None);
    let first = open().unwrap();
    let refused = open().unwrap_err();
    assert!(refused.cause.to_string().starts_with("another run writes to it"), "{}", refused.cause);
    record(first, 2);
    record(open().unwrap(), 2);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 4);
}

#[test]
fn a_pipe_receives_the_records_and_needs_no_durability() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let reader = std::thread::spawn({
        let path = path.clone();
        move || {
            let mut text = String::new();
            fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
            text
        }
    });
    let durable = Cadence { fsync_every_n: NonZeroU64::new(1), ..Cadence::default() };
    record(JsonlSink::open(&path, durable, Compression::None).unwrap(), 3);
    assert_eq!(reader.join().unwrap().lines().count(), 3);
}

/// Accepts no bytes.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Destination for Full {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Records that are still buffered at the end must not be lost silently.
#[test]
fn a_failure_to_write_the_last_records_is_reported() {
    let clock = ManualClock::new(Timestamp::from_nanos(0), 1_000);
    let sink = JsonlSink::new(Full, batches_of(10));
    let mut recorder = Recorder::new(TraceSettings::default(), clock).with_sink(Box::new(sink));
    record_inputs(&mut recorder, 1);
    assert!(recorder.finish().is_err());
}

/// A second run appends frames to those of the first, and a reader sees one trace; a file that appending would spoil is
/// not opened.
#[test]
fn frames_are_appended_unless_that_spoils_the_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("trace.jsonl.zst");
    let open = |compression| JsonlSink::open(&path, batches_of(3), compression);
    record(open(ZSTD).unwrap(), 4);
    let first = fs::read(&path).unwrap();
    record(open(ZSTD).unwrap().beside_the_run(), 4);
    assert_eq!(fs::read(&path).unwrap(), [&first[..], &first].concat());
    assert!(open(Compression::None).is_err());

    fs::write(&path, &first[..first.len() - 1]).unwrap();
    let refused = open(ZSTD).unwrap_err().cause.to_string();
    assert!(refused.starts_with("its last frame, from byte "), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), first[..first.len() - 1], "it is as it was");

    fs::write(&path, "{}\n").unwrap();
    assert!(open(ZSTD).is_err());
}

const ZSTD: Compression = Compression::Zstd { level: 1 };

/// Several workers do not write frames.
#[test]
fn several_workers_do_not_append_to_frames() {
    let folder = TempDir::new().unwrap();
    let [plain, frames] = ["plain", "frames"].map(|name| folder.path().join(name));
    fs::write(&plain, "{\"a\":1}").unwrap();
    let (_, begins_at) = TraceFile::open_for_parts(&plain).unwrap();
    assert_eq!((begins_at, &*fs::read(&plain).unwrap()), (8, &b"{\"a\":1}\n"[..]));
    record(JsonlSink::open(&frames, Cadence::default(), Compression::Zstd { level: 1 }).unwrap(), 1);
    let before = fs::read(&frames).unwrap();
    let refused = TraceFile::open_for_parts(&frames).unwrap_err().to_string();
    assert!(refused.starts_with("its records are compressed, "), "{refused}");
    assert_eq!(fs::read(&frames).unwrap(), before);
}
