//! The findings, as tables for people and as JSON for programs.

use std::fs;

use serde_json::{Value, json};

use super::findings::{Comparison, Figure, Findings, number};
use super::machine::Machine;
use super::options::{Options, Part};
use super::scratch::Scratch;
use super::series::Series;
use super::table::markdown;
use crate::failure::Failure;

/// The text above the table of goals.
const GOALS: &str = "Goals: medians of processor time of all threads, or of memory where the row says so. A ratio is the median of the \
                     rounds' ratios, with the least and the greatest in brackets.";

/// All findings of a run of the benchmarks.
pub(crate) struct Report<'a> {
    pub(crate) machine: Machine,
    pub(crate) options: &'a Options,
    pub(crate) findings: Findings,
}

impl Report<'_> {
    /// Returns the table of goals and one table of figures for each part.
    pub(crate) fn markdown(&self) -> String {
        let Options { rounds, lines, .. } = self.options;
        let mut text = format!(
            "{} {lines} attempts untraced, a fifth of them traced, {rounds} rounds.\n",
            self.machine.sentence()
        );
        let rows: Vec<_> = self.findings.comparisons.iter().map(goal_row).collect();
        if !rows.is_empty() {
            let header = ["what", "measured", "against", "ratio", "goal", "stretch", "reached"];
            text += &format!("\n{GOALS}\n\n{}", markdown(header, &rows));
        }
        for part in Part::ALL {
            let of_part = self.findings.figures.iter().filter(|figure| figure.part == part);
            let rows: Vec<_> = of_part.map(figure_row).collect();
            if !rows.is_empty() {
                let table = markdown([part.name(), "measured", "unit", "remark"], &rows);
                text += &format!("\n{}\n\n{table}", caption(part));
            }
        }
        text
    }

    /// Writes `target/bench/results.json`.
    pub(crate) fn write_json(&self, scratch: &Scratch) -> Result<(), Failure> {
        let Machine { processor, cores, memory_gib, kernel, compiler } = &self.machine;
        let goals: Vec<_> = self.findings.comparisons.iter().map(goal_json).collect();
        let figures: Vec<_> = self.findings.figures.iter().map(figure_json).collect();
        let results = json!({
            "machine": {
                "processor": processor,
                "cores": cores,
                "memory_gib": memory_gib,
                "kernel": kernel,
                "compiler": compiler,
            },
            "rounds": self.options.rounds,
            "lines": self.options.lines,
            "goals": goals,
            "figures": figures,
        });
        let path = scratch.path("results.json");
        fs::write(&path, format!("{results:#}\n")).map_err(|source| Failure::file("write", &path, source))
    }
}

/// Returns the caption of a part's figures, which explains the numbers in brackets.
const fn caption(part: Part) -> &'static str {
    match part {
        Part::Untraced | Part::Traced | Part::Checkpoint => {
            "Processor time of all threads: medians, with the least and the greatest round in brackets."
        }
        Part::Memory => {
            "The most memory held, and processor time of all threads: medians, with the least and the greatest round in brackets."
        }
        Part::Reading | Part::Start => {
            "Time by the clock on the wall: medians, with the least and the greatest round in brackets."
        }
        Part::Parts => {
            "Time by the clock on the wall, as criterion samples it: medians, with their confidence interval of 95 % in brackets."
        }
    }
}

fn goal_row(comparison: &Comparison) -> [String; 7] {
    let [goal, stretch] = comparison.goal.words();
    let what = comparison.what.to_owned();
    match &comparison.outcome {
        Err(why) => [what, String::new(), String::new(), String::new(), goal, stretch, (*why).to_owned()],
        Ok(outcome) => [
            what,
            outcome.measured.clone(),
            outcome.against.clone(),
            spread(&outcome.value),
            goal,
            stretch,
            comparison.goal.verdict(&outcome.value).to_owned(),
        ],
    }
}

fn figure_row(figure: &Figure) -> [String; 4] {
    let value = figure.value.as_ref().map_or_else(|why| (*why).to_owned(), spread);
    [figure.name.clone(), value, figure.unit.to_owned(), figure.remark.clone()]
}

/// Returns the median with the least and the greatest value, `1.23 (1.20 to 1.31)`.
fn spread(series: &Series) -> String {
    let (least, greatest) = series.spread();
    format!("{} ({} to {})", number(series.median()), number(least), number(greatest))
}

