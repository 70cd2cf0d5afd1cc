//! `compute_time_keys`: the day and the week of an attempt.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepResult};

use crate::domain::{AttemptWithKeys, FundLoadMessage, LoadAttempt, WeekStart};

/// Finds an attempt's day and week from its own time, in UTC.
pub struct ComputeTimeKeys {
    /// The weekday on which weeks start.
    pub week_start: WeekStart,
}

impl Step<FundLoadMessage> for ComputeTimeKeys {
    type Takes = LoadAttempt;
    type Emits = AttemptWithKeys;

    fn process(
        &self,
        load: LoadAttempt,
        context: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, AttemptWithKeys>,
    ) -> StepResult {
        let day = load.attempt().time.day();
        let week = day.start_of_week(self.week_start);
        context.tags.set("day", day);
        context.tags.set("week", week);
        out.emit(load.with_keys(day, week));
        Ok(())
    }
}
