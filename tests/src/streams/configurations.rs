//! Random settings, with an equivalent configuration file.

use proptest::prelude::*;
use proptest::sample::select;

use super::LINE_BOUNDS;
use super::attempts::{AMOUNTS, LARGEST_AMOUNT};
use crate::model::{ApplyTo, Cents, Monday, Settings, Weekday};

/// The largest random limit on a count.
const LARGEST_COUNT: u64 = 4_294_967_295;

/// One choice of settings, for the model and for the program.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The settings for the model.
    pub settings: Settings,
    /// The same as a complete configuration file, with default paths and tracing.
    pub yaml: String,
}

/// The spelling of a configuration file, and its content beyond the settings; no decision depends on it.
#[derive(Debug, Clone)]
struct Form {
    /// The multiplier written while it is off.
    idle_monday: Monday,
    /// Whether a window that no limit needs is enabled: daily attempts, daily amount, weekly amount.
    needless_windows: [bool; 3],
    decimals: Decimals,
}

/// The spelling of decimals.
#[derive(Debug, Clone, Copy)]
enum Decimals {
    /// `5000.00`
    AllPlaces,
    /// `5000`
    Shortest,
    /// `'5000.00'`
    Quoted,
}

/// Draws a configuration that is free of mistakes.
pub fn configuration() -> impl Strategy<Value = Configuration> {
    let form =
        (monday(), any::<[bool; 3]>(), select(&[Decimals::AllPlaces, Decimals::Shortest, Decimals::Quoted]))
            .prop_map(|(idle_monday, needless_windows, decimals)| Form {
                idle_monday,
                needless_windows,
                decimals,
            });
    (settings(), form).prop_map(|(settings, form)| {
        let yaml = form.yaml(&settings);
        Configuration { settings, yaml }
    })
}

fn settings() -> BoxedStrategy<Settings> {
    let max_line_bytes = prop_oneof![
        20 => Just(1_048_576),
        2 => select(&LINE_BOUNDS),
        1 => 60_usize..200,
        1 => 1_usize..=1_048_576,
    ];
    (
        select(&Weekday::ALL),
        (remember_days(), max_days_ahead()),
        prop::option::weighted(0.6, monday()),
        prop::bool::weighted(0.6),
        money_limit(),
        money_limit(),
        count_limit(),
        prop_oneof![Just(Some(1)), count_limit()],
        money_limit(),
        max_line_bytes,
    )
        .prop_map(
            |(
                week_start,
                (remember_days, max_days_ahead),
                monday,
                prime_gate,
                daily_amount,
                weekly_amount,
                daily_attempts,
                global_per_day,
                amount_cap,
                max_line_bytes,
            )| Settings {
                week_start,
                remember_days,
                max_days_ahead,
                monday,
                prime_gate,
                daily_amount,
                weekly_amount,
                daily_attempts,
                global_per_day,
                amount_cap,
                max_line_bytes,
            },
        )
        .boxed()
}

/// Draws a horizon that the clustered days of attempts cross often.
fn remember_days() -> impl Strategy<Value = Option<u16>> {
    prop_oneof![
        3 => Just(None),
        3 => (1_u16..=8).prop_map(Some),
        1 => select(&[30, 36_500]).prop_map(Some),
        1 => (1..=36_500_u16).prop_map(Some),
    ]
}

/// Draws a bound that the days of attempts often exceed.
fn max_days_ahead() -> impl Strategy<Value = Option<u16>> {
    prop_oneof![
        3 => Just(None),
        2 => (1_u16..=8).prop_map(Some),
        1 => select(&[30, 36_500]).prop_map(Some),
    ]
}

fn monday() -> BoxedStrategy<Monday> {
    let millionths = prop_oneof![
        2 => Just(2_000_000_u128),
        4 => select(&[1_000_000, 1_000_001, 1_500_000, 3_000_000, 999_999_999, 1_000_000_000]),
        1 => 1_000_000..=1_000_000_000_u128,
    ];
    (millionths, select(&[ApplyTo::Amount, ApplyTo::Limits]))
        .prop_map(|(multiplier_millionths, apply_to)| Monday { multiplier_millionths, apply_to })
        .boxed()
}

