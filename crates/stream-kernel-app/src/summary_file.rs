//! The summary of a run for programs: JSON, on standard error or in a file.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use stream_kernel_disk::dir_of;
use stream_kernel_run::exec::RunReport;
use stream_kernel_run::files::{OutputFile, Target, is_link_to_file, is_standard_stream, partial_path};
use stream_kernel_run::{Application, Job, LineAdapters};
use stream_kernel_text::{escaped, escaped_json, with_causes};

use crate::failure::Failure;
use crate::report::{Summary, rate, say};

/// The keys that identify the summary of an earlier run.
const KEYS_OF_SUMMARIES: [&str; 3] = ["program", "ended", "exit_code"];

/// How many bytes of a file are read to recognise a summary.
const MAX_SUMMARY_BYTES: u64 = 1024 * 1024;

/// The value of `--summary`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SummaryTo {
    /// Nothing: people read the summary on standard error.
    People,
    /// A line of JSON on standard error, in place of the summary for people.
    StandardError,
    /// JSON in this file, beside the summary for people.
    File(PathBuf),
}

impl SummaryTo {
    /// Returns the destination of the summary, and removes the file of an earlier run.
    ///
    /// # Errors
    ///
    /// Refuses a file that the run reads or writes, and a link to a file. Returns the error of removing the earlier
    /// file.
    pub(crate) fn prepare<A: Application>(
        value: Option<&Path>,
        job: &Job<A>,
        configurations: &[String],
    ) -> Result<Self, Failure> {
        let Some(path) = value else { return Ok(Self::People) };
        if path == Path::new("json") {
            return Ok(Self::StandardError);
        }
        check(path, job, configurations)?;
        // Only a file: anything else at this path, such as a pipe, is written to.
        let is_file = fs::symlink_metadata(path).is_ok_and(|there| there.is_file());
        if is_file {
            remove_earlier(path)?;
        }
        Ok(Self::File(path.to_owned()))
    }

    /// Writes the summary of a run, and returns its exit code: `exit_code`, or 1 instead of 0 if the file cannot be
    /// written.
    ///
    /// `is_told` means that people have already read that the run was stopped, and how to continue it.
    pub(crate) fn tell(&self, summary: &Summary, is_told: bool, exit_code: u8) -> u8 {
        if *self == Self::StandardError {
            say(escaped_json(&to_json(summary, exit_code).to_string()));
            return exit_code;
        }
        if !is_told {
            say(summary.render());
        }
        let Self::File(path) = self else { return exit_code };
        match write(path, &format!("{:#}\n", to_json(summary, exit_code))) {
            Ok(()) => exit_code,
            Err(failure) => {
                say(format!("error: the summary `{}`: {}", shown(path), with_causes(&failure)));
                exit_code.max(1)
            }
        }
    }
}

/// Removes the summary of an earlier run. A file with any other content stays: the run may need it, or somebody else.
fn remove_earlier(path: &Path) -> Result<(), Failure> {
    let failed = |what, error| {
        Failure::told(1, format!("the summary `{}` of an earlier run cannot be {what}: {error}", shown(path)))
    };
    let mut text = Vec::new();
    let file = File::open(path).map_err(|error| failed("read", error))?;
    file.take(MAX_SUMMARY_BYTES).read_to_end(&mut text).map_err(|error| failed("read", error))?;
    let summary: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    let is_summary = KEYS_OF_SUMMARIES.iter().all(|key| summary.get(key).is_some());
    if !text.is_empty() && !is_summary {
        let text = format!(
            "the summary `{}` would replace a file that is not a summary (name another file)",
            shown(path)
        );
        return Err(Failure::usage(text));
    }
    fs::remove_file(path).map_err(|error| failed("removed", error))
}

fn shown(path: &Path) -> String {
    escaped(&path.to_string_lossy()).to_string()
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = OutputFile::open(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.complete()).map_err(Failure::WriteOutput)
}

