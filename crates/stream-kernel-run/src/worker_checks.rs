//! Files of several workers: what they read and write must have parts, each of which somebody else can read or write.

use std::path::Path;

use stream_kernel_config::{Jsonl, Loaded, Origin, Problem, Runtime};
use stream_kernel_exec::NotShared;

use crate::adapters::STANDARD_STREAM;
use crate::path_checks::{SINK_KIND_KEY, TRACE_PATH_KEY};
use crate::same_file::is_not_a_file;
use crate::{InputSettings, LineAdapters, OutputSettings, tracing};

pub(crate) const WORKERS_KEY: &str = "runtime.workers";
pub(crate) const CLUSTER_KEY: &str = "runtime.cluster";
const GATHER_KEY: &str = "runtime.cluster.gather";
const WRITE_MODE_KEY: &str = "runtime.tracing.sink.jsonl.write_mode";
const FLUSH_KEY: &str = "runtime.tracing.sink.jsonl.flush_every_n";
const FSYNC_KEY: &str = "runtime.tracing.sink.jsonl.fsync_every_n";

/// Reports what does not go together with several workers, or only with them. Nothing is opened.
pub(crate) fn check<N, A: LineAdapters>(loaded: &mut Loaded<N, A>) {
    let config = loaded.config();
    let output = config.adapters.output_sink().settings.clone();
    let gathers = config.runtime.cluster.as_ref().is_some_and(|cluster| cluster.gather);
    let is_on_several_workers = config.runtime.is_on_several_workers();
    for (is_set, key) in [(output.parts, OutputSettings::PARTS_KEY), (gathers, GATHER_KEY)] {
        if is_set && !loaded.is_mistaken(key) {
            let problem = Problem::new(
                "workers write to one output and one trace, on one file system, and not otherwise yet",
            )
            .expected("false")
            .hint("leave it out");
            loaded.report(key, problem);
        }
    }
    if !is_on_several_workers {
        return;
    }
    let config = loaded.config();
    let without = without(&config.runtime);
    let input = config.adapters.input_source().settings.path.clone();
    let trace = tracing::file(&config.runtime.tracing).map(|(path, _)| path.to_owned());
    // That `-` is no trace file is another mistake.
    let trace = trace.filter(|path| path != Path::new(STANDARD_STREAM));
    let places = [
        (InputSettings::PATH_KEY, "input", Some(&*input), "read"),
        (OutputSettings::PATH_KEY, "output", Some(&*output.path), "write"),
        (TRACE_PATH_KEY, "trace file", trace.as_deref(), "write"),
    ];
    for (key, what, path, does) in places {
        let Some(path) = path.filter(|path| !loaded.is_mistaken(key) && is_not_a_file(path)) else {
            continue;
        };
        let shown = path.display();
        let problem = Problem::new(format!(
            "several workers need a regular file for the {what}, and `{shown}` is not one"
        ))
        .expected(format!("a file, of which each worker can {does} a part"))
        .hint(format!("name a file, or {without}"));
        loaded.report(key, problem);
    }
    check_sink(loaded, without);
}

/// Reports why workers cannot share what the steps look into, if they cannot.
pub(crate) fn check_sharing<N, A>(loaded: &mut Loaded<N, A>, why: Option<NotShared>) {
    let runtime = &loaded.config().runtime;
    if let Some(why) = why.filter(|_| runtime.is_on_several_workers()) {
        let key = if runtime.workers.get() > 1 { WORKERS_KEY } else { CLUSTER_KEY };
        let problem =
            Problem::new(format!("several workers cannot share what this pipeline looks into: {why}"))
                .expected("1, or a pipeline that they can share")
                .hint(without(runtime));
        loaded.report(key, problem);
    }
}

/// Returns how to run on one worker, as the end of a hint.
fn without(runtime: &Runtime) -> &'static str {
    match (&runtime.cluster, runtime.workers.get()) {
        (None, _) => "run on one worker (`--workers 1`)",
        (Some(_), 1) => "leave out `runtime.cluster` to run on one worker",
        (Some(_), _) => "leave out `runtime.cluster` and `runtime.workers` to run on one worker",
    }
}

/// Reports a sink that writes each record when it is made: among several workers, the one before it may come later.
fn check_sink<N, A>(loaded: &mut Loaded<N, A>, without: &str) {
    let tracing = loaded.config().runtime.tracing.clone();
    if tracing::goes_to_stdout(&tracing) {
        let problem = Problem::new("on several workers, records cannot go to standard output")
            .expected("a `jsonl` sink")
            .hint(format!("use `--trace-path FILE`, or {without}"));
        loaded.report(SINK_KIND_KEY, problem);
    }
    let jsonl = tracing.sink.as_ref().filter(|_| tracing.enabled).and_then(|sink| sink.jsonl_file());
    let Some((_, jsonl)) = jsonl else { return };
    let Jsonl { flush_every_n, fsync_every_n, .. } = jsonl;
    // By default they would go one by one, too; that is not asked for.
    let is_asked = |key: &&str| loaded.origin(key) != Origin::Default && !loaded.is_mistaken(key);
    if flush_every_n.get() == 1
        && let Some(key) = [FLUSH_KEY, WRITE_MODE_KEY].into_iter().find(is_asked)
    {
        let problem = Problem::new("several workers cannot write records one by one to one file")
            .expected("`write_mode: batch`, without `flush_every_n: 1`")
            .hint(format!("write batches, or {without}"));
        loaded.report(key, problem);
    }
    if let Some(every_n) = fsync_every_n {
        let problem =
            Problem::new(format!("several workers cannot make one file durable every {every_n} records"))
                .expected("null")
                .hint(format!("leave it out, or {without}"));
        loaded.report(FSYNC_KEY, problem);
    }
}
