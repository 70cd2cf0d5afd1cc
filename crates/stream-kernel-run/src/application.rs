//! What an application brings along; everything else is the kernel's.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stream_kernel_config::{Config, Loaded};
use stream_kernel_exec::Registry;

use crate::raw_line::LineMessage;
use crate::{LineAdapters, LineOutput, SharedOutput, State};

/// A part of the configuration that the application defines.
pub trait Section: Serialize + DeserializeOwned + JsonSchema {}

impl<T: Serialize + DeserializeOwned + JsonSchema> Section for T {}

/// An application on the kernel: it takes lines in, sends them through its steps, and puts lines out.
///
/// With this alone it has layered configuration, checks and tracing; the crate `stream-kernel-app` gives it a command line.
pub trait Application: Sized {
    /// Everything that moves through the pipeline, [`RawLine`](crate::RawLine) among it: that is what comes in.
    type Message: LineMessage;
    /// The parameters of the steps: `nodes` in the configuration.
    type Nodes: Section;
    /// What the application is connected to: `adapters` in the configuration.
    type Adapters: Section + LineAdapters;
    /// What the steps are built from.
    type Resources;

    /// The program's name; environment variables begin with it, in capitals.
    const NAME: &'static str;
    /// The program's version.
    const VERSION: &'static str;
    /// What the program does, in a sentence.
    const ABOUT: &'static str;
    /// The configuration that stands in when no file is named: its name, and its text in YAML.
    const PROFILE: (&'static str, &'static str);
    /// Keys that the configuration no longer has, and what to do instead; `*` stands for any one key.
    const RETIRED_KEYS: &'static [(&'static str, &'static str)] = &[];

    /// Limits of what a run remembers, all of them for the application to keep: the keys of `runtime.limits`, each with its description.
    const LIMITS: &'static [(&'static str, &'static str)] = &[];

    /// Returns every step by name, in the order in which they run if the configuration does not say.
    fn registry() -> Registry<Self::Message, Self::Resources>;

    /// Returns what the steps are built from. Nothing is opened yet: `output` leads somewhere only once the run begins.
    fn resources(config: &Config<Self::Nodes, Self::Adapters>, output: &SharedOutput) -> Self::Resources;

    /// Reports what only the application can find wrong with its configuration.
    fn check(loaded: &mut Loaded<Self::Nodes, Self::Adapters>) {
        let _ = loaded;
    }

    /// Returns in words which rules the configuration puts in force, and which it switches off: labels, each with a
    /// text. `check` and the first lines of a run's summary show them, so that nobody runs without a limit unawares.
    fn rules(config: &Config<Self::Nodes, Self::Adapters>) -> Vec<(&'static str, String)> {
        let _ = config;
        Vec::new()
    }

    /// Returns what the application remembers from line to line, for checkpoints: all that the steps' answers to later lines depend on,
    /// and what [`summary`](Self::summary) counts. It is asked for when a run begins, and once while the configuration is checked.
    ///
    /// Without it, `runtime.checkpoint` is a mistake in the application's configuration. One whose steps remember nothing returns a [`State`]
    /// without records.
    fn state(resources: &Self::Resources) -> Option<Box<dyn State>> {
        let _ = resources;
        None
    }

    /// Looks at records of state as [`State::restore`] will get them, without a configuration: `checkpoint verify` does that.
    ///
    /// # Errors
    ///
    /// Says what is wrong, if there is a record that makes no sense.
    fn check_state(records: &[u8]) -> Result<(), String> {
        let _ = records;
        Ok(())
    }

    /// Is shown lines that come next, so that what they will ask for can be fetched for all of them at once. They are as they stand in
    /// the input, without LF, a CR still at the end.
    ///
    /// The command `run` shows [`MAX_LINES_AHEAD`](crate::MAX_LINES_AHEAD) at most at a time; who calls
    /// [`Run::look_ahead`](crate::Run::look_ahead) may show more. It is a hint and no more: it must change nothing that can be seen,
    /// the lines may be none that ever come, and lines may come that were not shown.
    fn look_ahead(resources: &Self::Resources, lines: &[&[u8]]) {
        let _ = (resources, lines);
    }

    /// Writes what is due after the last line.
    ///
    /// # Errors
    ///
    /// Returns the error of the output.
    fn finish(resources: &Self::Resources, output: &mut dyn LineOutput) -> io::Result<()> {
        let _ = (resources, output);
        Ok(())
    }

    /// Returns sentences for people on what has happened since the last call, such as a line that changes more than one
    /// would expect. The command `run` asks now and then, and at the end, and prints each as a note; keep them few.
    fn take_notices(resources: &Self::Resources) -> Vec<String> {
        let _ = resources;
        Vec::new()
    }

    /// Returns the application's part of the summary.
    fn summary(resources: &Self::Resources) -> Vec<SummaryRow> {
        let _ = resources;
        Vec::new()
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
