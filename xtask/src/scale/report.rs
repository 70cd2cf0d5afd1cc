//! The results of the rounds, in words and tables: medians, and ratios within rounds.

use super::model::{Constant, Prediction, scales_to};
use super::options::Options;
use super::runs::{PROCESSES, Round};
use super::simulated::Simulated;
use crate::bench::series::Series;
use crate::bench::table::markdown;

/// Rounds, one at least.
pub(crate) struct Report {
    pub(crate) options: Options,
    pub(crate) rounds: Vec<Round>,
}

/// A doubling that gains less is not worth its processors.
const GAIN: f64 = 1.25;

/// The tolerated deviation of the model from the measurement.
const MODEL_GOAL: f64 = 0.2;

/// The goal for the busiest of 8 workers: the factor by which its work is less than that of one worker without the
/// engine.
const BUSIEST_GOAL: f64 = 5.0;

/// The numbers of processes for which costs are shown.
const SHOWN: [usize; 3] = [2, 8, 64];

impl Report {
    /// Returns the generated part of the page.
    pub(crate) fn markdown(&self, machine: &str) -> String {
        let Options { lines, latency_us, mbit_per_s, copy_ns_per_kib, rounds } = self.options;
        let plain = self.median(|round| round.plain_ns);
        let mut text = format!(
            "{machine} {lines} lines of `cargo xtask stream --kind clean --seed 7` without a trace, medians of {rounds} rounds. One worker \
             without the engine takes {}.\n\nPredicted for links of {mbit_per_s} Mbit/s and {latency_us} µs, and {copy_ns_per_kib} ns of \
             processor time for each 1,024 bytes of a packet at each end:\n\n",
            seconds(plain)
        );
        let predictions: Vec<_> = (0..PROCESSES.len()).map(|at| self.prediction(at)).collect();
        let rows: Vec<_> = predictions.iter().map(|it| row(it, plain)).collect();
        let header = ["processes", "wall clock", "gain", "work", "waiting", "link", "serial", "bounded by"];
        text += &markdown(header, &rows);
        let end = match scales_to(&predictions, GAIN) {
            Some(last) if Some(&last) != PROCESSES.last() => {
                format!("\nA doubling gains less than {GAIN} times from {last} processes on.\n")
            }
            _ => format!("\nEach doubling gains at least {GAIN} times.\n"),
        };
        text + &end + "\n" + &self.goals() + "\n" + &self.costs() + "\n" + &self.bytes()
    }

    /// Returns the model beside the measurements.
    fn goals(&self) -> String {
        let alone = |round: &Round| round.plain_ns / round.plain_cpu_ns;
        let pair = |round: &Round| round.pair_ns / round.plain_cpu_ns;
        let threads = self.check(|it| it.threads_ns, |it| &it.threads[1], pair);
        let rows = [
            ("1 worker on the engine", self.check(|it| it.engine_ns, |it| &it.threads[0], alone)),
            ("2 threads", threads.clone()),
            ("2 processes", self.check(|it| it.processes_ns, |it| &it.processes[0], pair)),
        ];
        let described = rows.map(|(name, Check { free, stretched, measured })| {
            let ratio = stretched.over(&measured);
            let (least, most) = ratio.spread();
            let ratio = format!("{:.2} ({least:.2} to {most:.2})", ratio.median());
            let [free, stretched, measured] = [free, stretched, measured].map(|it| seconds(it.median()));
            [name.to_owned(), free, stretched, measured, ratio]
        });
        let header = [
            "on this machine",
            "predicted, two processors",
            "as many as there were",
            "measured",
            "ratio in a round",
        ];
        let off = threads.stretched.over(&threads.measured).median();
        let verdict = if (off - 1.0).abs() <= MODEL_GOAL { "met" } else { "missed" };
        let mut text = format!(
            "The machine is shared: a second of work took {:.2} s in one run, and {:.2} s in each of two runs at the same time that have \
             nothing to do with each other. So the model is also stretched by that, round by round, and then compared.\n\n",
            self.measured(alone).median(),
            self.measured(pair).median()
        );
        text += &markdown(header, &described);
        text += &format!("\nGoal, 2 threads within {:.0} %: {verdict}.\n", MODEL_GOAL * 100.0);
        let eight = PROCESSES.iter().position(|it| *it == 8).unwrap_or_default();
        let busiest = self.measured(|round| busiest_ns(&round.processes[eight]));
        let less = self.measured(|it| it.plain_cpu_ns).over(&busiest).median();
        let verdict = if less >= BUSIEST_GOAL { "met" } else { "missed" };
        text += &format!(
            "Goal, the busiest of 8 works {BUSIEST_GOAL:.0} times less than one worker without the engine: {less:.1} times, {verdict}.\n"
        );
        text
    }

