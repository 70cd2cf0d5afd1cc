//! The bounds of a page's content: at each bound and one beyond.

use super::*;

#[test]
fn changes_beyond_the_bound_are_counted() {
    for (count, more) in [(input::MAX_SHOWN_CHANGES, None), (input::MAX_SHOWN_CHANGES + 1, Some("1 more"))] {
        let tags: Vec<String> = (0..count).map(|tag| format!(r#""t{tag}":"is {tag}""#)).collect();
        let diff = format!(r#"{{"tags":{{"before":{{"t0":"is -1"}},"after":{{{}}}}}}}"#, tags.join(","));
        let trace =
            record("r", 1, 5, "null", None).replace(r#""ctx_diff":null"#, &format!(r#""ctx_diff":{diff}"#));
        let data = data_of(&trace, None);
        let changes = data["runs"][0]["sample"][0]["records"][0]["changes"].as_array().unwrap();
        assert_eq!(changes[0], json!(["tags.t0", "is -1", "is 0"]));
        assert_eq!(changes[1], json!(["tags.t1", null, "is 1"]));
        assert_eq!(changes.len(), input::MAX_SHOWN_CHANGES + usize::from(more.is_some()));
        if let Some(more) = more {
            assert_eq!(changes[count - 1], json!(["…", null, more]));
        }
    }
}

#[test]
fn steps_and_errors_beyond_the_bound_are_counted() {
    for (records, shown, errors) in [
        (input::MAX_SHOWN_ERRORS, input::MAX_SHOWN_ERRORS, input::MAX_SHOWN_ERRORS),
        (input::MAX_SHOWN_RECORDS, input::MAX_SHOWN_RECORDS, input::MAX_SHOWN_ERRORS),
        (input::MAX_SHOWN_RECORDS + 1, input::MAX_SHOWN_RECORDS, input::MAX_SHOWN_ERRORS),
    ] {
        let data = data_of(&record("r", 1, 5, "null", Some("x")).repeat(records), None);
        let (run, input) = (&data["runs"][0], &data["runs"][0]["sample"][0]);
        assert_eq!((&run["records"], &run["errors"]), (&records.into(), &records.into()));
        assert_eq!(input["record_count"], records);
        assert_eq!(input["records"].as_array().unwrap().len(), shown);
        assert_eq!(input["errors"].as_array().unwrap().len(), errors);
    }
}

#[test]
fn decisions_beyond_the_bound_are_counted_as_one() {
    let decided = |reason: usize| {
        let tags = format!(r#"{{"tags":{{"accepted":"false","reason":"R{reason}"}}}}"#);
        record("r", reason as u64 + 1, 5, &tags, None)
    };
    let labels_of = |count| {
        let data = data_of(&(0..count).map(decided).collect::<String>(), None);
        let decisions = data["runs"][0]["decisions"].as_array().unwrap().clone();
        decisions.iter().map(|decision| decision["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let most = labels_of(run_view::MAX_DECISIONS);
    assert_eq!((most.len(), &*most[most.len() - 1]), (64, "R63"));
    for more in 1..=2 {
        assert_eq!(labels_of(run_view::MAX_DECISIONS + more).last().map(String::as_str), Some("(other)"));
        assert_eq!(labels_of(run_view::MAX_DECISIONS + more).len(), 65);
    }
}

#[test]
fn a_text_beyond_the_bound_is_cut() {
    for (chars, shown) in [(input::MAX_CHARS, input::MAX_CHARS), (input::MAX_CHARS + 1, input::MAX_CHARS + 1)]
    {
        let cut = input::cut("é".repeat(chars));
        assert_eq!((cut.chars().count(), cut.ends_with('…')), (shown, chars > input::MAX_CHARS));
    }
}

#[test]
fn a_sample_beyond_its_bound_is_halved() {
    // All have the same length.
    let tags: Vec<String> = (0..40).map(|tag| format!(r#""t{tag}":"{}""#, "v".repeat(150))).collect();
    let diff = format!(r#""ctx_diff":{{"tags":{{"before":{{}},"after":{{{}}}}}}}"#, tags.join(","));
    let line = |line_no: usize, nanos, error| {
        let record = record("r", 1, nanos, "null", error).replace(r#""ctx_diff":null"#, &diff);
        record.replace(r#""line_no":1,"#, &format!(r#""line_no":{line_no},"#))
    };
    let size = data_of(&line(1_000, 100, None), None)["runs"][0]["sample"][0].to_string().len();
    // The slowest and the failed one are retained apart from the regular sample.
    let most = collector::MAX_SAMPLE_BYTES / size + sample::MAX_SLOWEST + 1;
    for (inputs, stride) in [(most, 1), (most + 1, 2)] {
        let first = [line(1_000, 9_000, None), line(1_001, 1, Some("x"))];
        let others = (2..inputs).map(|place| line(1_000 + place, 100, None));
        let data = data_of(&first.into_iter().chain(others).collect::<String>(), None);
        let run = &data["runs"][0];
        assert_eq!((&data["stride"], &run["inputs"]), (&stride.into(), &inputs.into()));
        let sample = run["sample"].as_array().unwrap();
        let lines = [0, 1].map(|input| &sample[input]["line_no"]);
        assert_eq!(lines, [1_000, 1_001], "the slowest and the failed are always in");
        let expected = if stride == 1 { inputs } else { inputs.midpoint(sample::MAX_SLOWEST) };
        assert!(sample.len().abs_diff(expected) <= 1, "{} of {inputs}", sample.len());
        assert!(data.to_string().len() < 10_000_000);
    }
}

#[test]
fn runs_are_shown_up_to_the_bound_or_by_choice() {
    let runs = |count: usize| (0..count).map(|run| record(&run.to_string(), 1, 5, "null", None)).collect();
    for (count, left_out) in [(collector::MAX_RUNS, 0), (collector::MAX_RUNS + 1, 1)] {
        let trace: String = runs(count);
        let data = data_of(&trace, None);
        assert_eq!(data["runs"].as_array().unwrap().len(), collector::MAX_RUNS);
        assert_eq!(data["runs_left_out"], left_out);
    }
    let data = data_of(&runs(3), Some(2));
    assert_eq!((&data["runs"][0]["run"], &data["runs"][0]["run_id"]), (&2.into(), &"1".into()));
}

#[test]
fn changes_of_an_input_beyond_the_bound_are_counted() {
    let value = "v".repeat(input::MAX_CHARS);
    let diff: Vec<String> = (0..10).map(|tag| format!(r#""t{tag}":"{value}""#)).collect();
    let diff = format!(r#""ctx_diff":{{"tags":{{"before":{{}},"after":{{{}}}}}}}"#, diff.join(","));
    let step = record("r", 1, 5, "null", None).replace(r#""ctx_diff":null"#, &diff);
    let bytes_a_step = 10 * (input::MAX_CHARS + "tags.t0".len());
    let most = input::MAX_CHANGES_BYTES / bytes_a_step;
    let data = data_of(&step.repeat(most + 1), None);
    let changes = |step: usize| data["runs"][0]["sample"][0]["records"][step]["changes"].as_array().unwrap();
    assert_eq!(changes(most - 1).len(), 10);
    let left = (input::MAX_CHANGES_BYTES - most * bytes_a_step) / (bytes_a_step / 10);
    assert_eq!(changes(most).len(), left + 1);
    assert_eq!(changes(most)[left], json!(["…", null, format!("{} more", 10 - left)]));
}

#[test]
fn failures_beyond_the_bound_are_counted() {
    for (kinds, left_out) in [(failures::MAX_FAILURES, 0), (failures::MAX_FAILURES + 1, 2)] {
        let failed = |kind: usize| record("r", kind as u64 + 1, 5, "null", Some(&format!("why {kind}")));
        // Each fails twice.
        let trace: String = (0..kinds).map(|kind| failed(kind).repeat(2)).collect();
        let data = data_of(&trace, None);
        let failures = &data["runs"][0]["failures"];
        assert_eq!(failures["listed"].as_array().unwrap().len(), failures::MAX_FAILURES);
        assert_eq!(failures["left_out"], left_out);
        assert_eq!(
            (&failures["listed"][1]["line_no"], &failures["listed"][1]["count"]),
            (&2.into(), &2.into())
        );
    }
}

#[test]
fn slow_and_failed_inputs_are_bounded_in_bytes_too() {
    // Each step has names as long as possible: some 140 KB an input, so not even 200 slow ones fit.
    let kind = "K".repeat(input::MAX_CHARS);
    let out = format!(r#"{{"type_name":"{kind}","identity":null,"hash":null}}"#);
    let out = format!(r#""msg_out":[{}]"#, [&*out; 8].join(","));
    let line = |line_no: u64, error| {
        record("r", line_no, 1_000 + line_no, "null", error).replace(r#""msg_out":[]"#, &out).repeat(64)
    };
    let size = data_of(&line(1_001, None), None)["runs"][0]["sample"][0].to_string().len();
    let most = sample::MAX_BYTES_EACH / size;
    assert!(most < sample::MAX_SLOWEST);
    // No regular input but the first: the stride is the greatest there is in a page.
    let lines =
        |error: Option<&'static str>| (1_001..).take(2 * most).map(move |line_no| line(line_no, error));
    for error in [None, Some("x")] {
        let mut collector = Collector::new(Wording::default());
        collector.double_stride_for_test(20);
        let collector = collected(&lines(error).collect::<String>(), None, collector);
        let data: serde_json::Value = serde_json::from_str(&collector.into_json("file").unwrap()).unwrap();
        let sample = data["runs"][0]["sample"].as_array().unwrap();
        let slow = if error.is_some() { 2 * most } else { most + 1 };
        assert!(sample.len().abs_diff(slow) <= 2, "{error:?}: {} of {most}", sample.len());
        assert!(data.to_string().len() < 3 * sample::MAX_BYTES_EACH);
        // The slowest are the last ones.
        assert_eq!(sample.last().unwrap()["line_no"], 1_000 + 2 * most);
    }
}
