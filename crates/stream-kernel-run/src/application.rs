//! The contract of an application: its own part; everything else is the kernel's.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stream_kernel_config::{Config, Loaded, Rule};
use stream_kernel_exec::{Memory, Registry};
use stream_kernel_trace::{Outcome, Tags};

use crate::LineAdapters;
use crate::raw_line::LineMessage;

/// A part of the configuration that the application defines.
pub trait Section: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static> Section for T {}

/// The configuration of an application.
pub type ConfigOf<A> = Config<<A as Application>::Nodes, <A as Application>::Adapters>;

/// An application on the kernel: takes lines in, sends them through its steps, and puts lines out.
///
/// This alone gives it layered configuration, checks, tracing and checkpoints. The crate `stream-kernel-app` adds a
/// command line.
pub trait Application: Sized + 'static {
    /// The messages of the pipeline, with [`RawLine`](crate::RawLine), the input, among them.
    type Message: LineMessage;
    /// The parameters of the steps: `nodes` in the configuration.
    type Nodes: Section;
    /// The connections of the application: `adapters` in the configuration.
    type Adapters: Section + LineAdapters;

    /// How the application presents itself.
    const ABOUT: About;

    /// Returns the memory of a run and every step by name, in the default order.
    fn registry() -> Registry<Self::Message, ConfigOf<Self>>;

    /// Reports the mistakes in the configuration that only the application can find.
    fn check(loaded: &mut Loaded<ConfigOf<Self>>) {
        let _ = loaded;
    }

    /// Returns what [`check`](Self::check) checks as far as JSON Schema can say it, for editors.
    fn editor_rules() -> Vec<Rule> {
        Vec::new()
    }

    /// Returns in words which rules the configuration enables and disables: labels, each with a text. `check` and the
    /// first lines of a run's summary show them, so that nobody runs without a limit unawares.
    fn rules(config: &ConfigOf<Self>) -> Vec<(&'static str, String)> {
        let _ = config;
        Vec::new()
    }

    /// Returns what was decided about an input, by its tags after the last step; `None` if they do not show it.
    ///
    /// Tracing tools show each input under the name of its outcome.
    fn outcome(tags: &Tags) -> Option<Outcome> {
        let _ = tags;
        None
    }

    /// Appends the output that is due after the last line.
    fn finish(config: &ConfigOf<Self>, memory: &mut Memory, output: &mut Vec<u8>) {
        let _ = (config, memory, output);
    }

    /// Returns the application's part of the summary.
    fn summary(config: &ConfigOf<Self>, memory: &mut Memory) -> Vec<SummaryRow> {
        let _ = (config, memory);
        Vec::new()
    }
}

/// An application's name, version and built-in configuration.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The program's name; environment variables begin with it, in capitals.
    pub name: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// What the program does, in a sentence.
    pub about: &'static str,
    /// The built-in configuration, used when no file is named: its name, and its text in YAML.
    pub profile: (&'static str, &'static str),
    /// The keys of `runtime.limits`, each with its description; the application's tables use them.
    pub limits: &'static [(&'static str, &'static str)],
    /// Removed configuration keys, each with its replacement; `*` stands for any one key.
    pub retired_keys: &'static [(&'static str, &'static str)],
}

impl About {
    /// Returns the presentation of an application without limits and removed keys.
    pub const fn new(
        name: &'static str,
        version: &'static str,
        about: &'static str,
        profile: (&'static str, &'static str),
    ) -> Self {
        Self { name, version, about, profile, limits: &[], retired_keys: &[] }
    }
}

/// A row of the summary: a label and a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// What was counted.
    pub label: String,
    /// How many there were.
    pub count: u64,
    /// How deep the row stands under the one before it, from 0.
    pub level: usize,
}