fn goal_json(comparison: &Comparison) -> Value {
    let [goal, stretch] = comparison.goal.words();
    match &comparison.outcome {
        Err(why) => json!({"what": comparison.what, "goal": goal, "stretch": stretch, "missing": why}),
        Ok(outcome) => json!({
            "what": comparison.what,
            "measured": outcome.measured,
            "against": outcome.against,
            "value": spread_json(&outcome.value),
            "goal": goal,
            "stretch": stretch,
            "reached": comparison.goal.verdict(&outcome.value),
        }),
    }
}

fn figure_json(figure: &Figure) -> Value {
    let Figure { part, name, value, unit, remark } = figure;
    let (part, is) = (part.name(), caption(*part));
    match value {
        Err(why) => json!({"part": part, "name": name, "missing": why, "unit": unit, "remark": remark}),
        Ok(value) => json!({
            "part": part,
            "name": name,
            "value": spread_json(value),
            "is": is,
            "unit": unit,
            "remark": remark,
        }),
    }
}

fn spread_json(series: &Series) -> Value {
    let (least, greatest) = series.spread();
    json!({"median": series.median(), "min": least, "max": greatest})
}

#[cfg(test)]
mod tests {
    use super::super::findings::{Comparison, Figure, Findings};
    use super::super::goal::Goal;
    use super::super::machine::Machine;
    use super::super::options::{Options, Part};
    use super::super::series::Series;
    use super::Report;

    #[test]
    fn a_report_shows_goals_and_then_figures_by_part() {
        let series = |values: [f64; 3]| Series::new(values.to_vec());
        let (ours, floor) = (series([210.0, 230.0, 220.0]), series([100.0, 110.0, 105.0]));
        let mut off = Comparison::of("tracing off", Goal::NoDifference, &ours, ("without", &floor));
        off.outcome = Err("there is no such build");
        let batch = Comparison::of("a record in `batch`", Goal::AtMost(2.8, 2.0), &ours, ("lines", &floor));
        let figure = Figure {
            part: Part::Traced,
            name: "ready-made lines".to_owned(),
            value: Ok(floor),
            unit: "ns a record",
            remark: "450 bytes a record".to_owned(),
        };
        let large = Figure {
            part: Part::Memory,
            name: "fund-load, time".to_owned(),
            value: Err("not measured without `--large`"),
            unit: "ns an attempt",
            remark: "10000 lines".to_owned(),
        };
        let machine = Machine {
            processor: "Some CPU".to_owned(),
            cores: 2,
            memory_gib: 8,
            kernel: "6.1".to_owned(),
            compiler: "rustc 1.95.0".to_owned(),
        };
        let options = Options { only: None, rounds: 3, lines: 1000, large: false };
        let findings = Findings { comparisons: vec![off, batch], figures: vec![figure, large] };
        insta::assert_snapshot!(Report { machine, options: &options, findings }.markdown(), @r"
        Measured on a machine with 2 cores (Some CPU) and 8 GiB of memory, Linux 6.1, built with rustc 1.95.0. 1000 attempts untraced, a fifth of them traced, 3 rounds.

        Goals: medians of processor time of all threads, or of memory where the row says so. A ratio is the median of the rounds' ratios, with the least and the greatest in brackets.

        | what                | measured | against       | ratio               | goal          | stretch | reached                |
        |---------------------|----------|---------------|---------------------|---------------|---------|------------------------|
        | tracing off         |          |               |                     | no difference |         | there is no such build |
        | a record in `batch` | 220 ns   | lines: 105 ns | 2.10 (2.09 to 2.10) | 2.8           | 2       | goal                   |

        Processor time of all threads: medians, with the least and the greatest round in brackets.

        | traced           | measured         | unit        | remark             |
        |------------------|------------------|-------------|--------------------|
        | ready-made lines | 105 (100 to 110) | ns a record | 450 bytes a record |

        The most memory held, and processor time of all threads: medians, with the least and the greatest round in brackets.

        | memory          | measured                       | unit          | remark      |
        |-----------------|--------------------------------|---------------|-------------|
        | fund-load, time | not measured without `--large` | ns an attempt | 10000 lines |
        ");
    }
}
