//! Explanations of traced runs in this process.

use std::io::{self, Write};

use insta::assert_snapshot;
use stream_kernel_exec::trace::{ManualClock, Timestamp};
use stream_kernel_run::testing::CapturedTrace;
use stream_kernel_run::{Job, LineReader};
use tempfile::NamedTempFile;

use super::{Options, run};
use crate::FundLoad;

const BASELINE: &str = include_str!("../../../../fixtures/baseline.yaml");
const EXP_MP: &str = include_str!("../../../../fixtures/exp_mp.yaml");
const REASONS: &[u8] = include_bytes!("../../../../fixtures/reasons.ndjson");

mod answers;
mod asked;
mod incomplete;
mod limits;
mod redacted;
mod traces;
mod wording;

/// Returns the trace of a run over `input`.
fn traced(yaml: &str, settings: &[&str], input: &[u8]) -> Vec<u8> {
    let loader = Job::<FundLoad>::loader().built_in("test", yaml).set("runtime.tracing.enabled=true");
    let loader = settings.iter().fold(loader, |loader, setting| loader.set(*setting));
    let job: Job<FundLoad> = Job::prepare(loader).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let clock = ManualClock::new(Timestamp::from_nanos(1_768_958_625_000_000_000), 1_000);
    let trace = CapturedTrace::default();
    let recorder = job.recorder(|| clock, Some(Box::new(trace.clone())));
    let mut session = job.start("run", recorder);
    let mut lines = LineReader::new(input, 1_048_576);
    while let Some(line) = lines.next_line().unwrap() {
        session.take(line, lines.bytes_read()).unwrap();
    }
    session.finish().unwrap();
    trace.take()
}

/// Returns a line of input.
fn attempt(id: &str, customer_id: &str, amount: &str, time: &str) -> String {
    format!(
        "{{\"id\":\"{id}\",\"customer_id\":\"{customer_id}\",\"load_amount\":\"{amount}\",\"time\":\"{time}\"}}\n"
    )
}

/// A request.
#[derive(Clone, Copy)]
enum Asked<'a> {
    Line(u64),
    Id(&'a str),
}

/// Returns the explanation of the trace, or the exit code and the error.
fn explain_with(trace: &[u8], asked: Asked<'_>, run_no: Option<u64>, json: bool) -> String {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(trace).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let (line, id) = match asked {
        Asked::Line(line_no) => (Some(line_no), None),
        Asked::Id(id) => (None, Some(id.to_owned())),
    };
    let options = Options { file: path.clone(), line, id, run: run_no, json };
    let mut out = Vec::new();
    let result = run(&options, &mut out);
    let mut told = String::from_utf8(out).unwrap();
    match result {
        Ok(exit_code) => assert_eq!(exit_code, 0),
        Err(failure) => told += &format!("exit {}: {failure}\n", failure.exit_code()),
    }
    told.replace(&path, "TRACE")
}

fn explain(trace: &[u8], asked: Asked<'_>) -> String {
    explain_with(trace, asked, None, false)
}

/// Returns the explanation without the steps.
fn answer(trace: &[u8], asked: Asked<'_>) -> String {
    let told = explain(trace, asked);
    told.lines()
        .filter(|line| *line != "  steps:" && !line.contains(" -> "))
        .fold(String::new(), |text, line| text + line + "\n")
}
