//! `cargo xtask`: the commands for contributors.

mod areas;
mod attempts;
mod bench;
mod build;
mod cargo;
mod check;
mod cli_reference;
mod config_reference;
mod coverage;
mod dist;
mod failure;
mod fuzz;
mod generate;
mod mutants;
mod scale;
mod stream;
mod test;
mod torture;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use failure::Failure;

const USAGE: &str = "\
usage: cargo xtask <command>

  check [--without-tests]
                         what CI runs: formatting, lints, tests, docs, generated files, packages, licences
  build [ARGS]           builds every crate, test and example; ARGS go to cargo build (--release)
  run -- ARGS            builds fund-load quickly, not for speed, and runs it with ARGS
  test [ARGS]            runs every test, with a sample of each sweep through faults; ARGS go to cargo test
  test --exhaustive [ARGS]
                         runs these sweeps, or what ARGS name, with every fault at every operation
  bless [ARGS]           like test, but records what the tests see as the new snapshots
  gen [--check]          writes the generated files; --check fails when one is stale
  fuzz [--target T] [--seconds S]
                         gives random bytes to whatever reads input; needs a nightly compiler and cargo-fuzz
  stream --kind clean|spread|crowded|dirty --lines N [--seed N] --output FILE|-
                         writes attempts for a benchmark, in constant memory
  bench [--only untraced|traced|memory|checkpoint|reading|parts] [--rounds N] [--lines N] [--large]
                         measures times and memory beside floors and peers, and renews docs/performance.md
  bench --instructions [--record]
                         counts instructions and compares with benches/instructions.json
  scale [--lines N] [--rounds N] [--latency-us N] [--mbit-per-s N] [--copy-ns-per-kib N]
                         measures what workers cost apart, predicts runs on 2 to 64 processes, and renews docs/scaling.md
  torture --hours H [--seed N]
                         kills runs with a checkpoint until H hours are over, or one comes to something else
  torture --workers CASES [--seed N]
                         holds several workers against one in so many random cases, on all cores
  mutants [--area steps|recovery|recorder|diff] [--shard K/N]
                         puts bugs into what decides, keeps or compares; needs cargo-mutants and hours
  dist                   packs a release with completions and manual pages into target/dist
  coverage               says which share of the same lines the tests run; needs cargo-llvm-cov
";

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("error: {failure}"));
            if matches!(failure, Failure::Usage { .. }) {
                say(&format!("\n{USAGE}"));
            }
            failure.exit_code()
        }
    }
}

fn run(args: &[OsString]) -> Result<(), Failure> {
    let Some((command, rest)) = args.split_first() else {
        return Err(Failure::usage("a command is missing"));
    };
    match command.to_str().unwrap_or_default() {
        "check" => match rest {
            [] => check::check(|_| true),
            [flag] if flag == "--without-tests" => check::check(|step| step != check::TESTS),
            _ => Err(Failure::usage("`check` takes `--without-tests` or nothing")),
        },
        "build" => build::build(rest),
        "run" => build::run(rest),
        "test" => test::test(rest),
        "bless" => test::bless(rest),
        "gen" => match rest {
            [] => generate::write(),
            [flag] if flag == "--check" => generate::check(),
            _ => Err(Failure::usage("`gen` takes `--check` or nothing")),
        },
        "fuzz" => fuzz::fuzz(rest),
        "stream" => stream::stream(rest),
        "bench" => bench::bench(rest),
        "scale" => scale::scale(rest),
        "torture" => torture::torture(rest),
        "mutants" => mutants::mutants(rest),
        "dist" => no_more(rest).and_then(|()| dist::dist()),
        "coverage" => no_more(rest).and_then(|()| coverage::coverage()),
        "help" | "--help" | "-h" => {
            say(USAGE);
            Ok(())
        }
        _ => Err(Failure::usage(format!("unknown command `{}`", command.display()))),
    }
}

fn no_more(rest: &[OsString]) -> Result<(), Failure> {
    match rest.first() {
        None => Ok(()),
        Some(arg) => Err(Failure::usage(format!("unexpected argument `{}`", arg.display()))),
    }
}

/// Writes a line for people to standard error; standard output is for data.
fn say(line: &str) {
    // There is nobody to tell when standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{}", line.trim_end_matches('\n'));
}
