//! Identity of a checkpoint: its program and its configuration.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stream_kernel_checkpoint::{Checkpoint, CommitError, Committed, CommittedConfiguration, Program};
use stream_kernel_config::without_credentials;

use super::CheckpointFailure;
use super::files::text_of;
use crate::editor_rules::TRACE_PATH_KEY;
use crate::redaction::KEY_FILE_KEY;
use crate::same_file::are_same;
use crate::{Application, Job};

/// The most differences that a refusal lists; it counts the others.
const MAX_LISTED: usize = 10;

/// The most characters of a value that a refusal shows.
const MAX_VALUE_CHARS: usize = 100;

/// The configuration of a run as its checkpoint keeps it. With another one, the same lines may give other results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunConfiguration {
    digest: String,
    kept: Kept,
}

/// The part of it that is kept as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    run_id: String,
    /// The base of relative paths; bytes that are not UTF-8 are replaced.
    working_directory: String,
    /// The id of the key that hides values in the trace: hashes under two keys cannot be compared.
    redaction_key_id: Option<[u8; 16]>,
    /// The whole effective configuration.
    configuration: Value,
}

impl RunConfiguration {
    pub(super) fn of<A: Application>(job: &Job<A>, run_id: &str) -> Self {
        let kept = Kept {
            run_id: run_id.to_owned(),
            // If the system does not say, relative paths are the same only if their texts are.
            working_directory: text_of(&std::path::absolute(".").unwrap_or_default()),
            redaction_key_id: job.redaction().key_id(),
            configuration: job.effective().json().clone(),
        };
        Self { digest: job.effective().digest(), kept }
    }

    /// Saves it in the checkpoint of a new run.
    pub(super) fn keep_in(
        &self,
        checkpoint: &mut Checkpoint,
    ) -> Result<CommittedConfiguration, CheckpointFailure> {
        let failed = |cause: CommitError| CheckpointFailure::Commit { line_no: 0, cause };
        let Ok(text) = serde_json::to_string_pretty(&self.kept) else {
            unreachable!("texts and JSON values can be written as JSON")
        };
        checkpoint.keep_configuration(self.digest.clone(), &(text + "\n")).map_err(failed)
    }

    /// Refuses the checkpoint in `dir` if it was made with another configuration.
    ///
    /// The places of input, output and checkpoint do not count, nor workers, metrics and limits on memory: no decision
    /// depends on them, and a limit is raised when a run has reached it. Other paths count by the file that they lead
    /// to.
    pub(super) fn check_same(
        &self,
        dir: &Path,
        checkpoint: &mut Checkpoint,
    ) -> Result<(), CheckpointFailure> {
        let differences = match serde_json::from_str(&checkpoint.configuration()?) {
            Ok(then) => self.kept.differences(&then),
            Err(_) => vec!["it has a form that this program does not know".to_owned()],
        };
        if differences.is_empty() {
            return Ok(());
        }
        Err(CheckpointFailure::refused(format!(
            "the checkpoint `{}` was made with another configuration: {} (go back to that one, or use another \
             `runtime.checkpoint.dir`)",
            dir.display(),
            joined(&differences)
        )))
    }
}

/// Returns the first differences, and the number of further ones.
fn joined(differences: &[String]) -> String {
    let (listed, more) = differences.split_at(differences.len().min(MAX_LISTED));
    let more = if more.is_empty() { String::new() } else { format!("; and {} more", more.len()) };
    listed.join("; ") + &more
}

impl Kept {
    /// Returns the path that a value names, resolved from the base of relative paths.
    fn path(&self, value: Option<&Value>) -> Option<PathBuf> {
        value.and_then(Value::as_str).map(|path| Path::new(&self.working_directory).join(path))
    }

