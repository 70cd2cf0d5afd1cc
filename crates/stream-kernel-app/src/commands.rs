//! The commands that print: `check` and `config`.

use std::ffi::OsString;
use std::fmt::Write as _;

use serde_json::json;
use stream_kernel_run::config::{
    Compress, ContextDiffMode, Loader, Redact, RedactIdentity, Rotate, Runtime, Sink, SinkKind, Variable,
    without_credentials,
};
use stream_kernel_run::files::is_standard_stream;
use stream_kernel_run::parts::parts_folder;
use stream_kernel_run::{Application, ConfigOf, Job, LineAdapters, UnterminatedLine};
use stream_kernel_text::{counted, escaped, escaped_json};

use crate::cli::{ConfigCommand, Options};
use crate::config_diff;
use crate::failure::Failure;
use crate::report::say;
use crate::trace_commands::print;

/// The environment, as the process received it.
pub(crate) type Environment = Vec<(OsString, OsString)>;

/// `check`: prints what would run; returns the exit code.
pub(crate) fn check<A: Application>(options: &Options, environment: Environment) -> Result<u8, Failure> {
    let job = prepare::<A>(options, environment)?;
    #[cfg(not(feature = "workers"))]
    if job.is_on_several_workers() {
        return Err(crate::run::without_workers());
    }
    print(&describe(&job))
}

/// `config ..`: prints the configuration or its schema; returns the exit code.
pub(crate) fn config<A: Application>(
    command: &ConfigCommand,
    environment: Environment,
) -> Result<u8, Failure> {
    match command {
        ConfigCommand::Diff { a, b, json, options } => {
            config_diff::diff::<A>([a, b], *json, options, &environment)
        }
        ConfigCommand::Schema(_) => print(&pretty(&Job::<A>::json_schema().map_err(Failure::Configuration)?)),
        ConfigCommand::Env { json: false, .. } => print(&list_variables(variables::<A>()?)),
        ConfigCommand::Env { json: true, .. } => {
            print(&pretty(&variables::<A>()?.iter().map(|variable| {
                let Variable { name, key, expected, default, description, .. } = variable;
                json!({"name": name, "key": key, "expected": expected, "default": default, "description": description})
            }).collect()))
        }
        ConfigCommand::Show { origin, json, options } => {
            let job = prepare::<A>(options, environment)?;
            let effective = job.effective();
            print(&match (origin, json) {
                (false, false) => format!("# {}\n{}", effective.digest(), effective.yaml()),
                (false, true) => pretty(effective.json()),
                (true, false) => effective.entries().iter().fold(String::new(), |text, entry| text + &format!("{entry}\n")),
                (true, true) => pretty(&effective.entries().iter().map(|entry| {
                    json!({"key": entry.key, "value": entry.value, "origin": entry.origin.to_string()})
                }).collect()),
            })
        }
    }
}

/// Makes the job from the options, and prints its warnings.
pub(crate) fn prepare<A: Application>(
    options: &Options,
    environment: Environment,
) -> Result<Job<A>, Failure> {
    options.check()?;
    prepare_from(options.loader::<A>(environment)?)
}

pub(crate) fn prepare_from<A: Application>(loader: Loader) -> Result<Job<A>, Failure> {
    let job = Job::prepare(loader).map_err(Failure::Configuration)?;
    job.warnings().iter().for_each(say);
    Ok(job)
}

pub(crate) fn pretty(json: &serde_json::Value) -> String {
    escaped_json(&format!("{json:#}\n")).into_owned()
}

fn variables<A: Application>() -> Result<Vec<Variable>, Failure> {
    Job::<A>::loader().variables::<ConfigOf<A>>().map_err(Failure::Configuration)
}

fn list_variables(variables: Vec<Variable>) -> String {
    let mut text = String::new();
    for variable in variables {
        let default = variable.default.map(|default| format!(", default {default}")).unwrap_or_default();
        // Writing to a string never fails.
        let _ = writeln!(
            text,
            "{}\n    {} ({}{default})",
            variable.name, variable.description, variable.expected
        );
    }
    text
}

/// Returns the plan of the run, for people.
fn describe<A: Application>(job: &Job<A>) -> String {
    let config = job.config();
    let runtime = &config.runtime;
    let mut text = format!("scenario: {}\n", escaped(&config.scenario.name));
    text += if runtime.strict { "pipeline, strict:\n" } else { "pipeline, not strict:\n" };
    for step in job.scenario().wiring() {
        let routes = step.routes.iter().map(|route| match route.to {
            Some(to) => format!("{} to {to}", route.kind),
            None => format!("{} dropped", route.kind),
        });
        let routes: Vec<_> = routes.collect();
        let emits = if routes.is_empty() { "nothing".to_owned() } else { routes.join(", ") };
        text += &format!("  {} {}: {} -> {emits}\n", step.index, step.name, step.takes);
    }
    for (label, rules) in A::rules(config) {
        text += &format!("{label}: {}\n", escaped(&rules));
    }
    text += &format!("on a step's error: {}\n", word(&runtime.on_step_error));
    let (input, output) = (&config.adapters.input_source().settings, &config.adapters.output_sink().settings);
    text += &format!("tracing: {}\n", describe_tracing(runtime, output.parts));
    if job.is_on_several_workers() {
        text += &format!("workers: {}\n", describe_workers(runtime));
        text += &describe_stages(job);
        if let Some(checkpoint) = &runtime.checkpoint {
            let dir = checkpoint.dir.to_string_lossy();
            text += &format!("checkpoint: {}, kept by one worker for all\n", escaped(&dir));
        }
    }
    let place = |path: &std::path::Path, stream: &str| {
        if is_standard_stream(path) {
            stream.to_owned()
        } else {
            escaped(&path.to_string_lossy()).to_string()
        }
    };
    let left = match input.unterminated_line {
        UnterminatedLine::Take => "",
        UnterminatedLine::Leave => ", a last one without LF is left for the next run",
    };
    text += &format!(
        "input: {}, lines of up to {} bytes{left}\n",
        place(&input.path, "standard input"),
        input.max_line_bytes
    );
    let output = match runtime.cluster.as_ref().is_some_and(|cluster| cluster.gather) {
        _ if output.parts => format!("{}, a part of each worker", place(&parts_folder(&output.path), "")),
        true => format!("{}, written by process 0", place(&output.path, "")),
        false => place(&output.path, "standard output"),
    };
    text += &format!("output: {output}\n");
    text
}

