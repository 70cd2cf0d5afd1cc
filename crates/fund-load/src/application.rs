//! fund-load as an application on the kernel.

use stream_kernel_exec::{Memory, Registry};
use stream_kernel_run::config::{Loaded, Rule};
use stream_kernel_run::{About, Application, SummaryRow};
use stream_kernel_trace::{Outcome, Tags};

use crate::config::{self, Adapters, Config, MAX_CUSTOMERS, MAX_IDS, Nodes};
use crate::domain::{FundLoadMessage, Reason, Verdict};
use crate::memory::{Decisions, counter};
use crate::{rules_in_force, steps};

/// Adjudicates attempts to load funds against velocity limits.
pub struct FundLoad;

impl Application for FundLoad {
    type Message = FundLoadMessage;
    type Nodes = Nodes;
    type Adapters = Adapters;

    const ABOUT: About = About {
        name: "fund-load",
        version: env!("CARGO_PKG_VERSION"),
        about: "Adjudicates attempts to load funds against velocity limits, one decision per line",
        profile: ("built-in baseline", "version: 1\nscenario: {name: baseline}\n"),
        limits: &[
            (MAX_IDS, "How many ids may be remembered at a time; null for no limit."),
            (MAX_CUSTOMERS, "Of how many customers anything may be counted; null for no limit."),
        ],
        retired_keys: &[
            (
                "runtime.discovery_modules",
                "remove it: steps are built in, and `runtime.pipeline` lists those that run",
            ),
            ("adapters.*.factory", "remove it: an adapter is chosen by its `kind`"),
            ("adapters.*.binds", "remove it: each adapter has its place by its name"),
            (
                "adapters.prime_checker",
                "remove it: primality is built in, `nodes.compute_features.prime_gate` switches it on",
            ),
        ],
    };

    fn registry() -> Registry<FundLoadMessage, Config> {
        steps::registry()
    }

    fn check(loaded: &mut Loaded<Config>) {
        config::check(loaded);
    }

    fn editor_rules() -> Vec<Rule> {
        config::editor_rules()
    }

    fn rules(config: &Config) -> Vec<(&'static str, String)> {
        rules_in_force::in_words(config)
    }

    fn outcome(tags: &Tags) -> Option<Outcome> {
        match (tags.get("accepted")?, tags.get("reason")) {
            ("true", _) => Some(Outcome { name: "ACCEPTED".to_owned(), is_declined: false }),
            ("false", Some(reason)) => {
                Some(Outcome { name: format!("DECLINED {reason}"), is_declined: true })
            }
            ("false", None) => Some(Outcome { name: "DECLINED".to_owned(), is_declined: true }),
            _ => None,
        }
    }

    fn summary(_: &Config, memory: &mut Memory) -> Vec<SummaryRow> {
        let counts =
            memory.store::<Decisions>().map(|decisions| decisions.counts().to_vec()).unwrap_or_default();
        let count = |verdict| counts.get(counter(verdict)).copied().unwrap_or_default();
        let row = |level, label: &str, count| SummaryRow { label: label.to_owned(), count, level };
        let accepted = count(Verdict::Accepted);
        let declined = Reason::ALL.map(|reason| (reason, count(Verdict::Declined(reason))));
        let total = declined.iter().map(|(_, count)| count).sum();
        let reasons = declined.iter().filter(|(_, count)| *count > 0);
        let reasons = reasons.map(|(reason, count)| row(1, reason.code(), *count));
        [row(0, "accepted", accepted), row(0, "declined", total)].into_iter().chain(reasons).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(tags: &[(&str, &str)]) -> Option<(String, bool)> {
        let tags = tags.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        FundLoad::outcome(&tags).map(|Outcome { name, is_declined }| (name, is_declined))
    }

    #[test]
    fn outcomes_name_the_decision_and_its_reason() {
        let (accepted, declined) = (("accepted", "true"), ("accepted", "false"));
        assert_eq!(outcome(&[accepted]), Some(("ACCEPTED".into(), false)));
        let reason = ("reason", "DAILY_AMOUNT_LIMIT");
        assert_eq!(outcome(&[declined, reason]), Some(("DECLINED DAILY_AMOUNT_LIMIT".into(), true)));
        // A reason that the trace hides says nothing about the decision.
        assert_eq!(outcome(&[declined]), Some(("DECLINED".into(), true)));
        assert_eq!(outcome(&[("accepted", "***")]), None);
        assert_eq!(outcome(&[]), None);
    }
}
