//! Signals interrupt what reads the input: that ends nothing, unless they do so without end.

use stream_kernel_disk::{Fault, PlannedFault};
use stream_kernel_run::CheckpointFailure;

use super::input::lines;
use super::scene::{Process, Scene};

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

/// A line of which a part was read is not read: whatever is committed then, and whoever goes on, begins with its first byte.
#[test]
fn a_signal_in_a_line_leaves_the_line_to_who_goes_on() {
    let attempts = (0..12).map(|number| {
        format!(
            r#"{{"id":"{number}","customer_id":"8","load_amount":"$1.00","time":"2026-03-02T12:00:00Z"}}"#
        )
    });
    // The last one has no line end, so that the end of the file is read with a part of it in hand.
    let input = attempts.collect::<Vec<_>>().join("\n").into_bytes();
    let every_line = "runtime.checkpoint.every_lines=1";
    for scene in [
        Scene::fresh("all", &[every_line], &input).must_adjudicate(&input),
        Scene::fresh("ends before the last", &["runtime.limits.max_ids=11"], &input).must_end_with("max_ids"),
    ] {
        for at in 0..scene.operations {
            let disk = scene.disk.after_kill(at);
            disk.plan(PlannedFault { fault: Fault::Interrupted, at, from_then_on: false });
            // Without a snapshot, all lines are read again.
            let process = Process { number: at, min_snapshot_bytes: u64::MAX, ..Process::default() };
            // Some other operations end a run that is interrupted there.
            let _ = scene.run(&disk, process);
            let ended = scene.check_end(&disk.after_kill(at), at, true);
            assert_eq!(ended, Ok(()), "operation {at} of {}", disk.history());
        }
    }
}

/// A system that says so without end must not hang a run.
#[test]
fn interruptions_without_end_end_the_run() {
    let scene = Scene::fresh("interrupted without end", &[], &lines(31, 20));
    let disk = scene.disk.after_kill(1);
    let half = Process { stop_after: Some(12), min_snapshot_bytes: u64::MAX, ..Process::default() };
    scene.run(&disk, half).unwrap();
    // The second one reads the lines that are committed first, to decide them again.
    for scene in [scene, Scene::of("resumed", &[], disk)] {
        let failures = failures_of_reading(&scene, true);
        assert!(!failures.is_empty(), "{} was not interrupted when it read its input", scene.name);
        // What a resumed run reads before any line ends it by the system's own error.
        let is_told = |cause: &String| {
            cause == "reading is interrupted without end"
                || (scene.name == "resumed" && cause.starts_with("Interrupted system call"))
        };
        assert!(failures.iter().all(is_told), "{failures:?}");
    }
}
