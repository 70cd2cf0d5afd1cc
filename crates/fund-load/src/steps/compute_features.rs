//! `compute_features`: what the policies look at besides the attempt itself.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepError};

use crate::config::{ComputeFeaturesNode, MondayApplication, MondayMultiplier};
use crate::domain::{
    Day, EnrichedAttempt, Features, FundLoadMessage, IdempotencyClassifiedAttempt, Multiplier, is_prime,
};

/// Applies the Monday multiplier and finds out whether the id is a prime number, as far as either is switched on.
pub struct ComputeFeatures {
    parameters: ComputeFeaturesNode,
}

impl ComputeFeatures {
    /// Returns the step for `parameters`.
    pub fn new(parameters: ComputeFeaturesNode) -> Self {
        Self { parameters }
    }
}

fn multiplier_on(day: Day, monday: &MondayMultiplier) -> Multiplier {
    if monday.enabled && day.is_monday() { monday.multiplier } else { Multiplier::ONE }
}

impl Step<FundLoadMessage> for ComputeFeatures {
    type Takes = IdempotencyClassifiedAttempt;
    type Emits = EnrichedAttempt;

    fn process(
        &self,
        classified: IdempotencyClassifiedAttempt,
        context: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, EnrichedAttempt>,
    ) -> Result<(), StepError> {
        let monday = &self.parameters.monday_multiplier;
        let (attempt, day) = (classified.attempt(), classified.day());
        let is_monday = monday.enabled && day.is_monday();
        let is_prime = self.parameters.prime_gate.enabled && is_prime(attempt.id.value());
        let multiplier = multiplier_on(day, monday);
        let (effective_amount, limit_divisor) = match monday.apply_to {
            MondayApplication::Amount => (attempt.amount.times(multiplier), Multiplier::ONE),
            MondayApplication::Limits => (attempt.amount, multiplier),
        };
        context.tags.set("monday", is_monday);
        context.tags.set("prime", is_prime);
        context.metrics.set("effective_amount_cents", effective_amount.0);
        if is_monday {
            let name = match monday.apply_to {
                MondayApplication::Amount => "amount_multiplier_millionths",
                MondayApplication::Limits => "limit_divisor_millionths",
            };
            context.metrics.set(name, multiplier.millionths());
        }
        out.emit(classified.enriched(Features { is_monday, is_prime, effective_amount, limit_divisor }));
        Ok(())
    }
}
