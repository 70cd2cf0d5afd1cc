//! A trace that other runs append to: their records after a complete run stay, before those that come next.

use std::path::Path;

use stream_kernel_disk::SimulatedDisk;

use super::input::lines;
use super::scene::{INPUT, Scene, TRACE};
use super::sweep::sweep;

/// The remains of another run: a record, and a torn one.
const FOREIGN: &str = "{\"trace_id\":\"other:1\"}\n{\"trace_id\":\"oth";

/// Completes a run of `input`, and returns the disk after another run has appended to the trace.
fn completed_and_appended_to(input: &[u8]) -> SimulatedDisk {
    let scene = Scene::fresh("before", &[], input);
    let disk = scene.disk.after_kill(1);
    scene.process(&disk, 1).unwrap();
    let trace = disk.contents(Path::new(TRACE)).unwrap();
    disk.put(Path::new(TRACE), &[&trace, FOREIGN.as_bytes()].concat());
    disk
}

#[test]
fn a_finished_run_leaves_the_trace_alone() {
    let disk = completed_and_appended_to(&lines(61, 9));
    let trace = disk.contents(Path::new(TRACE));
    let scene = Scene::of("nothing to do", &[], disk);
    sweep(&scene, 30);
    let again = scene.disk.after_kill(2);
    scene.process(&again, 2).unwrap();
    scene.process(&again, 3).unwrap();
    assert_eq!(again.contents(Path::new(TRACE)), trace);
}

#[test]
fn a_finished_run_resumes_after_others_records() {
    let (before, all) = (lines(62, 15), lines(62, 30));
    assert!(all.starts_with(&before));
    let disk = completed_and_appended_to(&before);
    disk.put(Path::new(INPUT), &all);
    let scene = Scene::of("behind others", &[], disk).must_adjudicate(&all);
    let [first, whole] = [&before, &all].map(|input| Scene::fresh("alone", &[], input));
    let rest = whole.trace().strip_prefix(first.trace()).unwrap();
    assert_eq!(scene.trace(), first.trace().to_owned() + FOREIGN + "\n" + rest);
    sweep(&scene, 60);
}
