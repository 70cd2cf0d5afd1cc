//! `bench`: how fast traces are read, as whole processes, beside `wc -l` and `jq -c .` on the same file.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::cargo::{executables, root, run};
use crate::failure::Failure;
use crate::stream;

/// How many attempts the trace is of: about 180 MB.
const LINES: &str = "50000";

/// Each command runs so often, in turn with the others; the median counts.
const ROUNDS: usize = 5;

/// A command that reads the trace, and how many times over.
struct Reader {
    name: &'static str,
    command: Vec<OsString>,
    files_read: u32,
}

/// Makes a trace and prints a table of how fast each command reads it.
pub(crate) fn bench() -> Result<(), Failure> {
    let folder = root().join("target").join("bench");
    fs::create_dir_all(&folder).map_err(|source| Failure::file("create", &folder, source))?;
    let [fund_load] =
        executables(&["--release", "--package", "fund-load", "--bin", "fund-load"], ["fund-load"])?;
    let (trace, bytes) = make_trace(&fund_load, &folder)?;

    let copy = folder.join("copy.jsonl");
    fs::copy(&trace, &copy).map_err(|source| Failure::file("write", &copy, source))?;
    let ours = |command: &str, files: &[&Path]| {
        let words = [fund_load.as_os_str().to_owned(), "trace".into(), command.into()];
        words.into_iter().chain(files.iter().map(|file| file.as_os_str().to_owned())).collect::<Vec<_>>()
    };
    let other =
        |words: &[&str]| words.iter().map(OsString::from).chain([trace.clone().into_os_string()]).collect();
    let readers = [
        Reader { name: "wc -l", command: other(&["wc", "-l"]), files_read: 1 },
        Reader { name: "trace stats", command: ours("stats", &[&trace]), files_read: 1 },
        Reader { name: "trace check", command: ours("check", &[&trace]), files_read: 1 },
        Reader { name: "trace diff", command: ours("diff", &[&trace, &copy]), files_read: 2 },
        Reader { name: "jq -c .", command: other(&["jq", "-c", "."]), files_read: 1 },
    ];
    let mut seconds = vec![Vec::new(); readers.len()];
    for _ in 0..ROUNDS {
        for (reader, seconds) in readers.iter().zip(&mut seconds) {
            seconds.extend(time(reader)?);
        }
    }
    crate::say(&format!("a trace of {} MB, {ROUNDS} runs each, wall time", bytes / 1_000_000));
    crate::say(&format!("{:<12}{:>10}{:>10}{:>10}{:>12}", "", "min s", "median s", "max s", "MB/s"));
    for (reader, mut seconds) in readers.iter().zip(seconds) {
        seconds.sort_by(f64::total_cmp);
        crate::say(&match seconds[..] {
            [] => format!("{:<12}{:>10}", reader.name, "not installed"),
            [min, .., max] => row(reader, bytes, min, seconds[seconds.len() / 2], max),
            [only] => row(reader, bytes, only, only, only),
        });
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn row(reader: &Reader, bytes: u64, min: f64, median: f64, max: f64) -> String {
    let rate = bytes as f64 * f64::from(reader.files_read) / median / 1e6;
    format!("{:<12}{min:>10.2}{median:>10.2}{max:>10.2}{rate:>12.0}", reader.name)
}

/// Makes the trace and returns its path and size.
fn make_trace(fund_load: &Path, folder: &Path) -> Result<(std::path::PathBuf, u64), Failure> {
    let (input, trace) = (folder.join("attempts.ndjson"), folder.join("trace.jsonl"));
    let words = ["--kind", "clean", "--lines", LINES, "--seed", "7", "--output"];
    stream::stream(&words.map(OsString::from).into_iter().chain([input.clone().into()]).collect::<Vec<_>>())?;
    match fs::remove_file(&trace) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            return Err(Failure::file("remove", &trace, source));
        }
        _ => {}
    }
    run(Command::new(fund_load)
        .args(["run", "--set", "runtime.tracing.sink.jsonl.flush_every_n=2000"])
        .arg("--input")
        .arg(&input)
        .arg("--output")
        .arg(folder.join("decisions.ndjson"))
        .arg("--trace-path")
        .arg(&trace))?;
    let bytes = trace.metadata().map_err(|source| Failure::file("read", &trace, source))?.len();
    Ok((trace, bytes))
}

/// Returns how long the command takes, `None` if it is not installed.
fn time(reader: &Reader) -> Result<Option<f64>, Failure> {
    let mut command = Command::new(&reader.command[0]);
    command.args(&reader.command[1..]).stdout(Stdio::null());
    #[expect(clippy::disallowed_methods, reason = "this is a benchmark")]
    let started = Instant::now();
    match command.status() {
        Ok(status) if status.success() => Ok(Some(started.elapsed().as_secs_f64())),
        Ok(status) => Err(Failure::command(&command, status)),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Failure::start(&command, source)),
    }
}
