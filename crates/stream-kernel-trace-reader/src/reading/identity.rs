//! The id of an input for people.

use serde::Deserialize;

use crate::json_leaves::{members, text};
use stream_kernel_trace::{ContextSnapshot, TraceRecord};

/// Returns the identities of the messages of `record`, in turn; `is_first` tells that it is the first of its input.
///
/// An input is known by its tag `id`, or else by the first of these identities: it was read as that, and this never
/// changes, whereas later messages may be about something else, such as a client. The line that the first step takes is
/// left out if its identity is only its number: somebody who asks for the id 7 does not mean line 7.
///
/// ```
/// use stream_kernel_trace_reader::reading::message_identities;
/// # let example = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_record.json"));
/// # let record = serde_json::from_str(example)?;
///
/// // The record of line 1, which takes the line and emits the hit `GET /`.
/// assert_eq!(message_identities(&record, true).collect::<Vec<_>>(), ["GET /"]);
/// assert_eq!(message_identities(&record, false).collect::<Vec<_>>(), ["1", "GET /"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn message_identities(record: &TraceRecord, is_first: bool) -> impl Iterator<Item = &str> {
    let is_line = |identity: &str| is_first && identity.parse() == Ok(record.line_no);
    let taken = record.msg_in.identity.as_deref().filter(|identity| !is_line(identity));
    let emitted = record.msg_out.iter().filter_map(|message| message.identity.as_deref());
    taken.into_iter().chain(emitted).filter(|identity| !identity.is_empty())
}

/// Returns the tag `id` after the step; `None` if it is not shown or empty.
pub(super) fn id_tag(record: &TraceRecord) -> Option<String> {
    #[derive(Deserialize)]
    struct Shown {
        tags: Tags,
    }
    #[derive(Deserialize)]
    struct Tags {
        id: String,
    }
    let shown: Shown = serde_json::from_str(record.ctx_after.as_ref().map(ContextSnapshot::as_json)?).ok()?;
    Some(shown.tags.id).filter(|id| !id.is_empty())
}

/// Returns the tags in a snapshot; `None` if it shows none. A value that is not text remains JSON.
pub(crate) fn tags(snapshot: &ContextSnapshot) -> Option<Vec<(String, String)>> {
    let (_, tags) = members(snapshot.as_json())?.into_iter().find(|(field, _)| field == "tags")?;
    let value = |json: &str| text(json).unwrap_or_else(|| json.to_owned());
    Some(members(tags.get())?.into_iter().map(|(tag, json)| (tag.into_owned(), value(json.get()))).collect())
}
