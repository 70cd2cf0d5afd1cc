//! Blank values: a mistake in every source, unless the key's type is text.

use std::fs;

use insta::assert_snapshot;
use stream_kernel_config::{Config, Loader};
use tempfile::TempDir;

use crate::app::{Adapters, MINIMAL, Nodes, Scene, loader, scene, with};
use crate::sources::{above, store};

const AMOUNT: &str = "nodes.evaluate_policies.daily_amount";
const BLANK: &str = "error: `nodes.evaluate_policies.daily_amount`: the value is blank";

/// Blank texts.
const BLANKS: [&str; 6] = ["", " ", "\t\n", "#5000", "  # none", "---"];

/// Checks that there is one mistake: the blank value of the key.
#[track_caller]
fn check_blank(scene: Scene, key: &str, place: &str) {
    let told = scene.mistakes();
    assert!(told.starts_with(&format!("error: `{key}`: the value is blank")), "{told}");
    assert!(told.contains(&format!("\n  --> {place}")), "{told}");
    assert_eq!(told.matches("error: ").count(), 1, "{told}");
}

#[test]
fn a_blank_value_says_how_to_mean_it() {
    let file =
        with("nodes:\n  evaluate_policies:\n    daily_amount: # 5000\n    daily_attempts:\nruntime:\n");
    let told = file
        .set("nodes.evaluate_policies.daily_amount=")
        .variable("APP__ADAPTERS__LABELS", "#x")
        .set("version= ")
        .mistakes();
    assert_snapshot!(told, @"
    error: `nodes.evaluate_policies.daily_amount`: the value is blank: `#` begins a comment
      --> a.yaml:5:5
       |
     5 |     daily_amount: # 5000
       |     ^^^^^^^^^^^^
      expected: a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals, or null
      hint: give it a value, write `null` to switch it off, or remove it (the default is `5000.00`)

    error: `nodes.evaluate_policies.daily_attempts`: the value is blank
      --> a.yaml:6:5
       |
     6 |     daily_attempts:
       |     ^^^^^^^^^^^^^^
      expected: a whole number from 0 to 1000
      hint: give it a value, or remove it (the default is `3`)

    error: `runtime`: the value is blank
      --> a.yaml:7:1
       |
     7 | runtime:
       | ^^^^^^^
      expected: a map with the keys `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: give it keys, or remove it

    error: `adapters.labels`: the value is blank: `#` begins a comment
      --> environment variable APP__ADAPTERS__LABELS=#x
      expected: a map, each value text
      hint: give it keys, or remove it

    error: `nodes.evaluate_policies.daily_amount`: the value is blank
      --> command line: --set nodes.evaluate_policies.daily_amount=
      expected: a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals, or null
      hint: give it a value, write `null` to switch it off, or remove it (the default is `5000.00`)

    error: `version`: the value is blank
      --> command line: --set version= 
      expected: the number 1
      hint: give it a value
    ");
}

#[test]
fn a_blank_is_refused_in_every_source() {
    for blank in BLANKS {
        check_blank(with("").set(&format!("{AMOUNT}={blank}")), AMOUNT, "command line: --set");
        let variable = "APP__NODES__EVALUATE_POLICIES__DAILY_AMOUNT";
        check_blank(with("").variable(variable, blank), AMOUNT, &format!("environment variable {variable}="));
        check_blank(above(with(""), store([(AMOUNT, blank)])), AMOUNT, "store://here, row `nodes.");
        let flag = with("").with(|loader| loader.flag("--amount", AMOUNT, blank));
        check_blank(flag, AMOUNT, "command line: --amount");
        let rows = store([("profiles.a.nodes.evaluate_policies.daily_amount", blank)]);
        let profile = above(with("").with(|loader| loader.profile("a", "--profile a")), rows);
        check_blank(profile, AMOUNT, "store://here, row `profiles.a.");
    }
    for blank in ["", " ", " # 5000", " &x", " &x\n      # 5000"] {
        let file = format!("nodes:\n  evaluate_policies:\n    daily_amount:{blank}\n");
        check_blank(with(&file), AMOUNT, "a.yaml:5:5\n");
        let profile = file.replace('\n', "\n    ");
        let scene = with(&format!("profiles:\n  a:\n    {profile}\n"));
        check_blank(scene.with(|loader| loader.profile("a", "--profile a")), AMOUNT, "a.yaml:7:9\n");
    }
    check_blank(with("nodes: {evaluate_policies: {daily_amount: }}\n"), AMOUNT, "a.yaml:3:29\n");
    check_blank(with("nodes: {evaluate_policies: {daily_amount}}\n"), AMOUNT, "a.yaml:3:29\n");
    check_blank(with("").set("nodes.evaluate_policies={daily_amount: }"), AMOUNT, "command line: --set");
    let alias = "runtime: {tracing: {sink: &x }}\nnodes: {evaluate_policies: {daily_amount: *x}}\n";
    assert!(with(alias).mistakes().contains(BLANK));
}

#[test]
fn a_blank_file_of_a_directory_is_refused() {
    for blank in BLANKS {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(AMOUNT), blank).unwrap();
        let scene = with("").with(|loader| loader.file(directory.path()));
        check_blank(scene, AMOUNT, &format!("{}:1:1", directory.path().join(AMOUNT).display()));
    }
}

