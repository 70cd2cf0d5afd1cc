//! Rotation of a trace: it needs one regular file, which one worker writes from its beginning to its end, and names
//! that are free.

use std::path::{Path, PathBuf};

use stream_kernel_config::{Config, Loaded, Problem, SinkKind};
use stream_kernel_sinks::rotated_path;

use crate::adapters::{STANDARD_STREAM, is_standard_stream};
use crate::output::partial_path;
use crate::path_checks::trace_path_key;
use crate::same_file::{Target, is_not_a_file};
use crate::worker_checks::{is_on_several_workers, without};
use crate::{LineAdapters, tracing};

/// Reports what does not go together with a trace that is rotated. Nothing is opened.
pub(crate) fn check<N, A: LineAdapters>(loaded: &mut Loaded<Config<N, A>>) {
    let config = loaded.config();
    let Some((path, writing)) = tracing::file(&config.runtime.tracing) else { return };
    let Some(rotation) = writing.rotation else { return };
    let path = path.to_owned();
    let tracing = &config.runtime.tracing;
    let trace_path_key = trace_path_key(tracing);
    let rotate_key = tracing::key_of(tracing, SinkKind::Jsonl, "jsonl.rotate");
    let report = |loaded: &mut Loaded<Config<N, A>>, what: String, hint: String| {
        loaded.report(&rotate_key, Problem::new(what).expected("null").hint(hint));
    };
    if config.runtime.checkpoint.is_some() {
        let what = "with a checkpoint, the trace cannot be rotated: a commit counts the bytes of one file";
        let hint = "leave it out, or `runtime.checkpoint`";
        report(loaded, what.to_owned(), hint.to_owned());
    }
    let config = loaded.config();
    if is_on_several_workers(config) {
        let without = without(&config.runtime, config.adapters.output_sink().settings.parts);
        let what = "several workers cannot rotate the trace that they write".to_owned();
        report(loaded, what, format!("leave it out, or {without}"));
    }
    // That `-` is no trace file, or that there is none, is another mistake.
    if loaded.is_mistaken(&trace_path_key) || path == Path::new(STANDARD_STREAM) {
        return;
    }
    if is_not_a_file(&path) {
        let what = format!("only a regular file can be rotated, and `{}` is not one", path.display());
        report(loaded, what, "leave it out, or name a file".to_owned());
        return;
    }
    let taken = taken_name(loaded, &path, rotation.keep.get());
    if let Some((name, is)) = taken {
        let what = format!("the trace would be renamed to `{}`, which is {is}", name.display());
        let problem =
            Problem::new(what).expected("names that nothing else has").hint("name another trace file");
        loaded.report(&rotate_key, problem);
    }
}

/// Returns the first name for an old file that something else of the run has, and what that is.
fn taken_name<N, A: LineAdapters>(
    loaded: &Loaded<Config<N, A>>,
    path: &Path,
    keep: u16,
) -> Option<(PathBuf, &'static str)> {
    let config = loaded.config();
    let output = &*config.adapters.output_sink().settings.path;
    let mut others = vec![
        (config.adapters.input_source().settings.path.clone(), "the input"),
        (output.to_owned(), "the output"),
        (partial_path(output), "the unfinished output"),
    ];
    others.extend(loaded.files().iter().map(|file| (file.clone(), "a file of the configuration")));
    let key_file = config.runtime.tracing.redact.key_file.clone();
    others.extend(key_file.map(|file| (file, "the key file")));
    others.retain(|(other, _)| !is_standard_stream(other));
    let names = (1..=keep).map(|number| rotated_path(path, number));
    // Most of them are neither there nor called like anything else.
    let mut names = names.filter(|name| {
        let is_called_so = |(other, _): &(PathBuf, _)| other.file_name() == name.file_name();
        name.symlink_metadata().is_ok() || others.iter().any(is_called_so)
    });
    names.find_map(|name| {
        let target = Target::Path(&name);
        let (_, is) = others.iter().find(|(other, _)| target.is_same_file(Target::Path(other)))?;
        Some((name, *is))
    })
}
