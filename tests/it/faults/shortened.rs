//! Shortened outputs, traces and inputs of a run in progress: no commit covers missing bytes.

use std::path::Path;

use stream_kernel_disk::{Disk, OpenHow, SimulatedDisk};
use stream_kernel_run::CommitIn;
use stream_kernel_run::checkpoint::inspect;

use super::input::lines;
use super::scene::{CHECKPOINT, INPUT, PARTIAL, Process, Scene, TRACE};

/// A commit is due after line 14: the last one before that is of line 7.
fn shorten<const LINE: u64>(disk: &SimulatedDisk, line_no: u64, path: &str, len: u64) {
    if line_no == LINE {
        disk.open(Path::new(path), OpenHow::Existing).unwrap().set_len(len).unwrap();
    }
}

#[test]
fn a_shortened_file_ends_the_run_at_the_commit() {
    type Meanwhile = fn(&SimulatedDisk, u64);
    let cases: [(&str, Meanwhile); 4] = [
        (PARTIAL, |disk, line_no| shorten::<10>(disk, line_no, PARTIAL, 1)),
        (TRACE, |disk, line_no| shorten::<10>(disk, line_no, TRACE, 0)),
        (TRACE, |disk, line_no| shorten::<8>(disk, line_no, TRACE, 100)),
        (TRACE, |disk, line_no| shorten::<13>(disk, line_no, TRACE, 1_000)),
    ];
    let scene = Scene::fresh("shortened", &[], &lines(31, 20));
    for commit_in in [CommitIn::Foreground, CommitIn::Background] {
        for (path, meanwhile) in cases {
            let disk = scene.disk.after_kill(1);
            let process = Process { meanwhile: Some(meanwhile), commit_in, ..Process::default() };
            let failure = scene.run(&disk, process).unwrap_err();
            let told = std::iter::successors(Some(&failure as &dyn std::error::Error), |it| it.source());
            let told = told.map(ToString::to_string).collect::<Vec<_>>().join(": ");
            assert!(told.contains(path) && told.contains("was shortened"), "{path}: {told}");
            assert!(!failure.is_refusal(), "it is no mistake of who runs it");
            let committed = inspect(&disk, Path::new(CHECKPOINT)).unwrap().last.unwrap().committed;
            assert!(committed.lines <= 7 && !committed.complete, "{path}: {}", committed.lines);
            // The next run does not ignore missing committed bytes.
            if committed.lines > 0 {
                let refused = scene.process(&disk, 2).unwrap_err();
                assert!(refused.is_refusal(), "{path}: {refused}");
            }
        }
    }
}

#[test]
fn an_input_that_was_shortened_is_not_complete() {
    let input = lines(31, 20);
    let scene = Scene::fresh("shortened input", &[], &input);
    let disk = scene.disk.after_kill(1);
    let cut = |disk: &SimulatedDisk, line_no| {
        let len = disk.contents(Path::new(INPUT)).unwrap().len() as u64;
        shorten::<10>(disk, line_no, INPUT, len - 3);
    };
    let failure =
        scene.run(&disk, Process { meanwhile: Some(cut), ..Process::default() }).unwrap_err().to_string();
    assert!(failure.contains("cannot be read after line"), "{failure}");
    let committed = inspect(&disk, Path::new(CHECKPOINT)).unwrap().last.unwrap().committed;
    assert!(!committed.complete);
    disk.put(Path::new(INPUT), &input);
    scene.check_end(&disk, 3, false).unwrap();
}
