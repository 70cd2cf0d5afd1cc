//! The words of an application in the page's data.

use super::*;

const DIFF: &str = r#""ctx_diff":{"metrics":{"before":{"cents":5},"after":{"cents":700,"count":2}}}"#;

/// The values of `cents` are money, and an input is explained by its last snapshot.
fn wording() -> Wording {
    Wording {
        explanation: |snapshot| vec![format!("It ended as {}", snapshot.as_json()), "Further.".to_owned()],
        value: |path, json| path.ends_with("cents").then(|| format!("${json}")),
    }
}

fn sample_of(trace: &str) -> serde_json::Value {
    let collector = collected(trace, None, Collector::new(wording()));
    let data: serde_json::Value = serde_json::from_str(&collector.into_json("file").unwrap()).unwrap();
    data["runs"][0]["sample"].clone()
}

#[test]
fn inputs_are_shown_in_the_words_of_the_application() {
    let trace = record("r", 1, 5, r#"{"n":1}"#, None)
        + &record("r", 1, 5, r#"{"n":2}"#, None).replace(r#""ctx_diff":null"#, DIFF)
        + &record("r", 2, 5, "null", None);
    let sample = sample_of(&trace);
    assert_eq!(sample[0]["explanation"], json!([r#"It ended as {"n":2}"#, "Further."]));
    let changes = json!([["metrics.cents", "$5", "$700"], ["metrics.count", null, "2"]]);
    assert_eq!(sample[0]["records"][1]["changes"], changes);
    assert_eq!(sample[1]["explanation"], json!([]), "the trace does not show how it ended");
}

#[test]
fn words_beyond_the_bounds_are_cut() {
    let collector = Collector::new(Wording {
        explanation: |_| vec!["s".repeat(5_000); 9],
        value: |_, _| Some("v".repeat(301)),
    });
    let trace = record("r", 1, 5, "{}", None).replace(r#""ctx_diff":null"#, DIFF);
    let data = collected(&trace, None, collector).into_json("file").unwrap();
    let data: serde_json::Value = serde_json::from_str(&data).unwrap();
    let input = &data["runs"][0]["sample"][0];
    let sentences = input["explanation"].as_array().unwrap();
    assert_eq!((sentences.len(), sentences[0].as_str().unwrap().chars().count()), (8, 1_201));
    let value = input["records"][0]["changes"][0][2].as_str().unwrap();
    assert_eq!(value.chars().count(), input::MAX_CHARS + 1);
}
