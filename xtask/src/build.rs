//! `build`: everything that can be built. `run`: fund-load itself, built quickly.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::cargo::{cargo, executables, run as run_command};
use crate::failure::Failure;

/// Builds all crates, programs, tests, examples and benchmarks; `args` go to cargo.
pub(crate) fn build(args: &[OsString]) -> Result<(), Failure> {
    run_command(cargo(["build", "--workspace", "--all-targets"]).args(args))
}

/// Builds fund-load quickly, and replaces this process by it, in the caller's working directory.
///
/// Returns only when it fails: signals and the exit code are then fund-load's own.
pub(crate) fn run(args: &[OsString]) -> Result<(), Failure> {
    let args = match args {
        [dashes, rest @ ..] if dashes == "--" => rest,
        all => all,
    };
    #[expect(clippy::disallowed_methods, reason = "fund-load reads the same environment")]
    let environment = env::vars_os();
    let features = features(&[asked_for(args), variables(environment)].concat());
    crate::say(&format!(
        "building fund-load quickly, not for speed, with the features `{features}` (for an optimised program with all features: \
         `cargo install --path crates/fund-load`)"
    ));
    let build = ["build", "--profile", "quick", "--package", "fund-load", "--bin", "fund-load"];
    let features = ["--no-default-features", "--features", &features];
    let [fund_load] = executables(&[&build[..], &features].concat(), ["fund-load"])?;
    let mut command = Command::new(fund_load);
    let source = command.args(args).exec();
    Err(Failure::start(&command, source))
}

/// Returns the arguments, and the text of every configuration in them: anything that may ask for a feature.
fn asked_for(args: &[OsString]) -> Vec<String> {
    let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    // A configuration is YAML; other named files may be large.
    let is_configuration = |path: &&str| {
        Path::new(path).extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
    };
    let paths = args.iter().map(|arg| arg.split_once('=').map_or(arg.as_str(), |(_, value)| value));
    let texts: Vec<_> =
        paths.filter(is_configuration).filter_map(|path| fs::read_to_string(path).ok()).collect();
    [args, texts].concat()
}

/// Returns the variables that configure fund-load, in small letters like the keys of a configuration.
fn variables(environment: impl Iterator<Item = (OsString, OsString)>) -> Vec<String> {
    let text = |(name, value): (OsString, OsString)| {
        format!("{}={}", name.to_string_lossy(), value.to_string_lossy()).to_lowercase()
    };
    environment.map(text).filter(|text| text.starts_with("fund_load__")).collect()
}

/// Returns the features that these arguments, and the configurations in them, ask for.
///
/// The clients of stores and TLS, and the engine for several workers, take longer to build than everything else.
fn features(texts: &[String]) -> String {
    let names = |words: &[&str]| texts.iter().any(|text| words.iter().any(|word| text.contains(word)));
    let mut features = "cli".to_owned();
    if names(&["workers", "cluster", "parts", "--hosts", "--process"]) {
        features += ",workers";
    }
    let sends_spans = names(&["otlp"]);
    if sends_spans {
        features += ",otlp";
    }
    // Whatever the store, only a URL names one; the URL of a receiver is not that of a store.
    let stores = ["consul", "etcd", "postgres", "redis"];
    if names(&["://"]) && (!sends_spans || names(&stores)) {
        features += ",consul,etcd,postgres,redis";
    }
    features
}

#[cfg(test)]
mod tests {
    use super::{asked_for, features, variables};

    #[test]
    fn slow_dependencies_are_built_in_on_request() {
        let features = |args: &[&str]| features(&asked_for(&args.iter().map(Into::into).collect::<Vec<_>>()));
        let stores = "cli,consul,etcd,postgres,redis";
        assert_eq!(features(&["run", "--config", "etcd://127.0.0.1/fund-load/"]), stores);
        assert_eq!(features(&["check", "--config=rediss://u:p@h/0?hash=x"]), stores);
        assert_eq!(features(&["config", "diff", "a.yaml", "postgres://h/db?table=t"]), stores);
        assert_eq!(features(&["run", "--config", "etcd.yaml", "--set", "scenario.name=redis:"]), "cli");
        assert_eq!(features(&[]), "cli");
        assert_eq!(features(&["trace", "export", "t", "--format", "otlp", "--to", "http://h"]), "cli,otlp");
        assert_eq!(features(&["run", "--workers", "4"]), "cli,workers");
        assert_eq!(features(&["run", "--set=runtime.workers=4"]), "cli,workers");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("four.yaml");
        std::fs::write(&path, "runtime: {workers: 4}\n").unwrap();
        assert_eq!(features(&["run", "--config", path.to_str().unwrap()]), "cli,workers");

        let variable = |name: &str, value: &str| variables([(name.into(), value.into())].into_iter());
        assert_eq!(super::features(&variable("FUND_LOAD__RUNTIME__WORKERS", "4")), "cli,workers");
        assert_eq!(super::features(&variable("OTHER__RUNTIME__WORKERS", "4")), "cli");
    }
}
