//! fund-load as a program.

use stream_kernel_app::App;

use crate::{FundLoad, explain};

/// Returns the program: the kernel's commands, and `explain`.
pub fn program() -> App<FundLoad> {
    App::new().command(explain::command())
}
