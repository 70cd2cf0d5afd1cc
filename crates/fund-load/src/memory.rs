//! What fund-load remembers from line to line, declared for the kernel to keep.

mod first_attempt;
mod week;

use stream_kernel_exec::{Declaration, Encode, Gate, Limit, Prefetch, Registry, Table, Tally, Watermark};

pub use first_attempt::FirstAttempt;
pub use week::{CustomerWeek, WeekFigures};

use crate::config::{Config, MAX_CUSTOMERS, MAX_IDS};
use crate::domain::{AttemptWithKeys, Day, DigitId, FundLoadMessage, Reason, Verdict};

/// The first attempt with each id, by id.
pub struct Ids;

impl Declaration for Ids {
    const NAME: &'static str = "ids";
    type Store = Table<DigitId, FirstAttempt>;
}

/// What a customer has done in a week, by customer and week; shared out by customer.
pub struct Weeks;

impl Declaration for Weeks {
    const NAME: &'static str = "weeks";
    type Store = Table<CustomerWeek, WeekFigures, DigitId>;
}

/// The number of accepted attempts whose id is a prime number, by day, over all customers.
pub struct AcceptedPrimes;

impl Declaration for AcceptedPrimes {
    const NAME: &'static str = "accepted_primes";
    type Store = Gate<Day>;
}

/// The latest day of all attempts so far, by which ids are forgotten.
pub struct LatestDay;

impl Declaration for LatestDay {
    const NAME: &'static str = "latest_day";
    type Store = Watermark;
}

/// Decisions by outcome.
pub struct Decisions;

impl Declaration for Decisions {
    const NAME: &'static str = "decisions";
    type Store = Tally;
}

/// Returns the counter of a verdict in [`Decisions`]: accepted ones first, then the reasons in the order in which they are checked.
pub(crate) fn counter(verdict: Verdict) -> usize {
    verdict.reason().map_or(0, |reason| 1 + reason as usize)
}

/// Declares all of it.
pub(crate) fn declare(registry: Registry<FundLoadMessage, Config>) -> Registry<FundLoadMessage, Config> {
    registry
        .memory::<Ids>(ids)
        .memory::<Weeks>(|config| {
            Table::shared_by(
                |key: &CustomerWeek| key.customer_id,
                Limit {
                    name: MAX_CUSTOMERS,
                    one: "customer",
                    many: "customers",
                    max: config.runtime.limit(MAX_CUSTOMERS),
                    remedy: "raise it",
                },
            )
        })
        .memory::<AcceptedPrimes>(|config| {
            let nodes = &config.nodes;
            let is_counted = nodes.update_windows.daily_prime_gate.enabled;
            if is_counted && nodes.evaluate_policies.prime_gate.enabled {
                Gate::new()
            } else {
                Gate::closed()
            }
        })
        .memory::<LatestDay>(|config| {
            let gate = &config.nodes.idempotency_gate;
            Watermark::new().max_ahead(gate.max_days_ahead.map(i64::from))
        })
        .memory::<Decisions>(|_| Tally::new(1 + Reason::ALL.len()))
        .forgets_by::<Ids, LatestDay>()
        .prefetch::<Weeks, AttemptWithKeys>()
}

fn ids(config: &Config) -> Table<DigitId, FirstAttempt> {
    let ids = Table::new().limit(Limit {
        name: MAX_IDS,
        one: "id",
        many: "ids",
        max: config.runtime.limit(MAX_IDS),
        remedy: "set `nodes.idempotency_gate.remember_days` and start over, or raise it",
    });
    match config.nodes.idempotency_gate.remember_days {
        None => ids,
        Some(days) => ids.forgets(days.into(), |_, first| first.time.day().0.into()),
    }
}

impl Prefetch<Weeks> for AttemptWithKeys {
    fn key(&self) -> CustomerWeek {
        CustomerWeek { customer_id: self.attempt().customer_id, week: self.week() }
    }
}

impl Encode for DigitId {
    fn encode(&self, to: &mut Vec<u8>) {
        self.place().encode(to);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        Self::at_place(u64::decode(from)?)
    }
}

impl Encode for Day {
    fn encode(&self, to: &mut Vec<u8>) {
        self.0.encode(to);
    }

    fn decode(from: &mut &[u8]) -> Option<Self> {
        i32::decode(from).map(Self)
    }
}
