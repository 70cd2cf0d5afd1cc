//! The application: its memory, its steps, and its output after the last line.

use stream_kernel_exec::{Chain, Gate, Memory, Registry, Table};
use stream_kernel_run::config::{Config, Loaded};
use stream_kernel_run::{About, Application, ConfigOf, SummaryRow};

use super::classify_request::ClassifyRequest;
use super::config::{self, Adapters, Nodes};
use super::count_malformed::{self, CountMalformed};
use super::count_requests::CountRequests;
use super::counts::{self, Counts, Others, ValuesToldApart};
use super::messages::AccessLogMessage;
use super::parse_access_line::ParseAccessLine;

/// Counts the requests in access logs.
pub(crate) struct AccessLog;

impl Application for AccessLog {
    type Message = AccessLogMessage;
    type Nodes = Nodes;
    type Adapters = Adapters;

    const ABOUT: About = About::new(
        "access-log",
        env!("CARGO_PKG_VERSION"),
        "Counts the requests in a web server's access log",
        ("built-in access_log", "version: 1\nscenario: {name: access_log}\n"),
    );

    fn registry() -> Registry<AccessLogMessage, ConfigOf<Self>> {
        let steps = Chain::new()
            .with("parse_access_line", |_: &ConfigOf<Self>| ParseAccessLine)
            .with("classify_request", |config| ClassifyRequest::new(config.nodes.classify_request.clone()))
            .with_keyed("count_requests", |_| CountRequests)
            .with_keyed("count_malformed", |_| CountMalformed);
        Registry::new()
            .memory::<Counts>(|_| Table::new())
            .memory::<ValuesToldApart>(|_| Gate::new())
            .memory::<Others>(|_| Table::new())
            .chain(steps)
    }

    fn check(loaded: &mut Loaded<Config<Nodes, Adapters>>) {
        config::check(loaded);
    }

    fn finish(config: &ConfigOf<Self>, memory: &mut Memory, output: &mut Vec<u8>) {
        counts::write_rows(memory, config.nodes.count_requests.top, output);
    }

    fn summary(config: &ConfigOf<Self>, memory: &mut Memory) -> Vec<SummaryRow> {
        // Each request is a hit in every group, so any group gives the number of requests.
        let requests = config.nodes.classify_request.group_by.first().map(|group| group.name());
        [("requests", requests), ("malformed lines", Some(count_malformed::GROUP))]
            .map(|(label, group)| SummaryRow {
                label: label.to_owned(),
                count: group.map_or(0, |group| counts::total(memory, group)),
                level: 0,
            })
            .into()
    }
}
