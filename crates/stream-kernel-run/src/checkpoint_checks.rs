//! Demands of a checkpoint on the configuration: files that can be cut, and a directory of its own.

use std::fs;
use std::path::Path;

use stream_kernel_checkpoint::{MAX_PATH_BYTES, json_bytes};
use stream_kernel_config::{Config, Loaded, Problem};
use stream_kernel_disk::dir_of;

use crate::output::partial_path;
use crate::path_checks::{stdout_key, trace_path_key};
use crate::redaction::KEY_FILE_KEY;
use crate::same_file::{are_same, is_not_a_file};
use crate::{InputSettings, LineAdapters, OutputSettings, tracing};

const DIR_KEY: &str = "runtime.checkpoint.dir";
/// A checkpoint must have room for this too, because the output has a longer name until it is complete.
const LONGEST_SUFFIX_BYTES: usize = ".partial".len();
const WITHOUT: &str = "or leave out `runtime.checkpoint`";

/// Reports settings that a checkpoint excludes. Opens nothing.
pub(crate) fn check<N, A: LineAdapters>(loaded: &mut Loaded<Config<N, A>>) {
    let config = loaded.config();
    let Some(checkpoint) = config.runtime.checkpoint.clone() else { return };
    let input = config.adapters.input_source().settings.path.clone();
    let output = config.adapters.output_sink().settings.path.clone();
    let trace = tracing::file(&config.runtime.tracing).map(|(path, _)| path.to_owned());
    let trace_path_key = trace_path_key(&config.runtime.tracing);
    if tracing::goes_to_stdout(&config.runtime.tracing) {
        let stdout_key = stdout_key(&config.runtime.tracing);
        let problem = Problem::new("with a checkpoint, records cannot go to standard output")
            .expected("a `jsonl` sink")
            .hint(format!("use `--trace-path FILE`, {WITHOUT}"));
        loaded.report(&stdout_key, problem);
    }
    let places = [
        (InputSettings::PATH_KEY, "input", Some(&*input)),
        (OutputSettings::PATH_KEY, "output", Some(&*output)),
        (&*trace_path_key, "trace file", trace.as_deref()),
    ];
    for (key, what, path) in places {
        let Some(path) = path.filter(|_| !loaded.is_mistaken(key)) else { continue };
        check_file(loaded, key, what, path, &checkpoint.dir);
    }
    if !loaded.is_mistaken(DIR_KEY) {
        check_dir(loaded, &checkpoint.dir);
        check_read_files(loaded, &checkpoint.dir);
    }
}

fn check_file<N, A>(loaded: &mut Loaded<Config<N, A>>, key: &str, what: &str, path: &Path, dir: &Path) {
    const MAX_BYTES: usize = MAX_PATH_BYTES - LONGEST_SUFFIX_BYTES;
    let bytes = json_bytes(&path.to_string_lossy());
    let [shown, shown_dir] = [path, dir].map(Path::display);
    let is_in_the_way =
        || is_within(path, dir) || (key == OutputSettings::PATH_KEY && are_same(&partial_path(path), dir));
    let problem = if is_not_a_file(path) {
        Problem::new(format!("checkpoints need a regular file for the {what}, and `{shown}` is not one"))
            .expected("a file, of which a part can be read or written again")
            .hint(format!("name a file, {WITHOUT}"))
    } else if bytes > MAX_BYTES {
        Problem::new(format!("with a checkpoint, the {what}'s path is too long: {bytes} bytes as JSON text"))
            .expected(format!("at most {MAX_BYTES}"))
            .hint("use a shorter path")
    } else if !loaded.is_mistaken(DIR_KEY) && is_in_the_way() {
        Problem::new(format!(
            "the {what} `{shown}` and the checkpoint `{shown_dir}` would be in each other's way"
        ))
        .expected("a file that neither lies in the checkpoint nor has its name, now or until it is complete")
        .hint("name another file, or another `runtime.checkpoint.dir`")
    } else {
        return;
    };
    loaded.report(key, problem);
}

fn check_dir<N, A>(loaded: &mut Loaded<Config<N, A>>, dir: &Path) {
    let (what, expected, hint) = if dir.is_symlink() {
        ("a symbolic link", "a directory of its own", "name the directory that the link leads to")
    } else if loaded.files().iter().any(|file| are_same(file, dir)) {
        ("where the configuration was read from", "a directory of its own", "name another one")
    } else if fs::metadata(dir).is_ok_and(|metadata| !metadata.is_dir()) {
        ("not a directory", "a directory, or a name that is free for one", "name another one")
    } else {
        return;
    };
    let problem = Problem::new(format!("the checkpoint `{}` is {what}", dir.display()));
    loaded.report(DIR_KEY, problem.expected(expected).hint(hint));
}

/// Reports a configuration file in the checkpoint's directory, where a run would overwrite it.
fn check_read_files<N, A>(loaded: &mut Loaded<Config<N, A>>, dir: &Path) {
    let key_file = loaded.config().runtime.tracing.redact.key_file.clone();
    let mut read = loaded.files().to_vec();
    read.extend(key_file.filter(|_| !loaded.is_mistaken(KEY_FILE_KEY)));
    for file in read.iter().filter(|file| are_same(dir_of(file), dir)) {
        let (file, dir) = (file.display(), dir.display());
        let problem = Problem::new(format!("`{file}`, which is read, lies in the checkpoint `{dir}`"))
            .expected("a directory that holds nothing else")
            .hint("name another one, or move the file");
        loaded.report(DIR_KEY, problem);
    }
}

/// Returns whether the path is the directory itself or directly in it.
fn is_within(path: &Path, dir: &Path) -> bool {
    are_same(path, dir) || are_same(dir_of(path), dir)
}
