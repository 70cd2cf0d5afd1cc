//! Several threads read the same as one.

use std::io::{BufReader, Read};
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::reading::parts::{MAX_BEGINNING_BYTES, MAX_LINES, PARTS_PER_THREAD};

/// A file that returns at most `at_a_time` bytes at a time, fails at an offset if told to, and counts the bytes read.
#[derive(Clone)]
struct Disk {
    bytes: Arc<[u8]>,
    at_a_time: usize,
    fails_at: usize,
    read: Arc<AtomicUsize>,
}

impl Disk {
    fn new(bytes: impl AsRef<[u8]>) -> Self {
        let (at_a_time, fails_at) = (usize::MAX, usize::MAX);
        Self { bytes: bytes.as_ref().into(), at_a_time, fails_at, read: Arc::default() }
    }

    /// Returns it, rewound to its beginning.
    fn input(&self) -> Box<dyn BufRead> {
        Box::new(BufReader::with_capacity(16, Self { read: Arc::default(), ..self.clone() }))
    }
}

impl Read for Disk {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let from = self.read.load(Ordering::Relaxed);
        let len = buffer.len().min(self.at_a_time).min(self.fails_at - from);
        if len == 0 && self.fails_at == from {
            return Err(io::Error::other("the disk fails"));
        }
        let read = (&self.bytes[from..]).read(&mut buffer[..len])?;
        self.read.store(from + read, Ordering::Relaxed);
        Ok(read)
    }
}

/// The output of a reader: each line with its number, and finally the failure, or the tail and the number of bytes
/// read.
type Told = (Vec<(u64, Result<TraceRecord, WrongLine>)>, String);

fn told<G: Digest<Kept = TraceRecord>>(mut lines: LineDigests<G>) -> Told {
    let (mut told, mut record) = (Vec::new(), TraceRecord::default());
    loop {
        match lines.next_line(&mut record) {
            Ok(Some(read)) => told.push((lines.line_no(), read.map(|()| record.clone()))),
            Ok(None) => break,
            Err(error) => return (told, error.to_string()),
        }
    }
    let tail = lines.tail(&mut record);
    if matches!(tail, Some(Tail::Record(_))) {
        told.push((lines.line_no(), Ok(record)));
    }
    let end = format!("{tail:?} after {} bytes, at line {}", lines.bytes_read(), lines.line_no());
    (told, end)
}

/// Checks that threads read `disk` in parts of each of these sizes as one thread does, and returns the result.
fn check(disk: &Disk, part_sizes: impl IntoIterator<Item = usize>) -> Told {
    let expected = told(LineDigests::new(disk.input(), Whole));
    for part_bytes in part_sizes {
        for threads in [1, 3] {
            let found = told(LineDigests::by_threads(threads, part_bytes, disk.input(), Whole));
            assert_eq!(found, expected, "in parts of {part_bytes} bytes, by {threads} threads");
        }
    }
    expected
}

fn record(run_id: &str, line_no: u64, step_name: &str, error: &str) -> String {
    let status = if error == "null" { "ok" } else { "error" };
    format!(
        r#"{{"trace_id":"{run_id}:{line_no}","scenario":"s","line_no":{line_no},"step_index":0,"step_name":"{step_name}","work_index":0,"t_enter":"","t_exit":"","duration_ms":0.5,"msg_in":{{"type_name":"In","identity":null,"hash":null}},"msg_out":[],"msg_out_count":0,"ctx_before":null,"ctx_after":null,"ctx_diff":null,"status":"{status}","error":{error}}}"#
    )
}

/// Lines of each kind, without their ends: usual records of several runs, some that only serde reads, and wrong ones.
fn any_line() -> impl Strategy<Value = String> {
    let usual =
        ("a|b", 1..4_u64, "[a-z]{0,9}").prop_map(|(run, line, step)| record(&run, line, &step, "null"));
    let escaped = Just(record("a", 1, r"\u0061é", r#"{"type":"T","message":"m","where":"a","stack":null}"#));
    let marked = usual.clone().prop_map(|record| format!("\u{feff}{record}"));
    let wrong = prop::sample::select(vec!["", "\u{feff}", "x", "{}", "{\"trace_id\":1}", "\r"]);
    prop_oneof![4 => usual, 1 => escaped, 1 => marked, 3 => wrong.prop_map(str::to_owned)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(6) })]

    /// In parts of every size, so that each line is cut at each position, with whole traces and ones that end anywhere.
    #[test]
    fn threads_read_what_one_thread_reads(lines in prop::collection::vec(any_line(), 0..7), cut in 0..300_usize) {
        let mut trace = (lines.join("\n") + "\n").into_bytes();
        trace.truncate(trace.len().saturating_sub(cut.saturating_sub(100)));
        check(&Disk::new(&trace), 1..trace.len() + 2);
    }
}

#[test]
fn each_end_of_a_trace_is_read_as_by_one_thread() {
    let trace = record("a", 1, "x", "null") + "\n" + &record("a", 2, "y", "null");
    for len in 0..=trace.len() {
        check(&Disk::new(&trace[..len]), [1, 100, 1000]);
    }
    let (lines, end) = check(&Disk::new(&trace), [1]);
    assert_eq!(lines.len(), 2);
    assert!(end.starts_with("Some(Record("), "{end}");
}

