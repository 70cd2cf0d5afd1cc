//! `gen`: the generated files, each named here once.

use std::fs;
use std::io;

use crate::attempts::{clean_fixture, dirty_fixture, reasons_fixture};
use crate::cargo::root;
use crate::cli_reference;
use crate::config_reference;
use crate::failure::Failure;
use crate::test::tested_program;

/// A generated file.
struct Generated {
    /// Below the workspace's root.
    path: &'static str,
    make: fn() -> Result<Vec<u8>, Failure>,
}

/// All of them; a new file needs a new entry only.
const GENERATED: &[Generated] = &[
    Generated { path: "fixtures/clean.ndjson", make: || Ok(clean_fixture()) },
    Generated { path: "fixtures/dirty.ndjson", make: || Ok(dirty_fixture()) },
    Generated { path: "fixtures/reasons.ndjson", make: || Ok(reasons_fixture()) },
    Generated { path: "docs/config.schema.json", make: config_schema },
    Generated { path: "docs/configuration-keys.md", make: config_reference },
    Generated { path: "docs/trace-record.schema.json", make: record_schema },
    Generated { path: "docs/cli.md", make: cli_reference },
];

/// Writes every generated file that is out of date.
pub(crate) fn write() -> Result<(), Failure> {
    for file in GENERATED {
        let content = (file.make)()?;
        if is_fresh(file, &content)? {
            continue;
        }
        let path = root().join(file.path);
        let folder = path.parent().unwrap_or(root());
        fs::create_dir_all(folder).map_err(|source| Failure::file("create", folder, source))?;
        fs::write(&path, &content).map_err(|source| Failure::file("write", &path, source))?;
        crate::say(&format!("wrote {}", file.path));
    }
    Ok(())
}

/// Fails when a generated file is missing or out of date.
pub(crate) fn check() -> Result<(), Failure> {
    let mut stale = Vec::new();
    for file in GENERATED {
        if !is_fresh(file, &(file.make)()?)? {
            stale.push(file.path);
        }
    }
    if stale.is_empty() { Ok(()) } else { Err(Failure::Stale { files: stale }) }
}

fn config_schema() -> Result<Vec<u8>, Failure> {
    cli_reference::output_of(&tested_program()?, &["config", "schema"]).map(String::into_bytes)
}

fn config_reference() -> Result<Vec<u8>, Failure> {
    config_reference::markdown(&tested_program()?).map(String::into_bytes)
}

fn record_schema() -> Result<Vec<u8>, Failure> {
    cli_reference::output_of(&tested_program()?, &["trace", "schema"]).map(String::into_bytes)
}

fn cli_reference() -> Result<Vec<u8>, Failure> {
    cli_reference::markdown(&tested_program()?).map(String::into_bytes)
}

fn is_fresh(file: &Generated, content: &[u8]) -> Result<bool, Failure> {
    let path = root().join(file.path);
    match fs::read(&path) {
        Ok(present) => Ok(present == content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Failure::file("read", &path, source)),
    }
}
