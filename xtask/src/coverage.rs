//! `coverage`: the share of tested lines among those that decide, retain or compare.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::areas::AREAS;
use crate::cargo::{cargo, has_subcommand, root, run};
use crate::failure::Failure;

/// The number of lines, and of those that a test ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lines {
    all: u64,
    run: u64,
}

/// Runs the tests that need no program, and prints the lines of each area that they ran, by file and in total.
pub(crate) fn coverage() -> Result<(), Failure> {
    if !has_subcommand("llvm-cov") {
        return Err(Failure::NoCoverage);
    }
    let folder = root().join("target");
    fs::create_dir_all(&folder).map_err(|source| Failure::file("create", &folder, source))?;
    let path = folder.join("coverage.json");
    let mut command =
        cargo(["llvm-cov", "--workspace", "--exclude=xtask", "--exclude=stream-kernel-benches"]);
    // A program would write its counters into folders that tests inspect, so lines that only programs reach count as
    // not run.
    command.args(["--tests", "--json", "--summary-only", "--output-path"]).arg(&path);
    run(command.args(["--", "--skip=program::", "--skip=kills::"]))?;
    let text = fs::read_to_string(&path).map_err(|source| Failure::file("read", &path, source))?;
    let report = report(&text).ok_or_else(|| Failure::output(&command, "its figures as JSON"))?;
    for area in AREAS {
        let files: Vec<_> = report.iter().filter(|(path, _)| area.holds(path)).collect();
        for (path, lines) in &files {
            crate::say(&format!("{}  {}", lines.told(), path.display()));
        }
        let sum = files.iter().fold(Lines::default(), |sum, (_, lines)| Lines {
            all: sum.all + lines.all,
            run: sum.run + lines.run,
        });
        crate::say(&format!("{}  {} in sum", sum.told(), area.name));
    }
    Ok(())
}

impl Lines {
    /// Writes the share, cut and not rounded: only all lines make 100.0 %.
    fn told(self) -> String {
        let per_mille = (self.run * 1_000).checked_div(self.all).unwrap_or(1_000);
        format!("{:>3}.{} %  {:>5} of {:>5}", per_mille / 10, per_mille % 10, self.run, self.all)
    }
}

/// Returns the lines by file, with paths from the workspace's root; `None` if the report is not from llvm-cov.
fn report(text: &str) -> Option<BTreeMap<PathBuf, Lines>> {
    let report: serde_json::Value = serde_json::from_str(text).ok()?;
    let files = report["data"][0]["files"].as_array()?;
    let line = |file: &serde_json::Value| {
        let path = Path::new(file["filename"].as_str()?).strip_prefix(root()).ok()?;
        let lines = &file["summary"]["lines"];
        Some((path.to_owned(), Lines { all: lines["count"].as_u64()?, run: lines["covered"].as_u64()? }))
    };
    files.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::{Lines, report};
    use crate::cargo::root;
    use std::path::Path;

    #[test]
    fn a_share_is_never_rounded_up() {
        assert_eq!(Lines { all: 2_000, run: 1_999 }.told(), " 99.9 %   1999 of  2000");
        assert_eq!(Lines { all: 7, run: 7 }.told(), "100.0 %      7 of     7");
        assert_eq!(Lines::default().told(), "100.0 %      0 of     0");
    }

    #[test]
    fn lines_are_read_by_file_from_the_workspaces_root() {
        let file = root().join("crates/a/src/b.rs");
        let text = format!(
            r#"{{"data":[{{"files":[{{"filename":{:?},"summary":{{"lines":{{"count":9,"covered":4}}}}}}]}}]}}"#,
            file.display().to_string()
        );
        let report = report(&text).unwrap();
        assert_eq!(report[Path::new("crates/a/src/b.rs")], Lines { all: 9, run: 4 });
        assert_eq!(super::report("{}"), None);
    }
}