#[test]
fn pieces_and_failures_lose_no_earlier_line() {
    let trace: String = (1..9).map(|line_no| record("a", line_no, "x", "null") + "\n").collect();
    for at_a_time in [1, 7, 300] {
        let (lines, _) = check(&Disk { at_a_time, ..Disk::new(&trace) }, [1, 100, 1000]);
        assert_eq!(lines.len(), 8);
    }
    for fails_at in [0, 1, trace.len() / 2, trace.len()] {
        let (lines, end) = check(&Disk { fails_at, ..Disk::new(&trace) }, [1, 100, 1000]);
        assert_eq!((lines.len(), &*end), (8 * fails_at / trace.len(), "the disk fails"));
    }
}

/// A zstd frame with these records, in the form that sinks write.
fn frame(records: &str) -> Vec<u8> {
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(records.len()));
    zstd_safe::compress(&mut frame, records.as_bytes(), 1).unwrap();
    frame
}

/// Records are found in the content, whole or torn. The number of bytes read is that of the file.
#[test]
fn the_calling_thread_reads_a_compressed_trace() {
    let record = |line_no| record("a", line_no, "x", "null") + "\n";
    let (first, second) = (frame(&(record(1) + &record(2))), frame(&(record(3) + "wrong\n{\"trace_id\":")));
    let trace = [&first[..], &second].concat();
    for len in 1..=trace.len() {
        let disk = Disk::new(&trace[..len]);
        let (lines, end) = check(&disk, [1, 100, 1000]);
        let expected = if len == trace.len() { 4 } else { 2 * usize::from(len >= first.len()) };
        assert_eq!(lines.len(), expected, "{len}");
        assert!(end.contains(&format!(" after {len} bytes, ")), "{end}");
        for mut read in
            [LineDigests::new(disk.input(), Whole), LineDigests::by_threads(2, 100, disk.input(), Whole)]
        {
            while read.next_line(&mut TraceRecord::default()).unwrap().is_some() {}
            let begins_at = if len < first.len() { 0 } else { first.len() };
            let is_torn = len != first.len() && len != trace.len();
            let expected = (true, is_torn.then_some((begins_at as u64, (len - begins_at) as u64)));
            let found = read.torn_frame().map(|torn| (torn.offset, torn.bytes));
            assert_eq!((read.is_compressed(), found), expected, "{len}");
        }
    }
}

/// The beginning of a part is not the beginning of a trace.
#[test]
fn only_the_beginning_shows_that_a_trace_is_compressed() {
    let record = record("a", 1, "x", "null") + "\n";
    for len in 1..4 {
        let trace = [record.as_bytes(), &frame("x")[..len]].concat();
        let (lines, end) = check(&Disk::new(&trace), [1, 100, record.len(), 1000]);
        assert!(lines.len() == 1 && end.starts_with("Some(Wrong("), "{end}");
    }
}

/// Returns the number of lines of `trace`, all in the first part of `part_bytes` bytes, that are handed out together.
fn digested_together(trace: &[u8], part_bytes: usize) -> Vec<usize> {
    let mut parts = Parts::new(Disk::new(trace).input(), 1, part_bytes, &Whole);
    let mut next = || parts.next(Digested::default()).unwrap();
    iter::from_fn(|| next().map(|mut lines| iter::from_fn(|| lines.next().map(drop)).count())).collect()
}

#[test]
fn a_line_beyond_the_bound_is_left_to_one_thread() {
    for (beginning, is_read) in [(MAX_BEGINNING_BYTES, true), (MAX_BEGINNING_BYTES + 1, false)] {
        let line = [vec![b'x'; beginning], b"\n".to_vec()].concat();
        assert_eq!(digested_together(&line, beginning).len(), usize::from(is_read), "{beginning}");
        check(&Disk::new(&line), [beginning]);
    }
}

#[test]
fn lines_are_digested_together_up_to_the_bound() {
    for (lines, together) in [(MAX_LINES, vec![MAX_LINES]), (MAX_LINES + 1, vec![MAX_LINES, 1])] {
        let trace = b"\n".repeat(lines);
        assert_eq!(digested_together(&trace, lines), together);
        check(&Disk::new(trace), [lines]);
    }
}

#[test]
fn parts_are_read_ahead_up_to_their_bound() {
    let line = record("a", 1, "x", "null") + "\n";
    let disk = Disk::new(line.repeat(100));
    let input = Box::new(BufReader::with_capacity(1, disk.clone()));
    let mut lines = LineDigests::by_threads(2, line.len(), input, Whole);
    let mut record = TraceRecord::default();
    for line_no in 1..=100 {
        assert!(matches!(lines.next_line(&mut record), Ok(Some(Ok(())))));
        let ahead = disk.read.load(Ordering::Relaxed) / line.len() - line_no;
        assert_eq!(ahead, (2 * PARTS_PER_THREAD - 1).min(100 - line_no), "at line {line_no}");
    }
}

#[test]
fn without_threads_the_calling_thread_reads_all() {
    let disk = Disk::new(record("a", 1, "x", "null") + "\n");
    let (lines, _) = told(LineDigests::by_threads(0, 100, disk.input(), Whole));
    assert_eq!(lines.len(), 1);
}

/// A digest that panics is a bug; its missing records must not go unnoticed.
#[test]
fn a_thread_that_ends_too_early_is_an_error() {
    #[derive(Clone)]
    struct Panics;
    impl Digest for Panics {
        type Kept = TraceRecord;

        fn digest<R: BufRead>(&mut self, _: &TraceReader<R>, _: &mut TraceRecord, _: &mut TraceRecord) {
            panic!("planted");
        }
    }
    let disk = Disk::new(record("a", 1, "x", "null") + "\n");
    let (lines, end) = told(LineDigests::by_threads(1, 1000, disk.input(), Panics));
    assert!(lines.is_empty());
    assert_eq!(end, "a thread that reads the trace ended too early");
}
