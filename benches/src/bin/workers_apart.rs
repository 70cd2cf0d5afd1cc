//! What each worker of a run costs, worked through one after the other on one core, and what the run would take on as many machines.
//!
//! Equivalent: all that workers of fund-load do, and the packets between them. Left out: the engine that brings packets to workers, the
//! start of processes and their connections, and making the output durable. `cargo xtask scale` adds what it can measure of these.
//!
//! Writes one JSON object a line to standard output, one for each number of workers.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use fund_load::FundLoad;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use stream_kernel_benches::program::{ProgramError, exit_code};
use stream_kernel_run::Job;
use stream_kernel_run::config::Loader;
use stream_kernel_timely::measure::{Files, Measured, Network, Setting, WorkerTimes, apart};
use stream_kernel_trace::SystemClock;

/// What is to be measured.
#[derive(Parser)]
struct Options {
    /// Attempts, one a line.
    #[arg(long)]
    input: PathBuf,
    /// Where decisions go; it is written anew for each number of workers. Without it they are discarded.
    #[arg(long)]
    output: Option<PathBuf>,
    /// Where records go if the configuration enables tracing; without it they are discarded.
    #[arg(long)]
    trace: Option<PathBuf>,
    /// Numbers of workers.
    #[arg(long, value_delimiter = ',', required = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Vec<u16>,
    /// A configuration file.
    #[arg(long)]
    config: Option<PathBuf>,
    /// A value of the configuration, `KEY=VALUE`.
    #[arg(long)]
    set: Vec<String>,
    /// Draws the owners.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How long the first byte takes from one worker to another.
    #[arg(long, default_value_t = 0)]
    latency_us: u32,
    /// How many bits a link takes in a second; threads, which have no links, without it.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    mbit_per_s: Option<u32>,
    /// How long a worker takes to write or to read 1,024 bytes of a packet.
    #[arg(long, default_value_t = 0)]
    copy_ns_per_kib: u32,
}

fn main() -> ExitCode {
    exit_code(measure_all(&Options::parse()))
}

fn measure_all(options: &Options) -> Result<(), ProgramError> {
    let layers = options.config.iter().fold(Job::<FundLoad>::loader(), Loader::file);
    let layers = options.set.iter().fold(layers, |layers, value| layers.set(value.as_str()));
    let job = Job::<FundLoad>::prepare(layers).map_err(io::Error::other)?;
    let network = Network {
        latency_ns: u64::from(options.latency_us) * 1000,
        bytes_per_second: options.mbit_per_s.map(|rate| u64::from(rate) * 1_000_000 / 8),
        copy_ns_per_kib: options.copy_ns_per_kib.into(),
    };
    let input = File::open(&options.input)?;
    for &workers in &options.workers {
        let create = |path: &Option<PathBuf>| path.as_ref().map(File::create).transpose();
        let (output, trace) = (create(&options.output)?, create(&options.trace)?);
        let files = Files { input: &input, output: output.as_ref(), trace: trace.as_ref() };
        let epoch_bytes = job.config().runtime.epoch_bytes.get() as u64;
        let setting = Setting { workers: workers.into(), epoch_bytes, seed: options.seed, network };
        let measured = apart(&job, SystemClock::new, files, setting, &mut processor_time_ns);
        let measured = measured.map_err(io::Error::other)?;
        writeln!(io::stdout(), "{}", described(&measured))?;
    }
    Ok(())
}

/// Returns how much processor time this thread has used: what else runs on the machine does not count.
fn processor_time_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let part = |part: i64| u64::try_from(part).unwrap_or_default();
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

fn described(measured: &Measured) -> Value {
    json!({
        "lines": measured.report.inputs,
        "epochs": measured.epochs,
        "output_bytes": measured.output_bytes,
        "wall_ns": measured.wall_ns(),
        "written_ns": measured.written_ns(),
        "workers": measured.workers.iter().map(worker).collect::<Vec<_>>(),
    })
}

/// Lists, since their order says something.
fn worker(times: &WorkerTimes) -> Value {
    let sent = times.sent.iter().map(|(kind, sent)| json!([kind, sent.packets, sent.bytes]));
    json!({
        "work": times.work.iter().map(|(kind, ns)| json!([kind, ns])).collect::<Vec<_>>(),
        "waited_ns": times.waited_ns,
        "sent": sent.collect::<Vec<_>>(),
        "received_bytes": times.received_bytes,
    })
}
