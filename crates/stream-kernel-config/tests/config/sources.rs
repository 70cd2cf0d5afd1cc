//! Stores of keys and values as layers: what they hold is merged, checked and named like everything else.

use insta::assert_snapshot;
use stream_kernel_config::{MAX_SOURCE_BYTES, Problem, Row, Source, SourceError};

use crate::app::{MINIMAL, Scene, scene, with};

/// A store in memory.
#[derive(Debug, Clone)]
struct Store {
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

fn store<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Store {
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

fn above(scene: Scene, store: Store) -> Scene {
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
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `checkpoint`
      hint: check its spelling and its place, or remove it

    error: `runtime.discovery_modules`: this key is no longer used
      --> store://here, row `runtime.discovery_modules`
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `checkpoint`
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
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `checkpoint`
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
      hint: write a number within these bounds
    "#);
}

#[test]
fn a_store_that_cannot_be_read_comes_first_and_an_optional_one_is_a_warning() {
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
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `checkpoint`
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

/// A wrong password, or a row that is none, does not mend itself: whoever may do without a store wants to know all the same.
#[test]
fn an_optional_store_that_is_there_and_cannot_be_used_is_a_mistake() {
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

/// Most likely its name is mistyped, and the run would go by defaults.
#[test]
fn a_store_that_holds_nothing_is_a_mistake_unless_it_is_optional() {
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

const PROFILES: &str = "
scenario: {name: test}
version: 1
runtime: {strict: true, on_step_error: stop}
profiles:
  staging:
    runtime: {on_step_error: continue}
  broken:
    runtime: {strikt: true}
  empty: {}
";

#[test]
fn the_chosen_profile_stands_over_the_rest_of_its_file_and_below_later_files() {
    let entries = |scene: Scene| {
        let entries = scene.entries();
        let shown = ["runtime.strict", "runtime.on_step_error"];
        let lines = entries.lines().filter(|line| shown.iter().any(|key| line.starts_with(key)));
        lines.collect::<Vec<_>>().join("\n")
    };
    let base = || scene().file("a.yaml", PROFILES);
    let chosen = |name: &str| {
        let (name, flag) = (name.to_owned(), format!("--profile {name}"));
        base().with(|loader| loader.profile(name, flag))
    };
    assert_snapshot!(entries(base()), @"
    runtime.strict: true  # a.yaml:4:19
    runtime.on_step_error: stop  # a.yaml:4:40
    ");
    assert_snapshot!(entries(chosen("staging")), @"
    runtime.strict: true  # a.yaml:4:19
    runtime.on_step_error: continue  # a.yaml:7:30
    ");
    assert_snapshot!(entries(chosen("staging").file("b.yaml", "runtime: {on_step_error: stop}\n")), @"
    runtime.strict: true  # a.yaml:4:19
    runtime.on_step_error: stop  # b.yaml:1:26
    ");
    assert_snapshot!(entries(base().variable("APP_PROFILE", "staging")), @"
    runtime.strict: true  # a.yaml:4:19
    runtime.on_step_error: continue  # a.yaml:7:30
    ");
    assert_eq!(entries(chosen("empty").variable("APP_PROFILE", "staging")), entries(base()), "a flag wins");
    assert_eq!(entries(base().variable("APP_PROFILE", "")), entries(base()), "an empty name chooses none");
    let rows = [("profiles.staging.runtime.strict", "false"), ("profiles.other.runtime.strict", "maybe")];
    assert_snapshot!(entries(above(chosen("staging"), store(rows))), @"
    runtime.strict: false  # store://here, row `profiles.staging.runtime.strict`
    runtime.on_step_error: continue  # a.yaml:7:30
    ");
}

/// As it may hold any other map of keys.
#[test]
fn a_row_may_hold_a_profile_or_all_of_them() {
    let load = |profile: &str, rows: Vec<(&str, &str)>| {
        let (name, flag) = (profile.to_owned(), format!("--profile {profile}"));
        above(with("runtime: {on_step_error: continue}\n"), store(rows))
            .with(|loader| loader.profile(name, flag))
    };
    let of_store = |scene: Scene| {
        let entries = scene.entries();
        entries.lines().filter(|line| line.contains("store://")).collect::<Vec<_>>().join("\n")
    };
    let staging = ("profiles.staging", "{runtime: {strict: false, on_step_error: stop}}");
    assert_snapshot!(of_store(load("staging", vec![staging])), @"
    runtime.strict: false  # store://here, row `profiles.staging`
    runtime.on_step_error: stop  # store://here, row `profiles.staging`
    ");
    let finer = ("profiles.staging.runtime.on_step_error", "continue");
    assert_snapshot!(of_store(load("staging", vec![finer, staging])), @"
    runtime.strict: false  # store://here, row `profiles.staging`
    runtime.on_step_error: continue  # store://here, row `profiles.staging.runtime.on_step_error`
    ");
    let all = ("profiles", "{staging: {runtime: {strict: false}}, other: {runtime: {strict: maybe}}}");
    assert_snapshot!(of_store(load("staging", vec![all])), @"runtime.strict: false  # store://here, row `profiles`");
    assert_eq!(of_store(load("staging", vec![("profiles.staging", "{}")])), "");

    let doubled = load("staging", vec![staging, ("profiles.staging", "{}")]).mistakes();
    assert!(
        doubled.starts_with("error: `profiles.staging`: key given twice, first in row `profiles.staging`\n"),
        "{doubled}"
    );

    let shown = [
        load("other", vec![all]).mistakes(),
        load("stagign", vec![all]).mistakes(),
        load("staging", vec![("profiles.staging", "true")]).mistakes(),
        load("staging", vec![("profiles.staging", "{runtime: {strict: false}")]).mistakes(),
        load("staging", vec![("profiles", "[staging]")]).mistakes(),
    ];
    assert_snapshot!(shown.join("\n\n---\n\n"), @"
    error: `runtime.strict`: found text `maybe`
      --> store://here, row `profiles`
      expected: `true` or `false`
      hint: write `true` or `false`

    ---

    error: there is no profile `stagign`
      --> command line: --profile stagign
      expected: one of `staging`, `other`
      hint: did you mean `staging`?

    ---

    error: `profiles.staging`: the profile is no map
      --> store://here, row `profiles.staging`
      expected: keys with their values
      hint: write the keys that differ from the rest of the file below it

    ---

    error: `profiles.staging`: not YAML: while parsing a flow mapping, did not find expected ',' or '}'
      --> store://here, row `profiles.staging`
      expected: keys with their values, in YAML flow style
      hint: look for a tab, wrong indentation, or a quote, bracket or colon too many or too few, here or before

    ---

    error: `profiles`: the profiles are no map
      --> store://here, row `profiles`
      expected: profiles by name
      hint: write `profiles: {NAME: {runtime: ...}}`

    error: there is no profile `staging`
      --> command line: --profile staging
      expected: no profile: no source has any
      hint: add `profiles: {NAME: {...}}` to a file
    ");
}

#[test]
fn mistakes_with_profiles_are_named() {
    let mistakes = |text: &str, profile: &str| {
        let (name, flag) = (profile.to_owned(), format!("--profile {profile}"));
        scene().file("a.yaml", text).with(|loader| loader.profile(name, flag)).mistakes()
    };
    let shown = [
        mistakes(PROFILES, "broken"),
        mistakes(PROFILES, "stagign"),
        mistakes(MINIMAL, "staging"),
        mistakes(&format!("{MINIMAL}profiles: [staging]\n"), "staging"),
        mistakes(&format!("{MINIMAL}profiles: {{staging: true}}\n"), "staging"),
        scene().file("a.yaml", MINIMAL).variable("APP_PROFILE", "x").mistakes(),
        scene().file("a.yaml", format!("{MINIMAL}profils: {{}}\n")).mistakes(),
        scene()
            .file("a.yaml", MINIMAL)
            .with(|loader| loader.set("profiles.x.runtime.strict=true"))
            .mistakes(),
    ];
    assert_snapshot!(shown.join("\n\n---\n\n"), @"
    error: `runtime.strikt`: unknown key
      --> a.yaml:9:15
       |
     9 |     runtime: {strikt: true}
       |               ^^^^^^
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `checkpoint`
      hint: did you mean `strict`?

    ---

    error: there is no profile `stagign`
      --> command line: --profile stagign
      expected: one of `staging`, `broken`, `empty`
      hint: did you mean `staging`?

    ---

    error: there is no profile `staging`
      --> command line: --profile staging
      expected: no profile: no source has any
      hint: add `profiles: {NAME: {...}}` to a file

    ---

    error: `profiles`: the profiles are no map
      --> a.yaml:3:1
       |
     3 | profiles: [staging]
       | ^^^^^^^^
      expected: profiles by name
      hint: write `profiles: {NAME: {runtime: ...}}`

    error: there is no profile `staging`
      --> command line: --profile staging
      expected: no profile: no source has any
      hint: add `profiles: {NAME: {...}}` to a file

    ---

    error: `profiles.staging`: the profile is no map
      --> a.yaml:3:12
       |
     3 | profiles: {staging: true}
       |            ^^^^^^^
      expected: keys with their values
      hint: write the keys that differ from the rest of the file below it

    ---

    error: there is no profile `x`
      --> environment variable APP_PROFILE=x
      expected: no profile: no source has any
      hint: add `profiles: {NAME: {...}}` to a file

    ---

    error: `profils`: unknown key
      --> a.yaml:3:1
       |
     3 | profils: {}
       | ^^^^^^^
      expected: one of `version`, `scenario`, `runtime`, `nodes`, `adapters`
      hint: did you mean `profiles`?

    ---

    error: `profiles`: profiles belong into a source, and one of them is chosen by its name
      --> command line: --set profiles.x.runtime.strict=true
      expected: one of `version`, `scenario`, `runtime`, `nodes`, `adapters`
      hint: put `profiles: {NAME: {...}}` into a file
    ");
}

#[test]
fn a_url_of_no_store_is_refused_with_those_there_are() {
    let mistakes = |location: &'static str| scene().with(|loader| loader.location(location)).mistakes();
    assert_snapshot!(mistakes("etdc://user:secret@host/prefix"), @"
    error: unknown kind of source `etdc://`
      --> etdc://
      expected: a file, a directory, `-`, or one of `etcd://`, `consul://`, `postgres://`, `redis://`
      hint: did you mean `etcd://`?
    ");
    assert!(mistakes("no-such-file://").starts_with("error: unknown kind of source"));
    assert!(mistakes("./a://b").starts_with("error: cannot read the file"), "a path that looks like a URL");
}

/// Who mended it in the profile would have mended it there only.
#[test]
fn what_is_missing_is_missing_in_the_file_and_not_in_its_profile() {
    let text = "version: 1\nruntime: {strict: true}\nprofiles:\n  st:\n    runtime: {strict: false}\n";
    let scene = || scene().file("a.yaml", text);
    let with_profile = scene().with(|loader| loader.profile("st", "--profile st")).mistakes();
    assert_eq!(with_profile, scene().mistakes());
    assert!(
        with_profile.contains("`scenario.name`: required value is missing\n  --> a.yaml:1:1\n"),
        "{with_profile}"
    );
}
