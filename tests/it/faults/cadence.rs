//! Cadence of commits.

use std::path::Path;

use stream_kernel_disk::SimulatedDisk;
use stream_kernel_run::MAX_LINES_AHEAD;
use stream_kernel_run::checkpoint::inspect;

use super::input::lines;
use super::scene::{CHECKPOINT, Process, Scene};

/// Returns the last line of the last commit.
fn committed_lines(disk: &SimulatedDisk) -> u64 {
    inspect(disk, Path::new(CHECKPOINT)).unwrap().last.unwrap().committed.lines
}

/// More frequent commits cost syncs, rarer ones repeated work.
#[test]
fn a_commit_comes_after_its_lines_and_not_before() {
    const EVERY_LINES: u64 = 7;
    let scene = Scene::fresh("lines", &["runtime.checkpoint.every_lines=7"], &lines(31, 40));
    let look = |disk: &SimulatedDisk, line_no: u64| {
        assert_eq!(committed_lines(disk), line_no - line_no % EVERY_LINES, "after line {line_no}");
    };
    scene.run(&scene.disk.after_kill(1), Process { meanwhile: Some(look), ..Process::default() }).unwrap();
}

/// The clock is read once the few lines at hand are taken.
#[test]
fn a_commit_is_made_after_so_long_and_not_before() {
    const EVERY_MS: u64 = 511;
    let settings = ["runtime.checkpoint.every_lines=1000000", "runtime.checkpoint.every_ms=511"];
    let scene = Scene::fresh("milliseconds", &settings, &lines(31, 800));
    let look = |disk: &SimulatedDisk, line_no: u64| {
        let committed = committed_lines(disk);
        if line_no <= EVERY_MS {
            assert_eq!(committed, 0, "after line {line_no}");
        } else if line_no >= EVERY_MS + MAX_LINES_AHEAD as u64 {
            let expected = EVERY_MS + 1..=EVERY_MS + MAX_LINES_AHEAD as u64;
            assert!(expected.contains(&committed), "{committed} after line {line_no}");
        }
    };
    let process = Process { ms_per_line: 1, meanwhile: Some(look), ..Process::default() };
    scene.run(&scene.disk.after_kill(1), process).unwrap();
}
