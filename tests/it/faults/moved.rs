//! Moved outputs: a run is cut off, and its output goes to another folder.

use std::path::Path;

use stream_kernel_disk::{Disk, Fault, PlannedFault, SimulatedDisk, sample};
use stream_kernel_run::{CheckpointFailure, Ended};

use super::input::lines;
use super::scene::{CONFIGURATION, OUTPUT, PARTIAL, Process, disk_with};
use crate::pipeline::harness::prepare;

const FOLDER: &str = "/fund-load/earlier";
const EARLIER: &str = "/fund-load/earlier/output.txt.partial";

/// Runs a process whose output is `path`.
fn run(disk: &SimulatedDisk, path: &str, stop_after: Option<u64>) -> Result<Ended, CheckpointFailure> {
    // A trace would lie in the target folder. The source folder holds nothing else.
    let untraced = "runtime.tracing.enabled=false".to_owned();
    let settings = [untraced, format!("adapters.output_sink.settings.path={path}")];
    Process { stop_after, ..Process::default() }.run(disk, &prepare(CONFIGURATION, &settings))
}

/// Returns a disk with a run that was stopped half-way, in the folder that its output is to leave.
fn half_way() -> SimulatedDisk {
    let disk = disk_with(&lines(31, 20));
    disk.create_dir(Path::new(FOLDER)).unwrap();
    disk.sync_dir(Path::new("/fund-load")).unwrap();
    run(&disk, "/fund-load/earlier/output.txt", Some(9)).unwrap();
    assert!(disk.contents(Path::new(EARLIER)).is_some());
    disk
}

/// If a power cut gave it back its old name, a run would not find it at its committed path.
#[test]
fn it_is_gone_from_where_it_was() {
    let half_way = half_way();
    for stop_after in [Some(9), Some(15), None] {
        for seed in 0..8 {
            let disk = half_way.after_kill(seed);
            run(&disk, OUTPUT, stop_after).unwrap();
            let left = disk.after_crash(seed);
            assert_eq!(left.contents(Path::new(EARLIER)), None, "seed {seed}");
            let now = if stop_after.is_some() { PARTIAL } else { OUTPUT };
            assert!(left.contents(Path::new(now)).is_some(), "seed {seed}");
        }
    }
}

/// Wherever the run is killed, or the power goes, the same run again finds the output in either folder, and finally
/// leaves it in its place.
#[test]
fn it_is_found_wherever_it_was_on_its_way() {
    let half_way = half_way();
    let undisturbed = half_way.after_kill(0);
    run(&undisturbed, OUTPUT, None).unwrap();
    let whole = undisturbed.contents(Path::new(OUTPUT));
    for at in sample(undisturbed.operations(), 16) {
        for seed in 0..4 {
            for end in [SimulatedDisk::after_kill, SimulatedDisk::after_crash] {
                let disk = half_way.after_kill(seed);
                disk.plan(PlannedFault { fault: Fault::Crash, at, from_then_on: true });
                let _ = run(&disk, OUTPUT, None);
                let left = end(&disk, seed);
                let told = run(&left, OUTPUT, None).map_err(|failure| failure.to_string());
                assert!(told.is_ok(), "operation {at}, seed {seed}: {told:?}\n{}", left.history());
                let left = left.after_crash(seed);
                assert!(left.contents(Path::new(OUTPUT)) == whole, "operation {at}, seed {seed}");
                assert_eq!(left.contents(Path::new(EARLIER)), None, "operation {at}, seed {seed}");
            }
        }
    }
}
