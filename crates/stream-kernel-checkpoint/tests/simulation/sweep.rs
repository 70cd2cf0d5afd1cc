//! All cases: each operation of a run, each fault, and the recovery from it.

use stream_kernel_disk::Disturbance;

use crate::case::Scene;

/// How many power cuts follow each fault.
const POWER_CUTS: u64 = 3;
/// How often, after each power cut, the recovery is disturbed too, and every third time the recovery from that.
const SAMPLES: u64 = 5;

/// Plays at least `count` cases of a scene, if there are so many, and returns the number of recoveries, or the
/// first case with a wrong end.
pub(crate) fn sampled(scene: &Scene, count: u64) -> Result<u64, String> {
    let mut recoveries = 0;
    for seed in Disturbance::sample(scene.operations, POWER_CUTS, count) {
        let first = Disturbance::nth(seed, POWER_CUTS);
        recoveries += scene.play(seed, &[first]).map_err(|error| after(recoveries, &error))?;
        for number in 0..SAMPLES {
            let seed = seed * SAMPLES + number;
            let second = Disturbance::random(seed, scene.operations);
            let third = Disturbance::random(!seed, scene.operations);
            let both = [first, second, third];
            let chain = if number % 3 == 0 { &both[..] } else { &both[..2] };
            recoveries += scene.play(seed, chain).map_err(|error| after(recoveries, &error))?;
        }
    }
    Ok(recoveries)
}

/// Plays all cases of a scene.
#[cfg(feature = "injected-faults")]
pub(crate) fn everything(scene: &Scene) -> Result<u64, String> {
    sampled(scene, u64::MAX)
}

fn after(recoveries: u64, error: &str) -> String {
    format!("after {recoveries} recoveries: {error}")
}
