//! A round of runs: the real program on one worker and on two, and workers measured separately, one after the other.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::options::Options;
use super::simulated::Simulated;
use crate::bench::programs::build_fund_load;
use crate::bench::scratch::{Input, Scratch, is_same, remove};
use crate::bench::usage;
use crate::cargo::{capture, executables};
use crate::failure::Failure;

/// The numbers of processes for which runs are predicted.
pub(crate) const PROCESSES: [usize; 6] = [2, 4, 8, 16, 32, 64];

/// The programs and their inputs.
pub(crate) struct Runs {
    fund_load: PathBuf,
    workers_apart: PathBuf,
    scratch: Scratch,
    input: Input,
    one_line: Input,
    options: Options,
}

/// The result of a round; times are in nanoseconds.
pub(crate) struct Round {
    /// One worker, without the engine: from start to end, and its processor time.
    pub(crate) plain_ns: f64,
    pub(crate) plain_cpu_ns: f64,
    /// Two such independent runs at the same time, until both have ended.
    pub(crate) pair_ns: f64,
    /// One worker on the engine, and two: threads, and processes that share this machine.
    pub(crate) engine_ns: f64,
    pub(crate) threads_ns: f64,
    pub(crate) processes_ns: f64,
    /// A run of one line on two threads.
    pub(crate) start_ns: f64,
    /// The time to make a file of the output's length durable.
    pub(crate) durable_ns: f64,
    /// Threads, 1 and 2 of them.
    pub(crate) threads: Vec<Simulated>,
    /// Processes, as many as [`PROCESSES`] says.
    pub(crate) processes: Vec<Simulated>,
}

impl Runs {
    /// Builds the programs and creates the inputs.
    pub(crate) fn prepare(options: Options) -> Result<Self, Failure> {
        let scratch = Scratch::create()?;
        let args = ["build", "--release", "--package", "stream-kernel-benches", "--bin", "workers_apart"];
        let [workers_apart] = executables(&args, ["workers_apart"])?;
        let (input, one_line) = (scratch.input(options.lines)?, scratch.input(1)?);
        Ok(Self { fund_load: build_fund_load()?, workers_apart, scratch, input, one_line, options })
    }

    /// Fails unless separate workers give the same output as one worker.
    pub(crate) fn check_same_output(&self) -> Result<(), Failure> {
        let [ours, other] =
            ["decisions.ndjson", "decisions-apart.ndjson"].map(|name| self.scratch.path(name));
        usage::measure(&mut self.fund_load(&self.input, &ours, &[]), &self.log())?;
        capture(&mut self.apart(&other, "3", &[]))?;
        if !is_same(&ours, &other)? {
            return Err(Failure::Unequal { one: ours, other });
        }
        remove(&ours)?;
        remove(&other)
    }

    /// Runs everything once; every other round has the reverse order.
    pub(crate) fn round(&self) -> Result<Round, Failure> {
        let output = self.scratch.path("decisions.ndjson");
        let run = |input: &Input, args: &[&str]| -> Result<usage::Usage, Failure> {
            let usage = usage::measure(&mut self.fund_load(input, &output, args), &self.log())?;
            remove(&output)?;
            Ok(usage)
        };
        let hosts = self.scratch.path("hosts.txt");
        write_hosts(&hosts, 1)?;
        let hosts_text = hosts.display().to_string();
        let plain = run(&self.input, &[])?;
        let other_output = self.scratch.path("decisions-other.ndjson");
        let (one, other) =
            (self.fund_load(&self.input, &output, &[]), self.fund_load(&self.input, &other_output, &[]));
        let pair_ns = self.side_by_side(one, other)?;
        [&output, &other_output].into_iter().try_for_each(|path| remove(path))?;
        let threads = self.simulated(&output, "1,2", &["--latency-us", "10"])?;
        let real_threads = run(&self.input, &["--workers", "2"])?;
        let engine = run(&self.input, &["--hosts", &hosts_text, "--process", "0"])?;
        let start = run(&self.one_line, &["--workers", "2"])?;
        let Options { latency_us, mbit_per_s, copy_ns_per_kib, .. } = self.options;
        let [latency_us, mbit_per_s, copy] =
            [latency_us, mbit_per_s, copy_ns_per_kib].map(|number| number.to_string());
        let network = ["--latency-us", &latency_us, "--mbit-per-s", &mbit_per_s, "--copy-ns-per-kib", &copy];
        let numbers = PROCESSES.map(|number| number.to_string()).join(",");
        let processes = self.simulated(&output, &numbers, &network)?;
        write_hosts(&hosts, 2)?;
        let process =
            |number| self.fund_load(&self.input, &output, &["--hosts", &hosts_text, "--process", number]);
        let processes_ns = self.side_by_side(process("0"), process("1"))?;
        let durable_ns = made_durable_ns(&output)?;
        remove(&output)?;
        Ok(Round {
            plain_ns: nanoseconds(plain.wall),
            plain_cpu_ns: nanoseconds(plain.cpu),
            pair_ns,
            engine_ns: nanoseconds(engine.wall),
            threads_ns: nanoseconds(real_threads.wall),
            processes_ns,
            start_ns: nanoseconds(start.wall),
            durable_ns,
            threads,
            processes,
        })
    }

