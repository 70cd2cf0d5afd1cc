//! The reference of the untraced run, whose decisions the peers share: a plain loop with serde's derive and three maps.
//!
//! [`stream_kernel_benches::plain_loop`] says what is equivalent, and what is left out.

use std::process::ExitCode;

fn main() -> ExitCode {
    stream_kernel_benches::program::run_untraced()
}
