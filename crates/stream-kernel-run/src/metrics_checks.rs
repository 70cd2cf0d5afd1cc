//! Checks of the file of metrics, which replaces any file of its name.

use std::path::{Path, PathBuf};

use stream_kernel_config::{Loaded, Problem};

use crate::adapters::{STANDARD_STREAM, is_standard_stream};
use crate::output::partial_path;
use crate::same_file::{Target, is_link_to_file, is_not_a_file};
use crate::{LineAdapters, tracing};

pub(crate) const METRICS_PATH_KEY: &str = "runtime.metrics.textfile.path";

/// Reports a path at which the metrics would replace another file of the run. Opens nothing.
pub(crate) fn check<N, A: LineAdapters>(loaded: &mut Loaded<N, A>) {
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
    } else if let Some(other) = replaced(loaded, &path) {
        Problem::new(format!("the file of metrics `{shown}` would replace the {other}"))
            .hint("name another file")
    } else {
        return;
    };
    loaded.report(METRICS_PATH_KEY, problem.expected("a file of its own"));
}

/// Returns which other file of the run has this path, or the path under which metrics are written first.
fn replaced<N, A: LineAdapters>(loaded: &Loaded<N, A>, path: &Path) -> Option<&'static str> {
    let config = loaded.config();
    let output = &*config.adapters.output_sink().settings.path;
    let mut others: Vec<(PathBuf, &str)> = vec![
        (config.adapters.input_source().settings.path.clone(), "input"),
        (output.to_owned(), "output"),
        (partial_path(output), "unfinished output"),
    ];
    let trace = tracing::file(&config.runtime.tracing).map(|(path, _)| path.to_owned());
    others.extend(trace.map(|path| (path, "trace")));
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