    /// Returns the cost of a line by kind of work.
    fn costs(&self) -> String {
        let rows = self.by_kind(Simulated::work_a_line, |ns| format!("{ns:.0}"), true);
        "Work of all workers together, in ns a line:\n\n".to_owned()
            + &markdown(["work", "1 worker", "2 processes", "8 processes", "64 processes"], &rows)
    }

    /// Returns the bytes of a line to other workers by kind of packet.
    fn bytes(&self) -> String {
        let rows = self.by_kind(Simulated::sent_a_line, |bytes| format!("{bytes:.1}"), false);
        "Bytes that go from one worker to another, a line:\n\n".to_owned()
            + &markdown(["packets", "1 worker", "2 processes", "8 processes", "64 processes"], &rows)
    }

    /// Returns a row for each kind, and the sum in the last row.
    fn by_kind(
        &self,
        of: fn(&Simulated) -> Vec<(String, f64)>,
        shown: fn(f64) -> String,
        has_one: bool,
    ) -> Vec<[String; 5]> {
        let columns: [Vec<(String, f64)>; 4] = std::array::from_fn(|column| {
            let simulated = |round: &Round| match column.checked_sub(1) {
                None => of(&round.threads[0]),
                Some(at) => {
                    of(&round.processes[PROCESSES.iter().position(|it| *it == SHOWN[at]).unwrap_or_default()])
                }
            };
            medians(&self.rounds.iter().map(simulated).collect::<Vec<_>>())
        });
        let mut kinds: Vec<&String> = Vec::new();
        // The last column has all kinds, in their order.
        for (kind, _) in columns.iter().rev().flatten() {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let amount = |column: &Vec<(String, f64)>, kind: &String| {
            column.iter().find(|(known, _)| known == kind).map_or(0.0, |(_, amount)| *amount)
        };
        let row = |name: &str, amounts: [f64; 4]| -> [String; 5] {
            std::array::from_fn(|cell| match cell.checked_sub(1) {
                None => name.to_owned(),
                Some(0) if !has_one => "none".to_owned(),
                Some(at) => shown(amounts[at]),
            })
        };
        let mut rows: Vec<_> = kinds
            .iter()
            .map(|kind| row(kind, columns.each_ref().map(|column| amount(column, kind))))
            .collect();
        rows.push(row("all", columns.each_ref().map(|column| column.iter().map(|(_, amount)| amount).sum())));
        rows
    }

    fn measured(&self, of: impl Fn(&Round) -> f64) -> Series {
        Series::new(self.rounds.iter().map(of).collect())
    }

    fn median(&self, of: fn(&Round) -> f64) -> f64 {
        self.measured(of).median()
    }

    /// Returns the model for a simulated run beside the measurement, round by round.
    fn check(
        &self,
        measured: fn(&Round) -> f64,
        simulated: fn(&Round) -> &Simulated,
        stretched: impl Fn(&Round) -> f64,
    ) -> Check {
        let prediction = |round: &Round| Prediction::of(simulated(round), constant(round), None);
        Check {
            free: self.measured(|round| prediction(round).wall_ns()),
            stretched: self.measured(|round| prediction(round).stretched_ns(stretched(round))),
            measured: self.measured(measured),
        }
    }

    fn predictions(&self, at: usize) -> Vec<Prediction> {
        let rate = Some(self.options.bytes_per_second());
        self.rounds.iter().map(|round| Prediction::of(&round.processes[at], constant(round), rate)).collect()
    }

    /// Returns the prediction of the round with the median wall clock: its terms belong together.
    fn prediction(&self, at: usize) -> Prediction {
        let mut predictions = self.predictions(at);
        predictions.sort_by(|one, other| one.wall_ns().total_cmp(&other.wall_ns()));
        let middle = predictions.len() / 2;
        predictions.into_iter().nth(middle).unwrap_or_default()
    }
}

/// The model beside the measurement, round by round, in nanoseconds.
#[derive(Clone)]
struct Check {
    /// With a processor for each worker.
    free: Series,
    /// With the processors of this machine.
    stretched: Series,
    measured: Series,
}

fn constant(round: &Round) -> Constant {
    Constant { start_ns: round.start_ns, durable_ns: round.durable_ns }
}

fn busiest_ns(simulated: &Simulated) -> f64 {
    simulated.busiest().map_or(f64::NAN, super::simulated::Worker::busy_ns)
}

fn row(prediction: &Prediction, plain_ns: f64) -> [String; 8] {
    let wall_ns = prediction.wall_ns();
    [
        prediction.processes.to_string(),
        seconds(wall_ns),
        format!("{:.1}", plain_ns / wall_ns),
        seconds(prediction.work_ns),
        seconds(prediction.waits_ns),
        seconds(prediction.link_ns),
        seconds(prediction.serial_ns()),
        prediction.bound(),
    ]
}

fn seconds(ns: f64) -> String {
    format!("{:.3} s", ns / 1e9)
}

/// Returns the median of each kind over all rounds; each round has all kinds.
fn medians(rounds: &[Vec<(String, f64)>]) -> Vec<(String, f64)> {
    let Some(first) = rounds.first() else { return Vec::new() };
    let of_kind = |kind: &String| {
        let amounts = rounds.iter().flatten().filter(|(known, _)| known == kind);
        Series::new(amounts.map(|(_, amount)| *amount).collect()).median()
    };
    first.iter().map(|(kind, _)| (kind.clone(), of_kind(kind))).collect()
}

#[cfg(test)]
mod tests {
    use super::Report;
    use crate::scale::options::DEFAULTS;
    use crate::scale::runs::{PROCESSES, Round};
    use crate::scale::simulated::{Simulated, Worker};

