//! All cases of a scene: each operation of a run, each fault, and the end of the process.

use stream_kernel_disk::{Disturbance, Fault, SimulatedDisk, random_number};

use super::scene::Scene;

/// One of this many cases has its recovery disturbed as well.
const ONE_RECOVERY_IN: u64 = 3;

/// Plays one of `one_in` cases of a scene, and returns how many processes recovered. A case is an operation, a fault
/// there, and the end of the process, by a kill or a power cut. `one_in` shares no divisor with the number of cases at
/// an operation, so that all kinds occur.
///
/// # Panics
///
/// Panics at the first case with a wrong end, with instructions to repeat it.
pub(super) fn sweep(scene: &Scene, one_in: u64) -> u64 {
    let kinds = Disturbance::kinds(1);
    let divides_both = |divisor: &u64| kinds.is_multiple_of(*divisor) && one_in.is_multiple_of(*divisor);
    assert_eq!((2..=one_in).find(divides_both), None, "some kinds would never come up");
    let mut recoveries = 0;
    for seed in (0..scene.operations * kinds).step_by(usize::try_from(one_in).unwrap()) {
        let second = random_number(seed).is_multiple_of(ONE_RECOVERY_IN);
        let second = second.then(|| Disturbance::random(seed, scene.operations));
        let disturbances: Vec<_> = [Some(Disturbance::nth(seed, 1)), second].into_iter().flatten().collect();
        recoveries += disturbances.len() as u64;
        if let Err(what) = play(scene, seed, &disturbances) {
            panic!("{what}\nscene {}, seed {seed}, {disturbances:#?}", scene.name);
        }
    }
    recoveries
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
