//! `count_malformed`: a line that is not a request counts, too.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, KeyedStep, Nothing, StepResult};

use super::counts::{Counts, Found, Others, ValuesToldApart, count, keys};
use super::messages::{AccessLogMessage, Malformed};

/// The group in which malformed lines are counted.
pub(crate) const GROUP: &str = "malformed";

/// Counts malformed lines by their fault.
pub(crate) struct CountMalformed;

impl KeyedStep<AccessLogMessage> for CountMalformed {
    type Takes = Malformed;
    type Emits = Nothing;
    type State = (Counts, ValuesToldApart, Others);

    fn key(&self, line: &Malformed) -> ((String, String), String, String) {
        keys(GROUP, line.reason)
    }

    fn process(
        &self,
        _: Malformed,
        found: Found<'_>,
        _: &mut Context,
        _: &mut Emitter<'_, AccessLogMessage, Nothing>,
    ) -> StepResult {
        count(found, 0)
    }
}
