//! Configurations that are not of a pipeline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stream_kernel_config::Loader;

/// It has keys that have a meaning in a pipeline.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Lookalike {
    runtime: Runtime,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Runtime {
    workers: u8,
    #[serde(default)]
    limits: Vec<u8>,
    tracing: Tracing,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tracing {
    sink: Sink,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sink {
    kind: String,
}

fn loader() -> Loader {
    Loader::new("APP").built_in("built-in", "runtime: {workers: 2, tracing: {sink: {kind: jsonl}}}")
}

#[test]
fn the_rules_of_a_pipeline_do_not_apply() {
    // In a pipeline this sink would lack its path.
    let (config, effective) = loader().load::<Lookalike>().unwrap().finish().unwrap();
    assert_eq!(config.runtime.tracing.sink.kind, "jsonl");
    assert_eq!(
        effective.yaml(),
        "runtime:\n  workers: 2\n  limits: []\n  tracing:\n    sink:\n      kind: jsonl\n"
    );
}

#[test]
fn parts_of_a_pipeline_are_not_added() {
    let loader = loader().default_pipeline(["a"]).limit("max_things", "How many.");
    let names: Vec<_> =
        loader.variables::<Lookalike>().unwrap().into_iter().map(|variable| variable.name).collect();
    assert!(!names.iter().any(|name| name.contains("PIPELINE") || name.contains("MAX_THINGS")), "{names:?}");
    assert!(loader.load::<Lookalike>().unwrap().finish().is_ok());
}

#[test]
fn every_key_counts_in_the_digest() {
    let digest = |loader: Loader| loader.load::<Lookalike>().unwrap().finish().unwrap().1.digest();
    assert_ne!(digest(loader()), digest(loader().set("runtime.workers=3")));
}

#[test]
fn variables_and_schema_are_those_of_the_type() {
    let names: Vec<_> =
        loader().variables::<Lookalike>().unwrap().into_iter().map(|variable| variable.name).collect();
    assert!(names.iter().any(|name| name == "APP__RUNTIME__LIMITS"), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("SCENARIO")), "{names:?}");
    let schema = loader().json_schema::<Lookalike>().unwrap();
    assert!(schema["properties"]["runtime"]["properties"]["limits"].is_object(), "{schema}");
    assert_eq!(schema["allOf"], serde_json::json!([]), "no rules");
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema counts")]
struct WithProfiles {
    profiles: u8,
}

#[test]
fn the_key_of_the_profiles_is_taken() {
    let mistakes = Loader::new("APP").load::<WithProfiles>().unwrap_err().to_string();
    assert!(mistakes.starts_with("error: `profiles`: its type cannot be checked"), "{mistakes}");
    assert!(mistakes.contains("hint: give the field another name"), "{mistakes}");
}

#[test]
fn a_configuration_is_a_struct() {
    let mistakes = Loader::new("APP").load::<Vec<u8>>().unwrap_err().to_string();
    assert!(mistakes.contains("a whole configuration that is not a struct"), "{mistakes}");
    assert!(mistakes.contains("hint: put it into a field of a struct"), "{mistakes}");
}
