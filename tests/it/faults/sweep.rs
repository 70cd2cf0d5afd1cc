//! The cases of a scene: each operation of a run, each fault, and the end of the process.

use stream_kernel_disk::{Disturbance, Fault, SimulatedDisk, random_number};

use super::scene::Scene;

/// One of this many cases has its recovery disturbed as well.
const ONE_RECOVERY_IN: u64 = 3;

/// Power cuts after each fault.
const POWER_CUTS: u64 = 1;

/// Plays at least `count` cases of a scene, or all of them with `cargo xtask test --exhaustive`. A case is an
/// operation, a fault there, and the end of the process, by a kill or a power cut.
///
/// # Panics
///
/// Panics at the first case with a wrong end, with instructions to repeat it, and if there are fewer cases.
#[track_caller]
pub(super) fn sweep(scene: &Scene, count: u64) {
    let Scene { name, operations, .. } = *scene;
    let mut played = 0;
    for seed in Disturbance::sample(operations, POWER_CUTS, count) {
        let second = random_number(seed).is_multiple_of(ONE_RECOVERY_IN);
        let second = second.then(|| Disturbance::random(seed, operations));
        let disturbances: Vec<_> =
            [Some(Disturbance::nth(seed, POWER_CUTS)), second].into_iter().flatten().collect();
        if let Err(what) = play(scene, seed, &disturbances) {
            panic!("{what}\nscene {name}, seed {seed}, {disturbances:#?}");
        }
        played += 1;
    }
    assert!(played >= count, "only {played} cases of {operations} operations: {name}");
}

/// Disturbs one process after the other, and lets a last one complete the run.
fn play(scene: &Scene, seed: u64, disturbances: &[Disturbance]) -> Result<(), String> {
    let mut disk = scene.disk.after_kill(seed);
    let mut is_complete = false;
    let mut trace_may_end = false;
    let told = |what: String, disk: &SimulatedDisk| format!("{what}\n{}", disk.history());
    for (number, disturbance) in (seed..).zip(disturbances) {
        disk.plan(disturbance.fault);
        trace_may_end |= disturbance.fault.fault != Fault::Crash;
        match scene.process(&disk, number) {
            Ok(_) => is_complete = true,
            // A failing disk is no reason to ask people for a decision.
            Err(failure) if failure.is_refusal() => {
                return Err(told(format!("refused: {failure}"), &disk));
            }
            Err(_) => {}
        }
        disk = disturbance.end.of(&disk, number);
        if is_complete {
            scene
                .check_result(&disk, trace_may_end)
                .map_err(|what| told(format!("after its end, {what}"), &disk))?;
        }
    }
    scene.check_end(&disk, !seed, trace_may_end).map_err(|what| told(what, &disk))
}
