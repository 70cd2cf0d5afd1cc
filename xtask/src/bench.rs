//! `bench`: the benchmarks of every crate that has some.

use std::ffi::OsString;

use crate::cargo::{cargo, root, run};
use crate::failure::Failure;

/// Runs the benchmarks; `args` go to `cargo bench`.
pub(crate) fn bench(args: &[OsString]) -> Result<(), Failure> {
    let crates = root().join("crates");
    let unreadable = |source| Failure::file("list", &crates, source);
    let mut any = false;
    for entry in crates.read_dir().map_err(unreadable)? {
        any |= entry.map_err(unreadable)?.path().join("benches").is_dir();
    }
    if !any {
        crate::say("no crate has a `benches` folder: nothing to run");
        return Ok(());
    }
    // Benchmarks only: without the pattern cargo runs every library's unit tests as well.
    run(cargo(["bench", "--workspace", "--bench", "*"]).args(args))
}
