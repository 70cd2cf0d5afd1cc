//! Checks of the file of metrics, which replaces any file of its name.

use std::path::{Path, PathBuf};

use stream_kernel_config::{Config, Loaded, Problem};
use stream_kernel_sinks::rotated_path;

use crate::adapters::{STANDARD_STREAM, is_standard_stream};
use crate::output::partial_path;
use crate::parts::parts_folder;
use crate::same_file::{Target, are_same, is_link_to_file, is_not_a_file};
use crate::{LineAdapters, tracing};

pub(crate) const METRICS_PATH_KEY: &str = "runtime.metrics.textfile.path";

/// Reports a path at which the metrics would replace another file of the run. Opens nothing.
pub(crate) fn check<N, A: LineAdapters>(loaded: &mut Loaded<Config<N, A>>) {
    let Some(textfile) = &loaded.config().runtime.metrics.textfile else { return };
    let path = textfile.path.clone();
    if loaded.is_mistaken(METRICS_PATH_KEY) {
        return;
    }
    let shown = path.display();
    let problem = if path == Path::new(STANDARD_STREAM) {
        Problem::new("`-` is not a file of metrics")
            .hint("name a file: a reader needs a whole one at any time")
    } else if is_link_to_file(&path) {
        Problem::new(format!("the file of metrics `{shown}` is a symbolic link"))
            .hint("name the file that the link leads to")
    } else if is_not_a_file(&path) {
        Problem::new(format!("metrics need a regular file, and `{shown}` is not one"))
            .hint("name another file")
    } else if let Some(what) = kept_folder(loaded, &path) {
        Problem::new(format!("the file of metrics `{shown}` would be among the files of the {what}"))
            .hint("name a file in another folder")
    } else if let Some(other) = replaced(loaded, &path) {
        Problem::new(format!("the file of metrics `{shown}` would replace the {other}"))
            .hint("name another file")
    } else {
        return;
    };
    loaded.report(METRICS_PATH_KEY, problem.expected("a file of its own"));
}

/// Returns whose folder the path is in, if a run keeps files of its own there.
fn kept_folder<N, A: LineAdapters>(loaded: &Loaded<Config<N, A>>, path: &Path) -> Option<&'static str> {
    let config = loaded.config();
    let checkpoint = config.runtime.checkpoint.as_ref().map(|checkpoint| checkpoint.dir.clone());
    let output = parts_folder(&config.adapters.output_sink().settings.path);
    let trace = tracing::file(&config.runtime.tracing).map(|(path, _)| parts_folder(path));
    let folders = [(checkpoint, "checkpoint"), (Some(output), "output"), (trace, "trace")];
    let is_within = |folder: &Path| path.ancestors().skip(1).any(|dir| are_same(dir, folder));
    folders.into_iter().find_map(|(folder, what)| folder.filter(|folder| is_within(folder)).map(|_| what))
}

/// Returns which other file of the run has this path, or the path under which metrics are written first.
fn replaced<N, A: LineAdapters>(loaded: &Loaded<Config<N, A>>, path: &Path) -> Option<&'static str> {
    let config = loaded.config();
    let output = &*config.adapters.output_sink().settings.path;
    let mut others: Vec<(PathBuf, &str)> = vec![
        (config.adapters.input_source().settings.path.clone(), "input"),
        (output.to_owned(), "output"),
        (partial_path(output), "unfinished output"),
    ];
    if let Some((trace, writing)) = tracing::file(&config.runtime.tracing) {
        let kept = writing.rotation.map_or(0, |rotation| rotation.keep.get());
        others.extend((1..=kept).map(|number| (rotated_path(trace, number), "earlier part of the trace")));
        others.push((trace.to_owned(), "trace"));
    }
    others.extend(config.runtime.tracing.redact.key_file.clone().map(|path| (path, "key file")));
    let secret_file = config.runtime.cluster.as_ref().and_then(|cluster| cluster.secret_file.clone());
    others.extend(secret_file.map(|path| (path, "secret file")));
    others.extend(loaded.files().iter().map(|path| (path.clone(), "configuration")));
    others.retain(|(other, _)| !is_standard_stream(other));
    let written = [path.to_owned(), partial_path(path)];
    let is_replaced = |(other, _): &&(PathBuf, &str)| {
        written.iter().any(|written| Target::Path(written).is_same_file(Target::Path(other)))
    };
    others.iter().find(is_replaced).map(|(_, what)| *what)
}
