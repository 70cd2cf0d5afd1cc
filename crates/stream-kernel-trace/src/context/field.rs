//! Names of a context's fields.

use std::fmt;

/// A field of the context that a snapshot can show; `trace` is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContextField {
    /// `<run_id>:<line_no>`.
    TraceId,
    /// The name of the run.
    RunId,
    /// The name of the scenario.
    ScenarioId,
    /// The number of the input's line.
    LineNo,
    /// The time at which the input's first step began.
    ReceivedAt,
    /// Names with texts.
    Tags,
    /// Names with numbers.
    Metrics,
    /// Remarks in free text.
    Notes,
    /// Names with booleans.
    Flags,
    /// Errors.
    Errors,
}

impl ContextField {
    /// Every field, in the order in which snapshots show them.
    pub const ALL: [Self; 10] = [
        Self::TraceId,
        Self::RunId,
        Self::ScenarioId,
        Self::LineNo,
        Self::ReceivedAt,
        Self::Tags,
        Self::Metrics,
        Self::Notes,
        Self::Flags,
        Self::Errors,
    ];

    /// Returns the field with this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Returns the field's name in records and configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TraceId => "trace_id",
            Self::RunId => "run_id",
            Self::ScenarioId => "scenario_id",
            Self::LineNo => "line_no",
            Self::ReceivedAt => "received_at",
            Self::Tags => "tags",
            Self::Metrics => "metrics",
            Self::Notes => "notes",
            Self::Flags => "flags",
            Self::Errors => "errors",
        }
    }
}

impl fmt::Display for ContextField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of context fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet(u16);

impl FieldSet {
    /// The set of no field.
    pub const EMPTY: Self = Self(0);

    /// The set of all fields.
    pub const ALL: Self = Self((1 << ContextField::ALL.len()) - 1);

    /// Returns the set of `fields`.
    pub fn of(fields: impl IntoIterator<Item = ContextField>) -> Self {
        Self(fields.into_iter().fold(0, |bits, field| bits | 1 << field as u16))
    }

    /// Returns whether `field` is in the set.
    pub const fn contains(self, field: ContextField) -> bool {
        self.0 & (1 << field as u16) != 0
    }

    /// Returns the fields of the set in the order in which snapshots show them.
    pub fn iter(self) -> impl Iterator<Item = ContextField> {
        ContextField::ALL.into_iter().filter(move |&field| self.contains(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_field_and_the_tape_is_none() {
        for field in ContextField::ALL {
            assert_eq!(ContextField::named(&field.to_string()), Some(field));
        }
        assert_eq!(ContextField::named("trace"), None);
    }

    #[test]
    fn a_set_lists_its_fields_in_their_order() {
        let set = FieldSet::of([ContextField::Errors, ContextField::Tags]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [ContextField::Tags, ContextField::Errors]);
        let twice = FieldSet::of([ContextField::Tags, ContextField::Tags]);
        assert_eq!(twice, FieldSet::of([ContextField::Tags]), "named twice, and in it all the same");
        assert_eq!(FieldSet::ALL.iter().count(), 10);
        assert_eq!(FieldSet::EMPTY.iter().count(), 0);
    }
}