fn check<A: Application>(path: &Path, job: &Job<A>, configurations: &[String]) -> Result<(), Failure> {
    let refused = |why| Err(Failure::usage(format!("the summary `{}` {why}", shown(path))));
    if is_standard_stream(path) {
        return refused(
            "would go to standard output (`--summary json` prints it on standard error)".to_owned(),
        );
    }
    let dir = dir_of(path);
    if !dir.is_dir() {
        return refused(format!("cannot be written: the folder `{}` does not exist (create it)", shown(dir)));
    }
    if path.is_dir() {
        return refused("is a folder (name a file)".to_owned());
    }
    if is_link_to_file(path) {
        return refused("is a symbolic link (name the file that it leads to)".to_owned());
    }
    let config = job.config();
    let input = &config.adapters.input_source().settings.path;
    let output = &config.adapters.output_sink().settings.path;
    let unfinished = partial_path(output);
    let trace = config.runtime.tracing.jsonl_file().map(|(path, _)| path);
    let files =
        [("input", Some(&**input)), ("output", Some(output)), ("unfinished output", Some(&*unfinished))];
    let metrics = config.runtime.metrics.textfile.as_ref().map(|textfile| &*textfile.path);
    let configurations = configurations.iter().map(|path| ("configuration", Some(Path::new(path))));
    for (what, other) in
        files.into_iter().chain([("trace", trace), ("file of metrics", metrics)]).chain(configurations)
    {
        let Some(other) = other else { continue };
        for written in [path, &partial_path(path)] {
            if Target::Path(written).is_same_file(Target::Path(other)) {
                return refused(format!("would be written over the {what} (name another file)"));
            }
        }
    }
    Ok(())
}

fn to_json(summary: &Summary, exit_code: u8) -> serde_json::Value {
    let Summary { report: RunReport { inputs, abandoned, undeliverable }, resumed_after, .. } = *summary;
    let mut within: Vec<&str> = Vec::new();
    let counts = summary.rows.iter().map(|row| {
        within.truncate(row.level);
        let count = json!({"name": row.label, "within": within.last(), "count": row.count});
        within.push(&row.label);
        count
    });
    let counts: Vec<_> = counts.collect();
    let rules = summary.rules.iter().map(|(name, words)| json!({"name": name, "words": words}));
    let seconds = summary.elapsed.as_secs_f64();
    json!({
        "program": summary.program,
        "run_id": summary.run_id,
        "ended": if summary.is_stopped { "stopped" } else { "complete" },
        "exit_code": exit_code,
        "lines": inputs,
        "resumed_after": resumed_after,
        "abandoned": abandoned,
        "undeliverable": undeliverable,
        "bytes_left": summary.bytes_left,
        "seconds": seconds,
        "lines_per_second": rate(inputs.saturating_sub(resumed_after), seconds),
        "counts": counts,
        "rules": rules.collect::<Vec<_>>(),
        "output": summary.output,
        "trace": summary.trace,
        "otlp": summary.exported.as_ref().map(|exported| &exported.json),
        "configuration": summary.configuration,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stream_kernel_run::SummaryRow;

    use super::*;

    #[test]
    fn a_count_names_the_count_that_contains_it() {
        let row = |level, label: &str, count| SummaryRow { label: label.into(), count, level };
        let summary = Summary {
            program: "fund-load",
            run_id: "run".into(),
            is_stopped: false,
            elapsed: Duration::from_millis(1_500),
            resumed_after: 1_000,
            bytes_left: 0,
            report: RunReport { inputs: 4_000, abandoned: 2, undeliverable: 0 },
            rules: vec![("limits", "3 attempts a day".into())],
            rows: vec![
                row(0, "accepted", 3_990),
                row(0, "declined", 8),
                row(1, "A", 5),
                row(1, "B", 3),
                row(0, "noted", 1),
            ],
            output: Some("out.ndjson".into()),
            trace: None,
            exported: None,
            configuration: "sha256:00".into(),
        };
        insta::assert_snapshot!(format!("{:#}", to_json(&summary, 1)), @r#"
        {
          "program": "fund-load",
          "run_id": "run",
          "ended": "complete",
          "exit_code": 1,
          "lines": 4000,
          "resumed_after": 1000,
          "abandoned": 2,
          "undeliverable": 0,
          "bytes_left": 0,
          "seconds": 1.5,
          "lines_per_second": 2000,
          "counts": [
            {
              "name": "accepted",
              "within": null,
              "count": 3990
            },
            {
              "name": "declined",
              "within": null,
              "count": 8
            },
            {
              "name": "A",
              "within": "declined",
              "count": 5
            },
            {
              "name": "B",
              "within": "declined",
              "count": 3
            },
            {
              "name": "noted",
              "within": null,
              "count": 1
            }
          ],
          "rules": [
            {
              "name": "limits",
              "words": "3 attempts a day"
            }
          ],
          "output": "out.ndjson",
          "trace": null,
          "otlp": null,
          "configuration": "sha256:00"
        }
        "#);
    }
}
