//! What a checkpoint asks of a configuration: files that can be cut, and state that can be kept.

use std::fs;
use std::path::Path;

use stream_kernel_config::{Loaded, Problem, SinkKind};

use crate::adapters::{INPUT_PATH_KEY, OUTPUT_PATH_KEY, is_standard_stream};
use crate::{Application, LineAdapters};

const CHECKPOINT_KEY: &str = "runtime.checkpoint";
const DIR_KEY: &str = "runtime.checkpoint.dir";
const SINK_KIND_KEY: &str = "runtime.tracing.sink.kind";
const WITHOUT: &str = "or leave out `runtime.checkpoint`";

/// Reports what does not go together with a checkpoint. Nothing is opened.
pub(crate) fn check<A: Application>(loaded: &mut Loaded<A::Nodes, A::Adapters>, resources: &A::Resources) {
    let config = loaded.config();
    let Some(checkpoint) = config.runtime.checkpoint.clone() else { return };
    let input = config.adapters.input_source().settings.path.clone();
    let output = config.adapters.output_sink().settings.path.clone();
    let tracing = &config.runtime.tracing;
    let traces_to_stdout =
        tracing.enabled && tracing.sink.as_ref().is_some_and(|sink| sink.kind == SinkKind::Stdout);

    for (key, what, path) in [(INPUT_PATH_KEY, "input", &input), (OUTPUT_PATH_KEY, "output", &output)] {
        if !loaded.is_mistaken(key) && is_no_file(path) {
            let problem = Problem::new(format!(
                "with a checkpoint, the {what} cannot be `{}`, which is no regular file",
                path.display()
            ))
            .expected("a file, of which a part can be read or written again")
            .hint(format!("name a file, {WITHOUT}"));
            loaded.report(key, problem);
        }
    }
    if traces_to_stdout {
        let problem = Problem::new("with a checkpoint, records cannot go to standard output")
            .expected("a `jsonl` sink")
            .hint(format!("use `--trace-path FILE`, {WITHOUT}"));
        loaded.report(SINK_KIND_KEY, problem);
    }
    if !loaded.is_mistaken(DIR_KEY) && fs::metadata(&checkpoint.dir).is_ok_and(|metadata| !metadata.is_dir())
    {
        let problem = Problem::new(format!("the checkpoint `{}` is no directory", checkpoint.dir.display()))
            .expected("a directory, or a name that is free for one")
            .hint("name another one");
        loaded.report(DIR_KEY, problem);
    }
    if A::state(resources).is_none() {
        let problem = Problem::new(format!("{} cannot keep what it remembers in a checkpoint", A::NAME))
            .expected("no checkpoint")
            .hint("leave out `runtime.checkpoint`");
        loaded.report(CHECKPOINT_KEY, problem);
    }
}

/// Returns whether the path leads to a stream or a device.
fn is_no_file(path: &Path) -> bool {
    is_standard_stream(path)
        || fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}
