//! Grouping of records by input.

use super::identity::{id_tag, message_identities};
use stream_kernel_trace::{MessageSignature, ShortText, TraceRecord};

/// The most records of one input that are held together. The rest of a larger input follows as its continuation.
pub(crate) const MAX_HELD_RECORDS: usize = 10_000;

/// The memory in bytes that they may take before the rest follows; the last one may exceed it.
pub(crate) const MAX_HELD_BYTES: usize = 64 * 1024 * 1024;

/// The records of one input, or a part of them.
#[derive(Clone, Debug)]
pub struct Input {
    /// The number of its run, from 1.
    pub run: u64,
    /// Its name: `<run_id>:<line_no>`.
    pub trace_id: String,
    /// Its line, from 1.
    pub line_no: u64,
    /// Whether earlier records of it were already handed out.
    pub is_continued: bool,
    /// Its records, in the order of the trace; at least one.
    pub records: Vec<TraceRecord>,
}

impl Input {
    /// Returns the input's id for people: the tag `id`, or else the first identity of its messages, see
    /// [`message_identities`].
    pub fn identity(&self) -> Option<String> {
        let tag = self.records.iter().rev().find_map(id_tag);
        tag.or_else(|| self.message_identities().next().map(str::to_owned))
    }

    /// Returns whether `id` is the identity of one of its messages, or its tag `id`; cut as in records.
    pub fn is_known_as(&self, id: &str) -> bool {
        let id = ShortText::from(id);
        let id = id.as_str();
        self.message_identities().any(|identity| identity == id)
            || self.records.iter().any(|record| id_tag(record).is_some_and(|tag| tag == id))
    }

    fn message_identities(&self) -> impl Iterator<Item = &str> {
        let is_first = |position| position == 0 && !self.is_continued;
        let records = self.records.iter().enumerate();
        records.flat_map(move |(position, record)| message_identities(record, is_first(position)))
    }
}

/// Groups the records of a trace by input; it holds the records of one input: at most 10,000 and, not counting the
/// last, 64 MiB. The rest is handed out as the input's continuation.
///
/// ```
/// use stream_kernel_trace_reader::reading::Inputs;
/// # use stream_kernel_trace::TraceRecord;
/// # let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_record.json"));
/// # let one: TraceRecord = serde_json::from_str(example).unwrap();
/// # let record = |line_no| TraceRecord { line_no, trace_id: format!("run:{line_no}"), ..one.clone() };
///
/// let mut inputs = Inputs::default();
/// assert!(inputs.push(1, record(1)).is_none());
/// assert!(inputs.push(1, record(1)).is_none());
/// let first = inputs.push(1, record(2)).unwrap();
/// assert_eq!((first.trace_id.as_str(), first.records.len()), ("run:1", 2));
/// assert_eq!(inputs.take().unwrap().trace_id, "run:2");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The input of the last record; its records are empty if all were handed out.
    present: Option<Input>,
    /// The memory of these records.
    held_bytes: usize,
}

impl Inputs {
    /// Adds the next record, of run number `run`; returns the previous input if it is complete.
    pub fn push(&mut self, run: u64, record: TraceRecord) -> Option<Input> {
        let bytes = memory_bytes(&record);
        if let Some(present) = &mut self.present
            && present.run == run
            && present.trace_id == record.trace_id
        {
            let is_full = present.records.len() >= MAX_HELD_RECORDS || self.held_bytes >= MAX_HELD_BYTES;
            let full = if is_full { self.take() } else { None };
            self.held_bytes += bytes;
            if let Some(present) = &mut self.present {
                present.records.push(record);
            }
            return full;
        }
        self.held_bytes = bytes;
        let (trace_id, line_no) = (record.trace_id.clone(), record.line_no);
        let next = Input { run, trace_id, line_no, is_continued: false, records: vec![record] };
        self.present.replace(next).filter(|before| !before.records.is_empty())
    }

    /// Returns the held records, as at the end of the trace. Further records of the same input become its continuation.
    pub fn take(&mut self) -> Option<Input> {
        let present = self.present.as_mut().filter(|present| !present.records.is_empty())?;
        let rest = Input {
            run: present.run,
            trace_id: present.trace_id.clone(),
            line_no: present.line_no,
            is_continued: true,
            records: Vec::new(),
        };
        self.held_bytes = 0;
        self.present.replace(rest)
    }
}

