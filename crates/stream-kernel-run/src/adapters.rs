//! Adapters: configuration of the input file and the output file.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The path that stands for standard input and output.
pub const STANDARD_STREAM: &str = "-";

/// An application's `adapters`, with those of its lines.
pub trait LineAdapters {
    /// Returns where lines come from.
    fn input_source(&self) -> &InputSource;

    /// Returns where lines go to.
    fn output_sink(&self) -> &OutputSink;
}

/// The adapters of an application that has no others: `input.txt` and `output.txt`, unless the configuration says
/// otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LineFiles {
    /// Where lines come from.
    pub input_source: InputSource,
    /// Where lines go to.
    pub output_sink: OutputSink,
}

impl LineAdapters for LineFiles {
    fn input_source(&self) -> &InputSource {
        &self.input_source
    }

    fn output_sink(&self) -> &OutputSink {
        &self.output_sink
    }
}

/// The parameters of an application whose steps have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoParameters {}

/// The kind of adapter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileAdapter {
    /// A file, or `-` for a standard stream.
    #[default]
    File,
}

/// Where lines come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InputSource {
    /// The kind of adapter.
    pub kind: FileAdapter,
    /// Its settings.
    pub settings: InputSettings,
}

/// Which lines come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InputSettings {
    /// The file, relative to the working directory, or `-` for standard input.
    #[schemars(length(min = 1))]
    pub path: PathBuf,
    /// The longest line that is read, in bytes; a longer one is skipped and counts as unreadable.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub max_line_bytes: usize,
    /// What becomes of a last line without LF: `take` reads it, `leave` leaves it for the next run, for inputs that grow.
    pub unterminated_line: UnterminatedLine,
}

impl InputSettings {
    /// The key of the input's path.
    pub const PATH_KEY: &str = "adapters.input_source.settings.path";
}

impl Default for InputSettings {
    fn default() -> Self {
        Self {
            path: "input.txt".into(),
            max_line_bytes: 1_048_576,
            unterminated_line: UnterminatedLine::Take,
        }
    }
}

/// What becomes of a last line without LF, which somebody may still be writing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnterminatedLine {
    /// It is a line as any other.
    #[default]
    Take,
    /// It is left in the input, for a run that finds the rest of it.
    Leave,
}

/// Where lines go to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutputSink {
    /// The kind of adapter.
    pub kind: FileAdapter,
    /// Its settings.
    pub settings: OutputSettings,
}

/// Which file the lines go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutputSettings {
    /// The file, relative to the working directory, or `-` for standard output.
    #[schemars(length(min = 1))]
    pub path: PathBuf,
    /// Whether each of several workers writes files of its own, those of the output into the folder `<path>.parts`.
    pub parts: bool,
}

impl OutputSettings {
    /// The key of the output's path.
    pub const PATH_KEY: &str = "adapters.output_sink.settings.path";

    /// The key that says whether each worker writes files of its own.
    pub const PARTS_KEY: &str = "adapters.output_sink.settings.parts";
}

impl Default for OutputSettings {
    fn default() -> Self {
        Self { path: "output.txt".into(), parts: false }
    }
}

/// Returns whether `path` stands for a standard stream.
pub fn is_standard_stream(path: &Path) -> bool {
    path == Path::new(STANDARD_STREAM)
}
