//! A scene: the simulated disk before a run, and the files that the run must leave.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use fund_load::FundLoad;
use stream_kernel_disk::{Disk, SimulatedDisk, random_number};
use stream_kernel_exec::Memory;
use stream_kernel_exec::trace::{ManualClock, Timestamp};
use stream_kernel_run::checkpoint::{inspect, verify};
use stream_kernel_run::{
    CheckpointFailure, CheckpointOptions, CommitIn, Ended, Event, Job, Position, empty_memory,
    run_checkpointed,
};

use super::masked::{check_times, masked};
use crate::pipeline::harness::prepare;

pub(super) const INPUT: &str = "/fund-load/input.txt";
pub(super) const OUTPUT: &str = "/fund-load/output.txt";
pub(super) const PARTIAL: &str = "/fund-load/output.txt.partial";
pub(super) const TRACE: &str = "/fund-load/trace.jsonl";
pub(super) const CHECKPOINT: &str = "/fund-load/run.ckpt";

/// Commits every few lines, and traces everything that differs from line to line.
pub(super) const CONFIGURATION: &str = "\
version: 1
scenario: {name: faults}
runtime:
  checkpoint: {dir: /fund-load/run.ckpt, every_lines: 7}
  tracing:
    enabled: true
    context_diff: {mode: whitelist, whitelist: [tags, metrics, received_at]}
    sink: {kind: jsonl, jsonl: {path: /fund-load/trace.jsonl, write_mode: batch, flush_every_n: 40}}
nodes:
  compute_features: {prime_gate: {enabled: true}, monday_multiplier: {enabled: true}}
  evaluate_policies: {prime_gate: {enabled: true}}
  update_windows: {daily_prime_gate: {enabled: true}}
adapters:
  input_source: {kind: file, settings: {path: /fund-load/input.txt}}
  output_sink: {kind: file, settings: {path: /fund-load/output.txt}}
";

/// The disk before a run, and the expected results.
pub(super) struct Scene {
    pub(super) name: &'static str,
    settings: Vec<String>,
    /// The job of every process: loading the configuration each time would take most of the time.
    job: Job<FundLoad>,
    /// The disk before the first process.
    pub(super) disk: SimulatedDisk,
    output: Vec<u8>,
    trace: String,
    /// The expected message of every undisturbed process, if it must fail.
    refusal: Option<String>,
    /// The number of operations of an undisturbed process.
    pub(super) operations: u64,
    /// The expected content of snapshots.
    memory: Memory,
}

impl Scene {
    /// Returns a run of `input` from the start, with `settings` over the configuration.
    pub(super) fn fresh(name: &'static str, settings: &[&str], input: &[u8]) -> Self {
        Self::of(name, settings, disk_with(input))
    }

    /// Returns a run that begins with `disk`, after an undisturbed run of it.
    pub(super) fn of(name: &'static str, settings: &[&str], disk: SimulatedDisk) -> Self {
        let settings: Vec<_> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let job = prepare(CONFIGURATION, &settings);
        let undisturbed = disk.after_kill(0);
        let refusal = Process::default().run(&undisturbed, &job).err().map(|failure| failure.to_string());
        let output = undisturbed.contents(Path::new(if refusal.is_none() { OUTPUT } else { PARTIAL }));
        let trace = masked(&undisturbed.contents(Path::new(TRACE)).unwrap_or_default());
        let operations = undisturbed.operations();
        let memory = empty_memory::<FundLoad>().unwrap();
        Self { name, settings, job, disk, output: output.unwrap(), trace, refusal, operations, memory }
    }

    /// Requires that an undisturbed run gives the results of a run of all of `input` without a checkpoint.
    #[track_caller]
    pub(super) fn must_adjudicate(self, input: &[u8]) -> Self {
        use crate::pipeline::harness::run_untraced;
        let mut settings = self.settings.clone();
        settings.push("runtime.checkpoint=null".to_owned());
        let without = run_untraced(prepare(CONFIGURATION, &settings), input);
        let [with, without] = [&self.output, &without.output].map(|bytes| String::from_utf8_lossy(bytes));
        assert_eq!(with, without, "scene {}", self.name);
        self
    }

    /// Requires that an undisturbed run is refused, or ends early, with a message that contains this.
    #[track_caller]
    pub(super) fn must_end_with(self, told: &str) -> Self {
        let refusal = self.refusal.as_deref().unwrap_or_default();
        assert!(refusal.contains(told), "scene {}: {refusal:?}", self.name);
        self
    }

    /// Returns the trace of an undisturbed run, without its times.
    pub(super) fn trace(&self) -> &str {
        &self.trace
    }

