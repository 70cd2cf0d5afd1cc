//! The program `fund-load`.

use std::process::ExitCode;

fn main() -> ExitCode {
    fund_load::program().main()
}
