//! The measured programs, built with optimisations, and their arguments.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::rounds::Workload;
use super::scratch::{Input, Scratch};
use crate::cargo::executables;
use crate::failure::Failure;

/// The paths of the programs.
pub(crate) struct Programs {
    pub(crate) fund_load: PathBuf,
    pub(crate) copy_lines: PathBuf,
    pub(crate) plain_loop: PathBuf,
    pub(crate) ready_made_lines: PathBuf,
    pub(crate) serde_json: PathBuf,
    pub(crate) slog_json: PathBuf,
    pub(crate) tracing: PathBuf,
    pub(crate) fastrace: PathBuf,
    pub(crate) opentelemetry: PathBuf,
}

const FUND_LOAD: [&str; 6] = ["build", "--release", "--package", "fund-load", "--bin", "fund-load"];

impl Programs {
    /// Builds all programs except the one without a recorder.
    pub(crate) fn build() -> Result<Self, Failure> {
        let names = [
            "copy_lines",
            "plain_loop",
            "ready_made_lines",
            "peer_serde_json",
            "peer_slog_json",
            "peer_tracing",
            "peer_fastrace",
            "peer_opentelemetry",
        ];
        let [
            copy_lines,
            plain_loop,
            ready_made_lines,
            serde_json,
            slog_json,
            tracing,
            fastrace,
            opentelemetry,
        ] = executables(&["build", "--release", "--package", "stream-kernel-benches", "--bins"], names)?;
        Ok(Self {
            // Alone, so that its dependencies have only the features that a user gets.
            fund_load: build_fund_load()?,
            copy_lines,
            plain_loop,
            ready_made_lines,
            serde_json,
            slog_json,
            tracing,
            fastrace,
            opentelemetry,
        })
    }
}

/// Builds fund-load in a user's configuration.
pub(crate) fn build_fund_load() -> Result<PathBuf, Failure> {
    let [fund_load] = executables(&FUND_LOAD, ["fund-load"])?;
    Ok(fund_load)
}

/// Builds fund-load with a runner without a recorder, in a target folder of its own.
pub(crate) fn build_without_recorder(scratch: &Scratch) -> Result<PathBuf, Failure> {
    let folder = scratch.path("without-recorder").display().to_string();
    let mut args = FUND_LOAD.to_vec();
    args.extend(["--target-dir", &folder, "--config", r#"build.rustflags=["--cfg=without_recorder"]"#]);
    let [fund_load] = executables(&args, ["fund-load"])?;
    Ok(fund_load)
}

/// A trace for fund-load to write.
pub(crate) struct Trace<'a> {
    pub(crate) path: &'a Path,
    /// Settings below `runtime.tracing`.
    pub(crate) settings: &'a [&'a str],
}

/// Batches as large as the sink makes them.
pub(crate) const BATCH: [&str; 2] = ["sink.jsonl.write_mode=batch", "sink.jsonl.flush_every_n=1000000"];

/// Returns a run of fund-load.
pub(crate) fn fund_load(
    name: &'static str,
    program: &Path,
    input: &Input,
    output: &Path,
    trace: Option<&Trace<'_>>,
) -> Workload {
    let mut args = vec![OsString::from("run")];
    args.extend(["--input".into(), input.path.clone().into(), "--output".into(), output.into()]);
    let mut makes = vec![output.to_owned()];
    if let Some(Trace { path, settings }) = trace {
        args.extend(["--trace-path".into(), path.into()]);
        for setting in *settings {
            args.extend(["--set".into(), format!("runtime.tracing.{setting}").into()]);
        }
        makes.push(path.to_path_buf());
    }
    Workload { name, program: program.to_owned(), args, makes }
}

/// Returns a run of a program that takes the plain loop's options.
pub(crate) fn peer(
    name: &'static str,
    program: &Path,
    input: &Input,
    output: &Path,
    trace: Option<&Path>,
) -> Workload {
    let mut args =
        vec![OsString::from("--input"), input.path.clone().into(), "--output".into(), output.into()];
    args.extend(trace.iter().flat_map(|trace| ["--trace".into(), trace.into()]));
    let makes = [output].into_iter().chain(trace).map(Path::to_owned).collect();
    Workload { name, program: program.to_owned(), args, makes }
}
