//! The reference of the untraced run, and what the peers take as theirs: a plain loop with serde's derive and three maps.
//!
//! What is equivalent, and what is left out, stands in [`stream_kernel_benches::plain_loop`].

use std::process::ExitCode;

fn main() -> ExitCode {
    stream_kernel_benches::program::run_untraced()
}