/// Returns the stages of several workers: their steps, and the key by which messages are exchanged.
fn describe_stages<A: Application>(job: &Job<A>) -> String {
    let names: Vec<_> = job.scenario().wiring().map(|step| (step.index, step.name)).collect();
    // A pipeline that cannot be shared was refused before.
    let stages = job.scenario().stages().unwrap_or_default();
    let described = stages.into_iter().map(|stage| {
        let steps = names.iter().filter(|(index, _)| stage.steps.contains(index)).map(|(_, name)| *name);
        let by = stage
            .key
            .map_or_else(|| "at one worker".to_owned(), |key| format!("exchanged by the key of {key}"));
        format!("  {}: {by}\n", steps.collect::<Vec<_>>().join(", "))
    });
    described.collect()
}

/// Returns the number of workers, and their places.
fn describe_workers(Runtime { workers, cluster, .. }: &Runtime) -> String {
    let threads = counted(workers.get() as u64, "thread");
    let Some(cluster) = cluster else { return threads };
    let processes = match cluster.hosts.len() {
        1 => "1 process".to_owned(),
        count => format!("each of {count} processes"),
    };
    let host = cluster.hosts.get(cluster.process).map(String::as_str).unwrap_or_default();
    format!("{threads} in {processes}; this is process {}, {}", cluster.process, escaped(host))
}

fn describe_tracing(runtime: &Runtime, has_parts: bool) -> String {
    let tracing = &runtime.tracing;
    if !tracing.enabled {
        return "off".to_owned();
    }
    let fields = match tracing.context_diff.mode {
        ContextDiffMode::Whitelist => format!(" [{}]", tracing.context_diff.whitelist.join(", ")),
        ContextDiffMode::None | ContextDiffMode::Full => String::new(),
    };
    let sinks: Vec<_> =
        tracing.all_sinks().map(|(_, sink)| describe_sink(sink, runtime, has_parts)).collect();
    let sinks = if sinks.is_empty() { "kept in memory only".to_owned() } else { sinks.join(", and ") };
    format!(
        "signature {}, context {}{fields}{}, {sinks}",
        word(&tracing.signature.mode),
        word(&tracing.context_diff.mode),
        describe_redaction(&tracing.redact)
    )
}

fn describe_sink(sink: &Sink, runtime: &Runtime, has_parts: bool) -> String {
    match sink.jsonl_file() {
        None if sink.kind == SinkKind::Otlp => {
            let endpoint = sink.otlp.as_ref().and_then(|otlp| otlp.endpoint.as_deref());
            let endpoint = endpoint.map(without_credentials);
            format!("sent to {}", escaped(endpoint.as_deref().unwrap_or("a receiver")))
        }
        None => "to standard output".to_owned(),
        Some((path, jsonl)) if has_parts => {
            let fsync = jsonl
                .fsync_every_n
                .map_or(String::new(), |every| format!(", made durable every {every} records or more"));
            format!("to {}, a part of each worker{fsync}", escaped(&parts_folder(path).to_string_lossy()))
        }
        Some((path, _)) if runtime.is_on_several_workers() => {
            format!("appended to {} in line order", escaped(&path.to_string_lossy()))
        }
        Some((path, jsonl)) => {
            let place = format!("appended to {}", escaped(&path.to_string_lossy()));
            let fsync =
                jsonl.fsync_every_n.map_or(String::new(), |every| format!(", made durable every {every}"));
            let compressed = match jsonl.compress {
                Compress::None => String::new(),
                Compress::Zstd => format!(", compressed (zstd, level {})", jsonl.compress_level),
            };
            let rotated = jsonl.rotate.map_or(String::new(), |Rotate { max_bytes, keep, .. }| {
                let old = counted(keep.get(), "old file");
                format!(", rotated at {max_bytes} bytes, {old} kept")
            });
            format!("{place}, written every {} records{fsync}{compressed}{rotated}", jsonl.flush_every_n)
        }
    }
}

/// Returns the redaction of the trace, after a comma; nothing if it hides nothing.
fn describe_redaction(Redact { identity, tags, .. }: &Redact) -> String {
    let form = if *identity == RedactIdentity::Hash { "hashed" } else { "masked" };
    let mut text = String::new();
    if *identity != RedactIdentity::None {
        text += &format!(", identities {form}");
    }
    if !tags.is_empty() {
        text += &format!(", tags [{}] {form}", escaped(&tags.join(", ")));
    }
    text
}

/// Returns the configuration's word for a choice.
fn word(choice: &impl serde::Serialize) -> String {
    serde_json::to_value(choice).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
