//! `check`: what CI and a contributor run before a change goes in.

use crate::cargo::{cargo, has_subcommand, run};
use crate::failure::Failure;
use crate::{generate, test};

struct Step {
    name: &'static str,
    run: fn() -> Result<(), Failure>,
    /// What to do about a failure.
    remedy: &'static str,
}

/// Quick and often failing steps first.
const STEPS: &[Step] = &[
    Step { name: "formatting", run: formatting, remedy: "run `cargo fmt --all`" },
    Step {
        name: "lints",
        run: lints,
        remedy: "follow the lint's advice; an exception is an `#[expect(.., reason = \"..\")]`",
    },
    Step {
        name: "tests",
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
    Step { name: "licences and advisories", run: deny, remedy: "see `deny.toml` and the report above" },
];

/// Runs the steps in order and stops at the first that fails: what follows a failure mostly repeats it.
pub(crate) fn check() -> Result<(), Failure> {
    for (index, step) in STEPS.iter().enumerate() {
        crate::say(&format!("== check {}/{}: {}", index + 1, STEPS.len(), step.name));
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
    run(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn docs() -> Result<(), Failure> {
    run(cargo(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Packages every crate that can be published and builds each from its package.
fn packages() -> Result<(), Failure> {
    let ours_alone = ["--exclude", "stream-kernel-tests", "--exclude", "xtask"];
    // A change under review is not committed yet.
    run(cargo(["package", "--workspace", "--allow-dirty"]).args(ours_alone))
}

fn deny() -> Result<(), Failure> {
    if has_subcommand("deny") {
        return run(&mut cargo(["deny", "--workspace", "check"]));
    }
    crate::say("cargo-deny is not installed, so this step is left out (`cargo install --locked cargo-deny`)");
    Ok(())
}
