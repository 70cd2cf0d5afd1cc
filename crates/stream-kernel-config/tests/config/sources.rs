//! Stores of keys and values as layers: their content is merged, checked and named like everything else.

use std::sync::Arc;

use insta::assert_snapshot;
use stream_kernel_config::{MAX_SOURCE_BYTES, Problem, Row, Source, SourceError, Stores};

use crate::app::{Scene, scene, with};

/// A store in memory.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    rows: Result<Vec<Row>, SourceError>,
    is_optional: bool,
}

impl Source for Store {
    fn name(&self) -> String {
        "store://here".to_owned()
    }

    fn rows(&self) -> Result<Vec<Row>, SourceError> {
        self.rows.clone()
    }

    fn is_optional(&self) -> bool {
        self.is_optional
    }
}

pub(crate) fn store<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Store {
    let row = |(key, value): (&str, &str)| Row {
        place: format!("row `{key}`"),
        key: key.to_owned(),
        value: value.to_owned(),
    };
    Store { rows: Ok(rows.into_iter().map(row).collect()), is_optional: false }
}

fn down(is_optional: bool) -> Store {
    let problem = Problem::new("nobody answers").expected("a store that is up").hint("start it");
    Store { rows: Err(SourceError::Unavailable(problem)), is_optional }
}

pub(crate) fn above(scene: Scene, store: Store) -> Scene {
    scene.with(|loader| loader.source(store))
}

