//! Why a store takes in no more.

use std::num::NonZeroU64;

/// A store that takes in no more. Decisions depend on all that it would hold, so that there can be none after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFull {
    /// It holds as many as it can.
    #[error(
        "the store of {what} is full: it holds {max_entries}, and one run can tell apart no more (decisions depend on all of them)"
    )]
    Capacity {
        /// What it stores.
        what: &'static str,
        /// How many of them, at most.
        max_entries: u32,
    },
    /// It holds as many ids as are allowed.
    #[error(
        "the id is new, and as many are remembered as `runtime.limits.max_ids` allows: {max_ids} (set `nodes.idempotency_gate.remember_days` and start over, or raise it)"
    )]
    MaxIds {
        /// How many are.
        max_ids: u32,
    },
    /// It holds something of as many customers as are allowed.
    #[error(
        "the customer is new, and as many are known as `runtime.limits.max_customers` allows: {max_customers} (raise it)"
    )]
    MaxCustomers {
        /// How many are.
        max_customers: NonZeroU64,
    },
}

/// How many ids a store may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdLimit {
    pub(super) max_ids: u32,
    /// What refuses one more.
    pub(super) full: StoreFull,
}

impl IdLimit {
    /// Returns the limit of a store that can hold `capacity`, and may hold `max_ids` if that is given.
    pub(super) fn new(max_ids: Option<NonZeroU64>, capacity: u32) -> Self {
        let allowed = max_ids.and_then(|max_ids| u32::try_from(max_ids.get()).ok());
        match allowed.filter(|allowed| *allowed <= capacity) {
            Some(max_ids) => Self { max_ids, full: StoreFull::MaxIds { max_ids } },
            None => {
                Self { max_ids: capacity, full: StoreFull::Capacity { what: "ids", max_entries: capacity } }
            }
        }
    }
}
