//! Mistakes found by an application: in its types, and by its own checks.

use insta::assert_snapshot;
use stream_kernel_config::{Mistake, Origin, Problem};

use crate::app::{scene, with};

#[test]
fn a_value_refused_beyond_its_schema_has_a_place() {
    let text = "adapters:\n  labels:\n    team: Blue\n    site: ok\n    \"a.b\": RED\n";
    assert_snapshot!(with(text).mistakes(), @r#"
    error: `adapters.labels.team`: not accepted: upper case letters
      --> a.yaml:5:11
       |
     5 |     team: Blue
       |           ^^^^
      expected: a value that the application takes
      hint: give it another value, as the message says

    error: `adapters.labels."a.b"`: not accepted: upper case letters
      --> a.yaml:7:12
       |
     7 |     "a.b": RED
       |            ^^^
      expected: a value that the application takes
      hint: give it another value, as the message says
    "#);
}

#[test]
fn an_application_adds_its_own_mistakes_to_the_list() {
    let mut loaded = with("runtime:\n  strict: 2\n  pipeline:\n    - parse\n    - decied\n").load();
    assert!(matches!(loaded.origin("runtime.pipeline.1"), Origin::File { line: 7, column: 7, .. }));
    assert_eq!(loaded.origin("runtime.tracing.enabled"), Origin::Default);
    loaded.report("runtime.pipeline.1", Problem::new("unknown step `decied`").expected("a step"));
    loaded.report("runtime.strict", Problem::new("a consequence of the first mistake"));
    loaded.report("runtime", Problem::new("a consequence of the mistakes in it"));
    let mistakes = loaded.finish().unwrap_err();
    let keys: Vec<_> = mistakes.iter().map(Mistake::key).collect();
    assert_eq!(keys, ["runtime.strict", "runtime.pipeline.1"], "each mistake once, without its consequences");
}

#[test]
fn an_unreadable_layer_forbids_conclusions_but_hides_no_mistake() {
    let mut loaded = scene().named("none.yaml").load();
    assert!(loaded.is_mistaken("runtime.pipeline"), "the file may have set it otherwise");
    loaded.report("runtime.pipeline", Problem::new("wrong wherever it comes from"));
    assert_eq!(loaded.finish().unwrap_err().len(), 2);
}

/// A mistake ends up in logs; a password must not.
#[test]
fn no_mistake_repeats_a_password() {
    let urls = [
        "redis://u:s3cret@h/0",
        "jdbc:postgresql://h/db?user=s3cret&password=s3cret",
        "x?a=b&api_key=s3cret",
    ];
    for url in urls {
        let scenes = [
            with(&format!("runtime: {{strict: '{url}'}}\n")),
            with(&format!("runtime: {{strikt: '{url}'}}\n")),
            with(&format!("runtime:\n  '{url}': 1\n")),
            with("").set(&format!("runtime.strict={url}")),
            with("").variable("APP__RUNTIME__STRICT", url),
            with("").with(|loader| loader.location(url)),
            with("").with(|loader| loader.profile(url, format!("--profile {url}"))),
        ];
        for (number, scene) in scenes.into_iter().enumerate() {
            let told = scene.mistakes();
            assert!(told.contains("error: ") && !told.contains("s3cret"), "{number}: {told}");
        }
    }
}

#[test]
fn no_origin_repeats_a_password() {
    let shown = with("").set("adapters.input_source.path=jdbc:x?password=s3cret&ssl=on").entries();
    let origin = "# command line: --set adapters.input_source.path=jdbc:x?password=***&ssl=on";
    assert!(shown.contains(origin), "{shown}");
}
