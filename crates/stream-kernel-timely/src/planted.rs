//! Injected bugs of the protocol, which tests must find.

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// A line is sent to the owner of its number, not of its key.
    WrongOwner,
    /// An owner takes the workers' questions in the wrong order.
    WrongOrder,
    /// Owners do not hear the others' additions to gates.
    DeafToGates,
    /// Owners stop after one round, whatever others have added in it.
    OneRound,
    /// The watermark stays where it was before the epoch.
    ForgottenWatermark,
    /// Within lines that were handed over, the watermark stays where it was before the first.
    StaleWatermark,
    /// A time that may move the watermark is left out if it is not later than the earlier ones, though the watermark
    /// may not have followed these.
    TimesLeftOut,
    /// Only the entries that this owner has forgotten are told.
    OwnForgotten,
    /// Each owner checks its own counts only.
    LimitForEach,
    /// A line that a limit refuses is refused at its first addition.
    RefusedAtOnce,
    /// Lines are numbered from the beginning of the epoch.
    LineNumbers,
    /// Parts are written after this worker's last one.
    OwnPlace,
    /// Homes after the one that has ended the run write their lines.
    NoCommonStop,
    /// Lines are passed where a limit may refuse them.
    PassedUnlimited,
    /// A line that is passed again, because others have added to a gate, is not passed from its earlier state.
    PassedTwice,
    /// Epochs after a saved one are taken up before the memory is saved.
    SavedLate,
    /// A resumed run begins to read at the end of the saved epoch instead of the end of its last line.
    SavedWithinLine,
}

#[cfg(test)]
impl Bug {
    pub(crate) const ALL: [Self; 17] = [
        Self::WrongOwner,
        Self::WrongOrder,
        Self::DeafToGates,
        Self::OneRound,
        Self::ForgottenWatermark,
        Self::StaleWatermark,
        Self::TimesLeftOut,
        Self::OwnForgotten,
        Self::LimitForEach,
        Self::RefusedAtOnce,
        Self::LineNumbers,
        Self::OwnPlace,
        Self::NoCommonStop,
        Self::PassedUnlimited,
        Self::PassedTwice,
        Self::SavedLate,
        Self::SavedWithinLine,
    ];
}

#[cfg(test)]
thread_local! {
    pub(crate) static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Returns whether the bug is injected; never outside tests.
#[cfg(test)]
pub(crate) fn is_planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Returns whether the bug is injected; never outside tests.
#[cfg(not(test))]
#[inline]
pub(crate) const fn is_planted(_: Bug) -> bool {
    false
}
