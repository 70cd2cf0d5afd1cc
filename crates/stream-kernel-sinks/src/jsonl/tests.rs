//! The cadence, write by write, against a destination that keeps a log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use stream_kernel_trace::{Signature, Timestamp};

use super::*;

/// Records the number of lines of each write, and each sync.
#[derive(Clone, Default)]
struct Journal {
    events: Arc<Mutex<Vec<String>>>,
    is_full: bool,
}

impl Journal {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }
}

impl Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_full {
            self.events.lock().unwrap().push("refused".into());
            return Err(io::ErrorKind::StorageFull.into());
        }
        assert_eq!(bytes.last(), Some(&b'\n'), "only whole lines are written");
        let lines = bytes.split_inclusive(|&byte| byte == b'\n').count();
        self.events.lock().unwrap().push(format!("write {lines}"));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Destination for Journal {
    fn sync(&mut self) -> io::Result<()> {
        self.events.lock().unwrap().push("sync".into());
        Ok(())
    }
}

fn sink(
    journal: Journal,
    flush_every_n: NonZeroU64,
    fsync_every_n: Option<NonZeroU64>,
) -> JsonlSink<Journal> {
    JsonlSink::new(journal, Cadence { flush_every_n, fsync_every_n })
}

fn push<D: Destination>(batch: &mut JsonlSink<D>, step_name: &str) -> io::Result<()> {
    let signature = Signature::default();
    batch.write(&Record {
        run_id: "run",
        line_no: 1,
        scenario: "test",
        step_index: 0,
        step_name,
        work_index: 0,
        t_enter: Timestamp::default(),
        t_exit: Timestamp::default(),
        msg_in: &signature,
        msg_out: &[],
        context: None,
        error: None,
    })
}

/// Pushes `records` records and returns the destination's log, with `end` before the entries from `finish`.
fn check(flush_every_n: u64, fsync_every_n: Option<u64>, records: usize) -> String {
    let journal = Journal::default();
    let every = |n| NonZeroU64::new(n).unwrap();
    let mut batch = sink(journal.clone(), every(flush_every_n), fsync_every_n.map(every));
    for _ in 0..records {
        push(&mut batch, "step").unwrap();
    }
    journal.events.lock().unwrap().push("end".into());
    batch.finish().unwrap();
    drop(batch);
    journal.take().join(", ")
}

#[test]
fn flushing_every_record_writes_each_by_itself() {
    assert_eq!(check(1, None, 3), "write 1, write 1, write 1, end");
}

#[test]
fn a_batch_is_one_write_and_the_end_writes_the_rest() {
    assert_eq!(check(3, None, 7), "write 3, write 3, end, write 1");
    assert_eq!(check(3, None, 6), "write 3, write 3, end");
    assert_eq!(check(3, None, 0), "end");
}

#[test]
fn buffered_records_are_written_before_a_sync() {
    assert_eq!(check(3, Some(2), 5), "write 2, sync, write 1, write 1, sync, end, write 1, sync");
    assert_eq!(check(2, Some(4), 4), "write 2, write 2, sync, end");
    assert_eq!(check(10, Some(4), 10), "write 4, sync, write 4, sync, write 2, end, sync", "10 stays 10");
    assert_eq!(check(1, Some(1), 2), "write 1, sync, write 1, sync, end");
}

#[test]
fn a_batch_beyond_its_bound_is_split_and_keeps_its_cadence() {
    let journal = Journal::default();
    let mut batch = sink(journal.clone(), NonZeroU64::new(4).unwrap(), None).with_max_bytes(1_000);
    for _ in 0..8 {
        push(&mut batch, &"x".repeat(300)).unwrap();
    }
    assert_eq!(journal.take().join(", "), "write 2, write 2, write 2, write 2");
    assert!(batch.buffer.capacity() <= 2_000);
}

#[test]
fn the_bound_in_bytes_holds_and_a_byte_less_does_not_write() {
    let line_bytes = {
        let mut probe = sink(Journal::default(), NonZeroU64::MAX, None);
        push(&mut probe, "step").unwrap();
        probe.buffer.len()
    };
    for (max_bytes, expected) in [(2 * line_bytes + 1, ""), (2 * line_bytes, "write 2")] {
        let journal = Journal::default();
        let mut batch = sink(journal.clone(), NonZeroU64::MAX, None).with_max_bytes(max_bytes);
        push(&mut batch, "step").unwrap();
        push(&mut batch, "step").unwrap();
        assert_eq!(journal.take().join(", "), expected);
    }
}

#[test]
fn a_dropped_sink_writes_its_batch() {
    let journal = Journal::default();
    let mut batch = sink(journal.clone(), NonZeroU64::MAX, None);
    push(&mut batch, "step").unwrap();
    drop(batch);
    assert_eq!(journal.take(), ["write 1"]);
}

#[test]
fn refused_records_are_not_written_again() {
    let journal = Journal { is_full: true, ..Journal::default() };
    let mut batch = sink(journal.clone(), NonZeroU64::MIN, None);
    assert_eq!(push(&mut batch, "step").unwrap_err().kind(), io::ErrorKind::StorageFull);
    drop(batch);
    assert_eq!(journal.take(), ["refused"]);
}

