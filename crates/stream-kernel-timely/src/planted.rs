//! Bugs that tests plant in the protocol, to see that they are found.

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// A line is sent to an owner that its number says, not its key.
    WrongOwner,
    /// An owner takes the workers' questions in the wrong order.
    WrongOrder,
    /// Owners do not hear what others add to gates.
    DeafToGates,
    /// Owners go on after one round, whatever others have added in it.
    OneRound,
    /// The watermark stays where it was before the epoch.
    ForgottenWatermark,
    /// Of the times that may move the watermark, those not later than earlier ones are left out, though it may not have followed these.
    TimesLeftOut,
    /// Only what this owner has forgotten is told.
    OwnForgotten,
    /// Each owner looks at its own counts only.
    LimitForEach,
    /// A line that a limit refuses is refused at its first addition.
    RefusedAtOnce,
    /// Lines are numbered from the beginning of the epoch.
    LineNumbers,
    /// Parts are written where this worker's last one ended.
    OwnPlace,
    /// Homes behind the one that has ended the run write their lines.
    NoCommonStop,
    /// Lines are passed where a limit may refuse them.
    PassedUnlimited,
    /// A line that is passed again, because others have added to a gate, is not passed from where it was.
    PassedTwice,
    /// Epochs behind one that is saved are taken up before what is remembered was saved.
    SavedLate,
    /// A run that goes on begins to read where the saved epoch has ended, rather than its last line.
    SavedWithinLine,
}

#[cfg(test)]
impl Bug {
    pub(crate) const ALL: [Self; 16] = [
        Self::WrongOwner,
        Self::WrongOrder,
        Self::DeafToGates,
        Self::OneRound,
        Self::ForgottenWatermark,
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

/// Returns whether the bug is planted; never outside tests.
#[cfg(test)]
pub(crate) fn is_planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Returns whether the bug is planted; never outside tests.
#[cfg(not(test))]
#[inline]
pub(crate) const fn is_planted(_: Bug) -> bool {
    false
}
