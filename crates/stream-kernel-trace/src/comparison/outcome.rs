//! How an input ended: its last tags, and the decision that they tell.

use super::PlacedRecord;
use super::fields::{members, text};

/// What is known of an input's end.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// The tags of the last snapshot that shows any; `None` if none does.
    pub(super) tags: Option<Vec<(String, String)>>,
    identity: Option<String>,
}

impl Outcome {
    /// Takes in further records of the input.
    pub(super) fn update(&mut self, records: &[PlacedRecord]) {
        if let Some(tags) = records.iter().rev().find_map(last_tags) {
            self.tags = Some(tags);
        }
        // What a first step takes is known by its line number, which is no name.
        let named = records.last().filter(|placed| placed.record.step_index > 0);
        if let Some(identity) = named.and_then(|placed| placed.record.msg_in.identity.clone()) {
            self.identity = Some(identity);
        }
    }

    /// Returns by what people know the input: its tag `id`, else the identity of its last message.
    pub(super) fn id(&self) -> Option<&str> {
        self.tag("id").or(self.identity.as_deref())
    }

    /// Returns the value of the tag `name`.
    pub(super) fn tag(&self, name: &str) -> Option<&str> {
        let (_, value) = self.tags.as_ref()?.iter().find(|(tag, _)| tag == name)?;
        Some(value)
    }

    /// Returns the decision, if the tag `accepted` is there, and whether it is `true`.
    pub(super) fn decision(&self) -> Option<(bool, String)> {
        let is_accepted = self.tag("accepted")? == "true";
        let text = match self.tag("reason") {
            _ if is_accepted => "accepted".to_owned(),
            None => "declined".to_owned(),
            Some(reason) => format!("declined: {reason}"),
        };
        Some((is_accepted, text))
    }
}

fn last_tags(placed: &PlacedRecord) -> Option<Vec<(String, String)>> {
    let shown = members(placed.record.ctx_after.as_ref()?.as_json())?;
    let (_, tags) = shown.into_iter().find(|(field, _)| field == "tags")?;
    let value = |json: &str| text(json).unwrap_or_else(|| json.to_owned());
    Some(members(tags.get())?.into_iter().map(|(tag, json)| (tag.into_owned(), value(json.get()))).collect())
}
