//! Disturbances of a process, by number.

use super::SimulatedDisk;
use super::plan::{Fault, PlannedFault};
use super::random::Random;

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
/// for number in 0..undisturbed.operations() * Disturbance::kinds(2) {
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
