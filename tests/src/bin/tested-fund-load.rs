//! The program `fund-load` as cargo builds it beside the tests, for tests without a named program.

use std::process::ExitCode;

fn main() -> ExitCode {
    fund_load::program().main()
}
