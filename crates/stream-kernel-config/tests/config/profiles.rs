//! Profiles: parts of a source for one environment or another, chosen by a flag or a variable.

use insta::assert_snapshot;

use crate::app::{MINIMAL, Scene, scene, with};
use crate::sources::{above, store};

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

/// Chooses a profile like a flag.
fn choosing(scene: Scene, name: &str) -> Scene {
    let (name, flag) = (name.to_owned(), format!("--profile {name}"));
    scene.with(|loader| loader.profile(name, flag))
}

#[test]
fn a_profile_overrides_its_file_and_not_later_ones() {
    let entries = |scene: Scene| {
        let entries = scene.entries();
        let shown = ["runtime.strict", "runtime.on_step_error"];
        let lines = entries.lines().filter(|line| shown.iter().any(|key| line.starts_with(key)));
        lines.collect::<Vec<_>>().join("\n")
    };
    let base = || scene().file("a.yaml", PROFILES);
    let chosen = |name: &str| choosing(base(), name);
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

/// As in any other map of keys.
#[test]
fn a_row_may_hold_a_profile_or_all_of_them() {
    let load = |profile: &str, rows: Vec<(&str, &str)>| {
        choosing(above(with("runtime: {on_step_error: continue}\n"), store(rows)), profile)
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

    error: `profiles.staging`: the profile is not a map
      --> store://here, row `profiles.staging`
      expected: keys with their values
      hint: write the keys that differ from the rest of the file below it

    ---

    error: `profiles.staging`: not YAML: while parsing a flow mapping, did not find expected ',' or '}'
      --> store://here, row `profiles.staging`
      expected: keys with their values, in YAML flow style
      hint: look for a tab, wrong indentation, or a quote, bracket or colon too many or too few, here or before

    ---

    error: `profiles`: the profiles are not a map
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
    let mistakes = |text: &str, profile: &str| choosing(scene().file("a.yaml", text), profile).mistakes();
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
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
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

    error: `profiles`: the profiles are not a map
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

    error: `profiles.staging`: the profile is not a map
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

/// A correction in the profile would apply only there.
#[test]
fn a_missing_key_is_reported_for_the_file() {
    let text = "version: 1\nruntime: {strict: true}\nprofiles:\n  st:\n    runtime: {strict: false}\n";
    let scene = || scene().file("a.yaml", text);
    let with_profile = choosing(scene(), "st").mistakes();
    assert_eq!(with_profile, scene().mistakes());
    assert!(
        with_profile.contains("`scenario.name`: required value is missing\n  --> a.yaml:1:1\n"),
        "{with_profile}"
    );
}
