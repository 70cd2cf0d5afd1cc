//! Settings that decisions depend on, and the two named sets of them.

use super::money::{Cents, MILLION};

/// Everything configurable that can change a decision.
///
/// A limit that is `None` is not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The day on which a week begins.
    pub week_start: Weekday,
    /// For how many days before the latest day of all usable lines so far an `id` is remembered, `None` for ever.
    pub remember_days: Option<u16>,
    /// By how many days a usable line may move the latest day, `None` for any number.
    pub max_days_ahead: Option<u16>,
    /// The Monday multiplier, `None` while it is off.
    pub monday: Option<Monday>,
    /// Whether `amount_cap` and `global_per_day` apply to attempts with a prime `id`.
    pub prime_gate: bool,
    /// The most that a customer may load in a day, in cents.
    pub daily_amount: Option<Cents>,
    /// The most that a customer may load in a week, in cents.
    pub weekly_amount: Option<Cents>,
    /// The most attempts of a customer in a day, including declined ones.
    pub daily_attempts: Option<u64>,
    /// The most accepted attempts with a prime `id` in a day, over all customers.
    pub global_per_day: Option<u64>,
    /// The largest effective amount of an attempt with a prime `id`, in cents.
    pub amount_cap: Option<Cents>,
    /// The longest line that is read, in bytes, without byte order mark and line end.
    pub max_line_bytes: usize,
}

/// The Monday multiplier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Monday {
    /// The multiplier in millionths: 1,000,000 (one) to 1,000,000,000 (a thousand).
    pub multiplier_millionths: u128,
    /// The target of the multiplier.
    pub apply_to: ApplyTo,
}

/// The target of the Monday multiplier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplyTo {
    /// The attempt's amount is multiplied.
    Amount,
    /// The daily and weekly amount limits are divided.
    Limits,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// The seven days, from Monday on.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// Returns how many days after Monday this day is, 0 to 6.
    pub fn days_after_monday(self) -> i64 {
        self as i64
    }
}

/// Returns the settings of the configuration `baseline`: the defaults, Monday multiplier and prime gate off.
pub fn baseline() -> Settings {
    Settings {
        week_start: Weekday::Mon,
        remember_days: None,
        max_days_ahead: None,
        monday: None,
        prime_gate: false,
        daily_amount: Some(500_000),
        weekly_amount: Some(2_000_000),
        daily_attempts: Some(3),
        global_per_day: Some(1),
        amount_cap: Some(999_900),
        max_line_bytes: 1024 * 1024,
    }
}

/// Returns the settings of the configuration `exp_mp`: the defaults, Monday multiplier and prime gate on.
pub fn exp_mp() -> Settings {
    Settings {
        monday: Some(Monday { multiplier_millionths: 2 * MILLION, apply_to: ApplyTo::Amount }),
        prime_gate: true,
        ..baseline()
    }
}
