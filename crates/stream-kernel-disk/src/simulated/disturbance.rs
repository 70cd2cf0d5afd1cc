//! Disturbances of a process, by number.

use super::SimulatedDisk;
use super::plan::{Fault, PlannedFault};
use super::random::Random;
use super::sample::is_exhaustive;

/// A disturbance of a process: the fault while it runs, and the state of the disk after its end.
///
/// A test plays them one after another. After each, an undisturbed process must come to the expected results:
///
/// ```
/// use std::path::Path;
///
/// use stream_kernel_disk::{Disk, Disturbance, OpenHow, SimulatedDisk};
///
/// fn process(disk: &SimulatedDisk) -> std::io::Result<()> {
///     let file = disk.open(Path::new("/file"), OpenHow::ExistingOrNew)?;
///     file.write_all_at(b"done", 0)?;
///     file.sync_data()?;
///     disk.sync_dir(Path::new("/"))
/// }
///
/// let undisturbed = SimulatedDisk::new(0);
/// process(&undisturbed)?;
/// for number in Disturbance::sample(undisturbed.operations(), 2, 100) {
///     let (disk, disturbance) = (SimulatedDisk::new(number), Disturbance::nth(number, 2));
///     disk.plan(disturbance.fault);
///     let _ = process(&disk);
///     let disk = disturbance.end.of(&disk, number);
///     process(&disk)?;
///     assert_eq!(disk.after_crash(number).contents(Path::new("/file")).as_deref(), Some(&b"done"[..]));
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disturbance {
    /// The fault.
    pub fault: PlannedFault,
    /// The end.
    pub end: ProcessEnd,
}

/// The end of a process, for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessEnd {
    /// The process is killed; the disk goes on.
    Kill,
    /// The power goes; the seed decides which changes survive.
    PowerCut(u64),
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

impl Disturbance {
    /// Returns the number of disturbances at an operation: each fault, once and from then on, each followed by a kill
    /// or one of `power_cuts`.
    pub const fn kinds(power_cuts: u64) -> u64 {
        FAULTS.len() as u64 * (power_cuts + 1)
    }

    /// Returns the numbers of at least `count` disturbances, for [`nth`](Self::nth): of all kinds, from the whole
    /// of a run with so many operations, the first and the last among them. Returns all if there are no more, and
    /// if [`is_exhaustive`].
    pub fn sample(operations: u64, power_cuts: u64, count: u64) -> impl Iterator<Item = u64> {
        let (all, kinds) = (operations * Self::kinds(power_cuts), Self::kinds(power_cuts));
        let step = if is_exhaustive() { 1 } else { step(all, kinds, count) };
        let last = all.checked_sub(1).filter(|last| !last.is_multiple_of(step));
        (0..all).step_by(usize::try_from(step).unwrap_or(usize::MAX)).chain(last)
    }

    /// Returns the disturbance with this number, from 0: operation by operation, fault by fault, end by end.
    pub fn nth(number: u64, power_cuts: u64) -> Self {
        let ends = power_cuts + 1;
        let kinds = Self::kinds(power_cuts);
        let (fault, from_then_on) = FAULTS[usize::try_from(number % kinds / ends).unwrap_or_default()];
        let at = number / kinds;
        let end = match number % ends {
            0 => ProcessEnd::Kill,
            _ => ProcessEnd::PowerCut(random_number(number)),
        };
        Self { fault: PlannedFault { fault, at, from_then_on }, end }
    }

    /// Returns some disturbance within the first `operations`, always the same for the same seed.
    pub fn random(seed: u64, operations: u64) -> Self {
        let mut random = Random::new(seed);
        let (fault, from_then_on) = FAULTS[random.below(FAULTS.len())];
        let at = random.number() % operations.max(1);
        let end = if random.coin() { ProcessEnd::Kill } else { ProcessEnd::PowerCut(random.number()) };
        Self { fault: PlannedFault { fault, at, from_then_on }, end }
    }
}

impl ProcessEnd {
    /// Returns the disk for the next process.
    #[must_use]
    pub fn of(self, disk: &SimulatedDisk, seed: u64) -> SimulatedDisk {
        match self {
            Self::Kill => disk.after_kill(seed),
            Self::PowerCut(seed) => disk.after_crash(seed),
        }
    }
}

/// Returns the greatest step that leaves `count` of `all` and skips no kind: it shares no divisor with the number
/// of kinds.
fn step(all: u64, kinds: u64, count: u64) -> u64 {
    let leaves_none_out = |step: &u64| {
        !(2..=kinds).any(|divisor| step.is_multiple_of(divisor) && kinds.is_multiple_of(divisor))
    };
    (1..=all / count.max(1)).rev().find(leaves_none_out).unwrap_or(1)
}

/// Returns a pseudo-random number, always the same for the same seed.
pub fn random_number(seed: u64) -> u64 {
    Random::new(seed).number()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_meets_every_fault_and_every_end() {
        let kinds = Disturbance::kinds(2);
        assert_eq!(kinds, 27);
        let all: Vec<_> = (0..2 * kinds).map(|number| Disturbance::nth(number, 2)).collect();
        for (number, one) in all.iter().enumerate() {
            assert!(!all[..number].contains(one), "{one:?} comes up twice");
        }
        for at in 0..2 {
            for (fault, from_then_on) in FAULTS {
                let fault = PlannedFault { fault, at, from_then_on };
                let ends: Vec<_> = all.iter().filter(|one| one.fault == fault).map(|one| one.end).collect();
                assert!(matches!(
                    ends[..],
                    [ProcessEnd::Kill, ProcessEnd::PowerCut(_), ProcessEnd::PowerCut(_)]
                ));
            }
        }
    }

    /// A step that shares a divisor with the kinds would come to the same of them at every operation.
    #[test]
    fn a_sample_is_large_enough_and_of_all_kinds() {
        let kinds = Disturbance::kinds(1);
        for operations in [0, 1, 7, 100] {
            let all = operations * kinds;
            for count in [0, 1, kinds - 1, kinds, 100, all.max(1) - 1, all, all + 1, u64::MAX] {
                let step = step(all, kinds, count);
                let sample: Vec<_> = (0..all).step_by(usize::try_from(step).unwrap()).collect();
                assert!(sample.len() as u64 >= all.min(count), "{operations} operations, {count}: {step}");
                let of_kinds =
                    (0..kinds).filter(|kind| sample.iter().any(|number| number % kinds == *kind)).count();
                assert!(
                    of_kinds as u64 >= all.min(count).min(kinds),
                    "{operations} operations, {count}: {step}"
                );
            }
        }
        assert_eq!([step(1_800, kinds, 100), step(1_800, kinds, 99)], [17, 17], "18 would be of one kind");
        assert_eq!(step(1_800, kinds, 1_800), 1);
    }

    #[test]
    fn random_ones_are_within_bounds_and_come_again() {
        let all: Vec<_> = (0..500).map(|seed| Disturbance::random(seed, 3)).collect();
        assert!((0..500).map(|seed| Disturbance::random(seed, 3)).eq(all.iter().copied()));
        for at in 0..3 {
            assert!(all.iter().any(|one| one.fault.at == at));
        }
        assert!(all.iter().all(|one| one.fault.at < 3));
        for end in [true, false] {
            assert!(all.iter().any(|one| (one.end == ProcessEnd::Kill) == end));
        }
        assert_eq!(Disturbance::random(7, 0).fault.at, 0, "there is no operation to disturb");
    }
}
