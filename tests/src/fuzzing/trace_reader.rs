//! Traces of any bytes: the reader and serde agree on the records.

use std::io::BufReader;

use stream_kernel_trace::TraceRecord;
use stream_kernel_trace_reader::reading::{Inputs, RunSplitter, Tail, TraceLine, TraceReader, value_changes};
use stream_kernel_trace_reader::validation::Validator;

/// Reads `bytes` as a trace, with every consumer of records.
///
/// # Panics
///
/// If a line is read as another record than by serde, or depends on the pieces in which the bytes come.
pub fn trace_reader(bytes: &[u8]) {
    let (mut runs, mut inputs) = (RunSplitter::default(), Inputs::default());
    let (mut validator, mut findings) = (Validator::default(), Vec::new());
    let (mut pushed, mut handed_out) = (0, 0);
    // In small pieces, so that most lines come in several.
    let mut reader = TraceReader::new(BufReader::with_capacity(16, bytes));
    while let Ok(Some(line)) = reader.next_line() {
        let by_serde = by_serde(reader.line());
        match line {
            TraceLine::Record(record) => {
                assert_eq!(by_serde.as_ref(), Some(&*record));
                validator.record(&reader, TraceRecord::clone(&record), &mut findings);
                for snapshot in
                    [&record.ctx_before, &record.ctx_after, &record.ctx_diff].into_iter().flatten()
                {
                    // An invalid context diff is refused.
                    drop(value_changes(snapshot));
                }
                let run = runs.run_of_record(&record);
                pushed += 1;
                handed_out += inputs.push(run, *record).map_or(0, |input| input.records.len());
            }
            TraceLine::Wrong(wrong) => {
                assert!(by_serde.is_none(), "{wrong}");
                assert!(!wrong.why.is_empty());
                validator.wrong_line(&wrong, &mut findings);
            }
        }
    }
    handed_out += inputs.take().map_or(0, |input| input.records.len());
    assert_eq!(handed_out, pushed, "records of an input are lost or made up");
    validator.finish(&mut findings);
    assert_eq!(reader.bytes_read(), bytes.len() as u64);
    let rest = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let rest = rest.strip_prefix("\u{feff}".as_bytes()).unwrap_or(rest);
    match reader.tail() {
        None => assert!(rest.is_empty()),
        Some(Tail::Record(record)) => {
            assert_eq!(by_serde(rest), Some(*record));
        }
        Some(Tail::Torn(tail)) => assert_eq!(tail.bytes, rest.len() as u64),
        Some(Tail::Wrong(wrong)) => assert!(!wrong.why.is_empty()),
    }
}

/// Returns serde's record of a line; all of it must be text, and serde does not look at everything.
fn by_serde(line: &[u8]) -> Option<TraceRecord> {
    serde_json::from_str(str::from_utf8(line).ok()?).ok()
}