    fn log(&self) -> PathBuf {
        self.scratch.path("stderr.txt")
    }

    fn fund_load(&self, input: &Input, output: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(&self.fund_load);
        command.arg("run").arg("--input").arg(&input.path).arg("--output").arg(output).args(args);
        command
    }

    fn apart(&self, output: &Path, workers: &str, network: &[&str]) -> Command {
        let mut command = Command::new(&self.workers_apart);
        command.arg("--input").arg(&self.input.path).arg("--output").arg(output);
        command.args(["--workers", workers]).args(network);
        command
    }

    fn simulated(&self, output: &Path, workers: &str, network: &[&str]) -> Result<Vec<Simulated>, Failure> {
        let mut command = self.apart(output, workers, network);
        let lines = capture(&mut command)?;
        let simulated: Option<Vec<_>> = lines.lines().map(Simulated::parse).collect();
        simulated.ok_or_else(|| Failure::output(&command, "what workers cost"))
    }

    /// Runs two programs at the same time, and returns the time until both have ended; their files stay.
    fn side_by_side(&self, mut one: Command, mut other: Command) -> Result<f64, Failure> {
        #[expect(clippy::disallowed_methods, reason = "this is a benchmark")]
        let begun = Instant::now();
        other.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = other.spawn().map_err(|source| Failure::start(&other, source))?;
        let first = usage::measure(&mut one, &self.log());
        if first.is_err() {
            // It may wait for the first one, which will not come; if it has ended already, there is nothing to kill.
            let _ = child.kill();
        }
        let ended = child.wait().map_err(|source| Failure::start(&other, source))?;
        first?;
        if ended.success() { Ok(nanoseconds(begun.elapsed())) } else { Err(Failure::command(&other, ended)) }
    }
}

/// Writes `count` free loopback addresses.
fn write_hosts(path: &Path, count: usize) -> Result<(), Failure> {
    let listeners: Result<Vec<_>, _> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect();
    let addresses = listeners.and_then(|listeners| {
        listeners
            .iter()
            .map(|listener| Ok(format!("{}\n", listener.local_addr()?)))
            .collect::<std::io::Result<String>>()
    });
    addresses
        .and_then(|addresses| fs::write(path, addresses))
        .map_err(|source| Failure::file("write", path, source))
}

/// Writes the file again, and returns the time to make it durable.
fn made_durable_ns(path: &Path) -> Result<f64, Failure> {
    let read = fs::read(path).map_err(|source| Failure::file("read", path, source))?;
    let written = || {
        let mut file = File::create(path)?;
        file.write_all(&read)?;
        #[expect(clippy::disallowed_methods, reason = "this is a benchmark")]
        let begun = Instant::now();
        file.sync_data()?;
        Ok(nanoseconds(begun.elapsed()))
    };
    written().map_err(|source| Failure::file("write", path, source))
}

#[expect(clippy::cast_precision_loss, reason = "no run takes as long as a hundred days")]
fn nanoseconds(duration: std::time::Duration) -> f64 {
    duration.as_nanos() as f64
}
