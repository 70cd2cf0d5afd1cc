//! The application: its steps, what they are built from, and what it has to say after the last line.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use stream_kernel_exec::Registry;
use stream_kernel_run::config::{Config, Loaded};
use stream_kernel_run::{Application, LineOutput, SharedOutput, SummaryRow};

use super::classify_request::ClassifyRequest;
use super::config::{self, Adapters, Nodes};
use super::count_malformed::{self, CountMalformed};
use super::count_requests::CountRequests;
use super::counts::{CountStore, MemoryCountStore};
use super::messages::AccessLogMessage;
use super::parse_access_line::ParseAccessLine;

/// Counts the requests in access logs.
pub(crate) struct AccessLog;

/// What the steps are built from: their parameters, and the port to what is counted.
pub(crate) struct Resources {
    nodes: Nodes,
    counts: Rc<RefCell<dyn CountStore>>,
}

impl Application for AccessLog {
    type Message = AccessLogMessage;
    type Nodes = Nodes;
    type Adapters = Adapters;
    type Resources = Resources;

    const NAME: &'static str = "access-log";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Counts the requests in a web server's access log";
    const PROFILE: (&'static str, &'static str) =
        ("built-in access_log", "version: 1\nscenario: {name: access_log}\n");

    fn registry() -> Registry<AccessLogMessage, Resources> {
        Registry::new()
            .with("parse_access_line", |_: &Resources| ParseAccessLine)
            .with("classify_request", |resources: &Resources| {
                ClassifyRequest::new(resources.nodes.classify_request.clone())
            })
            .with("count_requests", |resources: &Resources| CountRequests::new(resources.counts.clone()))
            .with("count_malformed", |resources: &Resources| CountMalformed::new(resources.counts.clone()))
    }

    fn resources(config: &Config<Nodes, Adapters>, _: &SharedOutput) -> Resources {
        let counts = Rc::new(RefCell::new(MemoryCountStore::default()));
        Resources { nodes: config.nodes.clone(), counts }
    }

    fn check(loaded: &mut Loaded<Nodes, Adapters>) {
        config::check(loaded);
    }

    fn finish(resources: &Resources, output: &mut dyn LineOutput) -> io::Result<()> {
        for row in resources.counts.borrow().rows(resources.nodes.count_requests.top) {
            let mut line = serde_json::to_vec(&row)?;
            line.push(b'\n');
            output.write_line(&line)?;
        }
        Ok(())
    }

    fn summary(resources: &Resources) -> Vec<SummaryRow> {
        // Each request is a hit in every group, so that any group has the number of requests.
        let requests = resources.nodes.classify_request.group_by.first().map(|group| group.name());
        let counts = resources.counts.borrow();
        [("requests", requests), ("malformed lines", Some(count_malformed::GROUP))]
            .map(|(label, group)| SummaryRow {
                label: label.to_owned(),
                count: group.map_or(0, |group| counts.total(group)),
                level: 0,
            })
            .into()
    }
}
