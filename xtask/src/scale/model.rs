//! The model: the time of a run on a number of processes, term by term, and its bound.

use super::simulated::Simulated;

/// The costs of every run besides the work of its workers, measured with the real program.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Constant {
    /// From start to end of a run of one line: the program, its configuration, its workers, its files.
    pub(crate) start_ns: f64,
    /// The time to make an output of this size durable.
    pub(crate) durable_ns: f64,
}

/// The time of a run: the terms add up to its wall clock.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Prediction {
    pub(crate) processes: usize,
    pub(crate) start_ns: f64,
    /// The work of the busiest worker, until all lines are written.
    pub(crate) work_ns: f64,
    /// The rest of the time until then: the busiest worker is the bound, so this is waiting.
    pub(crate) waits_ns: f64,
    /// From there to the end: worker 0 gathers memory and completes the output.
    pub(crate) end_ns: f64,
    pub(crate) durable_ns: f64,
    /// The time for which the busiest link is in use; it overlaps with work, or is part of the waiting.
    pub(crate) link_ns: f64,
    /// The kind of work that takes most of the busiest worker's time.
    pub(crate) most_work: String,
}

/// The kind of work after the last line.
const END: &str = "end";

impl Prediction {
    /// Computes the time of a run; `bytes_per_second` is a link's rate, if there are links.
    pub(crate) fn of(simulated: &Simulated, constant: Constant, bytes_per_second: Option<f64>) -> Self {
        let busiest = simulated.busiest().cloned().unwrap_or_default();
        let of_lines = busiest.work.iter().filter(|(kind, _)| kind != END);
        let work_ns: f64 = of_lines.clone().map(|(_, ns)| ns).sum();
        let most = of_lines.max_by(|one, other| one.1.total_cmp(&other.1));
        let bytes = simulated.workers.iter().map(super::simulated::Worker::link_bytes);
        let bytes = bytes.fold(0.0, f64::max);
        Self {
            processes: simulated.workers.len(),
            start_ns: constant.start_ns,
            work_ns,
            waits_ns: (simulated.written_ns - work_ns).max(0.0),
            end_ns: simulated.wall_ns - simulated.written_ns,
            durable_ns: constant.durable_ns,
            link_ns: bytes_per_second.map_or(0.0, |rate| bytes / rate * 1e9),
            most_work: most.map(|(kind, _)| kind.clone()).unwrap_or_default(),
        }
    }

    /// Returns the wall clock.
    pub(crate) fn wall_ns(&self) -> f64 {
        self.work_ns + self.waits_ns + self.serial_ns()
    }

    /// Returns the wall clock where workers get a processor only for a part of the time: each second of their work
    /// takes `stretched`.
    pub(crate) fn stretched_ns(&self, stretched: f64) -> f64 {
        (self.work_ns + self.waits_ns + self.end_ns) * stretched + self.start_ns + self.durable_ns
    }

    /// Returns the time that does not depend on the number of processes.
    pub(crate) fn serial_ns(&self) -> f64 {
        self.start_ns + self.end_ns + self.durable_ns
    }

    /// Returns the greatest term, in words.
    pub(crate) fn bound(&self) -> String {
        if self.serial_ns() >= self.work_ns.max(self.waits_ns) {
            let parts = [("start", self.start_ns), ("the end", self.end_ns), ("the disk", self.durable_ns)];
            let most = parts.into_iter().max_by(|one, other| one.1.total_cmp(&other.1));
            format!("serial: {}", most.map_or("", |(name, _)| name))
        } else if self.work_ns >= self.waits_ns {
            format!("work: {}", self.most_work)
        } else if self.link_ns >= self.waits_ns / 2.0 {
            "the link".to_owned()
        } else {
            "waiting for the others".to_owned()
        }
    }
}

