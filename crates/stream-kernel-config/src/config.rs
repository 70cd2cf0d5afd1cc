//! The top level of a configuration; nodes and adapters belong to the application.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::runtime::Runtime;

/// What should run. `N` holds the parameters of the application's steps, `A` those of its adapters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Configuration", description = "What should run.", extend("x-of-pipeline" = true))]
pub struct Config<N, A> {
    /// The version of this shape: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// What the run is called.
    pub scenario: ScenarioLabel,
    /// How the pipeline runs and what is recorded.
    pub runtime: Runtime,
    /// Parameters by step name.
    pub nodes: N,
    /// What the pipeline is connected to.
    pub adapters: A,
}

/// What the run is called: a label that switches nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ScenarioLabel {
    /// The name, which stands in every trace record.
    #[schemars(length(min = 1))]
    pub name: String,
    /// What the scenario is for.
    #[serde(default)]
    pub description: Option<String>,
}