    /// Runs a process on the disk, which may be planned to fail. The clock of each process shows another time. Some
    /// take snapshots with every commit, some when they pay, some never.
    pub(super) fn process(&self, disk: &SimulatedDisk, number: u64) -> Result<Ended, CheckpointFailure> {
        let snapshots = [0, 1, u64::MAX];
        let min_snapshot_bytes = snapshots[(random_number(number) % 3) as usize];
        self.run(disk, Process { number, min_snapshot_bytes, ..Process::default() })
    }

    /// Runs a process.
    pub(super) fn run(&self, disk: &SimulatedDisk, process: Process) -> Result<Ended, CheckpointFailure> {
        process.run(disk, &self.job)
    }

    /// Completes the run in a last process, and checks everything that must hold then.
    ///
    /// The trace may end early only if `trace_may_end`: if it could not be written at some time.
    pub(super) fn check_end(
        &self,
        disk: &SimulatedDisk,
        seed: u64,
        trace_may_end: bool,
    ) -> Result<(), String> {
        let ended = self.process(disk, seed).err().map(|failure| failure.to_string());
        if ended != self.refusal {
            return Err(format!("the run ended with {ended:?} instead of {:?}", self.refusal));
        }
        self.check_result(disk, trace_may_end)?;
        let check = &mut |records: &[u8]| self.memory.check(records).map_err(|error| format!("{error:?}"));
        let (inspection, findings) =
            verify(disk, Path::new(CHECKPOINT), check).map_err(|error| error.to_string())?;
        if let Some(finding) = findings.first() {
            return Err(format!("the checkpoint does not verify: {finding}"));
        }
        let Some(last) = inspection.last else { return Err("nothing is committed".to_owned()) };
        let is_complete = last.committed.complete;
        // A resumed run cuts the trace there: all records up to the last committed line must be committed. Another
        // program's may follow.
        if let Some(trace) = last.committed.trace.filter(|trace| trace.ends_after_line.is_none()) {
            let bytes = disk.contents(Path::new(TRACE)).unwrap_or_default();
            let committed = usize::try_from(trace.bytes).ok().and_then(|len| bytes.get(..len));
            let found = masked(committed.unwrap_or_default());
            let expected = records_up_to(&self.trace, last.committed.lines);
            if expected.strip_prefix(&*found).is_none_or(|rest| rest.contains("\"line_no\":")) {
                return Err(format!("committed: {}", difference(TRACE, &found, &expected)));
            }
        }
        if is_complete != self.refusal.is_none() {
            return Err(format!("the checkpoint says that complete is {is_complete}"));
        }
        if is_complete && disk.contents(Path::new(PARTIAL)).is_some() {
            return Err("the partial output is left".to_owned());
        }
        let found = |disk: &SimulatedDisk| {
            ([OUTPUT, PARTIAL, TRACE].map(|path| disk.contents(Path::new(path))), trace_end(disk))
        };
        let checked = found(disk);
        // Mostly nothing is lost.
        let mut cuts = [seed, !seed]
            .map(|seed| disk.after_crash(seed))
            .into_iter()
            .filter(|left| found(left) != checked);
        cuts.try_for_each(|left| self.check_result(&left, trace_may_end))
            .map_err(|what| format!("after a power cut, {what}"))
    }

    /// Checks that output and trace are those of an undisturbed run. If the checkpoint says that the trace ends early,
    /// it must be the same up to there.
    pub(super) fn check_result(&self, disk: &SimulatedDisk, trace_may_end: bool) -> Result<(), String> {
        let read = |path: &str| disk.contents(Path::new(path)).ok_or_else(|| format!("{path} is missing"));
        // A power cut may remove bytes written after the last commit of a run that ended early.
        let (output_path, is_cut) = if self.refusal.is_none() { (OUTPUT, false) } else { (PARTIAL, true) };
        let same =
            |found: &[u8], expected: &[u8]| found == expected || (is_cut && expected.starts_with(found));
        let found = read(output_path)?;
        if !same(&found, &self.output) {
            return Err(difference(
                output_path,
                &String::from_utf8_lossy(&found),
                &String::from_utf8_lossy(&self.output),
            ));
        }
        let bytes = if self.trace.is_empty() { Vec::new() } else { read(TRACE)? };
        let found = masked(&bytes);
        if let Some(line_no) = trace_end(disk) {
            let expected = records_up_to(&self.trace, line_no);
            if !trace_may_end {
                return Err(format!("the trace ended after line {line_no}, though it could be written"));
            }
            // The line end after another program's torn record comes after the first commit.
            let is_same = found.starts_with(expected.trim_end());
            return if is_same { Ok(()) } else { Err(difference(TRACE, &found, &expected)) };
        }
        if !same(found.as_bytes(), self.trace.as_bytes()) {
            return Err(difference(TRACE, &found, &self.trace));
        }
        check_times(&bytes)
    }
}