    /// Returns a sentence for each key whose value differs from `then`, in the order of the configuration.
    fn differences(&self, then: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        let configurations = [&then.configuration, &self.configuration].map(Some);
        self.add_differences(then, "", configurations, &mut differences);
        if self.run_id != then.run_id {
            let [then, now] = [then, self].map(|kept| shown(Some(&Value::from(kept.run_id.as_str()))));
            differences.push(format!("`--run-id` was {then}, and is {now}"));
        }
        if self.redaction_key_id != then.redaction_key_id {
            differences.push(format!("the key in `{KEY_FILE_KEY}` is another one"));
        }
        differences
    }

    /// Adds a sentence for each changed key at or below `key`. A change to or from a map shows in the keys of the map.
    fn add_differences(
        &self,
        then: &Self,
        key: &str,
        [was, is]: [Option<&Value>; 2],
        differences: &mut Vec<String>,
    ) {
        let keys = |value: Option<&Value>| {
            let map = value.and_then(Value::as_object);
            map.map_or_else(Vec::new, |map| map.keys().cloned().collect())
        };
        let (mut below, earlier) = (keys(is), keys(was));
        below.extend(earlier.into_iter().filter(|key| is.and_then(|is| is.get(key)).is_none()));
        for name in &below {
            let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            let values = [was, is].map(|value| value?.get(name));
            self.add_differences(then, &key, values, differences);
        }
        let is_same = was == is || (is_path(key) && lead_to_the_same(&[then.path(was), self.path(is)]));
        if below.is_empty() && counts(key) && !is_same {
            differences.push(format!("`{key}` was {}, and is {}", shown(was), shown(is)));
        }
    }
}

/// Keys of `runtime` without influence on the results, with all keys below them.
const DO_NOT_COUNT: [&str; 7] = [
    "runtime.checkpoint.dir",
    "runtime.cluster",
    "runtime.epoch_bytes",
    "runtime.limits",
    "runtime.metrics",
    "runtime.tracing.sink.otlp",
    "runtime.workers",
];

fn counts(key: &str) -> bool {
    let is_setting_of_place =
        |name: &str| key.strip_suffix(name).is_some_and(|key| key.ends_with(".settings."));
    let is_place = key.starts_with("adapters.") && ["path", "parts"].into_iter().any(is_setting_of_place);
    let is_within =
        |group: &str| key.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    !is_place && !DO_NOT_COUNT.into_iter().any(is_within)
}

fn is_path(key: &str) -> bool {
    [TRACE_PATH_KEY, KEY_FILE_KEY].contains(&key)
}

fn lead_to_the_same(paths: &[Option<PathBuf>; 2]) -> bool {
    matches!(paths, [Some(then), Some(now)] if are_same(then, now))
}

/// Returns a value for people.
fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "not set".to_owned() };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let text = without_credentials(&text);
    let mut shown: String = text.chars().take(MAX_VALUE_CHARS).collect();
    if shown.len() < text.len() {
        shown += "...";
    }
    format!("`{shown}`")
}

/// Refuses the checkpoint in `dir` if another program has made it.
///
/// # Errors
///
/// Names the other program.
pub fn check_program<A: Application>(dir: &Path, committed: &Committed) -> Result<(), CheckpointFailure> {
    let present = program::<A>();
    if committed.program == present {
        return Ok(());
    }
    let [committed, present] =
        [&committed.program, &present].map(|Program { name, version }| format!("`{name} {version}`"));
    Err(CheckpointFailure::refused(format!(
        "the checkpoint `{}` was made by {committed}, and this is {present} (go on with that one, or use another \
         `runtime.checkpoint.dir`)",
        dir.display()
    )))
}

