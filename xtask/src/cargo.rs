//! Running cargo and other programs in the workspace's root.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Returns the folder of the workspace's manifest.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// Returns a cargo command in the workspace's root.
pub(crate) fn cargo(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new("cargo");
    command.args(args).current_dir(root());
    command
}

/// Runs `command` with this process's input and output.
///
/// # Errors
///
/// When it cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|source| Failure::start(command, source))?;
    if status.success() { Ok(()) } else { Err(Failure::command(command, status)) }
}

/// Runs `command` without a terminal and returns its standard output.
///
/// # Errors
///
/// When it cannot be started, fails, or its output is not UTF-8.
pub(crate) fn capture(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .map_err(|source| Failure::start(command, source))?;
    if !output.status.success() {
        crate::say(&String::from_utf8_lossy(&output.stderr));
        return Err(Failure::command(command, output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| Failure::output(command, "text in UTF-8"))
}

/// Returns whether cargo knows the subcommand `name`.
pub(crate) fn has_subcommand(name: &str) -> bool {
    let mut command = cargo([name, "--version"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Builds with `cargo ARGS` and returns the executables named `names`, in that order.
///
/// # Errors
///
/// When the build fails or gives no executable of one of the names.
pub(crate) fn executables<const N: usize>(args: &[&str], names: [&str; N]) -> Result<[PathBuf; N], Failure> {
    // Cargo itself reports the paths: CARGO_TARGET_DIR, a profile or a target may have changed them.
    let mut command = cargo(args);
    let output = command
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Failure::start(&command, source))?;
    if !output.status.success() {
        return Err(Failure::command(&command, output.status));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut paths = [const { PathBuf::new() }; N];
    for (path, name) in paths.iter_mut().zip(names) {
        *path = messages
            .lines()
            .find_map(|message| executable_in(message, name))
            .ok_or_else(|| Failure::output(&command, format!("an executable `{name}`")))?;
    }
    Ok(paths)
}

/// Returns the path in one of cargo's messages, if it reports the executable of the target `name`, and not of its
/// tests.
fn executable_in(message: &str, name: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let is_it = message["target"]["name"] == name && message["profile"]["test"] != true;
    message["executable"].as_str().filter(|_| is_it).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::executable_in;
    use std::path::PathBuf;

    #[test]
    fn an_executable_is_found_by_its_target_and_only_there() {
        let program =
            r#"{"reason":"compiler-artifact","target":{"name":"fund-load"},"executable":"/t/fund-load"}"#;
        let tests = r#"{"reason":"compiler-artifact","target":{"name":"fund-load"},"profile":{"test":true},"executable":"/t/deps/fund_load-1"}"#;
        let library = r#"{"reason":"compiler-artifact","target":{"name":"fund-load"},"executable":null}"#;

        assert_eq!(executable_in(program, "fund-load"), Some(PathBuf::from("/t/fund-load")));
        assert_eq!(executable_in(program, "access_log"), None, "another target");
        assert_eq!(executable_in(tests, "fund-load"), None, "the tests of the program");
        assert_eq!(executable_in(library, "fund-load"), None, "a library has no executable");
        assert_eq!(executable_in("a build script's own line", "fund-load"), None);
    }
}
