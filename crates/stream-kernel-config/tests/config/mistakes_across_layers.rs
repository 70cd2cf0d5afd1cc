//! Mistakes outside files, and in several layers at once.

use insta::assert_snapshot;

use crate::app::{scene, with};

#[test]
fn removed_keys_are_refused_with_their_replacements() {
    let text = "runtime: {discovery_modules: [a]}\nadapters:\n  input_source: {factory: {x: 1}}\n";
    let scene =
        with(text).set("adapters.input_source.factory=x").variable("APP__RUNTIME__DISCOVERY_MODULES", "x");
    assert_snapshot!(scene.mistakes(), @"
    error: `runtime.discovery_modules`: this key is no longer used
      --> a.yaml:3:11
       |
     3 | runtime: {discovery_modules: [a]}
       |           ^^^^^^^^^^^^^^^^^
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: steps are registered in code; remove the key

    error: `adapters.input_source.factory`: this key is no longer used
      --> a.yaml:5:18
       |
     5 |   input_source: {factory: {x: 1}}
       |                  ^^^^^^^
      expected: one of `path`, `max_line_bytes`, `share`
      hint: adapters are chosen by `kind`; remove the key

    error: `runtime.discovery_modules`: unknown environment variable
      --> environment variable APP__RUNTIME__DISCOVERY_MODULES=x
      expected: the variable of a key that exists
      hint: steps are registered in code; remove the key

    error: `adapters.input_source.factory`: this key is no longer used
      --> command line: --set adapters.input_source.factory=x
      expected: one of `path`, `max_line_bytes`, `share`
      hint: adapters are chosen by `kind`; remove the key
    ");
}

#[test]
fn the_environment_is_checked_like_a_file() {
    let scene = with("")
        .variable("APP__RUNTIME__STRICT", "maybe")
        .variable("APP__RUNTIME__STRICKT", "true")
        .variable("APP__runtime__strict", "true")
        .variable("APP__NODES", "{compute_time_keys: {week: 1}}")
        .variable("APP__RUNTIME__PIPELINE", "[a, b")
        .variable("APP_RUNTIME__STRICT", "not ours")
        .variable("OTHER__RUNTIME__STRICT", "not ours");
    assert_snapshot!(scene.mistakes(), @"
    warning: this variable is not read: two underscores stand between keys
      --> environment variable APP_RUNTIME__STRICT=not ours
      expected: `APP__RUNTIME__STRICT`
      hint: rename it, or unset it

    error: `nodes.compute_time_keys.week`: unknown key
      --> environment variable APP__NODES={compute_time_keys: {week: 1}}
      expected: `week_start`
      hint: check its spelling and its place, or remove it

    error: `runtime.pipeline`: not YAML: while parsing a flow sequence, expected ',' or ']'
      --> environment variable APP__RUNTIME__PIPELINE=[a, b
      expected: a list, each item text
      hint: look for a tab, wrong indentation, or a quote, bracket or colon too many or too few, here or before

    error: `runtime.strickt`: unknown environment variable
      --> environment variable APP__RUNTIME__STRICKT=true
      expected: the variable of a key that exists
      hint: did you mean `APP__RUNTIME__STRICT`?

    error: `runtime.strict`: found text `maybe`
      --> environment variable APP__RUNTIME__STRICT=maybe
      expected: `true` or `false`
      hint: write `true` or `false`

    error: `runtime.strict`: unknown environment variable
      --> environment variable APP__runtime__strict=true
      expected: the variable of a key that exists
      hint: did you mean `APP__RUNTIME__STRICT`?
    ");
}

#[test]
#[cfg(unix)]
fn a_variable_must_be_utf_8() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    let bytes = |text: &[u8]| OsString::from_vec(text.to_vec());
    let variables = [(bytes(b"APP__SCENARIO__NAME"), bytes(b"\xff")), (bytes(b"APP__X\xff"), bytes(b"1"))];
    assert_snapshot!(with("").with(|loader| loader.environment(variables)).mistakes(), @"
    error: `scenario.name`: not UTF-8
      --> environment variable APP__SCENARIO__NAME=�
      expected: a value in UTF-8
      hint: set it anew

    error: `x�`: unknown environment variable
      --> environment variable APP__X�=1
      expected: the variable of a key that exists
      hint: unset it
    ");
}

#[test]
fn assignments_are_checked_like_a_file() {
    let scene = with("")
        .set("runtime.strict")
        .set("runtime.strickt=true")
        .set("runtime.strict.0=parse")
        .set("runtime.pipeline=- parse")
        .set("nodes.evaluate_policies.daily_attempts=-1")
        .set("nodes=!!str x")
        .with(|loader| loader.flag("--tracing maybe", "runtime.tracing.enabled", "maybe"));
    assert_snapshot!(scene.mistakes(), @"
    error: `--set` without a value
      --> command line: --set runtime.strict
      expected: `--set KEY=VALUE`
      hint: write the key path, `=` and the value: `--set runtime.strict=false`

    error: `runtime.strickt`: unknown key
      --> command line: --set runtime.strickt=true
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: did you mean `strict`?

    error: `runtime.strict`: no keys below this one
      --> command line: --set runtime.strict.0=parse
      expected: `true` or `false`
      hint: set `runtime.strict` as a whole

    error: `runtime.pipeline`: a map or list that is not in YAML flow style
      --> command line: --set runtime.pipeline=- parse
      expected: a list, each item text
      hint: write `{key: value}` or `[item, item]`

    error: `nodes`: found text `x`
      --> command line: --set nodes=!!str x
      expected: a map with the keys `compute_time_keys`, `evaluate_policies`
      hint: write keys with their values: `{key: value}`

    error: `runtime.tracing.enabled`: found text `maybe`
      --> command line: --tracing maybe
      expected: `true` or `false`
      hint: write `true` or `false`
    ");
}

#[test]
fn mistakes_of_all_layers_come_in_their_order() {
    let scene = scene()
        .file("a.yaml", "version: one\nscenario: {name: x}\nzzz: 1\n")
        .file("b.yaml", "runtime:\n  on_step_error: halt\n  strikt: true\n")
        .variable("APP__RUNTIME__STRICT", "2")
        .set("runtime.tracing.enabled=2");
    assert_snapshot!(scene.mistakes(), @"
    error: `version`: found text `one`
      --> a.yaml:1:10
       |
     1 | version: one
       |          ^^^
      expected: the number 1
      hint: write `1`

    error: `zzz`: unknown key
      --> a.yaml:3:1
       |
     3 | zzz: 1
       | ^^^
      expected: one of `version`, `scenario`, `runtime`, `nodes`, `adapters`
      hint: check its spelling and its place, or remove it

    error: `runtime.on_step_error`: found text `halt`
      --> b.yaml:2:18
       |
     2 |   on_step_error: halt
       |                  ^^^^
      expected: one of `stop`, `continue`
      hint: choose one of them; letter case counts

    error: `runtime.strikt`: unknown key
      --> b.yaml:3:3
       |
     3 |   strikt: true
       |   ^^^^^^
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: did you mean `strict`?

    error: `runtime.strict`: found the number `2`
      --> environment variable APP__RUNTIME__STRICT=2
      expected: `true` or `false`
      hint: write `true` or `false`

    error: `runtime.tracing.enabled`: found the number `2`
      --> command line: --set runtime.tracing.enabled=2
      expected: `true` or `false`
      hint: write `true` or `false`
    ");
}

#[test]
fn a_mistake_that_a_later_layer_replaces_is_none() {
    let scene = with("runtime: {strict: 5}\n").set("runtime.strict=false");
    assert!(!scene.load().config().runtime.strict);
}
