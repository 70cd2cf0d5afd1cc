//! The seeds of each target, as plain tests: properties of any bytes hold for these.

use std::fs;
use std::path::Path;

/// Hands every seed of a target to its function.
#[track_caller]
fn check(target: &str, body: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&seeds).unwrap_or_else(|error| panic!("{}: {error}", seeds.display())) {
        body(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "`{}` is empty", seeds.display());
}

#[test]
fn lines() {
    check("line", super::line);
}

#[test]
fn amounts() {
    check("amount", super::amount);
}

#[test]
fn times() {
    check("time", super::time);
}

#[test]
fn configurations() {
    check("configuration", super::configuration);
}

#[test]
fn traces() {
    check("trace_reader", super::trace_reader);
}

#[test]
fn checkpoints() {
    check("checkpoint", super::checkpoint);
}
