//! `parse_access_line`: a line of the log becomes a request, or a malformed line.

use stream_kernel_exec::trace::Context;
use stream_kernel_exec::{Emitter, Step, StepResult};
use stream_kernel_run::{LineContent, RawLine};

use super::messages::{AccessLogMessage, Malformed, Request};

stream_kernel_exec::outputs! {
    /// The results for a line.
    pub(crate) enum ParsedLine of AccessLogMessage { Request, Malformed }
}

/// Reads lines in the common log format, `client ident user [time] "request" status bytes`, and in the combined one,
/// which adds `"referrer" "user agent"`.
pub(crate) struct ParseAccessLine;

impl Step<AccessLogMessage> for ParseAccessLine {
    type Takes = RawLine;
    type Emits = ParsedLine;

    fn process(
        &self,
        line: RawLine,
        context: &mut Context,
        out: &mut Emitter<'_, AccessLogMessage, ParsedLine>,
    ) -> StepResult {
        match read_content(line.content()) {
            Ok(request) => {
                context.tags.set("client", &request.client);
                context.metrics.set("bytes", request.bytes);
                out.emit(request);
            }
            // An unreadable line is data like any other: it takes its own route, and the run goes on.
            Err(reason) => {
                context.tags.set("malformed", reason);
                out.emit(Malformed { line_no: line.line_no(), reason });
            }
        }
        Ok(())
    }
}

fn read_content(content: &LineContent) -> Result<Request, &'static str> {
    match content {
        LineContent::Whole(line) => read_request(std::str::from_utf8(line).map_err(|_| "not UTF-8")?),
        LineContent::Overlong { .. } => Err("too long"),
    }
}

fn read_request(line: &str) -> Result<Request, &'static str> {
    let (client, rest) = line.split_once(' ').filter(|(client, _)| !client.is_empty()).ok_or("no client")?;
    let (_, rest) = rest.split_once(" [").ok_or("no time")?;
    let (_, rest) = rest.split_once("] ").ok_or("no time")?;
    let (request, rest) = split_quoted(rest).ok_or("no request")?;
    let mut words = request.split(' ');
    // Servers log anything that is not HTTP unchanged, and a connection without a request as `-`.
    let (method, target) = words.next().zip(words.next()).ok_or("no HTTP request")?;
    if method.is_empty() || target.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err("no HTTP request");
    }
    let mut words = rest.splitn(3, ' ');
    let status = words.next().and_then(read_status).ok_or("no status")?;
    let bytes = words.next().and_then(read_bytes).ok_or("no size")?;
    let headers = words.next().unwrap_or_default();
    let user_agent = split_quoted(headers).and_then(|(_, rest)| split_quoted(rest)).map(|(agent, _)| agent);
    Ok(Request {
        client: client.to_owned(),
        method: method.to_owned(),
        target: target.to_owned(),
        status,
        bytes,
        user_agent: user_agent.map(str::to_owned),
    })
}

/// Splits `"text" rest`; in the text, a backslash belongs to the next character.
fn split_quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('"')?;
    let mut is_escaped = false;
    let end = text.find(|character| {
        let ends = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        ends
    })?;
    let rest = &text[end + 1..];
    Some((&text[..end], rest.strip_prefix(' ').unwrap_or(rest)))
}

fn read_status(text: &str) -> Option<u16> {
    read_digits(text).filter(|status| (100..=599).contains(status))
}

fn read_bytes(text: &str) -> Option<u64> {
    // Nothing was sent.
    if text == "-" { Some(0) } else { read_digits(text) }
}

/// Reads a number in digits alone: Rust would accept a sign, too.
fn read_digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
