//! Entries in a directory of configuration that are not configuration.

use std::fs;
use std::path::Path;
use stream_kernel_config::Config;

use insta::assert_snapshot;

use crate::app::{Adapters, MINIMAL, Nodes, loader};
use crate::directories::{directory, loaded};

/// Editors, version control systems and file managers leave such files.
#[test]
fn hidden_files_are_skipped_and_others_named() {
    let files = [
        (".hidden.yml", "zzz: 1\n"),
        (".gitkeep", ""),
        (".DS_Store", "\u{1}"),
        ("..2024", "x"),
        ("README.md", "# Configuration\n"),
        ("old.yaml.bak", "zzz: 1\n"),
        ("SITE.YAML", "zzz: 1\n"),
        ("a.yml", MINIMAL),
    ];
    let documents = directory(&files);
    fs::create_dir(documents.path().join("more")).unwrap();
    let loaded_warnings = |directory: &Path| {
        let loaded = loader().file(directory).load::<Config<Nodes, Adapters>>().unwrap();
        let warnings: Vec<_> = loaded.warnings().iter().map(ToString::to_string).collect();
        assert!(loaded.finish().is_ok(), "{warnings:?}");
        warnings.join("\n").replace(&format!("{}", directory.display()), "DIR")
    };
    assert_snapshot!(loaded_warnings(documents.path()), @"
    warning: it is not used: beside YAML files, files with other names are not read
      --> DIR/README.md
      expected: a name that ends in `.yml` or `.yaml`
      hint: rename it if it is configuration; else remove it, or hide it by a point before its name
    warning: it is not used: beside YAML files, files with other names are not read
      --> DIR/SITE.YAML
      expected: a name that ends in `.yml` or `.yaml`
      hint: rename it if it is configuration; else remove it, or hide it by a point before its name
    warning: it is not used: it is not a regular file
      --> DIR/more
      expected: files only
      hint: remove it, or put the configuration into a directory of its own
    warning: it is not used: beside YAML files, files with other names are not read
      --> DIR/old.yaml.bak
      expected: a name that ends in `.yml` or `.yaml`
      hint: rename it if it is configuration; else remove it, or hide it by a point before its name
    ");
    let keys = directory(&[("version", "1"), ("scenario.name", "x"), (".version.swp", "\u{1}")]);
    fs::create_dir(keys.path().join("lost+found")).unwrap();
    assert_snapshot!(loaded_warnings(keys.path()), @"
    warning: it is not used: it is not a regular file
      --> DIR/lost+found
      expected: files only
      hint: remove it, or put the configuration into a directory of its own
    ");
    let hidden = directory(&[(".a.yml", MINIMAL)]);
    assert!(loaded(hidden.path()).starts_with("warning: the directory holds nothing\n"));
}

/// Misspelt keys are reported, and so are keys in the place of a directory.
#[test]
fn probable_keys_are_mistakes() {
    let keys = directory(&[("versoin", "1"), ("scenario.name", "x")]);
    fs::create_dir(keys.path().join("runtime.strict")).unwrap();
    let told = loaded(keys.path());
    assert!(told.contains("error: `versoin`: unknown key\n  --> DIR/versoin:1:1\n"), "{told}");
    assert!(told.contains("error: it is not a regular file\n  --> DIR/runtime.strict:1:1\n"), "{told}");
}

#[test]
fn a_missing_key_is_blamed_on_the_directory() {
    let keys = directory(&[("runtime.strict", "true"), ("scenario.description", "x")]);
    assert_snapshot!(loaded(keys.path()), @"
    error: `version`: required value is missing
      --> DIR
      expected: the number 1
      hint: set `version`

    error: `scenario.name`: required value is missing
      --> DIR
      expected: text, not empty
      hint: set `scenario.name`
    ");
}
