//! Remote sources against servers: stand-ins that misbehave, and real ones.
//!
//! Each real server is started by the test that needs it, on a free port of the loopback interface with its data in a
//! temporary folder, and ended by its process id. Where a server is not installed, its tests say so and pass; with the
//! environment variable `REQUIRE_SERVERS` set they fail.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod consul;
mod etcd;
mod postgres;
mod process;
mod redis;
mod stand_in;
mod tls;
mod waiting;

use std::sync::Arc;

use stream_kernel_config::{Row, Source, SourceError};

/// A password that must never be shown.
const PASSWORD: &str = "s3cret";

fn open(url: &str) -> Arc<dyn Source> {
    let source =
        stream_kernel_config_remote::open(url).expect("the scheme is one of ours").expect("the URL is right");
    assert!(!source.name().contains(PASSWORD) && !format!("{source:?}").contains(PASSWORD), "{source:?}");
    source
}

/// Returns the rows of a source: key paths and values.
fn read(url: &str) -> Vec<(String, String)> {
    let rows = open(url).rows().unwrap_or_else(|problem| panic!("{url}: {problem:?}"));
    rows.into_iter().map(|Row { key, value, .. }| (key, value)).collect()
}

/// Returns the rows of a source: places.
fn places(url: &str) -> Vec<String> {
    open(url).rows().unwrap().into_iter().map(|row| row.place).collect()
}

/// Returns why an existing source cannot be used, after checking that the message shows no credentials and has a
/// remedy.
fn refused(url: &str) -> String {
    shown(url, |error| matches!(error, SourceError::Unusable(_)))
}

/// Returns why a source is missing, after the same check: a run may do without it.
fn unavailable(url: &str) -> String {
    shown(url, |error| matches!(error, SourceError::Unavailable(_)))
}

fn shown(url: &str, is_expected: impl Fn(&SourceError) -> bool) -> String {
    let error = open(url).rows().expect_err(url);
    let shown = format!("{error:?}");
    assert!(is_expected(&error), "{shown}");
    assert!(!shown.contains(PASSWORD), "{shown}");
    assert!(shown.contains("expected: Some") && shown.contains("hint: Some"), "{shown}");
    shown
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Checks that `shown` holds all of `parts`.
#[track_caller]
fn assert_says(shown: &str, parts: &[&str]) {
    for part in parts {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
}
