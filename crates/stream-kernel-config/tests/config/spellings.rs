//! Values that are nearly right: hints lead to the right spelling, and variables with nearly our names are noticed.
#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has to fail")]

use insta::assert_snapshot;

use crate::app::{scene, with};

/// Returns the hint of the only mistake in a setting.
#[track_caller]
fn hint(setting: &str) -> String {
    let told = with("").set(setting).mistakes();
    assert_eq!(told.matches("error: ").count(), 1, "{told}");
    told.split_once("\n  hint: ").unwrap().1.to_owned()
}

#[test]
fn quotes_are_removed_only_where_there_are_some() {
    for (value, expected) in [
        ("'3'", "remove the quotes"),
        ("\"-3\"", "remove the quotes"),
        ("010", "write `10`: no zeros in front, and nothing between the digits"),
        ("'010'", "write `10`: no zeros in front, and nothing between the digits"),
        ("-007", "write `-7`: no zeros in front, and nothing between the digits"),
        ("1_000", "write `1000`: no zeros in front, and nothing between the digits"),
        ("000", "write `0`: no zeros in front, and nothing between the digits"),
        ("inf", "write a whole number from 0 to 1000"),
        ("nan", "write a whole number from 0 to 1000"),
        ("1e", "write a whole number from 0 to 1000"),
        ("12:30:00", "write a whole number from 0 to 1000"),
        ("5,000", "write a whole number from 0 to 1000"),
    ] {
        assert_eq!(hint(&format!("nodes.evaluate_policies.daily_attempts={value}")), expected, "{value}");
    }
    for (value, expected) in [("'0.5'", "remove the quotes"), ("infinity", "write a number from 0 to 1")] {
        assert_eq!(hint(&format!("adapters.input_source.share={value}")), expected, "{value}");
    }
    for value in ["'true'", "tRUE", "\"True\""] {
        let expected = "write `true`, without quotes and in lower case";
        assert_eq!(hint(&format!("runtime.strict={value}")), expected, "{value}");
    }
}

#[test]
fn a_number_out_of_bounds_is_reported_with_them() {
    for (setting, expected) in [
        ("nodes.evaluate_policies.daily_attempts=1001", "write a whole number from 0 to 1000"),
        ("nodes.evaluate_policies.daily_attempts=-1", "write a whole number from 0 to 1000"),
        ("adapters.input_source.max_line_bytes=-1", "write a whole number of at least 0"),
        (
            "adapters.input_source.max_line_bytes=18446744073709551616",
            "write a whole number from 0 to 18446744073709551615",
        ),
        ("adapters.input_source.share=1.5", "write a number from 0 to 1"),
        (
            "nodes.evaluate_policies.daily_amount=-1",
            "write a decimal number from 0.00 to 999999999999999.99 with at most 2 decimals",
        ),
        ("version=2", "write `1`"),
    ] {
        assert_eq!(hint(setting), expected, "{setting}");
    }
}

#[test]
fn a_variable_with_single_underscores_gets_its_right_name() {
    let warnings = |names: &[&str]| {
        let scene = names.iter().fold(with(""), |scene, name| scene.variable(name, "x"));
        let loaded = scene.load();
        let warnings: Vec<_> = loaded.warnings().iter().map(ToString::to_string).collect();
        assert!(loaded.finish().is_ok());
        warnings
    };
    assert_snapshot!(warnings(&["APP_RUNTIME_STRICT"]).join("\n"), @"
    warning: this variable is not read: two underscores stand between keys
      --> environment variable APP_RUNTIME_STRICT=x
      expected: `APP__RUNTIME__STRICT`
      hint: rename it, or unset it
    ");
    for (name, key) in [
        ("APP_VERSION", "APP__VERSION"),
        ("APP_RUNTIME", "APP__RUNTIME"),
        ("APP_RUNTIME__STRICT", "APP__RUNTIME__STRICT"),
        ("APP_RUNTIME_ON_STEP_ERROR", "APP__RUNTIME__ON_STEP_ERROR"),
        ("APP___RUNTIME_ON_STEP_ERROR", "APP__RUNTIME__ON_STEP_ERROR"),
        ("APP_NODES_EVALUATE_POLICIES_DAILY_AMOUNT", "APP__NODES__EVALUATE_POLICIES__DAILY_AMOUNT"),
        ("APP_RUNTIME_TRACING_SINK_JSONL_FLUSH_EVERY_N", "APP__RUNTIME__TRACING__SINK__JSONL__FLUSH_EVERY_N"),
    ] {
        // A variable with the prefix and two underscores is ours, and a mistake.
        if name.starts_with("APP__") {
            let told = with("").variable(name, "x").mistakes();
            assert!(told.ends_with(&format!("hint: did you mean `{key}`?")), "{told}");
            continue;
        }
        let warnings = warnings(&[name]);
        assert_eq!(warnings.len(), 1, "{name}: {warnings:?}");
        assert!(warnings[0].contains(&format!("\n  expected: `{key}`\n")), "{warnings:?}");
    }
    let silent =
        ["APP_PORT", "APP_RUNTIME_STRIKT", "APP_RUNTIMESTRICT", "APP", "RUNTIME_STRICT", "MYAPP_VERSION"];
    assert_eq!(warnings(&silent), [""; 0]);
}

#[test]
fn the_profile_variable_has_one_underscore() {
    let told =
        scene().file("a.yaml", "version: 1\nscenario: {name: x}\n").variable("APP__PROFILE", "a").mistakes();
    assert!(told.ends_with("hint: did you mean `APP_PROFILE`?"), "{told}");
}
