//! Checks of paths: files that must differ, and links that are not followed.

use std::path::Path;

use stream_kernel_config::{Config, Loaded, Problem, SinkKind, Tracing};

use crate::adapters::is_standard_stream;
use crate::cluster_checks::SECRET_FILE_KEY;
use crate::output::partial_path;
use crate::redaction::KEY_FILE_KEY;
use crate::same_file::{Target, is_link_to_file};
use crate::{InputSettings, LineAdapters, OutputSettings, tracing};

/// Returns the key of the trace file's path.
pub(crate) fn trace_path_key(tracing: &Tracing) -> String {
    tracing::key_of(tracing, SinkKind::Jsonl, "jsonl.path")
}

/// Returns the key that sends records to standard output.
pub(crate) fn stdout_key(tracing: &Tracing) -> String {
    tracing::key_of(tracing, SinkKind::Stdout, "kind")
}

/// A file that is read or written, with its configuration key.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place<'a> {
    key: &'a str,
    what: &'a str,
    target: Target<'a>,
}

/// Reports paths that cannot be used together, or at all. Opens nothing.
pub(crate) fn check<N, A: LineAdapters>(loaded: &mut Loaded<Config<N, A>>) {
    let adapters = &loaded.config().adapters;
    let input = adapters.input_source().settings.path.clone();
    let output = adapters.output_sink().settings.path.clone();
    let unfinished = partial_path(&output);
    let tracing = &loaded.config().runtime.tracing;
    let trace = tracing::file(tracing).map(|(path, _)| path.to_owned());
    let key_file = tracing.redact.key_file.clone();
    let secret_file =
        loaded.config().runtime.cluster.as_ref().and_then(|cluster| cluster.secret_file.clone());
    let (trace_path_key, stdout_key) = (trace_path_key(tracing), stdout_key(tracing));
    let traces_to_stdout = tracing::goes_to_stdout(tracing);
    let writes_to_stdout = is_standard_stream(&output);

    // A placeholder for a mistaken path is not compared with anything.
    let place = |key, what, target| (!loaded.is_mistaken(key)).then_some(Place { key, what, target });
    let from = if is_standard_stream(&input) { Target::StandardInput } else { Target::Path(&input) };
    let to = if writes_to_stdout { Target::StandardOutput } else { Target::Path(&output) };
    let input = place(InputSettings::PATH_KEY, "input", from);
    let output = place(OutputSettings::PATH_KEY, "output", to);
    // Standard output has no partial name.
    let unfinished = place(OutputSettings::PATH_KEY, "unfinished output", Target::Path(&unfinished));
    let unfinished = unfinished.filter(|_| !writes_to_stdout);
    let trace = trace.as_deref().and_then(|path| place(&trace_path_key, "trace file", Target::Path(path)));
    let records = place(&stdout_key, "sink", Target::StandardOutput).filter(|_| traces_to_stdout);
    let key_file = key_file.as_deref().and_then(|path| place(KEY_FILE_KEY, "key file", Target::Path(path)));
    let secret_file =
        secret_file.as_deref().and_then(|path| place(SECRET_FILE_KEY, "secret file", Target::Path(path)));

    if traces_to_stdout && writes_to_stdout && output.is_some() {
        let problem = Problem::new("records and results would both go to standard output")
            .expected("a `jsonl` sink, or an output file")
            .hint("use `--trace-path FILE` or `--output FILE`");
        loaded.report(&stdout_key, problem);
    }
    if loaded.uses_standard_input() && input.is_some_and(|input| input.target == Target::StandardInput) {
        let problem =
            Problem::new("standard input holds the configuration already").expected("an input file");
        loaded.report(InputSettings::PATH_KEY, problem.hint("use `--input FILE`, or `--config FILE`"));
    }
    if let Some(output) = output {
        check_link(loaded, output, "`-`");
    }
    if let Some(trace) = trace {
        if trace.target == Target::Path(Path::new("-")) {
            let problem = Problem::new("`-` is no trace file")
                .expected("a file of its own")
                .hint("records go to standard output with `runtime.tracing.sink: {kind: stdout}`");
            loaded.report(&trace_path_key, problem);
        }
        check_link(loaded, trace, "the sink `stdout`");
    }
    for written in [output, unfinished, trace, records].into_iter().flatten() {
        let is_trace = [trace, records].contains(&Some(written));
        let results = [output, unfinished].map(|results| results.filter(|_| is_trace));
        for other in [input].into_iter().chain(results).chain([key_file, secret_file]).flatten() {
            check_same(loaded, written, other);
        }
        check_configuration(loaded, written);
    }
}

/// Reports `place` if the configuration was read from it.
fn check_configuration<N, A>(loaded: &mut Loaded<Config<N, A>>, place: Place<'_>) {
    let files = loaded.files().to_vec();
    let file = files.iter().find(|file| place.target.is_same_file(Target::Path(file)));
    if let Some(file) = file {
        let what = format!("configuration file `{}`", file.display());
        report_same(loaded, place, &what);
    } else if loaded.uses_standard_input() && place.target.is_same_file(Target::StandardInput) {
        report_same(loaded, place, "configuration on standard input");
    }
}

/// Reports `place` if it is a symbolic link to a file; `stream` is the name for standard output.
fn check_link<N, A>(loaded: &mut Loaded<Config<N, A>>, Place { key, what, target }: Place<'_>, stream: &str) {
    if let Target::Path(path) = target
        && is_link_to_file(path)
    {
        let problem = Problem::new(format!("the {what} `{}` is a symbolic link", path.display()))
            .expected("a file of its own")
            .hint(format!("name the file that the link leads to, or use {stream} for standard output"));
        loaded.report(key, problem);
    }
}

/// Reports `place` if it is the same file as `other`.
fn check_same<N, A>(loaded: &mut Loaded<Config<N, A>>, place: Place<'_>, other: Place<'_>) {
    // Two uses of standard output are another mistake.
    let are_one_stream = place.target == other.target && place.target == Target::StandardOutput;
    if !are_one_stream && place.target.is_same_file(other.target) {
        report_same(loaded, place, other.what);
    }
}

fn report_same<N, A>(loaded: &mut Loaded<Config<N, A>>, Place { key, what, target }: Place<'_>, other: &str) {
    let written = match target {
        Target::Path(path) => format!("the {what} `{}`", path.display()),
        Target::StandardInput | Target::StandardOutput => "standard output".to_owned(),
    };
    let problem = Problem::new(format!("{written} is the same file as the {other}"))
        .expected("a file of its own")
        .hint("name another file");
    loaded.report(key, problem);
}
