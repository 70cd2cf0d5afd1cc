//! Findings: comparisons with their goals, and plain figures.

use super::goal::Goal;
use super::options::Part;
use super::series::Series;

/// The findings of all parts.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) figures: Vec<Figure>,
}

/// One line of the table of goals.
pub(crate) struct Comparison {
    pub(crate) what: &'static str,
    pub(crate) goal: Goal,
    /// Or why there is none.
    pub(crate) outcome: Result<Outcome, &'static str>,
}

/// The result of a comparison.
pub(crate) struct Outcome {
    /// The measured workload, in words.
    pub(crate) measured: String,
    /// The reference, in words.
    pub(crate) against: String,
    /// Their ratio, or the amount that the goal is about.
    pub(crate) value: Series,
}

/// One line of the table of figures.
pub(crate) struct Figure {
    pub(crate) part: Part,
    pub(crate) name: String,
    /// Or why there is none.
    pub(crate) value: Result<Series, &'static str>,
    /// The unit of the value, such as `ns an attempt`.
    pub(crate) unit: &'static str,
    /// Further information.
    pub(crate) remark: String,
}

impl Findings {
    pub(crate) fn add(&mut self, other: Self) {
        self.comparisons.extend(other.comparisons);
        self.figures.extend(other.figures);
    }
}

impl Comparison {
    /// Returns the comparison of two series in nanoseconds.
    pub(crate) fn of(what: &'static str, goal: Goal, measured: &Series, against: (&str, &Series)) -> Self {
        let (name, against) = against;
        let outcome = Outcome {
            measured: format!("{} ns", number(measured.median())),
            against: format!("{name}: {} ns", number(against.median())),
            value: measured.over(against),
        };
        Self { what, goal, outcome: Ok(outcome) }
    }
}

/// Returns the number with a sensible number of digits.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        magnitude if magnitude >= 100.0 => format!("{value:.0}"),
        magnitude if magnitude >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