/// Returns the approximate memory of `record`, in bytes.
pub(crate) fn memory_bytes(record: &TraceRecord) -> usize {
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let message = |message: &MessageSignature| {
        size_of::<MessageSignature>()
            + message.type_name.len()
            + optional(&message.identity)
            + optional(&message.hash)
    };
    let texts = [&record.trace_id, &record.scenario, &record.step_name, &record.t_enter, &record.t_exit];
    let snapshots = [&record.ctx_before, &record.ctx_after, &record.ctx_diff].into_iter().flatten();
    let error = record.error.as_ref().map_or(0, |error| {
        error.type_name.len() + error.message.len() + error.step_name.len() + optional(&error.stack)
    });
    size_of::<TraceRecord>()
        + texts.map(String::len).iter().sum::<usize>()
        + message(&record.msg_in)
        + record.msg_out.iter().map(message).sum::<usize>()
        + snapshots.map(|snapshot| snapshot.as_json().len()).sum::<usize>()
        + error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(trace_id: &str, identities: [Option<&str>; 2], tags: Option<&str>) -> TraceRecord {
        let message = |identity| serde_json::json!({"type_name": "M", "identity": identity, "hash": null});
        let (_, line_no) = trace_id.rsplit_once(':').unwrap();
        serde_json::from_value(serde_json::json!({
            "trace_id": trace_id, "scenario": "s", "line_no": line_no.parse::<u64>().unwrap(), "step_index": 0,
            "step_name": "a", "work_index": 0, "t_enter": "", "t_exit": "", "duration_ms": 0.1,
            "msg_in": message(identities[0]), "msg_out": [message(identities[1])], "msg_out_count": 1,
            "ctx_before": null, "ctx_after": tags.map(|id| serde_json::json!({"tags": {"id": id}})), "ctx_diff": null,
            "status": "ok", "error": null,
        }))
        .unwrap()
    }

    fn input(records: Vec<TraceRecord>) -> Input {
        let mut inputs = Inputs::default();
        for record in records {
            assert!(inputs.push(1, record).is_none());
        }
        inputs.take().unwrap()
    }

    #[test]
    fn the_same_trace_id_in_another_run_is_another_input() {
        let mut inputs = Inputs::default();
        assert!(inputs.push(1, record("run:1", [None; 2], None)).is_none());
        let over = inputs.push(2, record("run:1", [None; 2], None)).unwrap();
        assert_eq!((over.run, over.is_continued), (1, false));
        assert_eq!(inputs.take().unwrap().run, 2);
        assert!(inputs.take().is_none());
    }

    #[test]
    fn after_a_take_the_input_continues() {
        let mut inputs = Inputs::default();
        inputs.push(1, record("run:1", [None; 2], None));
        assert!(!inputs.take().unwrap().is_continued);
        assert!(inputs.push(1, record("run:1", [None; 2], None)).is_none());
        let rest = inputs.push(1, record("run:2", [None; 2], None)).unwrap();
        assert_eq!((rest.trace_id.as_str(), rest.is_continued, rest.records.len()), ("run:1", true, 1));
        assert!(!inputs.take().unwrap().is_continued);
    }

    #[test]
    fn a_record_beyond_the_bound_begins_a_continuation() {
        let (mut inputs, record) = (Inputs::default(), record("run:1", [None; 2], None));
        for _ in 0..MAX_HELD_RECORDS {
            assert!(inputs.push(1, record.clone()).is_none());
        }
        let full = inputs.push(1, record).unwrap();
        assert_eq!((full.records.len(), full.is_continued), (MAX_HELD_RECORDS, false));
        let rest = inputs.take().unwrap();
        assert_eq!((rest.records.len(), rest.is_continued), (1, true));
    }

    #[test]
    fn bytes_beyond_the_bound_begin_a_continuation() {
        let of_bytes = |bytes: usize| {
            let mut record = record("run:1", [None; 2], None);
            record.scenario.push_str(&"x".repeat(bytes - memory_bytes(&record)));
            record
        };
        for (beyond, held) in [(0, 2), (1, 1)] {
            let mut inputs = Inputs::default();
            // One byte less than the bound leaves room for one more record.
            assert!(inputs.push(1, of_bytes(MAX_HELD_BYTES - 1 + beyond)).is_none());
            let full = inputs.push(1, of_bytes(10_000)).or_else(|| inputs.push(1, of_bytes(10_000))).unwrap();
            assert_eq!((full.records.len(), full.is_continued), (held, false));
            let rest = inputs.take().unwrap();
            assert_eq!((rest.records.len(), rest.is_continued), (1, true));
        }
    }

    #[test]
    fn an_input_is_known_by_its_messages_and_by_its_tag() {
        let by_messages = input(vec![
            record("run:7", [Some("7"), Some("a")], None),
            record("run:7", [Some("b"), None], None),
        ]);
        assert_eq!(by_messages.identity().as_deref(), Some("a"));
        assert_eq!(["a", "b", "7", "c"].map(|id| by_messages.is_known_as(id)), [true, true, false, false]);

        let by_tag = input(vec![record("run:7", [Some("7"), Some("a")], Some("t"))]);
        assert_eq!(by_tag.identity().as_deref(), Some("t"));
        assert_eq!(["a", "t", "7"].map(|id| by_tag.is_known_as(id)), [true, true, false]);

        for nothing in [None, Some("")] {
            let nameless = input(vec![record("run:7", [Some("7"), nothing], nothing)]);
            assert_eq!(nameless.identity(), None);
        }
    }

    #[test]
    fn an_id_too_long_for_a_record_is_found_by_its_cut_form() {
        let long = "x".repeat(300);
        let input = input(vec![record("run:7", [None, Some(ShortText::from(&long).as_str())], None)]);
        assert!(input.is_known_as(&long));
        assert!(!input.is_known_as(&long[..256]));
    }

    #[test]
    fn an_id_equal_to_the_line_number_is_found() {
        let input = input(vec![record("run:7", [Some("7"), Some("7")], None)]);
        assert!(input.is_known_as("7"));
    }
}
