//! Trace and span ids for OpenTelemetry, derived from an input's records.

use stream_kernel_text::hex;

use stream_kernel_trace::{CanonicalContent, Timestamp};

/// The ids of an input's spans, in the form of W3C Trace Context and OpenTelemetry: 16 bytes for the trace, 8 for a
/// span, never all zero.
///
/// They are derived from the run id, the input's line and the time at which its first record was entered (`t_enter`),
/// and from nothing that depends on the position of the records. So an exporter during the run and a reader of any file
/// arrive at the same ids. Two runs with the same run id still have different ids, since they enter a line at different
/// times.
///
/// An id is the beginning of the SHA-256 of a [`CanonicalContent`]:
///
/// ```text
/// Input\n                                   the trace, 16 bytes; here of line 7
/// run_id=3:run\n                            of the run `run`
/// line_no=7\n
/// t_enter=27:2026-01-21T01:23:45.123456Z\n  of the input's first record: UTC, microseconds
///
/// Span\n                                    the input's own span, 8 bytes
/// trace_id=32:7bfbaff10606e7db2717c4ef6e930e51\n  lower-case hexadecimal
///
/// Span\n                                    a step's span, 8 bytes
/// trace_id=32:7bfbaff10606e7db2717c4ef6e930e51\n
/// step_index=2\n
/// work_index=0\n
/// repeat=1\n                                only if `repeat` is not 0
/// ```
///
/// If all bytes of an id are zero, its last one becomes 1.
///
/// ```
/// use stream_kernel_trace::Timestamp;
/// use stream_kernel_trace_reader::SpanIds;
///
/// let entered: Timestamp = "2026-01-21T01:23:45.123456Z".parse()?;
/// let ids = SpanIds::new("run", 7, entered);
/// assert_eq!(ids.trace_id()[..4], [0x7b, 0xfb, 0xaf, 0xf1]);
/// # Ok::<(), stream_kernel_trace::NoTimestamp>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanIds {
    trace_id: [u8; 16],
}

impl SpanIds {
    /// Returns the ids of the input at line `line_no` of the run `run_id`, whose first record was entered at `t_enter`.
    pub fn new(run_id: &str, line_no: u64, t_enter: Timestamp) -> Self {
        let mut content = CanonicalContent::default();
        content.begin("Input");
        content.text("run_id", run_id);
        content.unsigned("line_no", line_no);
        content.text("t_enter", &t_enter.to_string());
        Self { trace_id: valid(content.hash()) }
    }

    /// Returns the id of the input's trace.
    pub fn trace_id(&self) -> [u8; 16] {
        self.trace_id
    }

    /// Returns the id of the span around the input's steps, the root of its trace.
    pub fn input_span(&self) -> [u8; 8] {
        span_id(&self.span_content())
    }

    /// Returns the id of a step's span.
    ///
    /// `repeat` is 0 for records as a recorder writes them: within an input, no two have the same step and work index.
    /// A reader that finds duplicates (a file may hold records twice) counts up, so that every span has its own id.
    pub fn step_span(&self, step_index: usize, work_index: u32, repeat: u64) -> [u8; 8] {
        let mut content = self.span_content();
        content.unsigned("step_index", step_index as u64);
        content.unsigned("work_index", work_index);
        if repeat > 0 {
            content.unsigned("repeat", repeat);
        }
        span_id(&content)
    }

    fn span_content(&self) -> CanonicalContent {
        let mut content = CanonicalContent::default();
        content.begin("Span");
        content.text("trace_id", &hex(&self.trace_id));
        content
    }
}

fn span_id(content: &CanonicalContent) -> [u8; 8] {
    let mut id = [0; 8];
    id.copy_from_slice(&content.hash()[..8]);
    valid(id)
}

/// Returns the id, or a replacement for the id of all zeros, which means no id.
fn valid<const N: usize>(mut id: [u8; N]) -> [u8; N] {
    if id == [0; N] {
        id[N - 1] = 1;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTERED: &str = "2026-01-21T01:23:45.123456Z";

    fn ids(run_id: &str, line_no: u64, t_enter: &str) -> SpanIds {
        SpanIds::new(run_id, line_no, t_enter.parse().unwrap())
    }

    // id() { printf "$1" | sha256sum | cut -c1-$2; }
    // trace=$(id 'Input\nrun_id=3:run\nline_no=7\nt_enter=27:2026-01-21T01:23:45.123456Z\n' 32)
    // id "Span\ntrace_id=32:$trace\n" 16
    // id "Span\ntrace_id=32:$trace\nstep_index=2\nwork_index=0\n" 16
    // id "Span\ntrace_id=32:$trace\nstep_index=2\nwork_index=0\nrepeat=1\n" 16
    #[test]
    fn ids_are_what_a_shell_computes() {
        let ids = ids("run", 7, ENTERED);
        assert_eq!(hex(&ids.trace_id()), "7bfbaff10606e7db2717c4ef6e930e51");
        assert_eq!(hex(&ids.input_span()), "48e78647d99c65f7");
        assert_eq!(hex(&ids.step_span(2, 0, 0)), "20369d01e9c5931d");
        assert_eq!(hex(&ids.step_span(2, 0, 1)), "d98a51eafa9e1767");
    }

    #[test]
    fn any_difference_gives_another_id() {
        let mut traces = vec![ids("run", 7, ENTERED)];
        traces.push(ids("ruin", 7, ENTERED));
        traces.push(ids("run", 8, ENTERED));
        traces.push(ids("run", 7, "2026-01-21T01:23:45.123457Z"));
        let mut spans: Vec<_> = traces.iter().map(SpanIds::input_span).collect();
        spans.extend(
            [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1)]
                .map(|(step_index, work_index, repeat)| traces[0].step_span(step_index, work_index, repeat)),
        );
        for (place, trace) in traces.iter().enumerate() {
            assert!(!traces[..place].contains(trace), "{trace:?}");
        }
        for (place, span) in spans.iter().enumerate() {
            assert!(!spans[..place].contains(span), "{place}");
        }
    }

    #[test]
    fn the_spelling_of_a_time_makes_no_difference() {
        assert_eq!(ids("run", 7, "2026-01-21T02:23:45.123456999+01:00"), ids("run", 7, ENTERED));
    }

    #[test]
    fn no_id_is_all_zero() {
        assert_eq!(valid([0; 8]), [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(valid([0, 2, 0]), [0, 2, 0]);
    }
}
