//! Traced runs: the cost of a record, beside ready-made lines and other libraries.

use std::path::Path;

use super::findings::{Comparison, Figure, Findings};
use super::goal::Goal;
use super::options::{Options, Part};
use super::programs::{BATCH, Programs, Trace, fund_load, peer};
use super::rounds::{Samples, Workload, interleaved};
use super::scratch::{Scratch, size};
use super::series::Series;
use crate::failure::Failure;

/// Records of an attempt, one a step.
const RECORDS_A_LINE: u64 = 8;

/// A fifth of the untraced runs' lines: with eight records each they already make some hundred MB of trace a run.
const SHARE: u64 = 5;

const BLOCK: &str = "1048576";
const HASH: [&str; 3] = [BATCH[0], BATCH[1], "signature.mode=hash"];
const WHITELIST: [&str; 4] =
    [BATCH[0], BATCH[1], "context_diff.mode=whitelist", "context_diff.whitelist=[tags, metrics]"];

pub(crate) fn measure(
    programs: &Programs,
    scratch: &Scratch,
    options: &Options,
) -> Result<Findings, Failure> {
    let input = scratch.input(options.lines / SHARE)?;
    let records = input.lines * RECORDS_A_LINE;
    let (output, trace) = (scratch.path("decisions.ndjson"), scratch.path("trace.jsonl"));
    let ours = |name, settings| {
        let trace = Trace { path: &trace, settings };
        fund_load(name, &programs.fund_load, &input, &output, Some(&trace))
    };
    let library = |name, program| peer(name, program, &input, &output, Some(&trace));
    let batch = ours("batch", &BATCH);
    let whitelist = ours("whitelist", &WHITELIST);
    let record_bytes =
        |workload| Ok::<_, Failure>((made_bytes(workload, &trace, scratch)? + records / 2) / records);
    let [short, long] = [record_bytes(&batch)?, record_bytes(&whitelist)?];
    let ready_made = |name, bytes, block| ready_made(name, programs, &trace, [records, bytes], block);
    let workloads = [
        fund_load("fund-load, off", &programs.fund_load, &input, &output, None),
        peer("plain loop", &programs.plain_loop, &input, &output, None),
        ready_made("ready-made blocks", short, BLOCK),
        ready_made("ready-made lines", short, "0"),
        ready_made("ready-made long blocks", long, BLOCK),
        batch,
        ours("line", &[]),
        ours("hash", &HASH),
        whitelist,
        library("slog-json", &programs.slog_json),
        library("tracing", &programs.tracing),
        library("fastrace", &programs.fastrace),
        library("OpenTelemetry", &programs.opentelemetry),
        library("serde_json", &programs.serde_json),
    ];
    Ok(costs(&interleaved(&workloads, scratch, options.rounds)?, records).findings())
}

/// Returns the size of the workload's trace, and removes it.
fn made_bytes(workload: &Workload, trace: &Path, scratch: &Scratch) -> Result<u64, Failure> {
    workload.tidy()?;
    workload.run(scratch)?;
    let bytes = size(trace)?;
    workload.tidy()?;
    Ok(bytes)
}

fn ready_made(
    name: &'static str,
    programs: &Programs,
    trace: &Path,
    [lines, bytes]: [u64; 2],
    block: &str,
) -> Workload {
    let args = ["--lines", &lines.to_string(), "--bytes", &bytes.to_string(), "--block", block, "--output"];
    let args = args.map(Into::into).into_iter().chain([trace.into()]).collect();
    Workload { name, program: programs.ready_made_lines.clone(), args, makes: vec![trace.to_owned()] }
}

/// The cost of one record, and its length.
struct Cost {
    ns: Series,
    bytes: f64,
}

/// What one record costs with each of the workloads, in their order but for the first two.
struct Costs([Cost; 12]);

#[expect(clippy::cast_precision_loss, reason = "records and bytes are far fewer than 2^52")]
fn costs(samples: &[Samples; 14], records: u64) -> Costs {
    let records = records as f64;
    let [off, plain_loop, rest @ ..] = samples;
    Costs(std::array::from_fn(|index| {
        let samples = &rest[index];
        let total_ns = match index {
            // Ready-made lines are no part of a larger run.
            0..=2 => samples.cpu_ns.clone(),
            3..=6 => samples.cpu_ns.minus(&off.cpu_ns),
            _ => samples.cpu_ns.minus(&plain_loop.cpu_ns),
        };
        Cost { ns: total_ns.per(records), bytes: samples.made_bytes as f64 / records }
    }))
}

impl Costs {
    fn findings(&self) -> Findings {
        let [
            blocks,
            lines,
            long_blocks,
            batch,
            line,
            hash,
            whitelist,
            slog_json,
            tracing,
            fastrace,
            opentelemetry,
            serde_json,
        ] = &self.0;
        let of = |what, goal, one: &Cost, name, other: &Cost| {
            Comparison::of(what, goal, &one.ns, (name, &other.ns))
        };
        let library = Goal::AtMost(0.2, 0.14);
        let comparisons = vec![
            of(
                "a record in `batch`, against ready-made lines",
                Goal::AtMost(1.9, 1.6),
                batch,
                "lines",
                blocks,
            ),
            of("the same, against slog-json", Goal::AtMost(0.55, 0.4), batch, "slog-json", slog_json),
            of("the same, against `tracing`", library, batch, "tracing", tracing),
            of("the same, against fastrace", library, batch, "fastrace", fastrace),
            of("the same, against OpenTelemetry", library, batch, "OpenTelemetry", opentelemetry),
            of(
                "a record in `line` with flush 1, against a bare write(2)",
                Goal::AtMost(1.2, 1.1),
                line,
                "write",
                lines,
            ),
            of(
                "diff `whitelist: [tags, metrics]`, against ready-made lines as long",
                Goal::AtMost(2.0, 1.6),
                whitelist,
                "lines",
                long_blocks,
            ),
        ];
        let figures = [
            ("ready-made lines, 1 MiB blocks", blocks),
            ("ready-made lines as long as with `whitelist`, 1 MiB blocks", long_blocks),
            ("fund-load, `batch`", batch),
            ("fund-load, `batch`, signature `hash`", hash),
            ("fund-load, `batch`, `whitelist: [tags, metrics]`", whitelist),
            ("ready-made lines, one write(2) each", lines),
            ("fund-load, `line`, flush 1", line),
            ("serde_json's derive, times from a cache", serde_json),
            ("slog-json", slog_json),
            ("tracing, JSON events", tracing),
            ("fastrace, JSON reporter", fastrace),
            ("OpenTelemetry, OTLP JSON", opentelemetry),
        ];
        let figures = figures.into_iter().map(|(name, cost)| Figure {
            part: Part::Traced,
            name: name.to_owned(),
            value: Ok(cost.ns.clone()),
            unit: "ns a record",
            remark: format!("{:.0} bytes a record", cost.bytes),
        });
        Findings { comparisons, figures: figures.collect() }
    }
}
