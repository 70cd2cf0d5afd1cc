//! `check`: the checks by CI and contributors before a change is merged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::cargo::{cargo, has_subcommand, root, run};
use crate::failure::Failure;
use crate::{fuzz, generate, test};

struct Step {
    name: &'static str,
    run: fn() -> Result<(), Failure>,
    /// The remedy for a failure.
    remedy: &'static str,
}

/// The step that takes most of the time.
pub(crate) const TESTS: &str = "tests";

/// Fast and frequently failing steps first.
const STEPS: &[Step] = &[
    Step { name: "formatting", run: formatting, remedy: "run `cargo fmt --all`" },
    Step {
        name: "lints",
        run: lints,
        remedy: "follow the lint's advice; an exception is an `#[expect(.., reason = \"..\")]`",
    },
    Step {
        name: TESTS,
        run: || test::test(&[]),
        remedy: "run `cargo xtask test`; if only a snapshot differs and rightly so, `cargo xtask bless`",
    },
    Step {
        name: "generated files",
        run: generate::check,
        remedy: "run `cargo xtask gen` and commit the result",
    },
    Step { name: "docs", run: docs, remedy: "mend the doc comments that rustdoc names" },
    Step {
        name: "packages",
        run: packages,
        remedy: "make each crate build alone: declare what it uses, with a version, and keep its files inside it",
    },
    Step {
        name: "fuzzing",
        run: fuzz::check,
        remedy: "the input that does it is in `fuzz/artifacts`; make it a test and mend what it shows",
    },
    Step { name: "licences and advisories", run: deny, remedy: "see `deny.toml` and the report above" },
];

/// Runs the steps in `wanted`, in order, and stops at the first failure: later ones mostly repeat it.
pub(crate) fn check(wanted: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let steps: Vec<_> = STEPS.iter().filter(|step| wanted(step.name)).collect();
    for (index, step) in steps.iter().enumerate() {
        crate::say(&format!("== check {}/{}: {}", index + 1, steps.len(), step.name));
        (step.run)().map_err(|source| Failure::Step {
            step: step.name,
            remedy: step.remedy,
            source: Box::new(source),
        })?;
    }
    crate::say("== check: all is well");
    Ok(())
}

fn formatting() -> Result<(), Failure> {
    run(&mut cargo(["fmt", "--all", "--check"]))
}

fn lints() -> Result<(), Failure> {
    let injected_faults = ["--features", "stream-kernel-checkpoint/injected-faults"];
    let everything = ["clippy", "--workspace", "--all-targets"];
    run(cargo(everything).args(injected_faults).args(["--", "-D", "warnings"]))
}

fn docs() -> Result<(), Failure> {
    run(cargo(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Packages every publishable crate and builds each from its package.
fn packages() -> Result<(), Failure> {
    let target = root().join("target").join("packages");
    forget_packages(&target)?;
    let ours_alone =
        ["--exclude", "stream-kernel-benches", "--exclude", "stream-kernel-tests", "--exclude", "xtask"];
    // A change under review is not committed yet.
    let mut command = cargo(["package", "--workspace", "--allow-dirty", "--target-dir"]);
    // Only the build matters; a package does not contain the workspace's profiles.
    run(command.arg(target).args(ours_alone).env("CARGO_PROFILE_DEV_DEBUG", "none"))
}

/// Removes our crates' packages that cargo unpacked in an earlier run, and their build results in `target`.
///
/// Cargo offers the crates to each other through a registry in the target folder, and caches their unpacked and built
/// forms by name and version: with the version unchanged it would build against the old ones.
fn forget_packages(target: &Path) -> Result<(), Failure> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where cargo keeps its files is told by the environment alone"
    )]
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    remove_ours(&target.join("debug").join(".fingerprint"))?;
    let Some(home) = variable("CARGO_HOME").or_else(|| Some(variable("HOME")?.join(".cargo"))) else {
        return Ok(());
    };
    let Ok(registries) = home.join("registry").join("src").read_dir() else { return Ok(()) };
    // A registry in a folder has no host before the hyphen of its name.
    let is_folder = |registry: &fs::DirEntry| registry.file_name().as_encoded_bytes().starts_with(b"-");
    registries.flatten().filter(is_folder).try_for_each(|registry| remove_ours(&registry.path()))
}

/// Removes the folders of our crates in a folder, if it exists.
fn remove_ours(folder: &Path) -> Result<(), Failure> {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = |ours: &&[u8]| name.as_encoded_bytes().starts_with(ours);
        if [&b"stream-kernel-"[..], b"fund-load-"].iter().any(is_ours) {
            let path = entry.path();
            fs::remove_dir_all(&path).map_err(|source| Failure::file("remove", &path, source))?;
        }
    }
    Ok(())
}

fn deny() -> Result<(), Failure> {
    if !has_subcommand("deny") {
        crate::say(
            "cargo-deny is not installed, so this step is left out (`cargo install --locked cargo-deny`)",
        );
        return Ok(());
    }
    let mut check = cargo(["deny", "--workspace", "check"]);
    let mut fetch = cargo(["deny", "fetch", "db"]);
    if !fetch.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        crate::say("the advisories cannot be fetched, so that only bans, licences and sources are checked");
        check.args(["bans", "licenses", "sources"]);
    }
    run(&mut check)
}
