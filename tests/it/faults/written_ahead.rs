//! Changes of state that are written before there is a commit that covers them.

use super::input::lines;
use super::scene::{CHECKPOINT, Process, Scene};
use super::sweep::sweep;

/// They are written when line 1,024 is decided, and committed with the rest at the end. Were they taken in before, the lines of a run that
/// was cut off in between would be counted twice.
#[test]
fn what_is_written_ahead_counts_from_its_commit_on_and_not_before() {
    let input = lines(51, 1_030);
    let settings = ["runtime.checkpoint.every_lines=2000", "runtime.tracing.enabled=false"];
    let begun = Scene::fresh("begun", &settings, &input);
    let disk = begun.disk.after_kill(1);
    begun.run(&disk, Process { stop_after: Some(1_000), ..Process::default() }).unwrap();
    let scene = Scene::of("written ahead", &settings, disk).must_adjudicate(&input);

    let undisturbed = scene.disk.after_kill(2);
    scene.process(&undisturbed, 2).unwrap();
    let history = undisturbed.history();
    let is_write = |operation: &&str| operation.contains(&format!("write {CHECKPOINT}/state-1.log"));
    // Ahead, with the last line, and when the output gets its name.
    assert_eq!(history.lines().filter(is_write).count(), 3, "{history}");
    assert!(sweep(&scene, 7) >= 80);
}
