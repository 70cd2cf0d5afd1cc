//! The speed of reading traces, in whole processes, beside `wc -l` and `jq -c .` on the same file.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::findings::{Figure, Findings};
use super::options::{Options, Part};
use super::programs::{BATCH, Programs, Trace, fund_load};
use super::rounds::{Samples, Workload, interleaved};
use super::scratch::{Scratch, remove, size};
use crate::failure::Failure;

/// A twentieth of the untraced runs' lines: 180 MB of trace by default.
const SHARE: u64 = 20;

pub(crate) fn measure(
    programs: &Programs,
    scratch: &Scratch,
    options: &Options,
) -> Result<Findings, Failure> {
    let [trace, copy] = ["read.jsonl", "read-copy.jsonl"].map(|name| scratch.path(name));
    remove(&trace)?;
    let input = scratch.input(options.lines / SHARE)?;
    let traced = Trace { path: &trace, settings: &BATCH };
    let output = scratch.path("decisions.ndjson");
    fund_load("fund-load", &programs.fund_load, &input, &output, Some(&traced)).run(scratch)?;
    remove(&output)?;
    fs::copy(&trace, &copy).map_err(|source| Failure::file("write", &copy, source))?;

    let ours = |name, words: &[&str], files: &[&Path]| reader(name, &programs.fund_load, words, files);
    let jq = if is_installed("jq") { "jq" } else { "true" };
    let readers = [
        reader("wc -l", Path::new("wc"), &["-l"], &[&trace]),
        ours("trace stats", &["trace", "stats"], &[&trace]),
        ours("trace check", &["trace", "check"], &[&trace]),
        ours("trace diff", &["trace", "diff"], &[&trace, &copy]),
        reader("jq -c .", Path::new(jq), &["-c", "."], &[&trace]),
    ];
    let samples = interleaved(&readers, scratch, options.rounds)?;
    let bytes = size(&trace)?;
    remove(&trace)?;
    remove(&copy)?;
    let figures = readers.iter().zip(&samples).map(|(reader, samples)| {
        // A comparison reads two files.
        figure(reader.name, samples, if reader.name == "trace diff" { 2 * bytes } else { bytes })
    });
    let is_present = |figure: &Figure| jq == "jq" || figure.name != "jq -c .";
    Ok(Findings { comparisons: Vec::new(), figures: figures.filter(is_present).collect() })
}

#[expect(clippy::cast_precision_loss, reason = "files are far shorter than 2^52 bytes")]
fn figure(name: &str, samples: &Samples, bytes: u64) -> Figure {
    Figure {
        part: Part::Reading,
        name: name.to_owned(),
        value: Ok(samples.wall_ns.per(bytes as f64)),
        unit: "ns a byte",
        remark: format!("{:.0} MB/s", bytes as f64 * 1e3 / samples.wall_ns.median()),
    }
}

fn reader(name: &'static str, program: &Path, words: &[&str], files: &[&Path]) -> Workload {
    let args = words.iter().map(OsString::from).chain(files.iter().map(OsString::from)).collect();
    Workload { name, program: program.to_owned(), args, makes: Vec::new() }
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}
