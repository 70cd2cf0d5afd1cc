//! All cases of a scene: each operation of a run, each fault, and what comes after it.

use stream_kernel_disk::{Fault, PlannedFault, SimulatedDisk};

use super::scene::Scene;

const FAULTS: [(Fault, bool); 9] = [
    (Fault::Crash, true),
    (Fault::Device, false),
    (Fault::Device, true),
    (Fault::Full, false),
    (Fault::Full, true),
    (Fault::Interrupted, false),
    (Fault::Interrupted, true),
    (Fault::ShortWrite, false),
    (Fault::ShortWrite, true),
];

/// What becomes of a process.
#[derive(Clone, Copy, Debug)]
struct Disturbance {
    fault: PlannedFault,
    end: End,
}

/// How the disk is left when the process has ended.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The disk goes on.
    Kill,
    /// The power is gone; the seed decides what is kept.
    PowerCut(u64),
}

/// Of so many cases, one has its recovery disturbed as well.
const ONE_RECOVERY_IN: u64 = 3;

/// Plays one of `one_in` cases of a scene, and returns how many processes recovered. A case is an operation, a fault there, and the end of the
/// process, by a kill or a power cut; `one_in` shares no divisor with how many of those there are at an operation, so that all come up.
///
/// # Panics
///
/// Panics at the first case that ends otherwise than it must, with what repeats it.
pub(super) fn sweep(scene: &Scene, one_in: u64) -> u64 {
    let kinds = FAULTS.len() as u64 * 2;
    let divides_both = |divisor: &u64| kinds.is_multiple_of(*divisor) && one_in.is_multiple_of(*divisor);
    assert_eq!((2..=one_in).find(divides_both), None, "some kinds would never come up");
    let mut recoveries = 0;
    for seed in (0..scene.operations * kinds).step_by(usize::try_from(one_in).unwrap()) {
        let (at, kind) = (seed / kinds, seed % kinds);
        let (fault, from_then_on) = FAULTS[usize::try_from(kind / 2).unwrap()];
        let end = if kind % 2 == 0 { End::Kill } else { End::PowerCut(mixed(seed)) };
        let first = Disturbance { fault: PlannedFault { fault, at, from_then_on }, end };
        let second = mixed(seed).is_multiple_of(ONE_RECOVERY_IN).then(|| any_disturbance(scene, mixed(seed)));
        let disturbances: Vec<_> = [Some(first), second].into_iter().flatten().collect();
        recoveries += disturbances.len() as u64;
        if let Err(what) = play(scene, seed, &disturbances) {
            panic!("{what}\nscene {}, seed {seed}, {disturbances:#?}", scene.name);
        }
    }
    recoveries
}

/// Lets processes be disturbed one after another and a last one end the run in peace.
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
            // A disk that fails is no reason for somebody to decide something.
            Err(failure) if failure.is_refusal() => {
                return Err(told(format!("refused: {failure}"), &disk));
            }
            Err(_) => {}
        }
        disk = match disturbance.end {
            End::Kill => disk.after_kill(number),
            End::PowerCut(seed) => disk.after_crash(seed),
        };
        if is_complete {
            scene
                .check_result(&disk, trace_may_end)
                .map_err(|what| told(format!("after its end, {what}"), &disk))?;
        }
    }
    scene.check_end(&disk, !seed, trace_may_end).map_err(|what| told(what, &disk))
}

/// Returns some disturbance of a recovery.
fn any_disturbance(scene: &Scene, seed: u64) -> Disturbance {
    let random = mixed(seed);
    let (fault, from_then_on) = FAULTS[usize::try_from(random % FAULTS.len() as u64).unwrap()];
    let at = (random >> 8) % scene.operations;
    let end = if random & 0x80 == 0 { End::Kill } else { End::PowerCut(random) };
    Disturbance { fault: PlannedFault { fault, at, from_then_on }, end }
}

/// Returns a number that looks random, always the same for the same seed.
pub(super) fn mixed(seed: u64) -> u64 {
    let mixed = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 7
}