fn money_limit() -> BoxedStrategy<Option<Cents>> {
    prop_oneof![
        2 => Just(None),
        3 => select(&[500_000, 2_000_000, 999_900]).prop_map(Some),
        3 => select(&AMOUNTS).prop_map(Some),
        1 => (0..=LARGEST_AMOUNT).prop_map(Some),
    ]
    .prop_map(|limit| limit.map(Cents::from))
    .boxed()
}

fn count_limit() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![
        2 => Just(None),
        12 => (1_u64..=5).prop_map(Some),
        1 => Just(Some(0)),
        1 => (0..=LARGEST_COUNT).prop_map(Some),
        1 => Just(Some(LARGEST_COUNT)),
    ]
}

impl Form {
    /// Returns the configuration file for `settings`.
    fn yaml(&self, settings: &Settings) -> String {
        let Settings { week_start, prime_gate, max_line_bytes, .. } = settings;
        let week_start = format!("{week_start:?}").to_uppercase();
        let remember_days = count(settings.remember_days.map(u64::from));
        let max_days_ahead = count(settings.max_days_ahead.map(u64::from));
        let monday = settings.monday.unwrap_or(self.idle_monday);
        let monday_is_on = settings.monday.is_some();
        let multiplier = self.decimal(monday.multiplier_millionths, 6);
        let apply_to = match monday.apply_to {
            ApplyTo::Amount => "amount",
            ApplyTo::Limits => "limits",
        };
        let daily_amount = self.money(settings.daily_amount);
        let weekly_amount = self.money(settings.weekly_amount);
        let daily_attempts = count(settings.daily_attempts);
        let global_per_day = count(settings.global_per_day);
        let amount_cap = self.money(settings.amount_cap);
        let attempts_window = settings.daily_attempts.is_some() || self.needless_windows[0];
        let daily_window = settings.daily_amount.is_some() || self.needless_windows[1];
        let weekly_window = settings.weekly_amount.is_some() || self.needless_windows[2];
        format!(
            "\
version: 1
scenario: {{name: drawn}}
nodes:
  compute_time_keys: {{week_start: {week_start}}}
  idempotency_gate: {{remember_days: {remember_days}, max_days_ahead: {max_days_ahead}}}
  compute_features:
    monday_multiplier: {{enabled: {monday_is_on}, multiplier: {multiplier}, apply_to: {apply_to}}}
    prime_gate: {{enabled: {prime_gate}}}
  evaluate_policies:
    limits: {{daily_amount: {daily_amount}, weekly_amount: {weekly_amount}, daily_attempts: {daily_attempts}}}
    prime_gate: {{enabled: {prime_gate}, global_per_day: {global_per_day}, amount_cap: {amount_cap}}}
  update_windows:
    daily_attempts: {{enabled: {attempts_window}}}
    daily_accepted_amount: {{enabled: {daily_window}}}
    weekly_accepted_amount: {{enabled: {weekly_window}}}
    daily_prime_gate: {{enabled: {prime_gate}}}
adapters:
  input_source: {{kind: file, settings: {{max_line_bytes: {max_line_bytes}}}}}
"
        )
    }

    fn money(&self, limit: Option<Cents>) -> String {
        limit.map_or_else(|| "null".to_owned(), |cents| self.decimal(cents, 2))
    }