/// A commit needs this: writing at any time does not shift the cadence.
#[test]
fn buffered_records_can_be_written_at_any_time() {
    let journal = Journal::default();
    let mut batch = sink(journal.clone(), NonZeroU64::new(3).unwrap(), None);
    push(&mut batch, "step").unwrap();
    push(&mut batch, "step").unwrap();
    for _ in 0..2 {
        batch.flush().unwrap();
        assert_eq!(journal.events.lock().unwrap().join(", "), "write 2");
    }
    push(&mut batch, "step").unwrap();
    assert_eq!(journal.take(), ["write 2", "write 1"], "the cadence goes on counting");
}

/// A batch may take this much memory, and smaller ones are not worth a write.
#[test]
fn the_usual_bound_of_a_batch_is_a_mebibyte() {
    assert_eq!(MAX_BATCH_BYTES, 1_048_576);
    let journal = Journal::default();
    let mut batch = sink(journal.clone(), NonZeroU64::MAX, None);
    let step_name = "s".repeat(MAX_BATCH_BYTES / 4);
    for _ in 0..3 {
        push(&mut batch, &step_name).unwrap();
    }
    assert_eq!(journal.events.lock().unwrap().join(", "), "");
    push(&mut batch, &step_name).unwrap();
    assert_eq!(journal.take(), ["write 4"]);
}

/// Records the bytes of each write.
#[derive(Clone, Default)]
struct Writes(Arc<Mutex<Vec<Vec<u8>>>>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Destination for Writes {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the content of one frame, which must be whole and the last.
fn decoded(frame: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(100_000);
    zstd_safe::decompress(&mut lines, frame).unwrap();
    assert_eq!(zstd_safe::find_frame_compressed_size(frame), Ok(frame.len()));
    lines
}

fn writing_to(writes: &Writes, flush_every_n: u64, compression: Compression) -> JsonlSink<Writes> {
    let cadence = Cadence { flush_every_n: NonZeroU64::new(flush_every_n).unwrap(), fsync_every_n: None };
    JsonlSink::new(writes.clone(), cadence).compressed(compression)
}

const ZSTD: Compression = Compression::Zstd { level: 1 };

/// A run that is killed loses no flushed frame, since each is whole by itself; the plain sink is the reference.
#[test]
fn a_flush_is_one_whole_frame() {
    for flush_every_n in [1, 3, 100] {
        let written = [Compression::None, ZSTD].map(|compression| {
            let writes = Writes::default();
            let mut sink = writing_to(&writes, flush_every_n, compression);
            for _ in 0..7 {
                push(&mut sink, "step").unwrap();
            }
            drop(sink);
            writes.0.lock().unwrap().clone()
        });
        let frames: Vec<_> = written[1].iter().map(|frame| decoded(frame)).collect();
        assert_eq!(frames, written[0], "flushed every {flush_every_n}");
    }
}

/// Whatever the cadence, the file can be cut at the mark and then has all records up to it and no others.
#[test]
fn records_after_the_mark_can_be_cut() {
    for (flush_every_n, is_beside, compression) in [1, 2, 3, 7, 100].into_iter().flat_map(|every| {
        [
            (every, false, Compression::None),
            (every, false, ZSTD),
            (every, true, ZSTD),
            (every, true, Compression::None),
        ]
    }) {
        for behind in 0..9 {
            let writes = Writes::default();
            let sink = writing_to(&writes, flush_every_n, compression);
            let mut sink = if is_beside { sink.beside_the_run() } else { sink };
            for line in 0..5 {
                sink.mark();
                for _ in 0..if line == 4 { behind } else { 3 } {
                    push(&mut sink, "step").unwrap();
                }
            }
            let to_cut = sink.flush_behind_mark().unwrap();
            let mut file = writes.0.lock().unwrap().clone();
            let mut left = to_cut;
            while left > 0 {
                let last = file.pop().unwrap();
                let keeps = usize::try_from((last.len() as u64).saturating_sub(left)).unwrap();
                left -= (last.len() - keeps) as u64;
                if keeps > 0 {
                    file.push(last[..keeps].to_vec());
                }
            }
            let lines =
                file.iter().map(|bytes| if compression == ZSTD { decoded(bytes) } else { bytes.clone() });
            let lines = lines.collect::<Vec<_>>().concat();
            let records = lines.split(|byte| *byte == b'\n').count() - 1;
            assert_eq!(
                (records, lines.last()),
                (12, Some(&b'\n')),
                "{flush_every_n} {is_beside} {compression:?} {behind}"
            );
        }
    }
}

/// A mark adds no frame if nothing has to be cut between it and the next.
#[test]
fn a_mark_at_the_end_of_a_batch_splits_nothing() {
    let writes = Writes::default();
    let mut sink = writing_to(&writes, 2, ZSTD);
    for _ in 0..3 {
        push(&mut sink, "step").unwrap();
        push(&mut sink, "step").unwrap();
        sink.mark();
    }
    let lines = |frame: &Vec<u8>| decoded(frame).split(|byte| *byte == b'\n').count() - 1;
    assert_eq!(writes.0.lock().unwrap().iter().map(lines).collect::<Vec<_>>(), [2, 2, 2]);
}
