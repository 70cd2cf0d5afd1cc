//! Messages of the pipeline.

use stream_kernel_exec::Payload;
use stream_kernel_run::RawLine;

use super::config::Group;

stream_kernel_exec::messages! {
    /// The messages of the pipeline, from the line read to the hit counted.
    pub(crate) enum AccessLogMessage { RawLine, Request, Malformed, Hit }
}

/// A request, as the server logged it.
#[derive(Payload)]
#[payload(identity = "{method} {target}")]
pub(crate) struct Request {
    /// The client's address.
    pub(crate) client: String,
    /// The method, such as `GET`.
    pub(crate) method: String,
    /// The path and the query, as requested.
    pub(crate) target: String,
    /// The status of the answer, 100 to 599.
    pub(crate) status: u16,
    /// The size of the answer without its header.
    pub(crate) bytes: u64,
    /// The client's user agent; only the combined format has it.
    pub(crate) user_agent: Option<String>,
}

/// A line that is not a request.
#[derive(Payload)]
pub(crate) struct Malformed {
    /// The line's number, from 1.
    #[payload(identity)]
    pub(crate) line_no: u64,
    /// Its fault.
    pub(crate) reason: &'static str,
}

/// A request in one group.
#[derive(Payload)]
#[payload(identity = "{group} {value}")]
pub(crate) struct Hit {
    /// The group.
    #[payload(display)]
    pub(crate) group: Group,
    /// The value that the request has in the group, such as its path.
    pub(crate) value: String,
    /// The size of the answer.
    pub(crate) bytes: u64,
}