    /// Returns a number of units, of which ten to the power of `places` make one.
    fn decimal(&self, units: u128, places: usize) -> String {
        let digits = format!("{units:0width$}", width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        match self.decimals {
            Decimals::AllPlaces => format!("{whole}.{fraction}"),
            Decimals::Shortest => {
                format!("{whole}.{fraction}").trim_end_matches('0').trim_end_matches('.').to_owned()
            }
            Decimals::Quoted => format!("'{whole}.{fraction}'"),
        }
    }
}

fn count(limit: Option<u64>) -> String {
    limit.map_or_else(|| "null".to_owned(), |limit| limit.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{baseline, exp_mp};

    /// The required content of a file in this form.
    fn yaml(settings: &Settings, decimals: Decimals, needless_window: bool) -> String {
        let idle_monday = Monday { multiplier_millionths: 1_000_001, apply_to: ApplyTo::Limits };
        Form { idle_monday, needless_windows: [needless_window; 3], decimals }.yaml(settings)
    }

    #[test]
    fn a_file_has_the_given_settings() {
        insta::assert_snapshot!(yaml(&exp_mp(), Decimals::AllPlaces, false), @"
        version: 1
        scenario: {name: drawn}
        nodes:
          compute_time_keys: {week_start: MON}
          idempotency_gate: {remember_days: null, max_days_ahead: null}
          compute_features:
            monday_multiplier: {enabled: true, multiplier: 2.000000, apply_to: amount}
            prime_gate: {enabled: true}
          evaluate_policies:
            limits: {daily_amount: 5000.00, weekly_amount: 20000.00, daily_attempts: 3}
            prime_gate: {enabled: true, global_per_day: 1, amount_cap: 9999.00}
          update_windows:
            daily_attempts: {enabled: true}
            daily_accepted_amount: {enabled: true}
            weekly_accepted_amount: {enabled: true}
            daily_prime_gate: {enabled: true}
        adapters:
          input_source: {kind: file, settings: {max_line_bytes: 1048576}}
        ");
        let unlimited = Settings {
            week_start: Weekday::Sun,
            remember_days: Some(7),
            max_days_ahead: Some(9),
            daily_amount: None,
            weekly_amount: None,
            daily_attempts: None,
            global_per_day: None,
            amount_cap: None,
            max_line_bytes: 1,
            ..baseline()
        };
        insta::assert_snapshot!(yaml(&unlimited, Decimals::AllPlaces, false), @"
        version: 1
        scenario: {name: drawn}
        nodes:
          compute_time_keys: {week_start: SUN}
          idempotency_gate: {remember_days: 7, max_days_ahead: 9}
          compute_features:
            monday_multiplier: {enabled: false, multiplier: 1.000001, apply_to: limits}
            prime_gate: {enabled: false}
          evaluate_policies:
            limits: {daily_amount: null, weekly_amount: null, daily_attempts: null}
            prime_gate: {enabled: false, global_per_day: null, amount_cap: null}
          update_windows:
            daily_attempts: {enabled: false}
            daily_accepted_amount: {enabled: false}
            weekly_accepted_amount: {enabled: false}
            daily_prime_gate: {enabled: false}
        adapters:
          input_source: {kind: file, settings: {max_line_bytes: 1}}
        ");
    }

    #[test]
    fn a_window_that_a_limit_needs_is_on() {
        let one_window = |settings: &Settings, needless| {
            yaml(settings, Decimals::Shortest, needless).matches("enabled: true}").count()
        };
        let unlimited =
            Settings { daily_amount: None, weekly_amount: None, daily_attempts: None, ..baseline() };
        assert_eq!(one_window(&unlimited, false), 0);
        assert_eq!(one_window(&unlimited, true), 3);
        assert_eq!(one_window(&baseline(), false), 3);
    }

    #[test]
    fn decimals_are_exact_in_every_form() {
        let written = |units, places, decimals| {
            let idle_monday = Monday { multiplier_millionths: 1_000_000, apply_to: ApplyTo::Amount };
            Form { idle_monday, needless_windows: [true; 3], decimals }.decimal(units, places)
        };
        for (units, places, all_places, shortest) in [
            (0, 2, "0.00", "0"),
            (5, 2, "0.05", "0.05"),
            (50, 2, "0.50", "0.5"),
            (500_000, 2, "5000.00", "5000"),
            (u128::from(LARGEST_AMOUNT), 2, "999999999999999.99", "999999999999999.99"),
            (1_000_001, 6, "1.000001", "1.000001"),
            (1_500_000, 6, "1.500000", "1.5"),
            (1_000_000_000, 6, "1000.000000", "1000"),
        ] {
            assert_eq!(written(units, places, Decimals::AllPlaces), all_places);
            assert_eq!(written(units, places, Decimals::Shortest), shortest);
            assert_eq!(written(units, places, Decimals::Quoted), format!("'{all_places}'"));
        }
    }
}
