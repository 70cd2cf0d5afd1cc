//! The application of these tests: the parameters of a few steps and adapters.
#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has to fail")]

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use stream_kernel_config::{Config, Loaded, Loader, decimal};
use tempfile::TempDir;

/// Whole cents, read exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Money(pub(crate) u64);

impl JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        decimal::schema(2, "0.00", "999999999999999.99")
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&decimal::format(self.0, 2))
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decimal::parse(&String::deserialize(deserializer)?, 2).map(Self).map_err(de::Error::custom)
    }
}

/// Text that the schema cannot describe: no upper case letters.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[schemars(transparent)]
pub(crate) struct LowerCase(String);

impl<'de> Deserialize<'de> for LowerCase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.chars().any(char::is_uppercase) {
            return Err(de::Error::custom("upper case letters"));
        }
        Ok(Self(text))
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nodes {
    /// When a week begins.
    #[serde(default)]
    pub(crate) compute_time_keys: ComputeTimeKeys,
    /// The limits.
    #[serde(default)]
    pub(crate) evaluate_policies: EvaluatePolicies,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ComputeTimeKeys {
    pub(crate) week_start: WeekStart,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum WeekStart {
    #[default]
    Mon,
    Tue,
    Sun,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EvaluatePolicies {
    /// The most a customer may load in a day; null for no limit.
    pub(crate) daily_amount: Option<Money>,
    /// The most attempts in a day.
    #[schemars(range(min = 0, max = 1000))]
    pub(crate) daily_attempts: u32,
}

impl Default for EvaluatePolicies {
    fn default() -> Self {
        Self { daily_amount: Some(Money(500_000)), daily_attempts: 3 }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adapters {
    #[serde(default)]
    pub(crate) input_source: InputSource,
    /// Labels of the run, by name.
    #[serde(default)]
    pub(crate) labels: std::collections::BTreeMap<String, LowerCase>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct InputSource {
    /// The input file.
    #[schemars(length(min = 1))]
    pub(crate) path: PathBuf,
    /// The longest line, in bytes.
    pub(crate) max_line_bytes: usize,
    /// How much of the input is read, from 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(crate) share: f64,
}

impl Default for InputSource {
    fn default() -> Self {
        Self { path: "input.txt".into(), max_line_bytes: 1 << 20, share: 1.0 }
    }
}

/// The least that a file must hold.
pub(crate) const MINIMAL: &str = "version: 1\nscenario: {name: test}\n";

/// Returns the application's loader, without layers.
pub(crate) fn loader() -> Loader {
    Loader::new("APP")
        .default_pipeline(["parse", "decide", "write"])
        .retired("runtime.discovery_modules", "steps are registered in code; remove the key")
        .retired("adapters.*.factory", "adapters are chosen by `kind`; remove the key")
}

/// A loader with layers, and the directory that holds its files.
pub(crate) struct Scene {
    directory: TempDir,
    loader: Loader,
}

/// Returns a scene with the application's loader.
pub(crate) fn scene() -> Scene {
    Scene { directory: TempDir::new().unwrap(), loader: loader() }
}

/// Returns a scene with one file: the minimum, and more lines behind it.
pub(crate) fn with(more: &str) -> Scene {
    scene().file("a.yaml", format!("{MINIMAL}{more}"))
}

impl Scene {
    /// Adds a file with this content.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.directory.path().join(name), content).unwrap();
        self.named(name)
    }

    /// Adds a file that does not have to be there.
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.loader = self.loader.file(self.directory.path().join(name));
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.loader = self.loader.environment([(OsString::from(name), OsString::from(value))]);
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(Loader) -> Loader) -> Self {
        self.loader = change(self.loader);
        self
    }

    pub(crate) fn set(self, assignment: &str) -> Self {
        self.with(|loader| loader.set(assignment))
    }

    pub(crate) fn load(self) -> Loaded<Config<Nodes, Adapters>> {
        self.loader.load().unwrap()
    }

    /// Returns all mistakes as shown, without the directory of the files.
    pub(crate) fn mistakes(self) -> String {
        let directory = format!("{}/", self.directory.path().display());
        let loaded: Loaded<Config<Nodes, Adapters>> = self.loader.load().unwrap();
        loaded.finish().unwrap_err().to_string().replace(&directory, "")
    }

    /// Returns every key as shown, without the directory of the files.
    pub(crate) fn entries(self) -> String {
        let directory = format!("{}/", self.directory.path().display());
        let (_, effective) = self.loader.load::<Config<Nodes, Adapters>>().unwrap().finish().unwrap();
        let lines: Vec<_> = effective.entries().iter().map(ToString::to_string).collect();
        lines.join("\n").replace(&directory, "")
    }
}