#[test]
fn rows_stand_over_the_sources_before_and_below_those_behind() {
    let rows = [
        ("scenario.description", "a text: with `: `, as it is"),
        ("runtime.tracing", "{enabled: true, signature: {mode: hash}}"),
        ("runtime.tracing.signature.mode", "type_only"),
        ("nodes.evaluate_policies.daily_attempts", "7"),
        ("adapters.labels", "{a: x}"),
        ("adapters.labels.b", "1"),
    ];
    let scene = above(with("nodes: {evaluate_policies: {daily_attempts: 5}}\n"), store(rows));
    let entries = scene.file("b.yaml", "runtime: {tracing: {enabled: false}}\n").entries();
    let given: Vec<_> = entries.lines().filter(|line| !line.ends_with("built-in default")).collect();
    assert_snapshot!(given.join("\n"), @r#"
    version: 1  # a.yaml:1:10
    scenario.name: test  # a.yaml:2:18
    scenario.description: "a text: with `: `, as it is"  # store://here, row `scenario.description`
    runtime.tracing.enabled: false  # b.yaml:1:30
    runtime.tracing.signature.mode: type_only  # store://here, row `runtime.tracing.signature.mode`
    nodes.evaluate_policies.daily_attempts: 7  # store://here, row `nodes.evaluate_policies.daily_attempts`
    adapters.labels.a: x  # store://here, row `adapters.labels`
    adapters.labels.b: "1"  # store://here, row `adapters.labels.b`
    "#);
}

#[test]
fn mistakes_in_rows_name_the_store_and_the_row() {
    let rows = [
        ("runtime.strict", "perhaps"),
        ("runtime.strikt", "true"),
        ("runtime.strict.very", "true"),
        ("nodes.evaluate_policies.daily_attempts", "1001"),
        ("runtime.on_step_error", "halt"),
        ("runtime.pipeline", "- a\n- b"),
        ("runtime.discovery_modules", "[a]"),
        ("version", "1"),
        ("version", "1"),
        ("", "x"),
        ("runtime..strict", "true"),
    ];
    assert_snapshot!(above(with(""), store(rows)).mistakes(), @r#"
    error: a key path that is empty
      --> store://here, row ``
      expected: one such as `runtime.strict`
      hint: give it one, or remove it

    error: `runtime.""`: unknown key
      --> store://here, row `runtime..strict`
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: check its spelling and its place, or remove it

    error: `runtime.discovery_modules`: this key is no longer used
      --> store://here, row `runtime.discovery_modules`
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: steps are registered in code; remove the key

    error: `runtime.pipeline`: a map or list that is not in YAML flow style
      --> store://here, row `runtime.pipeline`
      expected: a list, each item text
      hint: write `{key: value}` or `[item, item]`

    error: `runtime.strict`: no keys below this one
      --> store://here, row `runtime.strict.very`
      expected: `true` or `false`
      hint: set `runtime.strict` as a whole

    error: `runtime.strikt`: unknown key
      --> store://here, row `runtime.strikt`
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: did you mean `strict`?

    error: `version`: key given twice, first in row `version`
      --> store://here, row `version`
      expected: each key once
      hint: remove one of them

    error: `runtime.strict`: found text `perhaps`
      --> store://here, row `runtime.strict`
      expected: `true` or `false`
      hint: write `true` or `false`

    error: `runtime.on_step_error`: found text `halt`
      --> store://here, row `runtime.on_step_error`
      expected: one of `stop`, `continue`
      hint: choose one of them; letter case counts

    error: `nodes.evaluate_policies.daily_attempts`: found the number `1001`
      --> store://here, row `nodes.evaluate_policies.daily_attempts`
      expected: a whole number from 0 to 1000
      hint: write a whole number from 0 to 1000
    "#);
}

#[test]
fn an_unreadable_store_comes_first_unless_optional() {
    let text = above(scene().file("a.yaml", "runtime: {strikt: true}\n"), down(false)).mistakes();
    assert_snapshot!(text, @"
    error: nobody answers
      --> store://here
      expected: a store that is up
      hint: start it

    error: `runtime.strikt`: unknown key
      --> a.yaml:1:11
       |
     1 | runtime: {strikt: true}
       |           ^^^^^^
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: did you mean `strict`?
    ");
    let loaded = above(with(""), down(true)).load();
    assert_snapshot!(loaded.warnings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), @"
    warning: nobody answers (optional, and left out)
      --> store://here
      expected: a store that is up
      hint: start it
    ");
    assert!(loaded.finish().is_ok());
    let missing = above(scene(), down(true)).mistakes();
    assert_snapshot!(missing, @"
    warning: nobody answers (optional, and left out)
      --> store://here
      expected: a store that is up
      hint: start it

    error: `version`: required value is missing
      --> built-in default
      expected: the number 1
      hint: set `version`

    error: `scenario.name`: required value is missing
      --> built-in default
      expected: text, not empty
      hint: set `scenario.name`
    ");
}

/// A wrong password, or an invalid row, does not mend itself: users of an optional store want to know all the same.
#[test]
fn an_unusable_optional_store_is_a_mistake() {
    let problem = Problem::new("the password is wrong").expected("the right one").hint("look it up");
    let wrong = Store { rows: Err(SourceError::from(problem)), is_optional: true };
    assert_snapshot!(above(with(""), wrong).mistakes(), @"
    error: the password is wrong
      --> store://here
      expected: the right one
      hint: look it up
    ");
    let rows = store([("runtime.strikt", "true")]);
    let mistakes = above(with(""), Store { is_optional: true, ..rows }).mistakes();
    assert!(mistakes.starts_with("error: `runtime.strikt`: unknown key\n"), "{mistakes}");
}

/// Most likely its name is mistyped, and the run would use defaults.
#[test]
fn an_empty_store_is_a_mistake_unless_optional() {
    assert_snapshot!(above(with(""), store([])).mistakes(), @"
    error: it holds nothing
      --> store://here
      expected: at least one key
      hint: look whether its name is right, or call it optional if it may be empty: `optional=true` in a URL
    ");
    let loaded = above(with(""), Store { is_optional: true, ..store([]) }).load();
    assert_snapshot!(loaded.warnings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"), @"
    warning: it holds nothing (optional, and left out)
      --> store://here
      expected: at least one key
      hint: look whether its name is right
    ");
    assert!(loaded.finish().is_ok());
}

#[test]
fn a_store_may_hold_as_much_as_the_bounds_and_no_more() {
    let of = |rows: usize, bytes: usize| {
        let rows: Vec<_> = (0..rows).map(|number| (format!("adapters.labels.l{number:05}"), "x")).collect();
        let so_far: usize = rows.iter().map(|(key, value)| key.len() + value.len()).sum();
        let text = "scenario.description";
        let long = "y".repeat(bytes.saturating_sub(so_far + text.len()));
        let rows = rows.iter().map(|(key, value)| (key.as_str(), *value)).chain([(text, &*long)]);
        above(with(""), store(rows)).load().finish().map(|_| ()).map_err(|mistakes| mistakes.to_string())
    };
    assert_eq!(of(1, MAX_SOURCE_BYTES), Ok(()));
    let too_long = of(1, MAX_SOURCE_BYTES + 1).unwrap_err();
    assert!(too_long.starts_with("error: more than 1048576 bytes of keys and values\n"), "{too_long}");
    assert_eq!(of(9_999, 0), Ok(()));
    let too_many = of(10_000, 0).unwrap_err();
    assert!(too_many.starts_with("error: more than 10000 keys\n"), "{too_many}");
}

#[test]
fn a_url_of_no_store_is_refused_with_those_there_are() {
    let stores = Stores { open: |_| None, schemes: &["etcd", "redis"], built_in: &["redis"] };
    let mistakes =
        |location: &'static str| scene().with(|loader| loader.stores(stores).location(location)).mistakes();
    // Only built-in stores are offered.
    assert_snapshot!(mistakes("etdc://user:secret@host/prefix"), @"
    error: unknown kind of source `etdc://`
      --> etdc://
      expected: one of: a file, a directory, `-`, `redis://`
      hint: did you mean `etcd://`?
    ");
    let told = scene().with(|loader| loader.location("etcd://user:secret@host/prefix")).mistakes();
    assert_snapshot!(told, @"
    error: unknown kind of source `etcd://`
      --> etcd://
      expected: one of: a file, a directory, `-`
      hint: write `./` before the name of a file that looks like a URL
    ");
    assert!(mistakes("./a://b").starts_with("error: cannot read the file"), "a path that looks like a URL");
}

#[test]
fn a_url_is_opened_by_the_stores_of_the_loader() {
    fn open(url: &str) -> Option<Result<Arc<dyn Source>, Problem>> {
        match url {
            "store://here" => Some(Ok(Arc::new(store([("runtime.strict", "maybe")])))),
            "store://there" => Some(Err(Problem::new("not there").expected("here").hint("go there"))),
            _ => None,
        }
    }
    let stores = Stores { open, schemes: &["store"], built_in: &["store"] };
    let mistakes =
        |location: &'static str| with("").with(|loader| loader.stores(stores).location(location)).mistakes();
    assert_snapshot!(mistakes("store://here"), @"
    error: `runtime.strict`: found text `maybe`
      --> store://here, row `runtime.strict`
      expected: `true` or `false`
      hint: write `true` or `false`
    ");
    assert_snapshot!(mistakes("store://there"), @"
    error: not there
      --> store://
      expected: here
      hint: go there
    ");
}

#[test]
fn a_missing_key_is_blamed_on_the_store_and_not_on_a_row() {
    let rows = [
        ("runtime.strict", "true"),
        ("scenario.description", "x"),
        ("runtime.tracing.sink", "{kind: jsonl}"),
    ];
    let scene =
        above(scene(), store(rows)).variable("APP__RUNTIME__STRICT", "true").set("runtime.strict=true");
    assert_snapshot!(scene.mistakes(), @"
    error: `version`: required value is missing
      --> store://here
      expected: the number 1
      hint: set `version`

    error: `scenario.name`: required value is missing
      --> store://here
      expected: text, not empty
      hint: set `scenario.name`

    error: `runtime.tracing.sink.jsonl.path`: required value is missing: the sink's `kind` is `jsonl`
      --> store://here, row `runtime.tracing.sink`
      expected: the path of a file
      hint: set `runtime.tracing.sink.jsonl.path`, or `runtime.tracing.sink.kind` to `stdout`
    ");
}

#[test]
fn a_missing_key_is_not_blamed_on_a_variable_or_flag() {
    let told = scene().variable("APP__RUNTIME__STRICT", "true").set("runtime.on_step_error=stop").mistakes();
    assert_eq!(told.matches("\n  --> built-in default\n").count(), 2, "{told}");
    let flag = with("").set("runtime.tracing.sink.kind=jsonl").mistakes();
    assert!(flag.contains("\n  --> command line: --set runtime.tracing.sink.kind=jsonl\n"), "{flag}");
}
