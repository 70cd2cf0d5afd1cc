//! `dist`: an archive of a release, with its checksum.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{capture, executables, root, run};
use crate::failure::Failure;

/// The files of the repository that the archive holds beside the program.
const DOCUMENTS: [&str; 5] = ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Each shell with the name under which it looks for a program's completions.
const COMPLETIONS: [(&str, &str); 3] =
    [("bash", "fund-load"), ("fish", "fund-load.fish"), ("zsh", "_fund-load")];

/// Builds fund-load for speed, and packs it with its documents, completions and manual pages.
///
/// The archive and its checksum are in `target/dist`.
pub(crate) fn dist() -> Result<(), Failure> {
    let build = ["build", "--release", "--locked", "--package", "fund-load", "--bin", "fund-load"];
    let [program] = executables(&build, ["fund-load"])?;
    let name = format!("fund-load-{}-{}", version(&program)?, host()?);
    let dist = root().join("target").join("dist");
    let folder = dist.join(&name);
    empty(&dist)?;
    fill(&folder, &program)?;

    let archive = format!("{name}.tar.gz");
    // The same files make the same archive.
    let same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
    let mut tar = Command::new("tar");
    tar.current_dir(&dist).args(same).args(["--use-compress-program=gzip -n", "-cf", &archive, &name]);
    run(&mut tar)?;
    let checksum = capture(Command::new("sha256sum").current_dir(&dist).arg(&archive))?;
    write(&dist.join("SHA256SUMS"), checksum)?;
    crate::say(&format!("packed {}", dist.join(archive).display()));
    Ok(())
}

/// Puts everything that the archive holds into `folder`.
fn fill(folder: &Path, program: &Path) -> Result<(), Failure> {
    let [manual, completions] = ["man/man1", "completions"].map(|name| folder.join(name));
    for folder in [&manual, &completions] {
        fs::create_dir_all(folder).map_err(|source| Failure::file("create", folder, source))?;
    }
    copy(program, &folder.join("fund-load"))?;
    for document in DOCUMENTS {
        copy(&root().join(document), &folder.join(document))?;
    }
    for (shell, name) in COMPLETIONS {
        write(&completions.join(name), capture(Command::new(program).args(["completions", shell]))?)?;
    }
    run(Command::new(program).arg("manual").arg(&manual))
}

/// Returns the version that the program prints.
fn version(program: &Path) -> Result<String, Failure> {
    let mut command = Command::new(program);
    let text = capture(command.arg("--version"))?;
    let version = text.trim().strip_prefix("fund-load ").map(str::to_owned);
    version.ok_or_else(|| Failure::output(&command, "`fund-load` and a version"))
}

/// Returns the target triple that the compiler builds for.
fn host() -> Result<String, Failure> {
    let mut rustc = Command::new("rustc");
    let text = capture(rustc.arg("-vV"))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned);
    host.ok_or_else(|| Failure::output(&rustc, "a line `host: `"))
}

fn empty(folder: &PathBuf) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|source| Failure::file("remove", folder, source))?;
    }
    fs::create_dir_all(folder).map_err(|source| Failure::file("create", folder, source))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(drop).map_err(|source| Failure::file("copy", from, source))
}

fn write(path: &Path, text: String) -> Result<(), Failure> {
    fs::write(path, text).map_err(|source| Failure::file("write", path, source))
}
