//! The program `fund-load` as cargo builds it beside the tests: tests that nobody has named a program for run this one.

use std::process::ExitCode;

fn main() -> ExitCode {
    fund_load::program().main()
}
