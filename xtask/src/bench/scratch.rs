//! The folder of the benchmarks, on the workspace's disk, and the temporary files in it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use crate::cargo::root;
use crate::failure::Failure;
use crate::stream;

/// The seed of all inputs.
const SEED: &str = "7";

/// The folder `target/bench`.
pub(crate) struct Scratch {
    folder: PathBuf,
}

/// A generated input; the file is removed on drop.
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) lines: u64,
}

impl Scratch {
    pub(crate) fn create() -> Result<Self, Failure> {
        let folder = root().join("target").join("bench");
        fs::create_dir_all(&folder).map_err(|source| Failure::file("create", &folder, source))?;
        Ok(Self { folder })
    }

    /// Returns the path of a file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Creates an input of `lines` clean attempts.
    pub(crate) fn input(&self, lines: u64) -> Result<Input, Failure> {
        self.input_of("clean", lines)
    }

    /// Creates an input of `lines` attempts of a kind.
    pub(crate) fn input_of(&self, kind: &str, lines: u64) -> Result<Input, Failure> {
        let path = self.path(&format!("{kind}-{lines}.ndjson"));
        let lines_text = lines.to_string();
        let words = ["--kind", kind, "--seed", SEED, "--lines", &lines_text, "--output"];
        let words = words.map(OsString::from).into_iter().chain([path.clone().into()]);
        stream::stream(&words.collect::<Vec<_>>())?;
        Ok(Input { path, lines })
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // At worst a file is left in a folder that may be removed at any time.
        let _ = remove(&self.path);
    }
}

/// Removes the file, or the folder with its content, if it exists.
pub(crate) fn remove(path: &Path) -> Result<(), Failure> {
    match if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) } {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(Failure::file("remove", path, source)),
        _ => Ok(()),
    }
}

/// Returns the size of the file.
pub(crate) fn size(path: &Path) -> Result<u64, Failure> {
    let metadata = path.metadata().map_err(|source| Failure::file("read", path, source))?;
    Ok(metadata.len())
}

/// Returns whether two files have the same lines. It holds neither in memory, which would count as a child's.
pub(crate) fn is_same(one: &Path, other: &Path) -> Result<bool, Failure> {
    let open = |path| {
        let file = File::open(path).map_err(|source| Failure::file("open", path, source))?;
        Ok(BufReader::with_capacity(1 << 16, file))
    };
    let (mut one_file, mut other_file) = (open(one)?, open(other)?);
    let (mut line, mut other_line) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        other_line.clear();
        one_file.read_until(b'\n', &mut line).map_err(|source| Failure::file("read", one, source))?;
        (other_file.read_until(b'\n', &mut other_line))
            .map_err(|source| Failure::file("read", other, source))?;
        if line != other_line || line.is_empty() {
            return Ok(line == other_line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn files_are_the_same_only_if_all_bytes_are() {
        let [one, other] = ["one", "other"]
            .map(|name| std::env::temp_dir().join(format!("xtask-same-{}-{name}", std::process::id())));
        for (text, other_text, expected) in
            [("a\nb\n", "a\nb\n", true), ("a\nb\n", "a\nb", false), ("a\n", "a\nb\n", false), ("", "", true)]
        {
            std::fs::write(&one, text).unwrap();
            std::fs::write(&other, other_text).unwrap();
            assert_eq!(is_same(&one, &other).unwrap(), expected, "{text:?} and {other_text:?}");
        }
        std::fs::remove_file(one).unwrap();
        std::fs::remove_file(other).unwrap();
    }
}
