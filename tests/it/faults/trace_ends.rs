//! A trace that cannot be written: decisions go on without it, and the checkpoint says where it ends.

use std::path::Path;

use stream_kernel_disk::{Disk, Fault, OpenHow, PlannedFault, SimulatedDisk};
use stream_kernel_run::Ended;

use super::input::lines;
use super::scene::{INPUT, Scene, TRACE, trace_end};

const LINES: usize = 40;

/// Returns the files of a run for which one write to the trace finds the disk full, for every such write, and how it
/// ended.
fn with_a_full_trace(scene: &Scene) -> Vec<(SimulatedDisk, Ended)> {
    let with_a_fault = |at| {
        let disk = scene.disk.after_kill(at);
        disk.plan(PlannedFault { fault: Fault::Full, at, from_then_on: false });
        scene.process(&disk, at).ok().map(|ended| (disk, ended))
    };
    let ended = (0..scene.operations).filter_map(with_a_fault);
    ended.filter(|(_, ended)| ended.trace_ends_after.is_some()).collect()
}

/// Whatever tracing does, the output is the same, and complete: this is the first promise of a trace.
#[test]
fn the_output_is_completed_without_the_trace() {
    let input = lines(31, LINES);
    let scene = Scene::fresh("a full trace", &[], &input).must_adjudicate(&input);
    let cases = with_a_full_trace(&scene);
    assert!(cases.len() >= 5, "only {} writes of the trace failed", cases.len());
    assert!(cases.iter().any(|(_, ended)| ended.trace_ends_after > Some(0)), "some of the trace is kept");
    for (disk, ended) in &cases {
        assert!(!ended.is_stopped);
        assert_eq!(trace_end(disk), ended.trace_ends_after);
        scene.check_result(disk, true).unwrap();
        // Another process finds nothing to do, and reports the same.
        let again = scene.process(disk, 99).unwrap();
        assert_eq!((again.is_stopped, again.trace_ends_after), (false, ended.trace_ends_after));
        scene.check_end(disk, 98, true).unwrap();
    }
}

/// A trace with a gap would look whole: once it has ended, it stays as it is.
#[test]
fn lines_that_are_appended_later_are_decided_and_not_traced() {
    let (first, all) = (lines(31, LINES), lines(31, LINES + 9));
    assert!(all.starts_with(&first));
    let scene = Scene::fresh("a full trace", &[], &first);
    let whole = Scene::fresh("appended", &[], &all).must_adjudicate(&all);
    for (disk, ended) in with_a_full_trace(&scene) {
        let contents = |path: &str| disk.contents(Path::new(path)).unwrap();
        let trace = contents(TRACE);
        let file = disk.open(Path::new(INPUT), OpenHow::ExistingOrNew).unwrap();
        file.write_all_at(&all[first.len()..], first.len() as u64).unwrap();
        let again = whole.process(&disk, 99).unwrap();
        assert_eq!(again.trace_ends_after, ended.trace_ends_after);
        whole.check_result(&disk, true).unwrap();
        assert_eq!(contents(TRACE), trace, "nothing was added");
    }
}
