//! Messages of the pipeline.

use stream_kernel_exec::Payload;
use stream_kernel_exec::trace::{CanonicalContent, ShortText};
use stream_kernel_run::RawLine;

use super::config::Group;

stream_kernel_exec::messages! {
    /// The messages of the pipeline, from the line read to the hit counted.
    pub(crate) enum AccessLogMessage { RawLine, Request, Malformed, Hit }
}

/// A request, as the server logged it.
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
pub(crate) struct Malformed {
    /// The line's number, from 1.
    pub(crate) line_no: u64,
    /// Its fault.
    pub(crate) reason: &'static str,
}

/// A request in one group.
pub(crate) struct Hit {
    /// The group.
    pub(crate) group: Group,
    /// The value that the request has in the group, such as its path.
    pub(crate) value: String,
    /// The size of the answer.
    pub(crate) bytes: u64,
}

impl Payload for Request {
    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(format_args!("{} {}", self.method, self.target));
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.text("client", &self.client);
        content.text("method", &self.method);
        content.text("target", &self.target);
        content.unsigned("status", self.status);
        content.unsigned("bytes", self.bytes);
        content.optional_text("user_agent", self.user_agent.as_deref());
    }
}

impl Payload for Malformed {
    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(self.line_no);
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.unsigned("line_no", self.line_no);
        content.text("reason", self.reason);
    }
}

impl Payload for Hit {
    fn identity(&self, identity: &mut ShortText) -> bool {
        identity.set(format_args!("{} {}", self.group.name(), self.value));
        true
    }

    fn digest(&self, content: &mut CanonicalContent) {
        content.text("group", self.group.name());
        content.text("value", &self.value);
        content.unsigned("bytes", self.bytes);
    }
}
