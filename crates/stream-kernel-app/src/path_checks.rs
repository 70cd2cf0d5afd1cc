//! Files that must not be the same, and links that are not followed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use stream_kernel_config::{Loaded, Problem, SinkKind};

use crate::LineAdapters;
use crate::adapters::{OUTPUT_PATH_KEY, is_standard_stream};
use crate::output::partial_path;

const TRACE_PATH_KEY: &str = "runtime.tracing.sink.jsonl.path";
const SINK_KIND_KEY: &str = "runtime.tracing.sink.kind";

/// Reports paths that cannot be used together, or at all. Nothing is opened.
pub(crate) fn check<N, A: LineAdapters>(loaded: &mut Loaded<N, A>) {
    let adapters = &loaded.config().adapters;
    let input = adapters.input_source().settings.path.clone();
    let output = adapters.output_sink().settings.path.clone();
    let tracing = &loaded.config().runtime.tracing;
    // A sink that is configured but switched off writes nothing.
    let sink = tracing.sink.as_ref().filter(|_| tracing.enabled);
    let trace = sink.and_then(|sink| sink.jsonl_file()).map(|(path, _)| path.to_owned());
    let traces_to_stdout = sink.is_some_and(|sink| sink.kind == SinkKind::Stdout);

    if traces_to_stdout && is_standard_stream(&output) {
        let problem = Problem::new("records and results would both go to standard output")
            .expected("a `jsonl` sink, or an output file")
            .hint("use `--trace-path FILE` or `--output FILE`");
        loaded.report(SINK_KIND_KEY, problem);
    }
    check_link(loaded, OUTPUT_PATH_KEY, "output", &output);
    if let Some(trace) = &trace {
        if is_standard_stream(trace) {
            let problem = Problem::new("`-` is no trace file")
                .hint("records go to standard output with `runtime.tracing.sink: {kind: stdout}`");
            loaded.report(TRACE_PATH_KEY, problem);
        }
        check_link(loaded, TRACE_PATH_KEY, "trace file", trace);
    }
    check_same(loaded, (OUTPUT_PATH_KEY, "output", &output), ("input", &input));
    if let Some(trace) = &trace {
        check_same(loaded, (TRACE_PATH_KEY, "trace file", trace), ("input", &input));
        check_same(loaded, (TRACE_PATH_KEY, "trace file", trace), ("output", &output));
        check_same(
            loaded,
            (TRACE_PATH_KEY, "trace file", trace),
            ("unfinished output", &partial_path(&output)),
        );
    }
    if !is_standard_stream(&output) {
        let partial = partial_path(&output);
        check_same(loaded, (OUTPUT_PATH_KEY, "unfinished output", &partial), ("input", &input));
    }
}

fn check_link<N, A>(loaded: &mut Loaded<N, A>, key: &str, what: &str, path: &Path) {
    if !is_standard_stream(path) && path.is_symlink() {
        let problem = Problem::new(format!("the {what} `{}` is a symbolic link", path.display()))
            .expected("a file of its own")
            .hint("name the file that the link leads to, or `-` for standard output");
        loaded.report(key, problem);
    }
}

fn check_same<N, A>(
    loaded: &mut Loaded<N, A>,
    (key, what, path): (&str, &str, &Path),
    (other_what, other): (&str, &Path),
) {
    if is_file(path) && is_file(other) && are_same(path, other) {
        let problem =
            Problem::new(format!("the {what} `{}` is the same file as the {other_what}", path.display()))
                .expected("a file of its own")
                .hint("name another file");
        loaded.report(key, problem);
    }
}

/// Returns whether the path leads to a file or to nothing yet, rather than to a stream or a device.
fn is_file(path: &Path) -> bool {
    !is_standard_stream(path) && fs::metadata(path).map_or(true, |metadata| metadata.is_file())
}

fn are_same(one: &Path, other: &Path) -> bool {
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
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}
