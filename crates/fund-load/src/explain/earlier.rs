//! Earlier lines: those that used up the limit of the explained line, and the first with its id.

use serde::Serialize;
use stream_kernel_trace::{MASK, may_be_hidden};

use crate::domain::Reason;

use super::explanation::reason_of;
use super::notes::{Notes, Tags};

/// The most earlier lines that are listed; the others are summed up.
const MAX_LINES: usize = 20;

/// The earlier lines that have used up the limit that declined a line.
pub(super) struct Counted {
    reason: Reason,
    /// The notes of the declined line.
    tags: Tags,
}

/// The counted lines.
#[derive(Debug, Default, Serialize)]
pub(super) struct Earlier {
    /// The first [`MAX_LINES`] of them.
    pub(super) lines: Vec<EarlierLine>,
    /// The number of others.
    pub(super) more: u64,
    /// The sum of the effective amounts of the others that were accepted.
    pub(super) more_cents: u128,
}

/// One of them.
#[derive(Debug, Serialize)]
pub(super) struct EarlierLine {
    pub(super) line_no: u64,
    pub(super) id: String,
    pub(super) customer_id: String,
    pub(super) amount_cents: u128,
    pub(super) effective_amount_cents: u128,
    pub(super) accepted: bool,
    pub(super) reason: Option<String>,
}

/// The first attempt with an id.
#[derive(Debug, Serialize)]
pub(super) struct FirstWithId {
    pub(super) line_no: u64,
    pub(super) customer_id: Option<String>,
    pub(super) amount_cents: Option<u128>,
    pub(super) day: Option<String>,
    pub(super) accepted: Option<bool>,
}

impl Counted {
    /// Returns the criterion of lines that count for the limit that declined the line of these notes; `None` if no
    /// limit did.
    pub(super) fn before(Notes { tags, .. }: &Notes) -> Option<Self> {
        let reason = reason_of(tags)?;
        let is_counted = matches!(
            reason,
            Reason::DailyAttemptLimit
                | Reason::PrimeDailyGlobalLimit
                | Reason::DailyAmountLimit
                | Reason::WeeklyAmountLimit
        );
        (is_counted && !hides_what_counts(reason, tags)).then(|| Self { reason, tags: tags.clone() })
    }

    /// Returns whether the line of these notes meets it, if it is an earlier one.
    pub(super) fn includes(&self, Notes { tags, metrics }: &Notes) -> bool {
        let is_counted = match self.reason {
            // Declined attempts count too, if they are canonical.
            Reason::DailyAttemptLimit => metrics.attempts_before.is_some() && tags.accepted.is_some(),
            _ => tags.is_accepted() == Some(true),
        };
        is_counted && whose_and_when(self.reason, tags) == whose_and_when(self.reason, &self.tags)
    }
}

/// Returns the part that all lines that count for the limit of `reason` share: their customer, and their time.
fn whose_and_when(reason: Reason, tags: &Tags) -> [Option<&str>; 2] {
    let whose = if reason == Reason::PrimeDailyGlobalLimit { &tags.prime } else { &tags.customer_id };
    let when = if reason == Reason::WeeklyAmountLimit { &tags.week } else { &tags.day };
    [whose, when].map(Option::as_deref)
}

/// Returns whether the trace hides the part that decides which lines count for the limit of `reason`. Two masked texts
/// may stand for two customers, or days; two equal hashes stand for one.
pub(super) fn hides_what_counts(reason: Reason, tags: &Tags) -> bool {
    let is_hidden = |tag: &Option<String>| tag.as_deref().is_some_and(may_be_hidden);
    whose_and_when(reason, tags).contains(&Some(MASK))
        || reason == Reason::PrimeDailyGlobalLimit && is_hidden(&tags.prime)
        || is_hidden(&tags.accepted)
}

impl Earlier {
    pub(super) fn add(&mut self, line_no: u64, notes: &Notes) {
        let accepted = notes.tags.is_accepted() == Some(true);
        let effective_amount_cents = notes.metrics.effective_amount_cents.unwrap_or_default();
        if self.lines.len() < MAX_LINES {
            self.lines.push(EarlierLine {
                line_no,
                id: notes.tags.id.clone().unwrap_or_default(),
                customer_id: notes.tags.customer_id.clone().unwrap_or_default(),
                amount_cents: notes.metrics.amount_cents.unwrap_or(effective_amount_cents),
                effective_amount_cents,
                accepted,
                reason: notes.tags.reason.clone(),
            });
        } else {
            self.more += 1;
            if accepted {
                self.more_cents = self.more_cents.saturating_add(effective_amount_cents);
            }
        }
    }

    /// Returns their number.
    pub(super) fn count(&self) -> u128 {
        self.lines.len() as u128 + u128::from(self.more)
    }

    /// Returns the sum of the effective amounts accepted.
    pub(super) fn cents(&self) -> u128 {
        let accepted = self.lines.iter().filter(|line| line.accepted);
        accepted.fold(self.more_cents, |sum, line| sum.saturating_add(line.effective_amount_cents))
    }
}

impl FirstWithId {
    pub(super) fn new(line_no: u64, notes: &Notes) -> Self {
        Self {
            line_no,
            customer_id: notes.tags.customer_id.clone(),
            amount_cents: notes.metrics.amount_cents,
            day: notes.tags.day.clone(),
            accepted: notes.tags.is_accepted(),
        }
    }
}
