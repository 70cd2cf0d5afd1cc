//! Commits in the background give the same results as those in the thread of the run, and can be cut off like them.

use std::path::Path;
use std::sync::Arc;

use stream_kernel_disk::{Disk, Fault, PlannedFault};
use stream_kernel_run::CommitIn;

use super::input::lines;
use super::scene::{Process, Scene, TRACE};

/// The time of a commit relative to the lines is not repeatable here, so only a sample is tried.
#[test]
fn background_commits_give_the_same_results() {
    let input = lines(31, 60);
    let scene = Scene::fresh("background", &[], &input).must_adjudicate(&input);
    let background = Process { commit_in: CommitIn::Background, ..Process::default() };
    for at in (0..scene.operations).step_by(4) {
        let disk = scene.disk.after_kill(at);
        disk.plan(PlannedFault { fault: Fault::Crash, at, from_then_on: true });
        let _ = scene.run(&disk, background);
        let disk = if at % 8 == 0 { disk.after_kill(at) } else { disk.after_crash(at) };
        let what = scene.run(&disk, background).map_err(|failure| failure.to_string());
        let checked = what.and_then(|_| scene.check_result(&disk, false));
        checked.unwrap_or_else(|what| panic!("killed at {at}: {what}\n{}", disk.history()));
    }
}

/// Two runs at once would spoil each other's output.
#[test]
fn a_second_run_is_refused_while_the_first_holds_the_lock() {
    let scene = Scene::fresh("locked", &[], &lines(32, 9));
    let disk = scene.disk.after_kill(1);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let checkpoint = Path::new(super::scene::CHECKPOINT);
    let first = stream_kernel_run::checkpoint::Checkpoint::open(shared, checkpoint).unwrap();
    let failure = scene.process(&disk, 1).unwrap_err();
    assert!(failure.is_refusal() && failure.to_string().contains("in use by another run"), "{failure}");
    assert!(disk.contents(Path::new(TRACE)).is_none(), "nothing may be touched");
    drop(first);
    scene.check_end(&disk, 2, false).unwrap();
}

/// A stop comes between two lines: earlier lines are committed, and the next run resumes after them.
#[test]
fn a_stopped_run_commits_and_resumes() {
    let input = lines(33, 20);
    let scene = Scene::fresh("stopped", &[], &input).must_adjudicate(&input);
    for stop_after in [0, 1, 7, 13, 19] {
        let disk = scene.disk.after_kill(1);
        let ended = scene.run(&disk, Process { stop_after: Some(stop_after), ..Process::default() }).unwrap();
        assert_eq!((ended.is_stopped, ended.report.inputs), (true, stop_after));
        assert_eq!(disk.contents(Path::new(super::scene::OUTPUT)), None, "the final name is not given");
        let resumed = scene.run(&disk, Process::default()).unwrap();
        assert_eq!((resumed.is_stopped, resumed.resumed_after), (false, stop_after));
        scene.check_end(&disk, stop_after, false).unwrap();
    }
}
