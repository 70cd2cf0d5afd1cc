//! Durable records survive a power cut, committed or not.

use std::path::Path;

use stream_kernel_disk::{Fault, PlannedFault, SimulatedDisk};

use super::input::lines;
use super::scene::{Scene, TRACE};

const LINES: usize = 12;

fn records_on(disk: &SimulatedDisk) -> usize {
    let trace = disk.contents(Path::new(TRACE)).unwrap_or_default();
    String::from_utf8_lossy(&trace).matches('\n').count()
}

/// Between its first commit and its last, this run syncs only its records.
#[test]
fn all_records_but_the_one_that_is_being_written_survive() {
    let settings = [
        "runtime.checkpoint.every_lines=1000",
        "runtime.tracing.sink.jsonl.write_mode=line",
        "runtime.tracing.sink.jsonl.flush_every_n=1",
        "runtime.tracing.sink.jsonl.fsync_every_n=1",
    ];
    let scene = Scene::fresh("durable records", &settings, &lines(31, LINES));
    let mut most = 0;
    for at in 0..scene.operations {
        let disk = scene.disk.after_kill(at);
        disk.plan(PlannedFault { fault: Fault::Crash, at, from_then_on: true });
        // At the very end there may be nothing left to lose.
        let _ = scene.process(&disk, at);
        let written = records_on(&disk);
        most = most.max(written);
        for seed in 0..4 {
            let survived = records_on(&disk.after_crash(seed));
            assert!(survived + 1 >= written, "{survived} of {written} survived at operation {at}");
        }
    }
    let all = scene.trace().lines().count();
    assert!(
        most + 1 >= all && all > LINES,
        "at most {most} of {all} records were written when the power went"
    );
}
