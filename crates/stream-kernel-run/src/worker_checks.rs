//! Checks of the files of several workers, which must allow several readers and writers.

use std::path::Path;

use stream_kernel_config::{Compress, Config, Jsonl, Loaded, Origin, Problem, Runtime, SinkKind};
use stream_kernel_disk::dir_of;
use stream_kernel_exec::NotShared;

use crate::adapters::STANDARD_STREAM;
use crate::parts::parts_folder;
use crate::path_checks::{stdout_key, trace_path_key};
use crate::same_file::{are_same, is_not_a_file};
use crate::{InputSettings, LineAdapters, OutputSettings, tracing};

pub(crate) const WORKERS_KEY: &str = "runtime.workers";
pub(crate) const CLUSTER_KEY: &str = "runtime.cluster";
pub(crate) const CHECKPOINT_KEY: &str = "runtime.checkpoint";
pub(crate) const GATHER_KEY: &str = "runtime.cluster.gather";

/// Reports settings that exclude several workers, or need them. Opens nothing.
pub(crate) fn check<N, A: LineAdapters>(loaded: &mut Loaded<Config<N, A>>) {
    let config = loaded.config();
    let output = config.adapters.output_sink().settings.clone();
    let gathers = config.runtime.cluster.as_ref().is_some_and(|cluster| cluster.gather);
    let is_on_several_workers = is_on_several_workers(config);
    check_ways_to_write(loaded, output.parts, gathers);
    if !is_on_several_workers {
        return;
    }
    let config = loaded.config();
    let without = without(&config.runtime, output.parts);
    let input = config.adapters.input_source().settings.path.clone();
    let trace = tracing::file(&config.runtime.tracing).map(|(path, _)| path.to_owned());
    let trace_path_key = trace_path_key(&config.runtime.tracing);
    // A trace file of `-` is another mistake.
    let trace = trace.filter(|path| path != Path::new(STANDARD_STREAM));
    let places = [
        (InputSettings::PATH_KEY, "input", Some(&*input), "read"),
        (OutputSettings::PATH_KEY, "output", Some(&*output.path), "write"),
        (&*trace_path_key, "trace file", trace.as_deref(), "write"),
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
    check_sink(loaded, without, output.parts);
    if output.parts {
        check_place_of_input(loaded, &input, &output.path, trace.as_deref());
    }
}

/// Returns whether the configuration asks for workers: several threads, a cluster of any size, or files of each worker.
pub(crate) fn is_on_several_workers<N, A: LineAdapters>(config: &Config<N, A>) -> bool {
    config.runtime.is_on_several_workers() || config.adapters.output_sink().settings.parts
}

/// Reports files of each worker together with process 0 writing for all, and either of them with a checkpoint.
fn check_ways_to_write<N, A>(loaded: &mut Loaded<Config<N, A>>, parts: bool, gathers: bool) {
    let ways = [(parts, OutputSettings::PARTS_KEY), (gathers, GATHER_KEY)];
    let asked = ways.into_iter().filter(|(is_set, key)| *is_set && !loaded.is_mistaken(key));
    let asked: Vec<_> = asked.map(|(_, key)| key).collect();
    if let [_, gather] = &*asked {
        let problem = Problem::new("each worker would write files of its own, and process 0 for all of them")
            .expected("one of both")
            .hint(format!("leave out this or `{}`", OutputSettings::PARTS_KEY));
        loaded.report(gather, problem);
    }
    if loaded.config().runtime.checkpoint.is_none() {
        return;
    }
    for key in asked {
        let problem = Problem::new("a checkpoint needs one output, to which each process has access")
            .expected("false")
            .hint(format!("leave it out, or `{CHECKPOINT_KEY}`"));
        loaded.report(key, problem);
    }
}

/// Reports an input in a folder of parts, whose files a run replaces; the run refuses anything else in there.
fn check_place_of_input<N, A>(
    loaded: &mut Loaded<Config<N, A>>,
    input: &Path,
    output: &Path,
    trace: Option<&Path>,
) {
    let mut folders = [Some(output), trace].into_iter().flatten().map(parts_folder);
    let is_certain = !loaded.is_mistaken(InputSettings::PATH_KEY);
    if let Some(folder) = folders.find(|folder| is_certain && are_same(dir_of(input), folder)) {
        let (input, folder) = (input.display(), folder.display());
        let problem =
            Problem::new(format!("the input `{input}` is in `{folder}`, where workers write their parts"))
                .expected("a file elsewhere")
                .hint("move it, or write to another place");
        loaded.report(InputSettings::PATH_KEY, problem);
    }
}

/// Reports why workers cannot share the memory of the steps, if they cannot.
pub(crate) fn check_sharing<N, A: LineAdapters>(loaded: &mut Loaded<Config<N, A>>, why: Option<NotShared>) {
    let runtime = &loaded.config().runtime;
    let has_parts = loaded.config().adapters.output_sink().settings.parts;
    if let Some(why) = why.filter(|_| is_on_several_workers(loaded.config())) {
        let key = match (runtime.workers.get(), &runtime.cluster) {
            (1, None) => OutputSettings::PARTS_KEY,
            (1, Some(_)) => CLUSTER_KEY,
            (_, _) => WORKERS_KEY,
        };
        let problem =
            Problem::new(format!("several workers cannot share what this pipeline looks into: {why}"))
                .expected("1, or a pipeline that they can share")
                .hint(without(runtime, has_parts));
        loaded.report(key, problem);
    }
}

/// Returns how to run on one worker, as the end of a hint.
pub(crate) fn without(runtime: &Runtime, has_parts: bool) -> &'static str {
    match (&runtime.cluster, runtime.workers.get()) {
        (None, 1) if has_parts => {
            "leave out `adapters.output_sink.settings.parts`, which makes files of workers"
        }
        (None, _) if has_parts => {
            "leave out `adapters.output_sink.settings.parts`, and run on one worker (`--workers 1`)"
        }
        (Some(_), _) if has_parts => {
            "leave out `runtime.cluster`, `runtime.workers` and `adapters.output_sink.settings.parts` to run on one worker"
        }
        (None, _) => "run on one worker (`--workers 1`)",
        (Some(_), 1) => "leave out `runtime.cluster` to run on one worker",
        (Some(_), _) => "leave out `runtime.cluster` and `runtime.workers` to run on one worker",
    }
}

