//! An input that changes while it is read: a commit covers the lines that were decided.

use std::path::Path;

use stream_kernel_disk::SimulatedDisk;
use stream_kernel_run::checkpoint::verify;

use super::input::lines;
use super::scene::{CHECKPOINT, INPUT, Process, Scene};

/// Changes the first line into another one of the same length, once it is taken.
fn change_first_line(disk: &SimulatedDisk, line_no: u64) {
    if line_no == 3 {
        let mut input = disk.contents(Path::new(INPUT)).unwrap();
        input[1] ^= 1;
        disk.put(Path::new(INPUT), &input);
    }
}

/// Otherwise earlier decisions would be those of one input, and later ones those of another.
#[test]
fn an_input_changed_after_reading_is_refused() {
    let scene = Scene::fresh("changed", &[], &lines(41, 20));
    for stop_after in [3, 7, 12] {
        let disk = scene.disk.after_kill(1);
        let changed = Process {
            meanwhile: Some(change_first_line),
            stop_after: Some(stop_after),
            ..Process::default()
        };
        scene.run(&disk, changed).unwrap();
        let (inspection, findings) = verify(&disk, Path::new(CHECKPOINT), &mut |_| Ok(())).unwrap();
        assert_eq!(inspection.last.unwrap().committed.lines, stop_after);
        assert!(findings.len() == 1 && findings[0].contains("differs"), "{findings:?}");
        let failure = scene.process(&disk, 2).unwrap_err();
        assert!(failure.is_refusal() && failure.to_string().contains("differs"), "{failure}");

        disk.put(Path::new(INPUT), &lines(41, 20));
        scene.check_end(&disk, 3, false).unwrap();
    }
}
