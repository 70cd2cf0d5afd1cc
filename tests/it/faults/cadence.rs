//! When commits are made.

use std::path::Path;

use stream_kernel_disk::SimulatedDisk;
use stream_kernel_run::checkpoint::inspect;

use super::input::lines;
use super::scene::{CHECKPOINT, Process, Scene};

/// Returns the last line of the last commit.
fn committed_lines(disk: &SimulatedDisk) -> u64 {
    inspect(disk, Path::new(CHECKPOINT)).unwrap().last.unwrap().committed.lines
}

/// More often costs syncs, less often work that is done again.
#[test]
fn a_commit_is_made_after_so_many_lines_and_not_before() {
    const EVERY_LINES: u64 = 7;
    let scene = Scene::fresh("lines", &["runtime.checkpoint.every_lines=7"], &lines(31, 40));
    let look = |disk: &SimulatedDisk, line_no: u64| {
        assert_eq!(committed_lines(disk), line_no - line_no % EVERY_LINES, "after line {line_no}");
    };
    scene.run(&scene.disk.after_kill(1), Process { meanwhile: Some(look), ..Process::default() }).unwrap();
}

/// What time it is, is asked once in 256 lines. When the 512th is decided, 511 have taken a millisecond each.
#[test]
fn a_commit_is_made_after_so_long_and_not_before() {
    let run = |every_ms: &str, look: fn(&SimulatedDisk, u64)| {
        let settings = ["runtime.checkpoint.every_lines=1000000", every_ms];
        let scene = Scene::fresh("milliseconds", &settings, &lines(31, 800));
        let process = Process { ms_per_line: 1, meanwhile: Some(look), ..Process::default() };
        scene.run(&scene.disk.after_kill(1), process).unwrap();
    };
    run("runtime.checkpoint.every_ms=511", |disk, line_no| {
        assert_eq!(committed_lines(disk), if line_no < 512 { 0 } else { 512 }, "after line {line_no}");
    });
    run("runtime.checkpoint.every_ms=512", |disk, line_no| {
        assert_eq!(committed_lines(disk), if line_no < 768 { 0 } else { 768 }, "after line {line_no}");
    });
}
