//! Counts the requests in a web server's access log: a whole application on the kernel.
//!
//! From this folder: `cargo run --example access_log -- run --config access_log.yaml --output -`
//!
//! A line in the common or the combined log format becomes a request, a request becomes a hit in each configured group,
//! and after the last line the most frequent values of each group go to the output. Everything about web servers is
//! here; the command line, the configuration, the checks and the tracing are the kernel's.

mod application;
mod config;
mod messages;

mod parse_access_line;

mod classify_request;

mod count_malformed;
mod count_requests;
mod counts;

use std::process::ExitCode;

use stream_kernel_app::App;

pub(crate) use application::AccessLog;

fn main() -> ExitCode {
    App::<AccessLog>::new().main()
}