/// Returns the greatest number of processes up to which every doubling gains at least `gain` times, from their wall
/// clocks in order.
pub(crate) fn scales_to(predictions: &[Prediction], gain: f64) -> Option<usize> {
    let steps = predictions.windows(2);
    let gained = steps.take_while(|pair| pair[0].wall_ns() / pair[1].wall_ns() >= gain).count();
    predictions.get(gained).map(|last| last.processes)
}

#[cfg(test)]
mod tests {
    use super::{Constant, Prediction, scales_to};
    use crate::scale::simulated::{Simulated, Worker};

    fn worker(work: &[(&str, f64)], waited_ns: f64, sent: f64, received_bytes: f64) -> Worker {
        let named = |list: &[(&str, f64)]| list.iter().map(|(name, ns)| ((*name).to_owned(), *ns)).collect();
        Worker { work: named(work), waited_ns, sent: named(&[("answers", sent)]), received_bytes }
    }

    /// Two workers: 90 ns until everything is written, 20 ns for the end.
    fn simulated() -> Simulated {
        let workers = vec![
            worker(&[("read", 10.0), ("tell", 30.0), ("end", 20.0)], 50.0, 6.0, 4.0),
            worker(&[("read", 15.0), ("tell", 55.0)], 40.0, 3.0, 8.0),
        ];
        Simulated { lines: 10.0, epochs: 1.0, wall_ns: 110.0, written_ns: 90.0, workers }
    }

    const CONSTANT: Constant = Constant { start_ns: 5.0, durable_ns: 7.0 };

    #[test]
    #[expect(clippy::float_cmp, reason = "small whole numbers are exact")]
    fn terms_add_up_to_the_wall_clock() {
        let prediction = Prediction::of(&simulated(), CONSTANT, Some(2e9));
        let expected = Prediction {
            processes: 2,
            start_ns: 5.0,
            work_ns: 70.0,
            waits_ns: 20.0,
            end_ns: 20.0,
            durable_ns: 7.0,
            link_ns: 4.0,
            most_work: "tell".to_owned(),
        };
        assert_eq!(prediction, expected);
        assert_eq!((prediction.wall_ns(), prediction.serial_ns()), (122.0, 32.0));
        assert_eq!(prediction.stretched_ns(1.0), prediction.wall_ns());
        assert_eq!(prediction.stretched_ns(1.5), 177.0, "start and disk were measured as they are");
        assert_eq!(Prediction::of(&simulated(), CONSTANT, None).link_ns, 0.0, "threads have no links");
    }

    #[test]
    fn the_greatest_term_bounds_a_run() {
        let base = Prediction::of(&simulated(), CONSTANT, Some(2e9));
        let bound = |change: fn(&mut Prediction)| {
            let mut changed = base.clone();
            change(&mut changed);
            changed.bound()
        };
        assert_eq!(bound(|_| {}), "work: tell");
        assert_eq!(bound(|it| it.durable_ns = 50.0), "serial: the disk");
        assert_eq!(bound(|it| it.start_ns = 50.0), "serial: start");
        assert_eq!(bound(|it| it.end_ns = 60.0), "serial: the end");
        assert_eq!(bound(|it| it.waits_ns = 80.0), "waiting for the others");
        assert_eq!(bound(|it| (it.waits_ns, it.link_ns) = (80.0, 40.0)), "the link");
    }

    #[test]
    fn it_scales_until_a_doubling_gains_too_little() {
        let runs = |walls: &[f64]| -> Vec<_> {
            let of = |(at, wall): (usize, &f64)| Prediction {
                processes: 2 << at,
                work_ns: *wall,
                ..Prediction::default()
            };
            walls.iter().enumerate().map(of).collect()
        };
        assert_eq!(scales_to(&runs(&[100.0, 60.0, 40.0, 35.0, 20.0]), 1.25), Some(8));
        assert_eq!(scales_to(&runs(&[100.0, 90.0]), 1.25), Some(2));
        assert_eq!(scales_to(&runs(&[100.0, 80.0]), 1.25), Some(4), "just enough");
        assert_eq!(scales_to(&[], 1.25), None);
    }
}
