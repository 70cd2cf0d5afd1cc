//! `config diff`: in which values two configurations differ.

use serde_json::{Value, json};
use stream_kernel_run::Application;
use stream_kernel_run::config::{Effective, Entry};

use crate::cli::Options;
use crate::commands::{Environment, prepare_from, pretty};
use crate::failure::Failure;
use crate::trace_commands::print;

/// Prints every value that differs, and returns the exit code: 0 if none does, else 1.
pub(crate) fn diff<A: Application>(
    sources: [&String; 2],
    json: bool,
    options: &Options,
    environment: &Environment,
) -> Result<u8, Failure> {
    options.check()?;
    if options.config.iter().any(|source| source == "-") {
        return Err(Failure::usage(
            "`--config -` would be read for each of the two, and standard input can be read once",
        ));
    }
    if sources[0] == "-" && sources[1] == "-" {
        return Err(Failure::usage("both configurations are `-`, and standard input can be read once"));
    }
    let effective = |source: &str| -> Result<Effective, Failure> {
        let loader = options.loader::<A>(environment.clone())?.location(source);
        Ok(prepare_from::<A>(loader)?.effective().clone())
    };
    let [a, b] = [effective(sources[0])?, effective(sources[1])?];
    let differences = differences(&a, &b);
    if json {
        let of = |entry: Option<&Entry>| {
            entry.map_or(
                Value::Null,
                |entry| json!({"value": entry.value, "origin": entry.origin.to_string()}),
            )
        };
        let rows = differences.iter().map(|(key, [a, b])| json!({"key": key, "a": of(*a), "b": of(*b)}));
        print(&pretty(&rows.collect()))?;
    } else {
        print(&differences.iter().map(|(_, entries)| told(*entries)).collect::<String>())?;
    }
    Ok(u8::from(!differences.is_empty()))
}

/// Returns the keys whose values differ, or that only one has, in the order of `a` and then of `b`.
fn differences<'e>(a: &'e Effective, b: &'e Effective) -> Vec<(&'e str, [Option<&'e Entry>; 2])> {
    let find =
        |effective: &'e Effective, key: &str| effective.entries().iter().find(|entry| entry.key == key);
    let only_in_b = b.entries().iter().filter(|entry| find(a, &entry.key).is_none());
    let keys = a.entries().iter().chain(only_in_b).map(|entry| entry.key.as_str());
    let pairs = keys.map(|key| (key, [find(a, key), find(b, key)]));
    pairs.filter(|(_, [a, b])| a.map(|entry| &entry.value) != b.map(|entry| &entry.value)).collect()
}

/// Returns the value of each that has one, with where it came from.
fn told(entries: [Option<&Entry>; 2]) -> String {
    let with_sign = ["-", "+"].into_iter().zip(entries);
    with_sign.filter_map(|(sign, entry)| entry.map(|entry| format!("{sign} {entry}\n"))).collect()
}
