//! Configuration of the application: the parameters of the steps, and the adapters for lines.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stream_kernel_run::config::{Config, Loaded, Problem};
use stream_kernel_run::{InputSettings, InputSource, LineAdapters, OutputSettings, OutputSink};

/// Parameters by step name; a step that has none is not listed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Nodes {
    /// What a request is counted under.
    pub(crate) classify_request: ClassifyRequestNode,
    /// What is reported of the counts.
    pub(crate) count_requests: CountRequestsNode,
}

/// Parameters of `classify_request`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClassifyRequestNode {
    /// The groups that a request is counted in, each once.
    pub(crate) group_by: Vec<Group>,
    /// Whether requests of bots are left out.
    pub(crate) skip_bots: bool,
}

impl Default for ClassifyRequestNode {
    fn default() -> Self {
        Self { group_by: vec![Group::Path, Group::Status], skip_bots: false }
    }
}

/// What requests have in common that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Group {
    /// The client's address.
    Client,
    /// The path, without its query.
    Path,
    /// The class of the status, such as `2xx`.
    Status,
}

impl Group {
    /// Returns the name of the group in the output.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Path => "path",
            Self::Status => "status",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Parameters of `count_requests`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CountRequestsNode {
    /// So many values of each group are listed, the most frequent first; the others are put together.
    #[schemars(range(min = 1, max = 10_000))]
    pub(crate) top: usize,
}

impl Default for CountRequestsNode {
    fn default() -> Self {
        Self { top: 10 }
    }
}

/// What the application is connected to.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Adapters {
    /// The access log.
    pub(crate) input_source: InputSource,
    /// Where the counts go to.
    pub(crate) output_sink: OutputSink,
}

impl Default for Adapters {
    fn default() -> Self {
        // Servers refuse longer request lines, and each of the two quoted headers may be as long again.
        let input = InputSettings {
            path: "access.log".into(),
            max_line_bytes: 3 * 8_192,
            ..InputSettings::default()
        };
        let output = OutputSettings { path: "counts.ndjson".into(), ..OutputSettings::default() };
        Self {
            input_source: InputSource { settings: input, ..InputSource::default() },
            output_sink: OutputSink { settings: output, ..OutputSink::default() },
        }
    }
}

impl LineAdapters for Adapters {
    fn input_source(&self) -> &InputSource {
        &self.input_source
    }

    fn output_sink(&self) -> &OutputSink {
        &self.output_sink
    }
}

/// Reports groups that make no sense together.
pub(crate) fn check(loaded: &mut Loaded<Config<Nodes, Adapters>>) {
    const KEY: &str = "nodes.classify_request.group_by";
    let groups = loaded.config().nodes.classify_request.group_by.clone();
    if groups.is_empty() {
        let problem = Problem::new("no group is named, so that nothing would be counted");
        let problem = problem.expected("one or more of `client`, `path`, `status`");
        loaded
            .report(KEY, problem.hint(format!("set `{KEY}`, or leave it out: it is `[path, status]` then")));
    }
    for (index, group) in groups.iter().enumerate() {
        if groups[..index].contains(group) {
            let problem = Problem::new(format!("the group `{}` is named twice", group.name()));
            let problem = problem.expected("each group once").hint("remove one of them");
            loaded.report(&format!("{KEY}.{index}"), problem);
        }
    }
}
