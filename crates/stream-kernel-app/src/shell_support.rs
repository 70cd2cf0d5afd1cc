//! Completions for shells, and manual pages.

use std::path::Path;

use clap_complete::Shell;

use crate::failure::Failure;
use crate::report::say;
use crate::trace_commands::print;

/// Prints the script that lets `shell` complete the program's commands and flags.
pub(crate) fn print_completions(mut program: clap::Command, shell: Shell) -> Result<u8, Failure> {
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program, name, &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Writes a page for the program and for each of its commands into `folder`, which must exist.
pub(crate) fn write_manual(program: clap::Command, folder: &Path) -> Result<u8, Failure> {
    let (name, shown) = (program.get_name().to_owned(), folder.display());
    clap_mangen::generate_to(program, folder).map_err(|cause| {
        let text = format!(
            "the manual pages cannot be written into `{shown}`: {cause} (name a folder that exists and may be written)"
        );
        Failure::told(1, text)
    })?;
    say(format!("{name}: wrote the manual pages into `{shown}`"));
    Ok(0)
}
