//! Signals interrupt what reads the input: that ends nothing, unless they do so without end.

use stream_kernel_app::CheckpointFailure;
use stream_kernel_disk::{Fault, PlannedFault};

use super::input::lines;
use super::scene::Scene;

/// Returns for each operation how reading the input failed, if it did, when that operation is interrupted.
fn failures_of_reading(scene: &Scene, from_then_on: bool) -> Vec<String> {
    let failure = |at| {
        let disk = scene.disk.after_kill(at);
        disk.plan(PlannedFault { fault: Fault::Interrupted, at, from_then_on });
        match scene.process(&disk, at) {
            Err(CheckpointFailure::ReadInput { cause, .. }) => Some(cause.to_string()),
            _ => None,
        }
    };
    (0..scene.operations).filter_map(failure).collect()
}

#[test]
fn a_signal_ends_no_run_that_reads() {
    let scene = Scene::fresh("interrupted", &[], &lines(31, 20));
    assert_eq!(failures_of_reading(&scene, false), [""; 0]);
}

/// A system that says so without end must not hang a run.
#[test]
fn interruptions_without_end_end_the_run() {
    let scene = Scene::fresh("interrupted without end", &[], &lines(31, 20));
    let failures = failures_of_reading(&scene, true);
    assert!(!failures.is_empty(), "no run was interrupted when it read its input");
    assert!(failures.iter().all(|cause| cause == "reading is interrupted without end"), "{failures:?}");
}
