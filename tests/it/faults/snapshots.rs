//! Snapshots of memory: written from time to time, restored, and the lines after them decided again, under faults as
//! well.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use stream_kernel_disk::{Fault, PlannedFault, SimulatedDisk, is_exhaustive, sample};
use stream_kernel_run::CheckpointFailure;
use stream_kernel_run::checkpoint::inspect;

use super::input::lines;
use super::scene::{CHECKPOINT, Process, Scene};
use super::sweep::sweep;

/// Returns the number of the last snapshot, and the number of lines decided again after it.
fn last_snapshot(disk: &SimulatedDisk) -> Option<(u64, u64)> {
    let last = inspect(disk, Path::new(CHECKPOINT)).unwrap().last.unwrap();
    let lines = last.committed.lines - last.committed.replay.lines;
    last.snapshot.map(|snapshot| (snapshot.number, lines))
}

/// Returns the number of the last snapshot of a run that is stopped after this many lines.
fn snapshot_at(scene: &Scene, line_no: u64) -> Option<u64> {
    let disk = scene.disk.after_kill(line_no);
    let process = Process { stop_after: Some(line_no), min_snapshot_bytes: 1, ..Process::default() };
    scene.run(&disk, process).unwrap();
    last_snapshot(&disk).map(|(number, _)| number)
}

/// Checks runs over many lines that leave little in memory: after a few of them, a snapshot pays.
#[track_caller]
fn check_rare_snapshots(name: &'static str, settings: [&str; 2]) {
    let input = lines(41, 6).repeat(12);
    let scene = Scene::fresh(name, &settings, &input).must_adjudicate(&input);
    let numbers: BTreeSet<_> = (5..72).step_by(5).filter_map(|at| snapshot_at(&scene, at)).collect();
    assert!(numbers.len() >= 3, "snapshots {numbers:?}");
    sweep(&scene, 60);
}

#[test]
fn rare_snapshots_survive_every_fault() {
    check_rare_snapshots("every line", ["runtime.checkpoint.every_lines=1", "runtime.tracing.enabled=false"]);
}

#[test]
fn rare_snapshots_of_traced_runs_survive_every_fault() {
    check_rare_snapshots("traced", ["runtime.checkpoint.every_lines=5", "runtime.tracing.enabled=true"]);
}

#[test]
fn rare_snapshots_without_forgotten_ids_survive_every_fault() {
    check_rare_snapshots(
        "forgetting",
        ["runtime.checkpoint.every_lines=3", "nodes.idempotency_gate.remember_days=1"],
    );
}

/// A resumed run finds a snapshot and lines after it, and has to decide every one of these again.
#[test]
fn lines_after_a_snapshot_are_decided_again() {
    let input = [lines(43, 30), lines(43, 30)].concat();
    let settings = ["runtime.checkpoint.every_lines=4"];
    let begun = Scene::fresh("begun", &settings, &input);
    let resumed = (25..45).filter_map(|stop_after| {
        let disk = begun.disk.after_kill(1);
        let process = Process { stop_after: Some(stop_after), min_snapshot_bytes: 1, ..Process::default() };
        begun.run(&disk, process).unwrap();
        let (_, count) = last_snapshot(&disk)?;
        Some((count, Scene::of("again", &settings, disk).must_adjudicate(&input)))
    });
    let (count, scene) = resumed.max_by_key(|(count, _)| *count).unwrap();
    assert!(count > 4, "more than a commit's: {count}");
    sweep(&scene, 150);
}

/// Returns three accepted attempts of each of some customers, day by day: with a short memory, nearly all of them are
/// soon forgotten.
fn day_by_day(count: u32) -> Vec<u8> {
    let mut lines = String::new();
    for number in 0..count {
        let (customer, day) = (number / 3 % 33, number / 99);
        let (month, day) = (1 + day / 28, 1 + day % 28);
        writeln!(
            lines,
            r#"{{"id":"1{number:018}","customer_id":"7{customer:018}","load_amount":"$1.00","time":"2026-{month:02}-{day:02}T00:00:00Z"}}"#,
        )
        .unwrap();
    }
    lines.into_bytes()
}

/// A line whose output could not be written is taken again, by a run whose memory must not hold it: the last commit has
/// no snapshot of a later state.
#[test]
fn a_line_that_is_rolled_back_is_in_no_snapshot() {
    let input = day_by_day(8_500);
    let settings = [
        "runtime.checkpoint.every_lines=4500",
        "nodes.idempotency_gate.remember_days=1",
        "runtime.tracing.enabled=false",
    ];
    // This many lines fill the output's buffer several times.
    let scene = Scene::fresh("rolled back", &settings, &input).must_adjudicate(&input);
    assert!(snapshot_at(&scene, 8_000).is_some());
    let mut in_lines = 0;
    for at in sample(scene.operations, 24) {
        let disk = scene.disk.after_kill(at);
        disk.plan(PlannedFault { fault: Fault::Full, at, from_then_on: false });
        let Err(failure) = scene.process(&disk, at) else { continue };
        in_lines += u64::from(matches!(failure, CheckpointFailure::WriteOutput(_)));
        scene
            .check_end(&disk, 7, false)
            .unwrap_or_else(|what| panic!("operation {at}: {failure}, then {what}"));
    }
    let at_least = if is_exhaustive() { 3 } else { 1 };
    assert!(in_lines >= at_least, "only {in_lines} writes of the output failed in the middle of a line");
}
