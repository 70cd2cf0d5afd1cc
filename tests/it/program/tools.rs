//! Other people's programs, in which users read what this one writes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `.ci/run` installs tools that come from no distribution, below the repository.
const TOOLS: &str = "target/tools";

/// Returns the folder of the packages from npm, if these are all there; otherwise says so.
///
/// # Panics
///
/// If one is missing and `REQUIRE_TOOLS` is set.
#[track_caller]
pub(super) fn npm_packages(names: &[&str]) -> Option<PathBuf> {
    let install = format!("npm install --prefix {TOOLS} {}", names.join(" "));
    let folder = tools().join("node_modules");
    let is_there = names.iter().all(|name| folder.join(name).is_dir()) && runs("node", "--version");
    is_there.then_some(folder).or_else(|| missing("node, or a package of it,", &install))
}

/// Returns a Python that has these packages, if there is one; otherwise says so.
///
/// # Panics
///
/// As for [`npm_packages`].
#[track_caller]
pub(super) fn python_packages(names: &[&str]) -> Option<PathBuf> {
    python_with(names).or_else(|| missing("a package of Python", &install_python(names)))
}

/// Returns a Python that has these packages, if there is one; otherwise says so. CI does without: they are large.
pub(super) fn python_packages_if_any(names: &[&str]) -> Option<PathBuf> {
    python_with(names).or_else(|| say_skipped("a package of Python", &install_python(names)))
}

fn python_with(names: &[&str]) -> Option<PathBuf> {
    let import = format!("import {}", names.join(", "));
    let pythons = [tools().join("python/bin/python"), "python3".into()];
    let has_them = |python: &PathBuf| {
        let imported = Command::new(python).args(["-c", &import]).output();
        imported.is_ok_and(|imported| imported.status.success())
    };
    pythons.into_iter().find(has_them)
}

fn install_python(names: &[&str]) -> String {
    format!("python3 -m venv {TOOLS}/python && {TOOLS}/python/bin/pip install {}", names.join(" "))
}

/// Returns a program of the system, if it is there; otherwise says so. `check` is an argument with which it succeeds.
///
/// # Panics
///
/// As for [`npm_packages`].
#[track_caller]
pub(super) fn program(name: &'static str, check: &str, package: &str) -> Option<&'static str> {
    let install = format!("apt-get install {package}");
    runs(name, check).then_some(name).or_else(|| missing(&format!("`{name}`"), &install))
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(TOOLS)
}

fn runs(program: impl AsRef<Path>, argument: &str) -> bool {
    Command::new(program.as_ref()).arg(argument).output().is_ok_and(|output| output.status.success())
}

#[track_caller]
fn missing<T>(what: &str, install: &str) -> Option<T> {
    #[expect(clippy::disallowed_methods, reason = "whether tests may be left out is for the caller to say")]
    let is_required = std::env::var_os("REQUIRE_TOOLS").is_some();
    assert!(!is_required, "{what} is not installed ({install})");
    say_skipped(what, install)
}

fn say_skipped<T>(what: &str, install: &str) -> Option<T> {
    let _ = writeln!(io::stderr(), "skipped: {what} is not installed ({install})");
    None
}
