//! The contract of an application: what it brings along; everything else is the kernel's.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stream_kernel_config::{Config, Loaded};
use stream_kernel_exec::{Memory, Registry};

use crate::LineAdapters;
use crate::raw_line::LineMessage;

/// A part of the configuration that the application defines.
pub trait Section: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static> Section for T {}

/// The configuration of an application.
pub type ConfigOf<A> = Config<<A as Application>::Nodes, <A as Application>::Adapters>;

/// An application on the kernel: it takes lines in, sends them through its steps, and puts lines out.
///
/// With this alone it has layered configuration, checks, tracing and checkpoints; the crate `stream-kernel-app` gives it a command line.
pub trait Application: Sized + 'static {
    /// Everything that moves through the pipeline, [`RawLine`](crate::RawLine) among it: that is what comes in.
    type Message: LineMessage;
    /// The parameters of the steps: `nodes` in the configuration.
    type Nodes: Section;
    /// What the application is connected to: `adapters` in the configuration.
    type Adapters: Section + LineAdapters;

    /// How the application presents itself.
    const ABOUT: About;

    /// Returns what a run remembers, and every step by name, in the order in which they run if the configuration does not say.
    fn registry() -> Registry<Self::Message, ConfigOf<Self>>;

    /// Reports what only the application can find wrong with its configuration.
    fn check(loaded: &mut Loaded<Self::Nodes, Self::Adapters>) {
        let _ = loaded;
    }

    /// Returns in words which rules the configuration puts in force, and which it switches off: labels, each with a
    /// text. `check` and the first lines of a run's summary show them, so that nobody runs without a limit unawares.
    fn rules(config: &ConfigOf<Self>) -> Vec<(&'static str, String)> {
        let _ = config;
        Vec::new()
    }

    /// Appends what is due after the last line to `output`.
    fn finish(config: &ConfigOf<Self>, memory: &mut Memory, output: &mut Vec<u8>) {
        let _ = (config, memory, output);
    }

    /// Returns the application's part of the summary.
    fn summary(config: &ConfigOf<Self>, memory: &mut Memory) -> Vec<SummaryRow> {
        let _ = (config, memory);
        Vec::new()
    }
}

/// How an application presents itself, and what its configuration knows.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The program's name; environment variables begin with it, in capitals.
    pub name: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// What the program does, in a sentence.
    pub about: &'static str,
    /// The configuration that stands in when no file is named: its name, and its text in YAML.
    pub profile: (&'static str, &'static str),
    /// The keys of `runtime.limits`, each with its description; the application's tables go by them.
    pub limits: &'static [(&'static str, &'static str)],
    /// Keys that the configuration no longer has, and what to do instead; `*` stands for any one key.
    pub retired_keys: &'static [(&'static str, &'static str)],
}

impl About {
    /// Returns how an application presents itself that has no limits and no retired keys.
    pub const fn new(
        name: &'static str,
        version: &'static str,
        about: &'static str,
        profile: (&'static str, &'static str),
    ) -> Self {
        Self { name, version, about, profile, limits: &[], retired_keys: &[] }
    }
}

/// A line of the summary: something counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// What was counted.
    pub label: String,
    /// How many there were.
    pub count: u64,
    /// How deep the row stands under the one before it, from 0.
    pub level: usize,
}
