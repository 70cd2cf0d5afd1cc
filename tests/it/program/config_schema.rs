//! The JSON Schema of the configuration, as an editor reads it, compared with configurations and with `check`.

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::Value;
use stream_kernel_tests::streams::configuration;

use super::editor_cases;
use super::folder::Folder;
use super::harness::Program;
use super::json_schemas::validator_of;

const BASELINE: &str = include_str!("../../../fixtures/baseline.yaml");
const EXP_MP: &str = include_str!("../../../fixtures/exp_mp.yaml");

/// Checks that the schema accepts each configuration or none, and that the program agrees.
#[track_caller]
fn check(configurations: impl IntoIterator<Item = String>, is_valid: bool) {
    let validator = validator_of(&["config", "schema"]);
    for yaml in configurations {
        let value: Value = serde_yaml::from_str(&yaml).unwrap();
        let mistakes: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(mistakes.is_empty(), is_valid, "{mistakes:?}\n{yaml}");
        let folder = Folder::new();
        folder.write("config.yaml", &yaml);
        let outcome = Program::new(&folder).args(["check", "--config", "config.yaml"]).run();
        assert_eq!(outcome.exit, if is_valid { 0 } else { 2 }, "{}\n{yaml}", outcome.stderr);
    }
}

#[test]
fn configurations_that_the_program_takes_are_valid() {
    let changed = |from: &str, to: &str| {
        assert!(BASELINE.contains(from), "{from}");
        BASELINE.replacen(from, to, 1)
    };
    check(
        [
            BASELINE.to_owned(),
            EXP_MP.to_owned(),
            "{version: 1, scenario: {name: least}}".to_owned(),
            changed("daily_amount: 5000.00", "daily_amount: '5000.00'"),
            changed("daily_amount: 5000.00", "daily_amount: null"),
            changed("fsync_every_n: null", "fsync_every_n: 1"),
        ],
        true,
    );
}

#[test]
fn configurations_that_the_program_refuses_are_not_valid() {
    let changed = |(from, to): (&str, &str)| {
        assert!(BASELINE.contains(from), "{from}");
        BASELINE.replacen(from, to, 1)
    };
    check(
        [
            ("version: 1 ", "version: 2 "),
            ("version: 1 ", ""),
            ("name: baseline ", "title: baseline "),
            ("name: baseline ", "name: '' "),
            ("strict: true", "strict: maybe"),
            ("strict: true", "strikt: true"),
            ("on_step_error: stop", "on_step_error: retry"),
            ("mode: type_and_identity", "mode: Hash"),
            ("whitelist: [tags, metrics]", "whitelist: tags"),
            ("flush_every_n: 100", "flush_every_n: 0"),
            ("week_start: MON", "week_start: monday"),
            ("multiplier: 2.0", "multiplier: true"),
            ("daily_amount: 5000.00", "daily_amount: [5000.00]"),
            ("daily_attempts: 3", "daily_attempts: 1.5"),
        ]
        .map(changed),
        false,
    );
}

#[test]
fn editors_accept_what_the_program_accepts() {
    check(editor_cases::sound(), true);
}

#[test]
fn editors_flag_what_the_program_refuses() {
    check(editor_cases::mistaken().into_iter().map(|(yaml, _)| yaml), false);
}

proptest! {
    #[test]
    fn random_configurations_are_valid(drawn in configuration()) {
        static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| validator_of(&["config", "schema"]));
        let value: Value = serde_yaml::from_str(&drawn.yaml).unwrap();
        let mistakes: Vec<String> = VALIDATOR.iter_errors(&value).map(|error| error.to_string()).collect();
        prop_assert!(mistakes.is_empty(), "{mistakes:?}\n{}", drawn.yaml);
    }
}