/// Reports a sink that compresses records, because their places in the file would depend on all records before
/// them; and one that writes each record at once into the file of all workers: an earlier record may come later.
/// Into a worker's own part it may.
fn check_sink<N, A>(loaded: &mut Loaded<Config<N, A>>, without: &str, parts: bool) {
    let tracing = loaded.config().runtime.tracing.clone();
    if tracing::goes_to_stdout(&tracing) {
        let problem = Problem::new("on several workers, records cannot go to standard output")
            .expected("a `jsonl` sink")
            .hint(format!("use `--trace-path FILE`, or {without}"));
        loaded.report(&stdout_key(&tracing), problem);
    }
    if tracing.sink_of(SinkKind::Otlp).is_some() {
        let problem =
            Problem::new("on several workers, records cannot go to a receiver while the run goes on")
                .expected("a `jsonl` sink")
                .hint(format!(
                    "use `--trace-path FILE`, and `trace export --to URL` afterwards, or {without}"
                ));
        loaded.report(&tracing::key_of(&tracing, SinkKind::Otlp, "kind"), problem);
    }
    let key = |name: &str| tracing::key_of(&tracing, SinkKind::Jsonl, name);
    let jsonl = tracing.jsonl_file();
    if jsonl.is_some_and(|(_, jsonl)| jsonl.compress == Compress::Zstd) {
        let finished = if parts { "what `merge` makes of the parts" } else { "the finished file" };
        let problem = Problem::new("several workers cannot compress the trace that they write")
            .expected("none")
            .hint(format!("leave it out, and compress {finished} with `zstd`; or {without}"));
        loaded.report(&key("jsonl.compress"), problem);
    }
    let Some((_, jsonl)) = jsonl.filter(|_| !parts) else { return };
    let Jsonl { flush_every_n, fsync_every_n, .. } = jsonl;
    // The default would write them one by one too; nobody has asked for that.
    let is_asked = |key: &&String| loaded.origin(key) != Origin::Default && !loaded.is_mistaken(key);
    if flush_every_n.get() == 1
        && let Some(key) = ["jsonl.flush_every_n", "jsonl.write_mode"].map(key).iter().find(is_asked)
    {
        let problem = Problem::new("several workers cannot write records one by one to one file")
            .expected("`write_mode: batch`, without `flush_every_n: 1`")
            .hint(format!(
                "write batches, let each worker write files of its own (`{}: true`), or {without}",
                OutputSettings::PARTS_KEY
            ));
        loaded.report(key, problem);
    }
    if let Some(every_n) = fsync_every_n {
        let problem =
            Problem::new(format!("several workers cannot make one file durable every {every_n} records"))
                .expected("null")
                .hint(format!(
                    "leave it out, let each worker write files of its own (`{}: true`), or {without}",
                    OutputSettings::PARTS_KEY
                ));
        loaded.report(&key("jsonl.fsync_every_n"), problem);
    }
}
