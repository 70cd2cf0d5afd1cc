//! Directories as layers, as Kubernetes mounts configuration and secrets.
#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has to fail")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use insta::assert_snapshot;
use stream_kernel_config::{Config, Loader};
use tempfile::TempDir;

use crate::app::{Adapters, MINIMAL, Nodes, loader};

pub(crate) fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// Returns the values other than defaults, or every mistake; paths without the directory's.
pub(crate) fn loaded(directory: &Path) -> String {
    loaded_by(loader(), directory)
}

fn loaded_by(loader: Loader, directory: &Path) -> String {
    let text = match loader.file(directory).load::<Config<Nodes, Adapters>>().unwrap().finish() {
        Ok((_, effective)) => {
            let entries = effective.entries().iter().map(ToString::to_string);
            entries.filter(|entry| !entry.ends_with("built-in default")).collect::<Vec<_>>().join("\n")
        }
        Err(mistakes) => mistakes.to_string(),
    };
    text.replace(&format!("{}", directory.display()), "DIR")
}

#[test]
fn yaml_files_are_taken_in_the_order_of_their_names() {
    let directory = directory(&[
        ("20-site.yml", "runtime: {on_step_error: stop}\n"),
        ("10-base.yaml", &format!("{MINIMAL}runtime: {{on_step_error: continue, strict: false}}\n")),
        ("..hidden.yml", "zzz: 1\n"),
    ]);
    assert_snapshot!(loaded(directory.path()), @"
    version: 1  # DIR/10-base.yaml:1:10
    scenario.name: test  # DIR/10-base.yaml:2:18
    runtime.strict: false  # DIR/10-base.yaml:3:44
    runtime.on_step_error: stop  # DIR/20-site.yml:1:26
    ");
}

#[test]
fn a_file_may_hold_the_value_of_the_key_that_it_is_named_by() {
    let directory = directory(&[
        ("version", "1"),
        ("scenario.name", "mounted\n"),
        ("scenario.description", " two\nlines\r\n"),
        ("runtime.tracing.enabled", "true\n"),
        ("nodes.evaluate_policies.daily_attempts", "7"),
        ("runtime.pipeline", "[parse,\n write]\n"),
    ]);
    assert_snapshot!(loaded(directory.path()), @r#"
    version: 1  # DIR/version:1:1
    scenario.name: mounted  # DIR/scenario.name:1:1
    scenario.description: " two\nlines"  # DIR/scenario.description:1:1
    runtime.pipeline: [parse, write]  # DIR/runtime.pipeline:1:1
    runtime.tracing.enabled: true  # DIR/runtime.tracing.enabled:1:1
    nodes.evaluate_policies.daily_attempts: 7  # DIR/nodes.evaluate_policies.daily_attempts:1:1
    "#);
}

#[test]
fn mistakes_name_the_file() {
    let keys = directory(&[
        ("version", "one"),
        ("scenario.name", "x"),
        ("runtime.strikt", "true"),
        ("runtime.tracing.enabled", "true: [\n"),
    ]);
    fs::write(keys.path().join("scenario.description"), b"\xff").unwrap();
    let keys = loaded(keys.path());
    let mixed = loaded(directory(&[("a.yml", MINIMAL), ("runtime.strict", "true")]).path());
    let inner = directory(&[("a.yml", MINIMAL)]);
    fs::create_dir(inner.path().join("b.yml")).unwrap();
    let yaml = loaded(directory(&[("a.yml", MINIMAL), ("b.yml", "runtime: {strikt: 1}\n")]).path());
    let shown = [keys, mixed, loaded(inner.path()), yaml, loaded(directory(&[]).path())];
    assert_snapshot!(shown.join("\n\n---\n\n"), @"
    error: not UTF-8
      --> DIR/scenario.description:1:1
      expected: a file in UTF-8
      hint: save the file in UTF-8

    error: `runtime.strikt`: unknown key
      --> DIR/runtime.strikt:1:1
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: did you mean `strict`?

    error: `runtime.tracing.enabled`: not YAML: while parsing a node, did not find expected node content
      --> DIR/runtime.tracing.enabled:1:1
      expected: `true` or `false`
      hint: look for a tab, wrong indentation, or a quote, bracket or colon too many or too few, here or before

    error: `version`: found text `one`
      --> DIR/version:1:1
       |
     1 | one
       | ^^^
      expected: the number 1
      hint: write `1`

    ---

    error: holds YAML files and `runtime.strict`: it is not clear whether that is a key
      --> DIR
      expected: YAML files, or a file for each key, named as its key path
      hint: put files for keys into a directory of their own

    ---

    error: it is not a regular file
      --> DIR/b.yml:1:1
      expected: files only
      hint: remove it, or put the configuration into a directory of its own

    ---

    error: `runtime.strikt`: unknown key
      --> DIR/b.yml:1:11
       |
     1 | runtime: {strikt: 1}
       |           ^^^^^^
      expected: one of `strict`, `pipeline`, `on_step_error`, `tracing`, `metrics`, `checkpoint`, `workers`, `cluster`, `epoch_bytes`
      hint: did you mean `strict`?

    ---

    warning: the directory holds nothing
      --> DIR
      expected: YAML files, or a file for each key, named as its key path
      hint: look whether its name is right, and whether what it is to hold is mounted

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

#[test]
fn a_directory_has_a_bound_on_files() {
    let files = |count: usize| {
        let directory = directory(&[]);
        fs::write(directory.path().join("00000.yml"), MINIMAL).unwrap();
        (1..count)
            .for_each(|number| fs::write(directory.path().join(format!("{number:05}.yml")), "").unwrap());
        loaded(directory.path())
    };
    assert!(files(1_000).starts_with("version: 1"));
    assert!(files(1_001).starts_with("error: more than 1000 files\n  --> DIR\n"));
}

/// Waiting for a pipe would never end; and a broken link is named.
#[test]
fn other_things_than_files_are_refused_without_waiting() {
    let directory = directory(&[("version", "1")]);
    let path = |name: &str| directory.path().join(name);
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    symlink("nowhere", path("link")).unwrap();
    assert_snapshot!(loaded(directory.path()), @"
    warning: it is not used: it is not a regular file
      --> DIR/pipe
      expected: files only
      hint: remove it, or put the configuration into a directory of its own

    error: cannot read the file: No such file or directory (os error 2)
      --> DIR/link:1:1
      expected: a readable file
      hint: check the path and the file's permissions
    ");
}

#[test]
fn a_directory_has_a_bound_on_bytes() {
    let comment = |bytes: usize| format!("#{}\n", "x".repeat(bytes - 2));
    let names: Vec<_> = (10..26).map(|number| format!("{number}.yml")).collect();
    let loaded_with = |last: &str| {
        let directory = directory(&[("00.yml", MINIMAL), ("99.yml", last)]);
        let whole = comment(1 << 20);
        names.iter().skip(1).for_each(|name| fs::write(directory.path().join(name), &whole).unwrap());
        loaded(directory.path())
    };
    let rest = (1 << 20) - MINIMAL.len();
    assert!(loaded_with(&comment(rest)).starts_with("version: 1"));
    let beyond = loaded_with(&comment(rest + 1));
    assert!(beyond.starts_with("error: more than 16777216 bytes in all its files\n  --> DIR\n"), "{beyond}");
}

/// Root may read everything, so the thread changes its user.
#[test]
fn an_unreadable_file_is_named() {
    let directory = directory(&[("a.yml", MINIMAL), ("b.yml", "")]);
    let path = directory.path().to_owned();
    // Whatever the umask.
    fs::set_permissions(path.join("a.yml"), fs::Permissions::from_mode(0o644)).unwrap();
    let as_somebody = |mode: [u32; 2]| {
        let modes = [(path.clone(), mode[0]), (path.join("b.yml"), mode[1])];
        for (path, mode) in modes {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = path.clone();
        let told = thread::spawn(move || {
            if rustix::process::getuid().is_root() {
                rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65534)).unwrap();
            }
            loaded(&path)
        });
        told.join().unwrap()
    };
    let file = as_somebody([0o755, 0o000]);
    let folder = as_somebody([0o000, 0o644]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    assert_snapshot!([file, folder].join("\n\n"), @"
    error: cannot read the file: Permission denied (os error 13)
      --> DIR/b.yml:1:1
      expected: a readable file
      hint: check the path and the file's permissions

    error: cannot read the directory: Permission denied (os error 13)
      --> DIR
      expected: a readable directory
      hint: check the path and its permissions, and whether something replaces it
    ");
}

/// Puts a version of the configuration into a mounted volume as Kubernetes does: a new directory, then the link to it,
/// in one step.
fn mount(volume: &Path, number: usize) {
    let name = format!("..{number}");
    let content = volume.join(&name);
    fs::create_dir(&content).unwrap();
    let text = format!("version {number}");
    for (key, value) in [("version", "1"), ("scenario.name", &text), ("scenario.description", &text)] {
        fs::write(content.join(key), value).unwrap();
    }
    let (link, present) = (volume.join("..data_tmp"), volume.join("..data"));
    symlink(name, &link).unwrap();
    let old = fs::read_link(&present).ok();
    fs::rename(link, &present).unwrap();
    if let Some(old) = old {
        fs::remove_dir_all(volume.join(old)).unwrap();
    }
}

/// Reports at its end that it is done, also when a test fails.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Nobody has written half of an old configuration with half of a new one.
#[test]
fn a_directory_is_read_all_old_or_all_new() {
    let volume = TempDir::new().unwrap();
    mount(volume.path(), 0);
    for key in ["version", "scenario.name", "scenario.description"] {
        symlink(Path::new("..data").join(key), volume.path().join(key)).unwrap();
    }
    let is_done = AtomicBool::new(false);
    let (versions, refused) = thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1.. {
                if is_done.load(Ordering::Relaxed) {
                    return;
                }
                mount(volume.path(), number);
            }
        });
        let _done = Done(&is_done);
        let mut versions = std::collections::BTreeSet::new();
        let mut refused = 0;
        let mut loads = 0;
        // The other thread may not run for a while.
        while loads < 300 || (versions.len() < 2 && loads < 1_000_000) {
            loads += 1;
            let loaded = loader().file(volume.path()).load::<Config<Nodes, Adapters>>().unwrap();
            match loaded.finish() {
                Ok((config, _)) => {
                    assert_eq!(config.scenario.description.as_deref(), Some(&*config.scenario.name));
                    versions.insert(config.scenario.name);
                }
                // Replaced again and again, faster than it can be read.
                Err(mistakes) => {
                    assert!(
                        mistakes.to_string().starts_with("error: cannot read the directory: "),
                        "{mistakes}"
                    );
                    refused += 1;
                }
            }
        }
        (versions, refused)
    });
    assert!(versions.len() > 1, "nothing was replaced meanwhile ({refused} refused)");
}

/// Each value has its own place, whichever files give parts of one map.
#[test]
fn values_in_merged_maps_keep_their_places() {
    let directory = directory(&[
        ("version", "1"),
        ("scenario.name", "x"),
        ("runtime", "{tracing: {signature: {mode: hash},\n  context_diff: {mode: ful}}}"),
        ("runtime.tracing", "{enabled: false}"),
        ("nodes.evaluate_policies", "{\n  daily_attempts: 7,\n  dayly: 3}"),
    ]);
    assert_snapshot!(loaded(directory.path()), @"
    error: `runtime.tracing.context_diff.mode`: found text `ful`
      --> DIR/runtime:2:24
       |
     2 |   context_diff: {mode: ful}}}
       |                        ^^^
      expected: one of `none`, `whitelist`, `full`
      hint: did you mean `full`?

    error: `nodes.evaluate_policies.dayly`: unknown key
      --> DIR/nodes.evaluate_policies:3:3
       |
     3 |   dayly: 3}
       |   ^^^^^
      expected: one of `daily_amount`, `daily_attempts`
      hint: check its spelling and its place, or remove it
    ");
    fs::write(directory.path().join("runtime"), "{tracing: {signature: {mode: hash}}}").unwrap();
    fs::write(directory.path().join("nodes.evaluate_policies"), "{\n  daily_attempts: 7}").unwrap();
    assert_snapshot!(loaded(directory.path()), @"
    version: 1  # DIR/version:1:1
    scenario.name: x  # DIR/scenario.name:1:1
    runtime.tracing.enabled: false  # DIR/runtime.tracing:1:11
    runtime.tracing.signature.mode: hash  # DIR/runtime:1:30
    nodes.evaluate_policies.daily_attempts: 7  # DIR/nodes.evaluate_policies:2:19
    ");
}

#[test]
fn a_profile_and_a_part_of_it_may_stand_in_files_of_their_own() {
    let directory = directory(&[
        ("version", "1"),
        ("scenario.name", "x"),
        ("profiles", "{st: {runtime: {strict: false}}}"),
        ("profiles.st", "{runtime: {on_step_error: stop}}"),
        ("profiles.st.runtime", "{tracing: {enabled: maybe}}"),
    ]);
    let loaded = |directory: &Path| loaded_by(loader().profile("st", "--profile st"), directory);
    assert_snapshot!(loaded(directory.path()), @"
    error: `runtime.tracing.enabled`: found text `maybe`
      --> DIR/profiles.st.runtime:1:21
       |
     1 | {tracing: {enabled: maybe}}
       |                     ^^^^^
      expected: `true` or `false`
      hint: write `true` or `false`
    ");
    fs::write(directory.path().join("profiles.st.runtime"), "{tracing: {enabled: true}}").unwrap();
    assert_snapshot!(loaded(directory.path()), @"
    version: 1  # DIR/version:1:1
    scenario.name: x  # DIR/scenario.name:1:1
    runtime.strict: false  # DIR/profiles:1:25
    runtime.on_step_error: stop  # DIR/profiles.st:1:27
    runtime.tracing.enabled: true  # DIR/profiles.st.runtime:1:21
    ");
}

/// Nobody would notice that it has no effect.
#[test]
fn a_file_beside_the_content_of_a_mounted_volume_is_refused() {
    let volume = TempDir::new().unwrap();
    mount(volume.path(), 0);
    symlink("..data/version", volume.path().join("version")).unwrap();
    assert!(loaded(volume.path()).starts_with("version: 1  # DIR/version:1:1\n"));
    fs::write(volume.path().join("runtime.strict"), "false").unwrap();
    assert_snapshot!(loaded(volume.path()), @"
    error: `runtime.strict` stands beside the content of the mounted volume, which `..data` leads to
      --> DIR
      expected: YAML files, or a file for each key, named as its key path
      hint: remove it, or put it into the volume
    ");
}
