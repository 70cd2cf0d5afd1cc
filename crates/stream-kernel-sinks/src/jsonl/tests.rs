//! The cadence, write by write, against a destination that keeps a journal.

use std::io::Write;
use std::sync::{Arc, Mutex};

use stream_kernel_trace::{Signature, Timestamp};

use super::*;

/// Keeps what reaches it: for each write the number of lines, for each sync the word.
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

fn push(batch: &mut JsonlSink<Journal>, step_name: &str) -> io::Result<()> {
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

/// Pushes `records` records and returns what reached the destination, `end` standing before what `finish` brought.
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
fn flushing_every_record_is_one_write_a_record() {
    assert_eq!(check(1, None, 3), "write 1, write 1, write 1, end");
}

#[test]
fn a_batch_is_one_write_and_the_end_brings_the_rest() {
    assert_eq!(check(3, None, 7), "write 3, write 3, end, write 1");
    assert_eq!(check(3, None, 6), "write 3, write 3, end");
    assert_eq!(check(3, None, 0), "end");
}

#[test]
fn what_is_buffered_is_written_before_it_is_made_durable() {
    assert_eq!(check(3, Some(2), 5), "write 2, sync, write 1, write 1, sync, end, write 1, sync");
    assert_eq!(check(2, Some(4), 4), "write 2, write 2, sync, end");
    assert_eq!(check(10, Some(4), 10), "write 4, sync, write 4, sync, write 2, end, sync", "10 stays 10");
    assert_eq!(check(1, Some(1), 2), "write 1, sync, write 1, sync, end");
}

#[test]
fn a_batch_that_outgrows_its_bound_is_written_in_several_and_keeps_its_cadence() {
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
fn a_batch_that_is_dropped_brings_out_what_it_holds() {
    let journal = Journal::default();
    let mut batch = sink(journal.clone(), NonZeroU64::MAX, None);
    push(&mut batch, "step").unwrap();
    drop(batch);
    assert_eq!(journal.take(), ["write 1"]);
}

#[test]
fn what_was_refused_is_not_written_a_second_time() {
    let journal = Journal { is_full: true, ..Journal::default() };
    let mut batch = sink(journal.clone(), NonZeroU64::MIN, None);
    assert_eq!(push(&mut batch, "step").unwrap_err().kind(), io::ErrorKind::StorageFull);
    drop(batch);
    assert_eq!(journal.take(), ["refused"]);
}

/// A checkpoint asks: what is written and what is not yet must add up to all that was recorded.
#[test]
fn what_is_buffered_is_counted_and_can_be_written_out_at_any_time() {
    let journal = Journal::default();
    let mut batch = sink(journal.clone(), NonZeroU64::new(3).unwrap(), None);
    assert_eq!(batch.buffered_bytes(), 0);
    push(&mut batch, "step").unwrap();
    let line = batch.buffered_bytes();
    assert!(line > 100, "{line}");
    push(&mut batch, "step").unwrap();
    assert_eq!(batch.buffered_bytes(), 2 * line);
    for _ in 0..2 {
        batch.flush().unwrap();
        assert_eq!(
            (batch.buffered_bytes(), journal.events.lock().unwrap().join(", ")),
            (0, "write 2".to_owned())
        );
    }
    push(&mut batch, "step").unwrap();
    assert_eq!(journal.take(), ["write 2", "write 1"], "the cadence goes on counting");
}

/// So much memory a batch may take, and no less is worth a write of its own.
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
