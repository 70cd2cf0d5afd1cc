//! The reference of fund-load's command line, from the program's own help texts.

use std::path::Path;
use std::process::Command;

use crate::cargo::capture;
use crate::failure::Failure;

/// Commands nest at most this deep; a deeper one is left out.
const DEPTH_MAX: usize = 4;

/// Returns the help of the program and of all its commands as one Markdown document.
pub(crate) fn markdown(program: &Path) -> Result<String, Failure> {
    let mut document = String::from(
        "# Command line of fund-load\n\n\
         <!-- Made by `cargo xtask gen` from the program's own help: do not edit. -->\n",
    );
    append_command(program, &[], &mut document)?;
    Ok(document)
}

/// Returns the program's output for `args`, the same on every machine.
pub(crate) fn output_of(program: &Path, args: &[&str]) -> Result<String, Failure> {
    // Help is wrapped to the terminal's width, and the environment is a layer of the configuration: neither may affect
    // a file that is compared.
    let mut command = Command::new(program);
    let text = capture(command.args(args).env_clear().env("COLUMNS", "100"))?;
    if text.trim().is_empty() { Err(Failure::output(&command, "any text")) } else { Ok(text) }
}

/// Appends the section of the command `path`, then those of its subcommands.
fn append_command(program: &Path, path: &[&str], document: &mut String) -> Result<(), Failure> {
    let help = output_of(program, &[path, &["--help"]].concat())?;
    let name = [&["fund-load"], path].concat().join(" ");
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    document.extend(["\n## `", &name, "`\n\n```text\n", &lines.join("\n"), "\n```\n"]);
    if path.len() < DEPTH_MAX {
        for subcommand in subcommands(&help) {
            append_command(program, &[path, &[subcommand]].concat(), document)?;
        }
    }
    Ok(())
}

/// Returns the names in the help's list of commands, without `help` itself.
fn subcommands(help: &str) -> Vec<&str> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    // A name has an indent of two columns; a continued description has a deeper one.
    list.take_while(|line| line.starts_with("  ") || line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::subcommands;

    #[test]
    fn commands_are_read_from_the_help() {
        let help = "\
Adjudicates.

Usage: fund-load <COMMAND>

Commands:
  run    Adjudicates a file
           and a second line
  trace  Reads traces

  help   Print this message

Options:
  -h, --help  Print help
";
        assert_eq!(subcommands(help), ["run", "trace"]);
        assert_eq!(subcommands("Usage: fund-load run\n\nOptions:\n  -h  Print help\n"), [""; 0]);
    }
}
