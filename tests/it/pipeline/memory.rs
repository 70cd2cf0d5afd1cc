//! Memory: a good line makes no allocation, a bad one a few, none of them stays, and none is tracing's; only ids and
//! windows are kept.

use std::io;
use std::iter;

use allocation_counter::{AllocationInfo, measure};
use fund_load::FundLoad;
use stream_kernel_exec::trace::{ContextField, Record, RecordSerializer, TraceSink};
use stream_kernel_run::{LineReader, MAX_LINES_AHEAD, Session, empty_memory};

use super::fixture_files::EXP_MP;
use super::harness::{clock, prepare};
use super::trace_modes::TraceMode;

/// A line of each kind that changes nothing in memory the second time, and the number of its allocations.
const STEADY_LINES: [(&str, u64); 4] = [
    // The boxes of its messages are used again, and hold the texts.
    (r#"{"id":"17","customer_id":"7","load_amount":"$1.00","time":"2000-01-03T00:00:00Z"}"#, 0),
    (r#"{"id":"17","customer_id":"7","load_amount":"$1.00","time":"2000-02-30T00:00:00Z"}"#, 0),
    // Two texts, the set of unknown keys, the unescaped text.
    (
        r#"{"id":"no digits","customer_id":"\u0037","load_amount":"$1.00","time":"2000-01-03T00:00:00Z","x":1}"#,
        4,
    ),
    // The reader's error.
    ("not JSON", 1),
];

/// The number of lines of each kind before a measurement: buffers have grown by then.
const WARM_UP_LINES: usize = 300;

/// The cost of a line depends neither on the number of earlier lines nor, except for two texts, on tracing; and no
/// allocation stays.
#[test]
fn lines_without_changes_cost_little_and_the_same() {
    for mode in iter::once(None).chain(TraceMode::all().map(Some)) {
        let mut run = warmed_up(mode);
        for (line, bound) in STEADY_LINES {
            let [few, many] = [30, 300].map(|count| cost_of(&mut run, iter::repeat_n(line, count)));
            assert_eq!(many.count_total, 10 * few.count_total, "{few:?} {many:?} in {mode:?}: {line}");
            let allowed = bound + texts_made_by_tracing(mode);
            assert!(few.count_total <= 30 * allowed, "{} in {mode:?}: {line}", few.count_total);
            assert_eq!(many.bytes_max, few.bytes_max, "{mode:?}: {line}");
            assert_eq!((few.bytes_current, many.bytes_current), (0, 0), "{mode:?}: {line}");
        }
    }
}

/// Returns the number of texts in a snapshot of each line: its trace id, and the time when it was received.
fn texts_made_by_tracing(mode: Option<TraceMode>) -> u64 {
    let fields = mode.and_then(TraceMode::fields).unwrap_or_default();
    let shows = |field| u64::from(fields.contains(&field));
    shows(ContextField::TraceId) + shows(ContextField::ReceivedAt)
}

/// If only ids are new, the run keeps exactly the bytes of a table of these ids.
#[test]
fn only_the_ids_of_attempts_stay() {
    let line = |id: u32| STEADY_LINES[0].0.replace("17", &id.to_string());
    let mut run = warmed_up(Some(TraceMode::EXPLAINING));
    // Ids with the same number of digits: buffers of records grow with the longest.
    cost_of(&mut run, (2_000..2_200).map(line));
    let before = snapshot(&mut run);
    let kept_by_run = cost_of(&mut run, (1_000..1_200).map(line));

    let mut memory = empty_memory::<FundLoad>().unwrap();
    for record in &before {
        memory.restore(record).unwrap();
    }
    let mut ids = snapshot(&mut run);
    // The first table is that of the ids.
    ids.retain(|record| record.first() == Some(&0) && !before.contains(record));
    assert_eq!(ids.len(), 200);
    let kept_by_table = measure(|| ids.iter().for_each(|record| memory.restore(record).unwrap()));
    assert_eq!(kept_by_run.bytes_current, kept_by_table.bytes_current);
    assert!(kept_by_table.bytes_current > 200 * 8, "the count is not blind");
}

/// Returns the records of a run's memory.
fn snapshot(run: &mut Session<FundLoad>) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let done = run.memory().snapshot(&mut |record| {
        records.push(record.to_vec());
        Ok::<_, ()>(())
    });
    done.unwrap();
    records
}

/// Returns the number of allocations of `lines`.
fn cost_of(run: &mut Session<FundLoad>, lines: impl Iterator<Item = impl AsRef<str>>) -> AllocationInfo {
    let input = lines.fold(String::new(), |input, line| input + line.as_ref() + "\n");
    measure(|| feed(run, &input))
}

/// Returns a run that has seen lines of every kind.
fn warmed_up(mode: Option<TraceMode>) -> Session<FundLoad> {
    let mut run = start(mode);
    for (line, _) in STEADY_LINES {
        feed(&mut run, &vec![line; WARM_UP_LINES].join("\n"));
    }
    run
}

fn start(mode: Option<TraceMode>) -> Session<FundLoad> {
    let job = prepare(EXP_MP, &mode.map(TraceMode::settings).unwrap_or_default());
    let recorder = job.recorder(clock, Some(Box::new(Overwriting::default())));
    job.start("run", recorder)
}

fn feed(run: &mut Session<FundLoad>, input: &str) {
    let mut lines = LineReader::new(input.as_bytes(), 1_024);
    while let Some(line) = lines.next_line().unwrap() {
        run.prepare(line, lines.bytes_read());
        while run.prepared() < MAX_LINES_AHEAD
            && let Some(line) = lines.buffered_line()
        {
            run.prepare(line, lines.bytes_read());
        }
        run.prefetch();
        while run.prepared() > 0 {
            run.take_prepared().unwrap();
        }
    }
}

/// Writes each record over the last one.
#[derive(Default)]
struct Overwriting {
    serializer: RecordSerializer,
    line: Vec<u8>,
}

impl TraceSink for Overwriting {
    fn write(&mut self, record: &Record<'_>) -> io::Result<()> {
        self.line.clear();
        self.serializer.write_json(record, &mut self.line);
        Ok(())
    }
}
