//! `test` and `bless`: the tests, with the programs they run built beforehand.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{cargo, executables, has_subcommand, root, run};
use crate::failure::Failure;

/// Runs every test and doc test of the workspace; `args` go to `cargo test`.
pub(crate) fn test(args: &[OsString]) -> Result<(), Failure> {
    run(tests()?.args(args))?;
    // Whoever asks for certain tests is not asking for these.
    if args.is_empty() { injected_faults() } else { Ok(()) }
}

/// Injects durability bugs into the checkpoint, one at a time: the simulation has to find each.
fn injected_faults() -> Result<(), Failure> {
    let of_checkpoint = ["test", "--package", "stream-kernel-checkpoint", "--features", "injected-faults"];
    run(cargo(of_checkpoint).args(["--test", "simulation", "injected"]))
}

/// Runs the tests and records what they see as the new snapshots; `args` go to `cargo test`.
pub(crate) fn bless(args: &[OsString]) -> Result<(), Failure> {
    // What an earlier run left waiting may no longer hold.
    for path in pending_snapshots(root())? {
        fs::remove_file(&path).map_err(|source| Failure::file("remove", &path, source))?;
    }
    // Passing is forced so that one test's second snapshot is recorded as well as its first.
    run(tests()?.args(args).env("INSTA_UPDATE", "always").env("INSTA_FORCE_PASS", "1"))?;
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
/// The tests are a package of their own, which cargo gives no `CARGO_BIN_EXE_*`.
fn tests() -> Result<Command, Failure> {
    // `--workspace` selects the same features as the tests do, so that dependencies are built once.
    let [fund_load] = executables(&["--workspace", "--bin", "fund-load"], ["fund-load"])?;
    let mut command = cargo(["test", "--workspace"]);
    command.env("FUND_LOAD_BIN", fund_load);
    Ok(command)
}

/// Returns the inline snapshots that wait to be taken over into the sources below `folder`.
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
