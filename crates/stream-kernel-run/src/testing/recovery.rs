//! Recovery under every disturbance of a run with a checkpoint.

use std::path::Path;
use std::sync::Arc;

use stream_kernel_checkpoint::{inspect, verify};
use stream_kernel_disk::{Disturbance, Fault, SimulatedDisk, random_number};
use stream_kernel_exec::Memory;

use super::{CHECKPOINT, INPUT, NOW, OUTPUT, Scene, TRACE, Undisturbed, clock, difference};
use crate::output::partial_path;
use crate::{
    Application, CheckpointFailure, CheckpointOptions, CommitIn, Ended, Job, Position, run_checkpointed,
};

/// One of this many cases has its recovery disturbed as well.
const ONE_RECOVERY_IN: u64 = 3;
/// Power cuts after each fault.
const POWER_CUTS: u64 = 1;

/// A scene with its expected results.
struct Recovery<'a, A: Application> {
    scene: &'a Scene<A>,
    job: Job<A>,
    undisturbed: Undisturbed,
    /// The disk before the first process.
    disk: SimulatedDisk,
    /// Checks snapshots.
    memory: Memory,
}

pub(super) fn check<A: Application>(scene: &Scene<A>) -> Result<u64, String> {
    let disk = SimulatedDisk::new(0);
    disk.put(Path::new(INPUT), &scene.input);
    let job = scene.job(true)?;
    let memory = A::registry().build_memory(job.config());
    let undisturbed = Undisturbed::of(scene, &job)?;
    let recovery = Recovery { scene, job, undisturbed, disk, memory };
    let disk = recovery.disk.after_kill(0);
    let run = recovery.run(&disk, 0, None).map_err(|failure| failure.to_string());
    let operations = disk.operations();
    run.and_then(|_| recovery.check_end(&disk.after_kill(0), 0, false))
        .map_err(|what| format!("with a checkpoint, undisturbed: {what}"))?;
    Ok(recovery.check_stops()? + recovery.check_disturbances(operations)?)
}

