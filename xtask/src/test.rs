//! `test` and `bless`: the tests, with their programs built beforehand.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{cargo, executables, has_subcommand, root, run};
use crate::failure::Failure;

/// The common arguments of all test builds: with other packages or features, most crates would be built again.
///
/// Durability bugs can be injected only in tests that ask for one.
const SELECTION: [&str; 3] = ["--workspace", "--features", "stream-kernel-checkpoint/injected-faults"];

/// The tests that take runs through faults: a sample, or every fault at every operation with `SWEEPS=all` in their
/// environment.
const SWEEPS: [&str; 5] = ["faults::", "recover", "disturbed_runs", "damage_is", PLANTED];

/// The injected bugs that sweeps must find: only complete sweeps are sure to.
const PLANTED: &str = "injected::";

/// Makes glibc keep freed memory: each case of a sweep takes the same again, and asking the system for it would take a
/// fifth of the time.
const KEEPING_MEMORY: [(&str, &str); 2] =
    [("MALLOC_TRIM_THRESHOLD_", "268435456"), ("MALLOC_MMAP_THRESHOLD_", "33554432")];

/// Runs every test and doc test of the workspace; `args` go to `cargo test`. Those that need complete sweeps are left
/// out, unless `SWEEPS=all` is in the environment.
///
/// With `--exhaustive` as the first argument, sweeps are complete, and only they run, unless further arguments select
/// tests.
pub(crate) fn test(args: &[OsString]) -> Result<(), Failure> {
    match args {
        [flag] if flag == "--exhaustive" => {
            crate::say("every fault at every operation; `cargo xtask test` runs all other tests");
            run(tests(args)?.env("SWEEPS", "all").args(["--tests", "--"]).args(SWEEPS))
        }
        [flag, rest @ ..] if flag == "--exhaustive" => run(tests(rest)?.env("SWEEPS", "all").args(rest)),
        [] if is_exhaustive() => run(&mut tests(args)?),
        [] => run(tests(args)?.args(["--", "--skip", PLANTED])),
        _ => run(tests(args)?.args(args)),
    }
}

/// Returns whether the environment asks for complete sweeps.
fn is_exhaustive() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the environment is that of the tests")]
    let sweeps = std::env::var_os("SWEEPS");
    sweeps.is_some_and(|sweeps| sweeps == "all")
}

/// Runs the tests and records their results as the new snapshots; `args` go to `cargo test`.
pub(crate) fn bless(args: &[OsString]) -> Result<(), Failure> {
    // Snapshots pending from an earlier run may be outdated.
    for path in pending_snapshots(root())? {
        fs::remove_file(&path).map_err(|source| Failure::file("remove", &path, source))?;
    }
    // Passing is forced so that one test's second snapshot is recorded as well as its first.
    run(tests(args)?.args(args).env("INSTA_UPDATE", "always").env("INSTA_FORCE_PASS", "1"))?;
    // A running test cannot edit its own source: insta leaves inline snapshots beside it.
    let pending = pending_snapshots(root())?;
    if !pending.is_empty() {
        if !has_subcommand("insta") {
            let files = pending.iter().map(|path| path.display().to_string()).collect();
            return Err(Failure::Pending { files });
        }
        run(&mut cargo(["insta", "accept"]))?;
    }
    crate::say("snapshots recorded: read `git diff` before you commit, each change is a change of behaviour");
    Ok(())
}

/// Returns `cargo test` with the path of the freshly built program in its environment.
///
/// The tests are a package of their own, which gets no `CARGO_BIN_EXE_*` from cargo.
fn tests(args: &[OsString]) -> Result<Command, Failure> {
    // All in one build if all are to run, so that no core waits for the program alone.
    let fund_load = if args.is_empty() { built_with_tests(&[])? } else { tested_program()? };
    let mut command = cargo(["test"]);
    command.args(SELECTION).env("FUND_LOAD_BIN", fund_load).envs(KEEPING_MEMORY);
    Ok(command)
}

/// Returns the path of the freshly built program, in the build for tests.
pub(crate) fn tested_program() -> Result<PathBuf, Failure> {
    built_with_tests(&["--test", "recovery"])
}

/// Builds tests, all or the named ones of fund-load, and returns the path of the program that cargo builds with them.
///
/// `cargo build` would leave out features that only tests ask for, and so build most crates again.
fn built_with_tests(which: &[&str]) -> Result<PathBuf, Failure> {
    let [path] = executables(&[&["test", "--no-run"], &SELECTION[..], which].concat(), ["fund-load"])?;
    Ok(path)
}

/// Returns the pending inline snapshots in the sources below `folder`.
fn pending_snapshots(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |source| Failure::file("list", &folder, source);
        for entry in folder.read_dir().map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let (path, name) = (entry.path(), entry.file_name());
            if entry.file_type().map_err(unreadable)?.is_dir() {
                if name != "target" && name != ".git" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "pending-snap") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
