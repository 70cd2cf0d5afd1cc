//! Limits on a run's memory: the application names them, and each is a key like any other.
#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has to fail")]

use insta::assert_snapshot;
use stream_kernel_config::{Config, Loader, Variable};

use crate::app::{Adapters, Nodes, loader};

fn plain() -> Loader {
    loader().built_in("built in", "version: 1\nscenario: {name: test}\n")
}

fn with_limits() -> Loader {
    plain()
        .limit("max_words", "The most words that are told apart.")
        .limit("max_authors", "The most authors.")
}

/// Returns the mistakes in a setting.
fn mistakes(loader: Loader, setting: &str) -> String {
    loader.set(setting).load::<Config<Nodes, Adapters>>().unwrap().finish().unwrap_err().to_string()
}

fn config(settings: &[&str]) -> Config<Nodes, Adapters> {
    let loader = settings.iter().fold(with_limits(), |loader, setting| loader.set(*setting));
    loader.load().unwrap().finish().unwrap().0
}

#[test]
fn a_limit_is_none_unless_it_is_set() {
    let runtime =
        config(&["runtime.limits.max_authors=1", "runtime.limits.max_words=18446744073709551615"]).runtime;
    assert_eq!(runtime.limit("max_authors").map(u64::from), Some(1));
    assert_eq!(runtime.limit("max_words").map(u64::from), Some(u64::MAX));
    let runtime = config(&["runtime.limits.max_authors=7", "runtime.limits.max_authors=null"]).runtime;
    assert_eq!((runtime.limit("max_authors"), runtime.limit("max_words")), (None, None));
}

#[test]
fn every_limit_is_shown_and_listed_with_its_default() {
    let (_, effective) = with_limits().load::<Config<Nodes, Adapters>>().unwrap().finish().unwrap();
    let shown: Vec<_> = effective.entries().iter().map(ToString::to_string).collect();
    assert!(shown.contains(&"runtime.limits.max_words: null  # built-in default".to_owned()), "{shown:?}");
    let variables = with_limits().variables::<Config<Nodes, Adapters>>().unwrap();
    let variable =
        variables.iter().find(|variable| variable.name == "APP__RUNTIME__LIMITS__MAX_WORDS").unwrap();
    let Variable { expected, default, description, .. } = variable;
    assert_snapshot!(format!("{expected} | {default:?} | {description}"), @r#"a whole number of at least 1, or null | Some("null") | The most words that are told apart."#);
}

#[test]
fn a_limit_is_at_least_1_and_has_a_name_that_is_known() {
    let all = ["max_words=0", "max_words=-1", "max_words=1.5", "max_words='7'", "max_word=7"];
    let told = all.map(|setting| mistakes(with_limits(), &format!("runtime.limits.{setting}")));
    assert_snapshot!(told.join("\n\n"), @"
    error: `runtime.limits.max_words`: found the number `0`
      --> command line: --set runtime.limits.max_words=0
      expected: a whole number of at least 1, or null
      hint: write a whole number of at least 1

    error: `runtime.limits.max_words`: found the number `-1`
      --> command line: --set runtime.limits.max_words=-1
      expected: a whole number of at least 1, or null
      hint: write a whole number of at least 1

    error: `runtime.limits.max_words`: found the number `1.5`
      --> command line: --set runtime.limits.max_words=1.5
      expected: a whole number of at least 1, or null
      hint: write a whole number of at least 1

    error: `runtime.limits.max_words`: found text `7`
      --> command line: --set runtime.limits.max_words='7'
      expected: a whole number of at least 1, or null
      hint: remove the quotes

    error: `runtime.limits.max_word`: unknown key
      --> command line: --set runtime.limits.max_word=7
      expected: one of `max_words`, `max_authors`
      hint: did you mean `max_words`?
    ");
}

#[test]
fn an_application_without_limits_has_no_such_group() {
    assert_snapshot!(mistakes(plain(), "runtime.limits.max_words=7"), @"
    error: `runtime.limits`: unknown key
      --> command line: --set runtime.limits.max_words=7
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: check its spelling and its place, or remove it
    ");
}
