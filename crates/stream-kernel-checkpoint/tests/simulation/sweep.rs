//! All cases: each operation of a run, each fault, and what comes after it.

use stream_kernel_disk::{Fault, PlannedFault};

use crate::case::{Disturbance, End, Scene};

/// How many power cuts follow each fault.
const POWER_CUTS: u64 = 3;
/// How often, after each of these, the recovery is disturbed, too, and every third time the recovery from that.
const SAMPLES: u64 = 8;

/// Plays all cases of a scene and returns the number of recoveries, or the first case that ends otherwise than it must.
pub(crate) fn everything(scene: &Scene) -> Result<u64, String> {
    let mut recoveries = 0;
    for seed in 0.. {
        let Some(first) = nth_disturbance(scene, seed) else { break };
        recoveries += scene.play(seed, &[first]).map_err(|error| after(recoveries, &error))?;
        for number in 0..SAMPLES {
            let seed = seed * SAMPLES + number;
            let second = random_disturbance(scene, seed);
            let third = random_disturbance(scene, !seed);
            let both = [first, second, third];
            let chain = if number % 3 == 0 { &both[..] } else { &both[..2] };
            recoveries += scene.play(seed, chain).map_err(|error| after(recoveries, &error))?;
        }
    }
    Ok(recoveries)
}

fn after(recoveries: u64, error: &str) -> String {
    format!("after {recoveries} recoveries: {error}")
}

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

/// Returns the disturbance of that number, of all that there are: operation by operation, fault by fault, end by end.
fn nth_disturbance(scene: &Scene, number: u64) -> Option<Disturbance> {
    let ends = POWER_CUTS + 1;
    let (number, end) = (number / ends, number % ends);
    let at = number / FAULTS.len() as u64;
    let (fault, from_then_on) = FAULTS[index(number, FAULTS.len())];
    let end = if end == 0 { End::Kill } else { End::PowerCut(mixed(number * ends + end)) };
    (at < scene.operations).then_some(Disturbance { fault: PlannedFault { fault, at, from_then_on }, end })
}

/// Returns some disturbance.
fn random_disturbance(scene: &Scene, seed: u64) -> Disturbance {
    let random = mixed(seed);
    let (fault, from_then_on) = FAULTS[index(random, FAULTS.len())];
    let at = (random >> 8) % scene.operations;
    let end = if random & 0x80 == 0 { End::Kill } else { End::PowerCut(random) };
    Disturbance { fault: PlannedFault { fault, at, from_then_on }, end }
}

/// Returns an index into something of that length.
pub(crate) fn index(random: u64, len: usize) -> usize {
    usize::try_from(random % len as u64).unwrap_or_default()
}

/// Returns a number that looks random, always the same for the same seed.
pub(crate) fn mixed(seed: u64) -> u64 {
    let mixed = (seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 7
}
