//! Frames of speedscope open and close within each other, in order, whatever the times in the trace.

use super::*;
use crate::export::speedscope::MAX_NAMES;

/// Checks that events are in order, that each closing frame is the last open one, and that none is open at the end.
/// Returns the names of the opened frames, by profile.
fn opened(written: &str) -> Vec<Vec<String>> {
    let file: Value = serde_json::from_str(written).unwrap();
    let name = |frame: &Value| {
        let frame = &file["shared"]["frames"][usize::try_from(frame.as_u64().unwrap()).unwrap()];
        frame["name"].as_str().unwrap().to_owned()
    };
    let profiles = file["profiles"].as_array().unwrap().iter();
    let profiles = profiles.map(|profile| {
        let (mut open, mut names, mut at) = (Vec::new(), Vec::new(), profile["startValue"].as_u64().unwrap());
        for event in profile["events"].as_array().unwrap() {
            let time = event["at"].as_u64().unwrap();
            assert!(time >= at, "{event} is before the event before it");
            at = time;
            if event["type"] == "O" {
                names.push(name(&event["frame"]));
                open.push(&event["frame"]);
            } else {
                assert_eq!((&event["type"], open.pop()), (&json!("C"), Some(&event["frame"])));
            }
        }
        assert!(open.is_empty(), "{open:?} stay open");
        assert_eq!(profile["endValue"], at);
        names
    });
    profiles.collect()
}

#[test]
fn steps_are_frames_within_their_input() {
    let written = exported(&story(), FormatName::Speedscope, None);
    assert_eq!(
        opened(&written),
        [vec!["input", "parse", "judge", "input", "judge (error)"], vec!["input", "parse"]]
    );
    insta::assert_snapshot!(written, @r#"
    {"$schema":"https://www.speedscope.app/file-format-schema.json","profiles":[
    {"type":"evented","unit":"nanoseconds","startValue":0,"name":"run 1 `run`, s","events":[
    {"type":"O","frame":0,"at":0},
    {"type":"O","frame":2,"at":0},
    {"type":"C","frame":2,"at":1500},
    {"type":"O","frame":3,"at":1500},
    {"type":"C","frame":3,"at":1500},
    {"type":"C","frame":0,"at":1500},
    {"type":"O","frame":0,"at":10000},
    {"type":"O","frame":4,"at":10000},
    {"type":"C","frame":4,"at":510000},
    {"type":"C","frame":0,"at":510000}
    ],"endValue":510000},
    {"type":"evented","unit":"nanoseconds","startValue":0,"name":"run 2 `run`, s","events":[
    {"type":"O","frame":0,"at":0},
    {"type":"O","frame":2,"at":0},
    {"type":"C","frame":2,"at":250000},
    {"type":"C","frame":0,"at":250000}
    ],"endValue":250000}],
    "shared":{"frames":[{"name":"input"},{"name":"further steps"},{"name":"parse"},{"name":"judge"},{"name":"judge (error)"}]}}
    "#);
}

/// Times that go back, and durations beyond the start of the next step.
#[test]
fn frames_nest_whatever_their_times_say() {
    let records = [(1, 500, 0.0), (1, 0, 3.0), (2, 100, 0.0), (2, 100, 1.0), (3, 0, 0.0)];
    let records = records.map(|(line_no, micros, duration)| record(line_no, "parse", micros, duration));
    let written = exported(&records, FormatName::Speedscope, None);
    let opened: Vec<_> = opened(&written).concat();
    assert_eq!(opened.iter().filter(|name| *name == "parse").count(), 5);
}

#[test]
fn names_beyond_the_bound_are_one_frame() {
    for (names, further) in [(MAX_NAMES, 0), (MAX_NAMES + 1, 1)] {
        let records = (0..names).map(|name| record(1, &format!("step {name}"), 0, 0.1));
        // Known frames keep their names.
        let records: Vec<_> = records.chain([record(1, "step 0", 0, 0.1)]).collect();
        let written = exported(&one_after_the_other(records), FormatName::Speedscope, None);
        let opened = opened(&written).concat();
        let count = |name: &str| opened.iter().filter(|one| *one == name).count();
        assert_eq!([count("further steps"), count("step 0")], [further, 2]);
    }
}

#[test]
fn a_trace_without_records_has_no_profile() {
    assert_eq!(opened(&exported(&[], FormatName::Speedscope, None)), Vec::<Vec<String>>::new());
}
