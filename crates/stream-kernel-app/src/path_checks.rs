//! Files that must not be the same, and links that are not followed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use stream_kernel_config::{Loaded, Problem, SinkKind};

use crate::LineAdapters;
use crate::adapters::{INPUT_PATH_KEY, OUTPUT_PATH_KEY, is_standard_stream};
use crate::output::{folder_of, partial_path};
use crate::redaction::KEY_FILE_KEY;

pub(crate) const TRACE_PATH_KEY: &str = "runtime.tracing.sink.jsonl.path";
pub(crate) const SINK_KIND_KEY: &str = "runtime.tracing.sink.kind";

/// A path, with the key that it comes from.
#[derive(Clone, Copy)]
struct Place<'a> {
    key: &'a str,
    what: &'a str,
    path: &'a Path,
}

/// Reports paths that cannot be used together, or at all. Nothing is opened.
pub(crate) fn check<N, A: LineAdapters>(loaded: &mut Loaded<N, A>) {
    let adapters = &loaded.config().adapters;
    let input = adapters.input_source().settings.path.clone();
    let output = adapters.output_sink().settings.path.clone();
    let unfinished = partial_path(&output);
    let tracing = &loaded.config().runtime.tracing;
    // A sink that is configured but switched off writes nothing.
    let sink = tracing.sink.as_ref().filter(|_| tracing.enabled);
    let trace = sink.and_then(|sink| sink.jsonl_file()).map(|(path, _)| path.to_owned());
    let key_file = tracing.redact.key_file.clone();
    let traces_to_stdout = sink.is_some_and(|sink| sink.kind == SinkKind::Stdout);

    // A path that only stands in for a mistaken one is held against nothing.
    let place = |key, what, path| (!loaded.is_mistaken(key)).then_some(Place { key, what, path });
    let input = place(INPUT_PATH_KEY, "input", &input);
    let output = place(OUTPUT_PATH_KEY, "output", &output);
    let writes_to_stdout = output.is_some_and(|output| is_standard_stream(output.path));
    // What goes to standard output has no partial name.
    let unfinished = output.filter(|_| !writes_to_stdout).map(|output| Place {
        what: "unfinished output",
        path: &unfinished,
        ..output
    });
    let trace = trace.as_deref().and_then(|path| place(TRACE_PATH_KEY, "trace file", path));
    let key_file = key_file.as_deref().and_then(|path| place(KEY_FILE_KEY, "key file", path));

    if traces_to_stdout && writes_to_stdout {
        let problem = Problem::new("records and results would both go to standard output")
            .expected("a `jsonl` sink, or an output file")
            .hint("use `--trace-path FILE` or `--output FILE`");
        loaded.report(SINK_KIND_KEY, problem);
    }
    if loaded.uses_standard_input() && input.is_some_and(|input| is_standard_stream(input.path)) {
        let problem =
            Problem::new("standard input holds the configuration already").expected("an input file");
        loaded.report(INPUT_PATH_KEY, problem.hint("use `--input FILE`, or `--config FILE`"));
    }
    if let Some(output) = output {
        check_link(loaded, output, "`-`");
    }
    if let (Some(output), Some(input)) = (output, input) {
        check_same(loaded, output, input);
    }
    if let Some(trace) = trace {
        if is_standard_stream(trace.path) {
            let problem = Problem::new("`-` is no trace file")
                .expected("a file of its own")
                .hint("records go to standard output with `runtime.tracing.sink: {kind: stdout}`");
            loaded.report(TRACE_PATH_KEY, problem);
        }
        check_link(loaded, trace, "the sink `stdout`");
        for other in [input, output, unfinished, key_file].into_iter().flatten() {
            check_same(loaded, trace, other);
        }
    }
    if let (Some(unfinished), Some(input)) = (unfinished, input) {
        check_same(loaded, unfinished, input);
    }
    if let Some(key_file) = key_file {
        for results in [output, unfinished].into_iter().flatten() {
            check_same(loaded, results, key_file);
        }
    }
}

/// Reports `place` if it is a symbolic link; `stream` is what to use for standard output.
fn check_link<N, A>(loaded: &mut Loaded<N, A>, Place { key, what, path }: Place<'_>, stream: &str) {
    if !is_standard_stream(path) && path.is_symlink() {
        let problem = Problem::new(format!("the {what} `{}` is a symbolic link", path.display()))
            .expected("a file of its own")
            .hint(format!("name the file that the link leads to, or use {stream} for standard output"));
        loaded.report(key, problem);
    }
}

/// Reports `place` if it is the same file as `other`.
fn check_same<N, A>(loaded: &mut Loaded<N, A>, Place { key, what, path }: Place<'_>, other: Place<'_>) {
    if is_file(path) && is_file(other.path) && are_same(path, other.path) {
        let problem =
            Problem::new(format!("the {what} `{}` is the same file as the {}", path.display(), other.what))
                .expected("a file of its own")
                .hint("name another file");
        loaded.report(key, problem);
    }
}

/// Returns whether the path leads to a file or to nothing yet, rather than to a stream or a device.
fn is_file(path: &Path) -> bool {
    !is_standard_stream(path) && fs::metadata(path).map_or(true, |metadata| metadata.is_file())
}

/// Returns whether both paths lead to the same file, now or once it exists.
pub(crate) fn are_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
    match (identity(one), identity(other)) {
        (Some(one), Some(other)) => one == other,
        _ => resolve(one) == resolve(other),
    }
}

/// Returns the path with its links resolved; of a file that does not exist yet those of its folder.
fn resolve(path: &Path) -> PathBuf {
    if let Ok(resolved) = path.canonicalize() {
        return resolved;
    }
    match (folder_of(path).canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}