impl<A: Application> Recovery<'_, A> {
    /// Stops the run after each line, resumes it, and returns the number of stops.
    fn check_stops(&self) -> Result<u64, String> {
        let lines = self.undisturbed.report.inputs;
        for line_no in 0..=lines {
            let disk = self.disk.after_kill(line_no);
            let stopped = self.run(&disk, line_no, Some(line_no));
            let disk = disk.after_kill(line_no);
            stopped
                .map_err(|failure| failure.to_string())
                .and_then(|_| self.check_end(&disk, line_no, false))
                .map_err(|what| format!("stopped after line {line_no}: {what}"))?;
        }
        Ok(lines + 1)
    }

    /// Plays every case, or a sample, of a run of this many operations, and returns the number of disturbed processes.
    /// A case is an operation, a fault there, and the end of the process.
    fn check_disturbances(&self, operations: u64) -> Result<u64, String> {
        let mut disturbed = 0;
        for seed in Disturbance::sample(operations, POWER_CUTS, self.scene.cases.unwrap_or(u64::MAX)) {
            let second = random_number(seed).is_multiple_of(ONE_RECOVERY_IN);
            let second = second.then(|| Disturbance::random(seed, operations));
            let disturbances: Vec<_> =
                [Some(Disturbance::nth(seed, POWER_CUTS)), second].into_iter().flatten().collect();
            disturbed += disturbances.len() as u64;
            self.play(seed, &disturbances)
                .map_err(|what| format!("{what}\nafter {disturbances:#?}, case {seed}"))?;
        }
        Ok(disturbed)
    }

    /// Disturbs one process after the other, and lets a last one complete the run.
    fn play(&self, seed: u64, disturbances: &[Disturbance]) -> Result<(), String> {
        let mut disk = self.disk.after_kill(seed);
        let mut trace_may_end = false;
        for (number, disturbance) in (seed..).zip(disturbances) {
            disk.plan(disturbance.fault);
            trace_may_end |= disturbance.fault.fault != Fault::Crash;
            let ended = self.run(&disk, number, None);
            let left = disturbance.end.of(&disk, number);
            let checked = match ended {
                Ok(_) => {
                    self.check_files(&left, trace_may_end).map_err(|what| format!("after its end, {what}"))
                }
                // A failing disk is no reason to refuse a run.
                Err(failure) if failure.is_refusal() => Err(format!("refused: {failure}")),
                Err(_) => Ok(()),
            };
            checked.map_err(|what| format!("{what}\n{}", disk.history()))?;
            disk = left;
        }
        self.check_end(&disk, !seed, trace_may_end).map_err(|what| format!("{what}\n{}", disk.history()))
    }

    /// Completes the run in a last process, and checks everything that must hold then.
    fn check_end(&self, disk: &SimulatedDisk, seed: u64, trace_may_end: bool) -> Result<(), String> {
        let ended = self.run(disk, seed, None).map_err(|failure| failure.to_string())?;
        if ended.report != self.undisturbed.report {
            return Err(format!(
                "the run counts {:?} instead of {:?}",
                ended.report, self.undisturbed.report
            ));
        }
        self.undisturbed.check_summary(&ended.summary)?;
        self.check_files(disk, trace_may_end)?;
        let (_, findings) = verify(disk, Path::new(CHECKPOINT), &mut |records| {
            self.memory.check(records).map_err(|error| format!("{error:?}"))
        })
        .map_err(|error| error.to_string())?;
        if let Some(finding) = findings.first() {
            return Err(format!("the checkpoint does not verify: {finding}"));
        }
        if disk.contents(&partial_path(Path::new(OUTPUT))).is_some() {
            return Err("the partial output is left".to_owned());
        }
        self.check_files(&disk.after_crash(seed), trace_may_end)
            .map_err(|what| format!("after a power cut, {what}"))
    }

    /// Checks output and trace of a complete run. A trace that could not be written further must be the same up to its
    /// end.
    fn check_files(&self, disk: &SimulatedDisk, trace_may_end: bool) -> Result<(), String> {
        let Undisturbed { output, trace, ends, .. } = &self.undisturbed;
        let read = |path| disk.contents(Path::new(path)).unwrap_or_default();
        let found = read(OUTPUT);
        if found != *output {
            return Err(difference("output", &found, output));
        }
        let found = read(TRACE);
        let Some(line_no) = trace_end(disk) else {
            return if found == *trace { Ok(()) } else { Err(difference("trace", &found, trace)) };
        };
        if !trace_may_end {
            return Err(format!("the trace ends after line {line_no}, though it could be written"));
        }
        let end = usize::try_from(line_no).ok().and_then(|line_no| ends.get(line_no));
        let expected = &trace[..end.map_or(trace.len(), |(_, end)| *end)];
        if found.starts_with(expected) { Ok(()) } else { Err(difference("trace", &found, expected)) }
    }

    /// Runs a process, which may be stopped after a line.
    fn run(
        &self,
        disk: &SimulatedDisk,
        number: u64,
        stop_after: Option<u64>,
    ) -> Result<Ended, CheckpointFailure> {
        let Ok(job) = self.job.again() else { unreachable!("the same steps were built before") };
        let options = CheckpointOptions {
            disk: Arc::new(disk.clone()),
            now: Arc::new(|| NOW),
            commit_in: CommitIn::Foreground,
            min_snapshot_bytes: min_snapshot_bytes(number),
            run_id: "run",
            restart: false,
            live_sinks: Vec::new(),
            between_lines: &mut |Position { line_no, .. }| stop_after == Some(line_no),
            tell: &mut |_| {},
        };
        run_checkpointed(job, clock, options)
    }
}

/// Some processes make a snapshot with every commit, among them the one whose operations are counted; some make one
/// when it pays, some never.
fn min_snapshot_bytes(number: u64) -> u64 {
    match random_number(number) % 3 {
        _ if number == 0 => 0,
        0 => 0,
        1 => 1,
        _ => u64::MAX,
    }
}

/// Returns the last line of the trace, if the checkpoint says that it could not be written further.
fn trace_end(disk: &SimulatedDisk) -> Option<u64> {
    inspect(disk, Path::new(CHECKPOINT)).ok()?.last?.committed.trace?.ends_after_line
}