    /// Workers that share 800 ms of work evenly, wait 10 ms, and send 100 bytes a line; worker 0 ends with 1 ms.
    fn simulated(workers: usize) -> Simulated {
        let of_lines = 800e6 / f64::from(u32::try_from(workers).unwrap());
        let worker = |index| {
            let sent = 100e6 / f64::from(u32::try_from(workers).unwrap());
            let mut work =
                vec![("read".to_owned(), of_lines / 4.0), ("tell".to_owned(), of_lines * 3.0 / 4.0)];
            if index == 0 {
                work.push(("end".to_owned(), 1e6));
            }
            let sent = vec![("answers".to_owned(), if workers == 1 { 0.0 } else { sent })];
            Worker { work, waited_ns: 10e6, received_bytes: sent[0].1, sent }
        };
        let written_ns = of_lines + 10e6;
        let workers = (0..workers).map(worker).collect();
        Simulated { lines: 1e6, epochs: 30.0, wall_ns: written_ns + 1e6, written_ns, workers }
    }

    #[test]
    fn a_report_shows_every_term() {
        let round = |slower: f64| Round {
            plain_ns: 500e6 * slower,
            plain_cpu_ns: 480e6,
            pair_ns: 600e6 * slower,
            engine_ns: 900e6 * slower,
            threads_ns: 400e6 * slower,
            processes_ns: 700e6 * slower,
            start_ns: 8e6,
            durable_ns: 20e6,
            threads: [1, 2].map(simulated).into(),
            processes: PROCESSES.map(simulated).into(),
        };
        let report = Report { options: DEFAULTS, rounds: [1.0, 1.5, 0.5].map(round).into() };
        insta::assert_snapshot!(report.markdown("Measured here."));
    }
}
