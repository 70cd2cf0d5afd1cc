//! Changes of state that are written before there is a commit that covers them.

use super::input::lines;
use super::scene::{CHECKPOINT, Process, Scene};
use super::sweep::sweep;

/// They are written when line 4,096 is decided, and committed with the rest at the end. Were they taken in before, the lines of a run that
/// was cut off in between would be counted twice.
#[test]
fn what_is_written_ahead_counts_from_its_commit_on_and_not_before() {
    // Of customers enough, so that the log stays shorter than all that is remembered, and is not replaced by it.
    let attempts = (0..4_090).map(|number| {
        format!(
            r#"{{"id":"{number}","customer_id":"{number}","load_amount":"$1.00","time":"2026-03-02T12:00:00Z"}}"#
        ) + "\n"
    });
    let input = [attempts.collect::<String>().into_bytes(), lines(51, 30)].concat();
    let settings = ["runtime.checkpoint.every_lines=20000", "runtime.tracing.enabled=false"];
    let begun = Scene::fresh("begun", &settings, &input);
    let disk = begun.disk.after_kill(1);
    begun.run(&disk, Process { stop_after: Some(3), ..Process::default() }).unwrap();
    let scene = Scene::of("written ahead", &settings, disk).must_adjudicate(&input);

    let undisturbed = scene.disk.after_kill(2);
    scene.process(&undisturbed, 2).unwrap();
    let history = undisturbed.history();
    let is_write = |operation: &&str| operation.contains(&format!("write {CHECKPOINT}/state-1.log"));
    // Ahead, and with the last line; that the output gets its name changes nothing that is remembered.
    assert_eq!(history.lines().filter(is_write).count(), 2, "{history}");
    assert!(sweep(&scene, 7) >= 80);
}
