//! Programs run in turn, round by round, so that a temporary slowdown of the machine affects all of them.
//!
//! The order changes with each round, so that the after-effects of one program, such as a trace of 2 GB, do not always
//! hit the same one.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use super::scratch::{Scratch, remove, size};
use super::series::Series;
use super::usage;
use crate::failure::Failure;

/// A program and its input.
#[derive(Clone)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    /// Its files and folders, which are removed after each run; the size of the last is noted.
    pub(crate) makes: Vec<PathBuf>,
}

/// The resource usage of a workload, round by round.
pub(crate) struct Samples {
    /// Processor time in nanoseconds.
    pub(crate) cpu_ns: Series,
    /// Time from start to end in nanoseconds.
    pub(crate) wall_ns: Series,
    /// The most memory in bytes.
    pub(crate) max_rss_bytes: Series,
    /// The size of the last file; 0 if there is none.
    pub(crate) made_bytes: u64,
}

/// Runs all `workloads` in each of `rounds`, after a warm-up round, and returns the usage of each.
#[expect(clippy::cast_precision_loss, reason = "no run takes as long as a hundred days, or as much memory")]
pub(crate) fn interleaved<const N: usize>(
    workloads: &[Workload; N],
    scratch: &Scratch,
    rounds: usize,
) -> Result<[Samples; N], Failure> {
    let mut usages = [const { Vec::new() }; N];
    let mut made_bytes = [0; N];
    for round in 0..=rounds {
        for index in order::<N>(round) {
            let workload = &workloads[index];
            crate::say(&format!("round {round} of {rounds}: {}", workload.name));
            let usage = workload.run(scratch)?;
            if let Some(made) = workload.makes.last() {
                made_bytes[index] = size(made)?;
            }
            workload.tidy()?;
            // The warm-up round brings programs and inputs into memory.
            if round > 0 {
                usages[index].push(usage);
            }
        }
    }
    let mut made_bytes = made_bytes.into_iter();
    Ok(usages.map(|usages| {
        let series = |of: fn(&usage::Usage) -> f64| Series::new(usages.iter().map(of).collect());
        Samples {
            cpu_ns: series(|usage| usage.cpu.as_nanos() as f64),
            wall_ns: series(|usage| usage.wall.as_nanos() as f64),
            max_rss_bytes: series(|usage| usage.max_rss_bytes as f64),
            made_bytes: made_bytes.next().unwrap_or_default(),
        }
    }))
}

/// Returns the order in which `N` workloads run in `round`.
///
/// With a rotation alone each would always follow the same one, so the step between them changes with the round, too.
fn order<const N: usize>(round: usize) -> [usize; N] {
    // A step that is coprime to their number visits each once.
    let mut steps = (1..=N).filter(|step| gcd(*step, N) == 1).cycle();
    let step = steps.nth(round).unwrap_or(1);
    std::array::from_fn(|turn| (round + turn * step) % N)
}

const fn gcd(one: usize, other: usize) -> usize {
    if other == 0 { one } else { gcd(other, one % other) }
}

impl Workload {
    /// Returns the same with more arguments.
    pub(crate) fn with(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(OsString::from));
        self
    }

    /// Runs it once; what it makes stays.
    pub(crate) fn run(&self, scratch: &Scratch) -> Result<usage::Usage, Failure> {
        usage::measure(Command::new(&self.program).args(&self.args), &scratch.path("stderr.txt"))
    }

    /// Removes its files.
    pub(crate) fn tidy(&self) -> Result<(), Failure> {
        self.makes.iter().try_for_each(|path| remove(path))
    }
}

#[cfg(test)]
mod tests {
    use super::order;
    use std::collections::BTreeSet;

    #[test]
    fn each_runs_once_a_round() {
        fn check<const N: usize>() {
            for round in 0..=2 * N {
                let mut sorted = order::<N>(round);
                sorted.sort_unstable();
                assert_eq!(sorted, std::array::from_fn(|index| index), "round {round} of {N}");
            }
        }
        check::<1>();
        check::<4>();
        check::<5>();
        check::<6>();
        check::<13>();
    }

    #[test]
    fn rounds_begin_with_each_in_turn_and_vary_the_order() {
        assert_eq!([0, 1, 2, 3].map(order::<4>), [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]]);
        let before_last = |round| {
            let order = order::<13>(round);
            order
                .iter()
                .position(|index| *index == 12)
                .and_then(|turn| turn.checked_sub(1))
                .map(|turn| order[turn])
        };
        let before: BTreeSet<_> = (0..6).filter_map(before_last).collect();
        assert_eq!(before.len(), 6, "another one in each of six rounds: {before:?}");
    }
}