/// Every listed key is tried, so that no new type is forgotten.
#[test]
fn a_blank_is_refused_for_every_type_but_text() {
    let loader = || loader().limit("max_words", "Words.").built_in("built in", MINIMAL);
    let told = |loader: Loader| match loader.load::<Config<Nodes, Adapters>>().unwrap().finish() {
        Ok(_) => String::new(),
        Err(mistakes) => mistakes.to_string(),
    };
    let variables = loader().variables::<Config<Nodes, Adapters>>().unwrap();
    let mut texts = Vec::new();
    for variable in variables.iter().filter(|variable| !variable.key.is_empty()) {
        let told = told(loader().environment([(variable.name.clone().into(), "".into())]));
        if variable.expected.starts_with("text") {
            let allowed = ["", &format!("error: `{}`: found empty text", variable.key)];
            assert!(allowed.iter().any(|allowed| told.starts_with(allowed)), "{told}");
            texts.push(variable.key.as_str());
        } else {
            let expected = format!("error: `{}`: the value is blank", variable.key);
            assert!(told.starts_with(&expected), "{}: {told}", variable.key);
        }
    }
    assert!(texts.contains(&"scenario.description") && variables.len() > texts.len() + 20, "{texts:?}");
}

#[test]
fn only_one_word_and_one_sign_are_null() {
    for null in ["null", "~", "null # no limit"] {
        let loaded = with(&format!("nodes: {{evaluate_policies: {{daily_amount: {null}\n}}}}\n")).load();
        assert_eq!(loaded.config().nodes.evaluate_policies.daily_amount, None, "{null}");
        assert_eq!(
            with("")
                .set(&format!("{AMOUNT}={null}"))
                .load()
                .finish()
                .unwrap()
                .0
                .nodes
                .evaluate_policies
                .daily_amount,
            None
        );
    }
    let told = with("").set(&format!("{AMOUNT}=NULL")).set("runtime.strict=Null").mistakes();
    assert_snapshot!(told, @"
    error: `nodes.evaluate_policies.daily_amount`: found `NULL`
      --> command line: --set nodes.evaluate_policies.daily_amount=NULL
      expected: a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals, or null
      hint: write `null` or `~`: no other word is null

    error: `runtime.strict`: found `Null`
      --> command line: --set runtime.strict=Null
      expected: `true` or `false`
      hint: remove the key or give it a value
    ");
    // YAML reads it as null, so it is not a text either.
    let text = scene().file("a.yaml", "version: 1\nscenario: {name: x, description: NULL}\n").mistakes();
    assert_snapshot!(text, @"
    error: `scenario.description`: found `NULL`
      --> a.yaml:2:34
       |
     2 | scenario: {name: x, description: NULL}
       |                                  ^^^^
      expected: text, or null
      hint: put it in quotes if it is a text; only `null` and `~` are null
    ");
}

#[test]
fn a_blank_text_is_an_empty_text() {
    let text = scene()
        .file("a.yaml", "version: 1\nscenario:\n  name: x\n  description:\nadapters: {labels: {a: , b: }}\n");
    let shown = text.entries();
    assert!(shown.contains("scenario.description: \"\"  # a.yaml:4:3\n"), "{shown}");
    assert!(shown.contains("adapters.labels.a: \"\"  # a.yaml:5:21\n"), "{shown}");
    let shown = with("").set("scenario.description= # a ").entries();
    assert!(shown.contains("scenario.description: \" # a \"  # command line"), "{shown}");
    let told = scene().file("a.yaml", "version: 1\nscenario:\n  name:\n").mistakes();
    assert_snapshot!(told, @"
    error: `scenario.name`: found empty text
      --> a.yaml:3:3
       |
     3 |   name:
       |   ^^^^
      expected: text, not empty
      hint: write a text
    ");
}

#[test]
fn a_blank_item_of_a_list_is_refused() {
    let told = with("runtime:\n  tracing:\n    redact:\n      tags:\n        - id\n        -\n        -\n")
        .mistakes();
    assert_snapshot!(told, @"
    error: `runtime.tracing.redact.tags.1`: the item is blank
      --> a.yaml:8:10
       |
     8 |         -
       |          ^
      expected: text
      hint: give it a value, or remove it

    error: `runtime.tracing.redact.tags.2`: the item is blank
      --> a.yaml:9:10
       |
     9 |         -
       |          ^
      expected: text
      hint: give it a value, or remove it
    ");
}

/// A blank map replaces the values of the source before it, and a later key below it would hide that.
#[test]
fn a_later_source_does_not_mend_a_blank() {
    let amount = with("nodes: {evaluate_policies: {daily_amount: }}\n").set(&format!("{AMOUNT}=7"));
    check_blank(amount, AMOUNT, "a.yaml:3:29\n");
    let map = with("nodes: {evaluate_policies: {daily_amount: 7}}\n").file("b.yaml", "nodes:\n");
    check_blank(map.set("nodes.evaluate_policies.daily_attempts=1"), "nodes", "b.yaml:1:1\n");
    let rows = store([("nodes", ""), ("nodes.evaluate_policies.daily_attempts", "1")]);
    check_blank(above(with(""), rows), "nodes", "store://here, row `nodes`\n");
}

#[test]
fn blank_profiles_are_refused() {
    for (more, key) in [("profiles:\n", "profiles"), ("profiles: {a: }\n", "profiles.a")] {
        check_blank(with(more), key, "a.yaml:3:");
    }
    for key in ["profiles", "profiles.a"] {
        check_blank(above(with(""), store([(key, " ")])), key, &format!("store://here, row `{key}`\n"));
    }
}

#[test]
fn a_source_without_keys_gets_a_warning() {
    for nothing in ["", "\n", "# a: 1\n", "---\n", "\u{feff}"] {
        let loaded = with("").file("b.yaml", nothing).load();
        let warnings: Vec<_> = loaded.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 1, "{nothing:?}");
        assert!(
            warnings[0].starts_with("warning: the file holds no keys, and adds nothing\n"),
            "{warnings:?}"
        );
        assert!(loaded.finish().is_ok());
    }
    assert!(with("").file("b.yaml", "{}\n").load().warnings().is_empty(), "that is meant");
}

#[test]
fn a_blank_variable_chooses_no_profile_and_says_so() {
    let loaded = with("profiles: {a: {runtime: {strict: false}}}\n").variable("APP_PROFILE", "").load();
    assert!(loaded.config().runtime.strict);
    assert_snapshot!(loaded.warnings().iter().map(ToString::to_string).collect::<String>(), @"
    warning: the variable is blank: no profile is chosen
      --> environment variable APP_PROFILE=
      expected: the name of a profile
      hint: give it a name, or unset it
    ");
    let flag = with("profiles: {a: {}}\n").variable("APP_PROFILE", "");
    assert!(flag.with(|loader| loader.profile("a", "--profile a")).load().warnings().is_empty());
}
