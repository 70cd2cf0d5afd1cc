//! Chrome trace events on one track nest, as Perfetto reads them, whatever the times in the trace.

use proptest::prelude::*;

use super::*;

/// An event as Perfetto takes it: times are floats of microseconds, cut to nanoseconds.
#[derive(Debug)]
struct Event {
    track: u64,
    is_input: bool,
    begin_ns: i64,
    end_ns: i64,
}

#[expect(clippy::cast_possible_truncation, reason = "this is how the reader cuts")]
fn nanos(micros: &Value) -> i64 {
    (micros.as_f64().unwrap() * 1_000.0) as i64
}

/// Returns the complete events of an export by beginning, and in the order of the file where these are equal.
fn events(written: &str) -> Vec<Event> {
    let object: Value = serde_json::from_str(written).unwrap();
    let complete = object["traceEvents"].as_array().unwrap().iter().filter(|event| event["ph"] == "X");
    let event = |event: &Value| {
        let begin_ns = nanos(&event["ts"]);
        let (track, is_input) = (event["tid"].as_u64().unwrap(), event["cat"] == "input");
        Event { track, is_input, begin_ns, end_ns: begin_ns + nanos(&event["dur"]) }
    };
    let mut events: Vec<_> = complete.map(event).collect();
    events.sort_by_key(|event| (event.track, event.begin_ns));
    events
}

/// Each step must be within the input before it, and nothing may overlap.
fn assert_nested(written: &str) {
    let mut track_taken = (0, i64::MIN);
    let mut steps_taken = i64::MIN;
    let mut input_end = i64::MIN;
    for event in events(written) {
        if track_taken.0 != event.track {
            track_taken = (event.track, i64::MIN);
            (steps_taken, input_end) = (i64::MIN, i64::MIN);
        }
        if event.is_input {
            assert!(
                event.begin_ns >= track_taken.1 && event.begin_ns >= steps_taken,
                "{event:?} overlaps in\n{written}"
            );
            (track_taken.1, input_end) = (event.end_ns, event.end_ns);
        } else {
            assert!(
                event.begin_ns >= steps_taken,
                "{event:?} overlaps with the step before it in\n{written}"
            );
            // At the very end an event of zero length would be beside its input, not in it.
            assert!(
                event.begin_ns < input_end && event.end_ns <= input_end,
                "{event:?} reaches out of its input in\n{written}"
            );
            steps_taken = event.end_ns;
        }
    }
}

/// Returns records of consecutive steps: each has a gap before it, after which the next input may begin, and a
/// duration, in nanoseconds. Times are cut to the microsecond as in a trace.
fn in_sequence(steps: &[(bool, u32, u32)]) -> Vec<Value> {
    let (mut now_ns, mut line_no) = (0, 1);
    let record = |&(is_next, pause_ns, duration_ns): &(bool, u32, u32)| {
        line_no += u64::from(is_next);
        now_ns += pause_ns;
        let record = record(line_no, "step", now_ns / 1_000, f64::from(duration_ns) / 1e6);
        now_ns += duration_ns;
        record
    };
    one_after_the_other(steps.iter().map(record).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn steps_in_sequence_nest(steps in prop::collection::vec((prop::bool::weighted(0.3), 0_u32..2_000, prop_oneof![Just(0), 0_u32..3_000]), 1..60)) {
        assert_nested(&exported(&in_sequence(&steps), FormatName::Chrome, None));
    }

    #[test]
    fn steps_nest_whatever_their_times_say(
        steps in prop::collection::vec((1_u64..4, 0_u32..1_000_000, 0.0..10_000.0), 1..40),
    ) {
        let records = steps.iter().map(|&(line_no, micros, ms)| record(line_no, "step", micros, ms)).collect();
        let records = one_after_the_other(records);
        assert_nested(&exported(&records, FormatName::Chrome, None));
    }
}

#[test]
fn a_step_is_moved_by_less_than_a_microsecond() {
    // The first ends at 1.9 us, the second begins at 1.95 us, which the trace cuts to 1 us.
    let written = exported(&in_sequence(&[(false, 0, 1_900), (false, 50, 100)]), FormatName::Chrome, None);
    let told: Vec<_> = events(&written).iter().map(|event| (event.begin_ns, event.end_ns)).collect();
    assert_eq!(told[1..], [(0, 1_900), (1_903, 2_003)]);
}