/// Returns a disk with only the input.
pub(super) fn disk_with(input: &[u8]) -> SimulatedDisk {
    let disk = SimulatedDisk::new(0);
    disk.create_dir(Path::new("/fund-load")).unwrap();
    disk.sync_dir(Path::new("/")).unwrap();
    disk.put(Path::new(INPUT), input);
    disk
}

/// A process that runs fund-load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process {
    /// Its clock shows a time of its own.
    pub(super) number: u64,
    pub(super) commit_in: CommitIn,
    pub(super) min_snapshot_bytes: u64,
    /// The number of lines after which it is asked to stop.
    pub(super) stop_after: Option<u64>,
    /// The duration of a line on its clock, in milliseconds.
    pub(super) ms_per_line: u64,
    /// An outside change to the disk at the end of a line.
    pub(super) meanwhile: Option<fn(&SimulatedDisk, u64)>,
}

impl Default for Process {
    fn default() -> Self {
        Self {
            number: 0,
            commit_in: CommitIn::Foreground,
            min_snapshot_bytes: 0,
            stop_after: None,
            ms_per_line: 0,
            meanwhile: None,
        }
    }
}

impl Process {
    /// Lets it run such a job.
    pub(super) fn run(self, disk: &SimulatedDisk, job: &Job<FundLoad>) -> Result<Ended, CheckpointFailure> {
        let job = job.again().unwrap_or_else(|faults| panic!("{faults}"));
        let start = Timestamp::from_nanos((1_768_958_625 + self.number % 1_000_000) * 1_000_000_000);
        let lines_done = Arc::new(AtomicU64::new(0));
        let (nanos_per_line, so_far) = (self.ms_per_line * 1_000_000, Arc::clone(&lines_done));
        let now = move || Timestamp::from_nanos(start.as_nanos() + so_far.load(Relaxed) * nanos_per_line);
        let trace_bytes = || disk.contents(Path::new(TRACE)).map(|trace| trace.len());
        let mut bytes_at_trace_end = None;
        let options = CheckpointOptions {
            disk: Arc::new(disk.clone()),
            now: Arc::new(now),
            commit_in: self.commit_in,
            min_snapshot_bytes: self.min_snapshot_bytes,
            run_id: "run",
            restart: false,
            live_sinks: Vec::new(),
            between_lines: &mut |Position { line_no, .. }| {
                if let Some(meanwhile) = self.meanwhile.filter(|_| line_no > lines_done.load(Relaxed)) {
                    meanwhile(disk, line_no);
                }
                lines_done.store(line_no, Relaxed);
                self.stop_after == Some(line_no)
            },
            tell: &mut |event| {
                if matches!(event, Event::TraceEnds { .. }) {
                    bytes_at_trace_end = Some(trace_bytes());
                }
            },
        };
        let ended = run_checkpointed(job, || ManualClock::new(start, 1_000), options);
        if let (Ok(_), Some(bytes)) = (&ended, bytes_at_trace_end) {
            assert_eq!(trace_bytes(), bytes, "nothing may be added to a trace that has ended");
        }
        ended
    }
}

/// Returns the last line of the trace, if the checkpoint says that it could not be written further.
pub(super) fn trace_end(disk: &SimulatedDisk) -> Option<u64> {
    inspect(disk, Path::new(CHECKPOINT)).ok()?.last?.committed.trace?.ends_after_line
}

/// Returns the records of the first lines, and the earlier content of the file.
fn records_up_to(trace: &str, line_no: u64) -> String {
    // A record without its times is not JSON; the line number precedes everything from the input.
    let is_later = |record: &&str| {
        let (_, rest) = record.split_once("\"line_no\":").unwrap_or_default();
        let of_record = rest.split(',').next().and_then(|number| number.parse::<u64>().ok());
        of_record.is_some_and(|of_record| of_record > line_no)
    };
    trace.split_inclusive('\n').take_while(|record| !is_later(record)).collect()
}

/// Returns the first line that differs.
fn difference(path: &str, found: &str, expected: &str) -> String {
    let same = found.lines().zip(expected.lines()).take_while(|(found, expected)| found == expected).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("nothing").to_owned();
    let [found, expected] = [found, expected].map(line);
    format!("{path} differs in line {}:\n{found}\ninstead of\n{expected}", same + 1)
}