pub(super) fn program<A: Application>() -> Program {
    Program { name: A::ABOUT.name.to_owned(), version: A::ABOUT.version.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(configuration: Value) -> Kept {
        let working_directory = text_of(&std::path::absolute(".").unwrap());
        Kept { run_id: "run".to_owned(), working_directory, redaction_key_id: None, configuration }
    }

    fn example() -> Value {
        json!({
            "adapters": {"input_source": {"settings": {"path": "a", "max_line_bytes": 1}}},
            "nodes": {"limit": "5.00", "empty": {}},
            "runtime": {
                "checkpoint": {"dir": "ck"},
                "limits": {"max_ids": 1},
                "tracing": {"sink": null, "redact": {"key_file": "key"}},
            },
        })
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Kept)) -> String {
        let then = kept(example());
        let mut now = then.clone();
        change(&mut now);
        now.differences(&then).join("\n")
    }

    #[test]
    fn places_and_limits_do_not_count() {
        let differences = check(|now| {
            now.configuration["adapters"]["input_source"]["settings"]["path"] = json!("other");
            now.configuration["runtime"]["limits"] = json!({});
            now.configuration["runtime"]["metrics"] = json!({"textfile": {"path": "run.prom"}});
            now.configuration["runtime"]["checkpoint"]["dir"] = json!("moved");
        });
        assert_eq!(differences, "");
    }

    /// A checkpoint of a program that did not know these keys has the same configuration.
    #[test]
    fn workers_do_not_count() {
        let differences = check(|now| {
            now.configuration["runtime"]["workers"] = json!(4);
            now.configuration["runtime"]["epoch_bytes"] = json!(1);
            now.configuration["runtime"]["cluster"] = json!({"hosts": ["a:1"], "process": 0});
            now.configuration["adapters"]["output_sink"] = json!({"settings": {"parts": true}});
        });
        assert_eq!(differences, "");
        let similar = check(|now| now.configuration["runtime"]["workers_of_mine"] = json!(4));
        assert_eq!(similar, "`runtime.workers_of_mine` was not set, and is `4`");
    }

    #[test]
    fn paths_count_by_their_targets() {
        let key = |path: &str| {
            check(|now| now.configuration["runtime"]["tracing"]["redact"]["key_file"] = json!(path))
        };
        let absolute = std::path::absolute("key").unwrap();
        for same in ["./key", ".//key", absolute.to_str().unwrap()] {
            assert_eq!(key(same), "", "{same}");
        }
        assert_eq!(key("key2"), "`runtime.tracing.redact.key_file` was `key`, and is `key2`");
        let from_elsewhere = check(|now| {
            now.configuration["runtime"]["tracing"]["redact"]["key_file"] = json!(absolute);
            now.working_directory = "/elsewhere".into();
        });
        assert_eq!(from_elsewhere, "");
    }

    /// The folder of a run may be moved as a whole.
    #[test]
    fn the_same_relative_path_is_the_same_anywhere() {
        assert_eq!(check(|now| now.working_directory = "/elsewhere".into()), "");
    }

    #[test]
    fn every_other_difference_is_named_with_both_values() {
        let differences = check(|now| {
            now.configuration["nodes"]["limit"] = json!("6.00");
            now.configuration["nodes"]["empty"] = json!({"new": [1, "two"]});
            now.configuration["runtime"]["tracing"]["sink"] =
                json!({"kind": "x".repeat(MAX_VALUE_CHARS + 1)});
            now.run_id = "other".to_owned();
            now.redaction_key_id = Some([0; 16]);
        });
        insta::assert_snapshot!(differences, @r#"
        `nodes.limit` was `5.00`, and is `6.00`
        `nodes.empty.new` was not set, and is `[1,"two"]`
        `runtime.tracing.sink.kind` was not set, and is `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...`
        `--run-id` was `run`, and is `other`
        the key in `runtime.tracing.redact.key_file` is another one
        "#);
    }

    #[test]
    fn a_refusal_lists_the_first_differences() {
        let differences = |count: usize| joined(&vec!["x".to_owned(); count]);
        assert_eq!(differences(MAX_LISTED), ["x"; MAX_LISTED].join("; "));
        assert_eq!(differences(MAX_LISTED + 2), differences(MAX_LISTED) + "; and 2 more");
    }
}
