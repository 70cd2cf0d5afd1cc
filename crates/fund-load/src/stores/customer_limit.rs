//! How many customers something may be kept of.

use std::collections::HashSet;
use std::num::NonZeroU64;

use super::StoreFull;
use crate::domain::DigitId;

/// The customers that are known, and how many may be. Where there is no limit, nobody has to be counted.
#[derive(Clone, Debug)]
pub(super) struct CustomerLimit {
    known: HashSet<DigitId>,
    max_customers: NonZeroU64,
}

impl CustomerLimit {
    pub(super) fn new(max_customers: NonZeroU64) -> Self {
        Self { known: HashSet::new(), max_customers }
    }

    /// Refuses a customer who is new if as many are known as may be.
    pub(super) fn check(&self, customer_id: DigitId) -> Result<(), StoreFull> {
        let max_customers = self.max_customers;
        if self.known.len() as u64 >= max_customers.get() && !self.known.contains(&customer_id) {
            return Err(StoreFull::MaxCustomers { max_customers });
        }
        Ok(())
    }

    /// Knows the customer from now on.
    pub(super) fn add(&mut self, customer_id: DigitId) {
        self.known.insert(customer_id);
    }
}
