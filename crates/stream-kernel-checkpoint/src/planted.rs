//! Durability bugs, planted on purpose: the simulation has to find each.
//!
//! They exist with the feature `planted-faults` only, and there only where [`with_planted`] asks for one.

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "planted-faults"), expect(unreachable_pub, reason = "public with the feature"))]
pub enum PlantedFault {
    /// The state log is not synced before the slot that names its length.
    LogNotSynced,
    /// Output and trace are not synced before the slot that names their lengths.
    FilesNotSynced,
    /// The slot is written, and that is called a commit.
    SlotNotSynced,
    /// The slot is written and synced first, then what it promises.
    SlotBeforeLog,
    /// One slot is overwritten again and again.
    SlotWrittenInPlace,
    /// A slot that reads like one is taken, whatever its checksum.
    SlotChecksumIgnored,
    /// A block is taken, whatever its checksum.
    BlockChecksumIgnored,
    /// A state log's name is not made durable.
    LogDirectoryNotSynced,
    /// The manifest's name is not made durable.
    ManifestDirectoryNotSynced,
    /// The names of output and trace are not made durable.
    FilesDirectoryNotSynced,
    /// The final name is not made durable.
    FinalNameNotSynced,
    /// A sync that failed is tried again, and believed.
    SyncRetried,
    /// After a failure, the next commit is tried as if nothing had happened.
    FailureForgotten,
    /// What a resumed run finds in the newest slot is not written again, though its sync may have failed.
    SlotNotRewritten,
    /// What follows the committed end of the state log stays there, and what is new goes behind it.
    LogNotCut,
    /// What follows the committed end of a file stays there.
    FileNotCut,
    /// The old log is removed before a slot names the new one.
    OldLogRemovedFirst,
    /// Nobody looks whether the input begins as it did.
    PrefixNotVerified,
    /// The configuration is not synced before the first commit.
    ConfigurationNotSynced,
    /// The configuration is taken, whatever its checksum.
    ConfigurationNotVerified,
}

#[cfg(feature = "planted-faults")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<PlantedFault>> = const { std::cell::Cell::new(None) };
}

/// Runs `act` with a bug planted, on this thread.
#[cfg(feature = "planted-faults")]
pub fn with_planted<T>(fault: PlantedFault, act: impl FnOnce() -> T) -> T {
    struct Removed;
    impl Drop for Removed {
        fn drop(&mut self) {
            PLANTED.set(None);
        }
    }
    PLANTED.set(Some(fault));
    let _removed = Removed;
    act()
}

/// Returns whether the bug is planted.
#[cfg(feature = "planted-faults")]
pub(crate) fn is_planted(fault: PlantedFault) -> bool {
    PLANTED.get() == Some(fault)
}

/// Returns false: nothing is planted.
#[cfg(not(feature = "planted-faults"))]
pub(crate) const fn is_planted(_: PlantedFault) -> bool {
    false
}
