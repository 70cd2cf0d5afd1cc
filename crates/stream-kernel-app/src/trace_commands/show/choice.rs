//! Choice of inputs and of their steps.

use std::convert::Infallible;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use stream_kernel_trace::{Status, TraceRecord};
use stream_kernel_trace_reader::reading::Input;
use wildmatch::WildMatch;

// What is asked for; all of it must hold. A doc comment would be the help of the command.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Choice {
    /// Show the input at line N only.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) line: Option<u64>,
    /// Show the inputs only that have the tag `id` or a message's identity ID; the number of a line is no identity.
    #[arg(long, value_name = "ID")]
    pub(super) id: Option<String>,
    /// Show the steps only whose name fits GLOB, where `*` stands for any characters and `?` for one.
    #[arg(long, value_name = "GLOB", value_parser = |glob: &str| Ok::<_, Infallible>(WildMatch::new(glob)))]
    pub(super) step: Option<WildMatch>,
    /// Show the steps only that ended so.
    #[arg(long, value_name = "ok|error", hide_possible_values = true, value_parser = status())]
    pub(super) status: Option<Status>,
}

fn status() -> impl TypedValueParser<Value = Status> {
    PossibleValuesParser::new(["ok", "error"])
        .map(|status| if status == "ok" { Status::Ok } else { Status::Error })
}

impl Choice {
    /// Returns the requested records of `input`.
    pub(super) fn of<'a>(&self, input: &'a Input) -> Vec<&'a TraceRecord> {
        if self.line.is_some_and(|line_no| line_no != input.line_no)
            || self.id.as_ref().is_some_and(|id| !input.is_known_as(id))
        {
            return Vec::new();
        }
        input.records.iter().filter(|record| self.takes(record)).collect()
    }

    fn takes(&self, record: &TraceRecord) -> bool {
        self.step.as_ref().is_none_or(|pattern| pattern.matches(&record.step_name))
            && self.status.is_none_or(|status| status == record.status)
    }
}
