//! What a checkpoint is of: a program and a configuration.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stream_kernel_checkpoint::{Committed, Program};

use super::CheckpointFailure;
use crate::{Application, Job};

/// A program and a configuration. With others the same lines may come to something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) program: Program,
    /// The SHA-256 of the effective configuration, in hexadecimal, with the run's name: without the paths of adapters, and without limits of what may
    /// be remembered, which no decision depends on, and which are raised when a run has come to one. With it goes which key hides values in the
    /// trace: hashes under two keys could not be compared.
    pub(super) configuration: String,
}

impl Identity {
    pub(super) fn of<A: Application>(job: &Job<A>, run_id: &str) -> Self {
        let program = program::<A>();
        let configuration = digest(job.effective().json(), run_id, job.redaction().key_id());
        Self { program, configuration }
    }

    /// Refuses the checkpoint in `dir` if it was made with another configuration.
    pub(super) fn check_configuration(
        &self,
        dir: &Path,
        committed: &Committed,
    ) -> Result<(), CheckpointFailure> {
        if committed.configuration == self.configuration {
            return Ok(());
        }
        Err(CheckpointFailure::OtherConfiguration { dir: dir.to_owned() })
    }
}

/// Refuses the checkpoint in `dir` if another program has made it.
pub(crate) fn check_program<A: Application>(
    dir: &Path,
    committed: &Committed,
) -> Result<(), CheckpointFailure> {
    let present = program::<A>();
    if committed.program == present {
        return Ok(());
    }
    let [committed, present] =
        [&committed.program, &present].map(|Program { name, version }| format!("`{name} {version}`"));
    Err(CheckpointFailure::OtherProgram { dir: dir.to_owned(), committed, present })
}

fn program<A: Application>() -> Program {
    Program { name: A::NAME.to_owned(), version: A::VERSION.to_owned() }
}

fn digest(effective: &Value, run_id: &str, key_id: Option<[u8; 16]>) -> String {
    let mut configuration = effective.clone();
    if let Some(adapters) = configuration.get_mut("adapters").and_then(Value::as_object_mut) {
        for adapter in adapters.values_mut() {
            if let Some(settings) = adapter.get_mut("settings").and_then(Value::as_object_mut) {
                settings.remove("path");
            }
        }
    }
    if let Some(runtime) = configuration.get_mut("runtime").and_then(Value::as_object_mut) {
        runtime.remove("limits");
    }
    let text = json!({"configuration": configuration, "run_id": run_id, "key_id": key_id}).to_string();
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        // A string takes in everything.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_adapters_and_limits_do_not_count_and_everything_else_does() {
        let configuration = |path: &str, bytes: u64, limit: &str| {
            json!({
                "adapters": {"input_source": {"settings": {"path": path, "max_line_bytes": bytes}}},
                "nodes": {"limit": limit},
                "runtime": {"limits": {"max_ids": path.len()}},
            })
        };
        let original = digest(&configuration("a", 1, "5"), "run", None);
        assert_eq!(original, digest(&configuration("other", 1, "5"), "run", None));
        let keyed = |key| digest(&configuration("a", 1, "5"), "run", Some([key; 16]));
        assert_ne!(keyed(1), keyed(2));
        for other in [
            digest(&configuration("a", 2, "5"), "run", None),
            digest(&configuration("a", 1, "6"), "run", None),
            digest(&configuration("a", 1, "5"), "other", None),
            keyed(1),
        ] {
            assert_ne!(original, other);
        }
        assert_eq!(original.len(), 64);
    }
}
