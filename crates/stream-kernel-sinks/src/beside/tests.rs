//! The writing thread, blocked and released step by step.

use std::io::{self, Write};
use std::num::NonZeroU64;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use stream_kernel_trace::{Record, Signature, Timestamp, TraceSink};

use super::*;
use crate::{Cadence, JsonlSink};

/// A destination that records its writes and, if blocked, waits for a release before each.
struct Gate {
    events: Arc<Mutex<Vec<String>>>,
    goes: Option<Receiver<()>>,
    /// The number of writes that succeed.
    left: usize,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(goes) = &self.goes {
            // The releasing side has gone.
            let _ = goes.recv();
        }
        let Some(left) = self.left.checked_sub(1) else { return Err(io::ErrorKind::StorageFull.into()) };
        self.left = left;
        let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
        self.events.lock().unwrap().push(format!("write {lines}"));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Destination for Gate {
    fn sync(&mut self) -> io::Result<()> {
        self.events.lock().unwrap().push("sync".into());
        Ok(())
    }
}

/// A sink with a writing thread, the log of its destination, and the sender that releases writes.
fn held_up(flush_every_n: u64, left: usize) -> (JsonlSink<Gate>, Arc<Mutex<Vec<String>>>, SyncSender<()>) {
    let (go, goes) = sync_channel(10_000);
    let events = Arc::default();
    let gate = Gate { events: Arc::clone(&events), goes: Some(goes), left };
    let cadence = Cadence { flush_every_n: NonZeroU64::new(flush_every_n).unwrap(), fsync_every_n: None };
    (JsonlSink::new(gate, cadence).beside_the_run(), events, go)
}

fn push(sink: &mut impl TraceSink, line_no: u64, step_name: &str) -> io::Result<()> {
    let signature = Signature::default();
    sink.write(&Record {
        run_id: "run",
        line_no,
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

/// The thread changes neither the order nor the number of writes and syncs, whatever the cadence; a sink without a
/// thread is the reference.
#[test]
fn a_thread_changes_nothing_at_the_destination() {
    for (flush_every_n, fsync_every_n) in
        [(1, None), (3, None), (3, Some(2)), (2, Some(4)), (10, Some(4)), (100, None)]
    {
        let told = [false, true].map(|is_beside| {
            let events = Arc::default();
            let gate = Gate { events: Arc::clone(&events), goes: None, left: usize::MAX };
            let every = |n| NonZeroU64::new(n).unwrap();
            let cadence =
                Cadence { flush_every_n: every(flush_every_n), fsync_every_n: fsync_every_n.map(every) };
            let sink = JsonlSink::new(gate, cadence);
            let mut sink = if is_beside { sink.beside_the_run() } else { sink };
            for line_no in 1..=23 {
                push(&mut sink, line_no, "step").unwrap();
            }
            sink.finish().unwrap();
            events.lock().unwrap().clone()
        });
        assert_eq!(told[0], told[1], "{flush_every_n} {fsync_every_n:?}");
    }
}

#[test]
fn the_run_waits_only_where_all_must_be_written() {
    let (mut sink, events, go) = held_up(2, usize::MAX);
    for line_no in 1..=7 {
        push(&mut sink, line_no, "step").unwrap();
    }
    assert_eq!(*events.lock().unwrap(), [""; 0], "nothing is let go yet, and seven records were taken");
    for _ in 0..4 {
        go.send(()).unwrap();
    }
    sink.idle().unwrap();
    assert_eq!(
        events.lock().unwrap().len(),
        3,
        "what is due is written, and a batch that is not full is not"
    );
    sink.finish().unwrap();
    assert_eq!(*events.lock().unwrap(), ["write 2", "write 2", "write 2", "write 1"]);
}

/// At the bound a batch is taken; beyond it the run waits.
#[test]
fn the_run_is_ahead_by_two_buffers_at_most() {
    let (go, goes) = sync_channel(100);
    let gate = Gate { events: Arc::default(), goes: Some(goes), left: usize::MAX };
    let mut beside = Beside::begin(Output::new(gate), spawn).unwrap_or_else(|_| panic!("there are threads"));
    let half = MAX_BATCH_BYTES / 2;
    let write = |beside: &mut Beside, bytes: usize| {
        beside.write(&mut vec![b'\n'; bytes], Batch { bytes, ..Batch::default() }).unwrap();
    };
    write(&mut beside, half);
    // The thread has taken it, and is blocked.
    while !beside.shared.lock().is_writing {
        thread::yield_now();
    }
    write(&mut beside, half);
    write(&mut beside, half);
    assert_eq!(beside.shared.lock().bytes.len(), MAX_BATCH_BYTES);
    thread::scope(|scope| {
        let shared = Arc::clone(&beside.shared);
        let waits = scope.spawn(|| write(&mut beside, 1));
        assert_eq!((shared.lock().bytes.len(), waits.is_finished()), (MAX_BATCH_BYTES, false));
        go.send(()).unwrap();
        waits.join().unwrap();
    });
    drop(go);
    assert_eq!(beside.wait().unwrap().bytes, 2 * (MAX_BATCH_BYTES as u64 / 2) + half as u64 + 1);
}

#[test]
fn a_failure_names_the_certain_records_and_ends_writing() {
    for (left, expected) in [
        (0, "no storage space; none of this run's records is certain"),
        (2, "no storage space; this run's first 4 are certain, the last of line 4"),
    ] {
        let (mut sink, events, go) = held_up(2, left);
        drop(go);
        let refused = (1..).find_map(|line_no| push(&mut sink, line_no, "step").err()).unwrap();
        assert_eq!((refused.kind(), refused.to_string()), (io::ErrorKind::StorageFull, expected.to_owned()));
        assert!(push(&mut sink, 1, "step").and_then(|()| sink.flush()).is_err());
        drop(sink);
        assert_eq!(events.lock().unwrap().len(), left);
    }
}

#[test]
fn a_failure_of_the_last_batch_is_reported_at_the_end() {
    let (mut sink, _, go) = held_up(10, 0);
    drop(go);
    push(&mut sink, 1, "step").unwrap();
    assert_eq!(sink.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
}

#[test]
fn without_a_thread_the_run_writes_itself() {
    let gate = Gate { events: Arc::default(), goes: None, left: 1 };
    let refuse = |_| Err(io::ErrorKind::WouldBlock.into());
    let Err(Some(mut output)) = Beside::begin(Output::new(gate), refuse) else {
        panic!("there is no thread")
    };
    output.write(b"x\n", Batch::default()).unwrap();
    assert_eq!(output.progress.bytes, 2);
}

/// The run must not wait for a thread that has ended.
#[test]
fn a_thread_that_panics_is_a_failure() {
    struct Broken;
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("a bug")
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    impl Destination for Broken {
        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut sink = JsonlSink::new(Broken, Cadence::default()).beside_the_run();
    let pushed = push(&mut sink, 1, "step");
    assert!(pushed.and_then(|()| sink.finish()).is_err());
}
