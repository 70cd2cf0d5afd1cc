//! The program `fund-load`.

use std::process::ExitCode;

fn main() -> ExitCode {
    stream_kernel_app::main::<fund_load::FundLoad>()
}
