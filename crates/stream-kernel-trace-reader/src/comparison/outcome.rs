//! The outcome of an input: its last tags, and the decision in them.

use std::mem;

use super::PlacedRecord;
use crate::reading::{message_identities, tags};
use stream_kernel_trace::may_be_hidden;

/// The decision for an accepted input.
pub(super) const ACCEPTED: &str = "accepted";

/// The known outcome of an input.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// The tags of the last snapshot that shows any; `None` if none does.
    pub(super) tags: Option<Vec<(String, String)>>,
    /// Whether there is a record of the input.
    pub(super) has_begun: bool,
    /// The first of its messages' identities.
    identity: Option<String>,
}

impl Outcome {
    /// Adds further records of the input.
    pub(super) fn update(&mut self, records: &[PlacedRecord]) {
        if let Some(tags) = records.iter().rev().find_map(|placed| tags(placed.record.ctx_after.as_ref()?)) {
            self.tags = Some(tags);
        }
        for placed in records {
            let is_first = !mem::replace(&mut self.has_begun, true);
            if self.identity.is_none() {
                self.identity = message_identities(&placed.record, is_first).next().map(str::to_owned);
            }
        }
    }

    /// Returns the input's id for people: its tag `id`, or else the first identity of its messages.
    pub(super) fn id(&self) -> Option<&str> {
        self.tag("id").filter(|id| !id.is_empty()).or(self.identity.as_deref())
    }

    pub(super) fn tag(&self, name: &str) -> Option<&str> {
        let (_, value) = self.tags.as_ref()?.iter().find(|(tag, _)| tag == name)?;
        Some(value)
    }

    /// Returns the decision, if the tag `accepted` is there: [`ACCEPTED`] if that is `true`.
    pub(super) fn decision(&self) -> Option<String> {
        let accepted = self.tag("accepted")?;
        Some(match self.tag("reason") {
            _ if may_be_hidden(accepted) => "hidden".to_owned(),
            _ if accepted == "true" => ACCEPTED.to_owned(),
            None => "declined".to_owned(),
            Some(reason) => format!("declined: {reason}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream_kernel_trace::MASK;

    #[test]
    fn an_input_is_known_by_its_first_message_unless_it_has_an_id() {
        let record = |taken: &str, emitted: &str, tags: serde_json::Value| {
            PlacedRecord {
            run: 1,
            file_line: 1,
            record: serde_json::from_value(serde_json::json!({
                "trace_id": "r:7", "scenario": "s", "line_no": 7, "step_index": 0, "step_name": "a", "work_index": 0,
                "t_enter": "", "t_exit": "", "duration_ms": 0.1, "msg_in": {"type_name": "In", "identity": taken},
                "msg_out": [{"type_name": "Out", "identity": emitted}], "msg_out_count": 1,
                "ctx_after": tags, "status": "ok",
            }))
            .unwrap(),
        }
        };
        let mut outcome = Outcome::default();
        outcome.update(&[record("7", "GET /", serde_json::Value::Null)]);
        outcome.update(&[record("GET /", "client", serde_json::json!({"tags": {"id": ""}}))]);
        assert_eq!(outcome.id(), Some("GET /"));
        outcome.update(&[record("7", "7", serde_json::json!({"tags": {"id": "t"}}))]);
        assert_eq!(outcome.id(), Some("t"));
    }

    #[test]
    fn tags_tell_a_decision_unless_they_may_be_hidden() {
        let decided = |tags: &[(&str, &str)]| {
            let tags = tags.iter().map(|(tag, value)| ((*tag).to_owned(), (*value).to_owned())).collect();
            Outcome { tags: Some(tags), ..Outcome::default() }.decision()
        };
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(decided(&[("accepted", "true")]), said("accepted"));
        assert_eq!(decided(&[("accepted", "false")]), said("declined"));
        assert_eq!(decided(&[("accepted", "false"), ("reason", "DAY")]), said("declined: DAY"));
        for hidden in [MASK, "0123456789abcdef0123456789abcdef"] {
            assert_eq!(decided(&[("accepted", hidden), ("reason", "DAY")]), said("hidden"));
        }
        assert_eq!(decided(&[("reason", "DAY")]), None);
    }
}
