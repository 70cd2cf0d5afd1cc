//! `classify_request`: a request becomes a hit in each group.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepResult};

use super::config::{ClassifyRequestNode, Group};
use super::messages::{AccessLogMessage, Hit, Request};

/// The common words in the user agents of bots, in lower case.
const BOT_MARKS: [&str; 3] = ["bot", "crawler", "spider"];

/// Emits one hit per group; none for a bot, if bots are skipped.
pub(crate) struct ClassifyRequest {
    parameters: ClassifyRequestNode,
}

impl ClassifyRequest {
    /// Returns the step for `parameters`.
    pub(crate) fn new(parameters: ClassifyRequestNode) -> Self {
        Self { parameters }
    }
}

impl Step<AccessLogMessage> for ClassifyRequest {
    type Takes = Request;
    type Emits = Hit;

    fn process(
        &self,
        request: Request,
        context: &mut Context,
        out: &mut Emitter<'_, AccessLogMessage, Hit>,
    ) -> StepResult {
        let is_bot = request.user_agent.as_deref().is_some_and(is_bot);
        context.tags.set("path", path(&request));
        context.tags.set("status", status_class(&request));
        context.flags.set("bot", is_bot);
        if is_bot && self.parameters.skip_bots {
            return Ok(());
        }
        for &group in &self.parameters.group_by {
            let value = match group {
                Group::Client => request.client.clone(),
                Group::Path => path(&request).to_owned(),
                Group::Status => status_class(&request).to_owned(),
            };
            out.emit(Hit { group, value, bytes: request.bytes });
        }
        Ok(())
    }
}

fn is_bot(user_agent: &str) -> bool {
    let user_agent = user_agent.to_ascii_lowercase();
    BOT_MARKS.iter().any(|mark| user_agent.contains(mark))
}

fn path(request: &Request) -> &str {
    request.target.split_once('?').map_or(request.target.as_str(), |(path, _)| path)
}

fn status_class(request: &Request) -> &'static str {
    match request.status {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}
