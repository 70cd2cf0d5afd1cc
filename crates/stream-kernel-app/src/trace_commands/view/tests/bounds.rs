//! What a page holds at most: at each bound and one beyond.

use super::*;

#[test]
fn what_a_step_changed_is_told_up_to_the_bound_and_beyond_it_how_much_more() {
    for (count, more) in [(input::MAX_SHOWN_CHANGES, None), (input::MAX_SHOWN_CHANGES + 1, Some("1 more"))] {
        let tags: Vec<String> = (0..count).map(|tag| format!(r#""t{tag}":"is {tag}""#)).collect();
        let diff = format!(r#"{{"tags":{{"before":{{"t0":"is -1"}},"after":{{{}}}}}}}"#, tags.join(","));
        let trace =
            record("r", 1, 5, "null", None).replace(r#""ctx_diff":null"#, &format!(r#""ctx_diff":{diff}"#));
        let data = data_of(&trace, None);
        let run = &data["runs"][0];
        let number = |value: &serde_json::Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let changes = run["shapes"][0][0]["changes"].as_array().unwrap();
        let change = |at: usize| (&run["names"][number(&changes[at][0])], &changes[at][1]);
        assert_eq!(change(0), (&"tags.t0".into(), &"~".into()));
        assert_eq!(change(1), (&"tags.t1".into(), &"+".into()));
        let values = run["sample"]["values"][0].as_array().unwrap();
        let value = |at: usize| run["texts"][number(&values[at])].as_str().unwrap();
        assert_eq!([value(0), value(1), value(2)], ["is -1", "is 0", "is 1"]);
        assert_eq!(values.len(), 1 + changes.len(), "one was there before");
        assert_eq!(changes.len(), input::MAX_SHOWN_CHANGES + usize::from(more.is_some()));
        if let Some(more) = more {
            assert_eq!((change(count - 1), value(count)), ((&"…".into(), &"+".into()), more));
        }
    }
}

#[test]
fn of_an_input_so_many_steps_and_errors_are_kept_and_all_are_counted() {
    for (records, shown, errors) in [
        (input::MAX_SHOWN_ERRORS, input::MAX_SHOWN_ERRORS, input::MAX_SHOWN_ERRORS),
        (input::MAX_SHOWN_RECORDS, input::MAX_SHOWN_RECORDS, input::MAX_SHOWN_ERRORS),
        (input::MAX_SHOWN_RECORDS + 1, input::MAX_SHOWN_RECORDS, input::MAX_SHOWN_ERRORS),
    ] {
        let data = data_of(&record("r", 1, 5, "null", Some("x")).repeat(records), None);
        let (run, sample) = (&data["runs"][0], &data["runs"][0]["sample"]);
        assert_eq!((&run["records"], &run["errors"]), (&records.into(), &records.into()));
        assert_eq!(sample["record_count"][0], records);
        assert_eq!(sample["times"][0].as_array().unwrap().len(), 2 * shown);
        assert_eq!(sample["errors"][0][1].as_array().unwrap().len(), errors);
    }
}

#[test]
fn decisions_beyond_the_bound_are_one() {
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
fn a_text_is_cut_one_beyond_the_bound() {
    for (chars, shown) in [(input::MAX_CHARS, input::MAX_CHARS), (input::MAX_CHARS + 1, input::MAX_CHARS + 1)]
    {
        let cut = input::cut(&"é".repeat(chars));
        assert_eq!((cut.chars().count(), cut.ends_with('…')), (shown, chars > input::MAX_CHARS));
    }
}

#[test]
fn everything_is_sampled_up_to_the_bound_and_one_beyond_only_a_part() {
    // The slowest and the one that fails are kept apart from the regular sample.
    let most = collector::MAX_SIZE.inputs as u64 + sample::MAX_SLOWEST as u64 + 1;
    for (inputs, stride) in [(most, 1), (most + 1, 2)] {
        // The first is the slowest, the second fails and is the fastest.
        let line = |line_no| match line_no {
            1 => record("r", 1, 9_000, "null", None),
            2 => record("r", 2, 1, "null", Some("x")),
            _ => record("r", line_no, 100, "null", None),
        };
        let trace: String = (1..=inputs).map(line).collect();
        let data = data_of(&trace, None);
        let run = &data["runs"][0];
        assert_eq!((&data["stride"], &run["inputs"]), (&stride.into(), &inputs.into()));
        let lines = run["sample"]["line_no"].as_array().unwrap();
        assert!(lines.starts_with(&[1.into(), 2.into()]), "the slowest and the failed are always in");
        let expected = if stride == 1 { inputs } else { most / 2 };
        assert!((lines.len() as u64).abs_diff(expected) <= sample::MAX_SLOWEST as u64, "{}", lines.len());
    }
}

#[test]
fn a_sample_has_outgrown_its_bound_one_beyond_any_part_of_it() {
    let bound = collector::MAX_SIZE;
    assert!(!bound.exceeds(bound));
    for part in 0..3 {
        let mut size = sample::Size::default();
        *[&mut size.inputs, &mut size.records, &mut size.text_bytes][part] =
            [bound.inputs, bound.records, bound.text_bytes][part] + 1;
        assert!(size.exceeds(bound), "{size:?}");
    }
}

#[test]
fn text_that_the_steps_changed_is_bounded_too() {
    // Each changes 40 values of 250 characters: 10 kB an input, 8 MB in all.
    let tags: Vec<String> = (0..40).map(|tag| format!(r#""t{tag}":"{}""#, "v".repeat(250))).collect();
    let diff = format!(r#""ctx_diff":{{"tags":{{"before":{{}},"after":{{{}}}}}}}"#, tags.join(","));
    let line = |line_no| record("r", line_no, 5, "null", None).replace(r#""ctx_diff":null"#, &diff);
    let data = data_of(&(1..=1_000).map(line).collect::<String>(), None);
    assert_eq!(data["stride"], 2, "8 MB in the regular sample became 4");
    assert!(data.to_string().len() < 10_000_000);
}

#[test]
fn runs_stand_apart_up_to_the_bound_and_one_can_be_chosen() {
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
