//! `count_requests`: a hit counts.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, KeyedStep, Nothing, StepResult};

use super::counts::{Counts, Found, Others, ValuesToldApart, count, keys};
use super::messages::{AccessLogMessage, Hit};

/// Counts hits by group and value.
pub(crate) struct CountRequests;

impl KeyedStep<AccessLogMessage> for CountRequests {
    type Takes = Hit;
    type Emits = Nothing;
    type State = (Counts, ValuesToldApart, Others);

    fn key(&self, hit: &Hit) -> ((String, String), String, String) {
        keys(hit.group.name(), &hit.value)
    }

    fn process(
        &self,
        hit: Hit,
        found: Found<'_>,
        _: &mut Context,
        _: &mut Emitter<'_, AccessLogMessage, Nothing>,
    ) -> StepResult {
        count(found, hit.bytes)
    }
}
