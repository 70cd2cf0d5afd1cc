//! `compute_features`: the figures for the policies, beyond the attempt itself.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepResult};

use crate::config::{ComputeFeaturesNode, MondayApplication};
use crate::domain::{
    EnrichedAttempt, Features, FundLoadMessage, IdempotencyClassifiedAttempt, Multiplier, is_prime,
};

/// Applies the Monday multiplier and finds out whether the id is a prime number, if these are enabled.
pub struct ComputeFeatures {
    /// Its part of the configuration.
    pub parameters: ComputeFeaturesNode,
}

impl Step<FundLoadMessage> for ComputeFeatures {
    type Takes = IdempotencyClassifiedAttempt;
    type Emits = EnrichedAttempt;

    fn process(
        &self,
        classified: IdempotencyClassifiedAttempt,
        context: &mut Context,
        out: &mut Emitter<'_, FundLoadMessage, EnrichedAttempt>,
    ) -> StepResult {
        let monday = &self.parameters.monday_multiplier;
        let attempt = classified.attempt();
        let is_monday = monday.enabled && classified.day().is_monday();
        let is_prime = self.parameters.prime_gate.enabled && is_prime(attempt.id.value());
        let multiplier = if is_monday { monday.multiplier } else { Multiplier::ONE };
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
