//! When commits are made.

use std::path::Path;

use stream_kernel_app::checkpoint::inspect;
use stream_kernel_disk::SimulatedDisk;

use super::input::lines;
use super::scene::{CHECKPOINT, Process, Scene};

/// More often costs syncs, less often work that is done again.
#[test]
fn a_commit_is_made_after_so_many_lines_and_not_before() {
    const EVERY_LINES: u64 = 7;
    let scene = Scene::fresh("cadence", &["runtime.checkpoint.every_lines=7"], &lines(31, 40));
    let look = |disk: &SimulatedDisk, line_no: u64| {
        let last = inspect(disk, Path::new(CHECKPOINT)).unwrap().last.unwrap();
        assert_eq!(last.committed.lines, line_no - line_no % EVERY_LINES, "after line {line_no}");
    };
    scene.run(&scene.disk.after_kill(1), Process { meanwhile: Some(look), ..Process::default() }).unwrap();
}
