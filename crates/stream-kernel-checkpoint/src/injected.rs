//! Injected faults: durability bugs, one at a time, which the simulation must find.
//!
//! They exist only with the feature `injected-faults`, and only within [`with_injected`].

/// A durability bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "injected-faults"), expect(unreachable_pub, reason = "public with the feature"))]
pub enum InjectedFault {
    /// A snapshot is not synced before the slot that names it.
    SnapshotNotSynced,
    /// The names of configuration and snapshot are not synced.
    DirectoryNotSynced,
    /// The slot that names a snapshot is written and synced before the snapshot.
    SlotBeforeSnapshot,
    /// The old snapshot is removed before a slot names the new one.
    OldSnapshotRemovedFirst,
    /// A killed run's leftover snapshot stays in the way of the next one.
    LeftoverSnapshotKept,
    /// A block of a snapshot is accepted, whatever its checksum.
    BlockChecksumIgnored,
    /// Output and trace are not synced before the slot that names their lengths.
    FilesNotSynced,
    /// The names of output and trace are not synced.
    FilesDirectoryNotSynced,
    /// Bytes after the committed end of a file stay.
    FileNotCut,
    /// A commit returns before its slot is synced.
    SlotNotSynced,
    /// One slot is overwritten again and again.
    SlotWrittenInPlace,
    /// A slot is accepted, whatever its checksum.
    SlotChecksumIgnored,
    /// A resumed run does not write the newest slot again, though its sync may have failed.
    SlotNotRewritten,
    /// The name of the manifest is not synced.
    ManifestDirectoryNotSynced,
    /// The final name of the output is not synced.
    FinalNameNotSynced,
    /// A failed sync is tried again, and believed.
    SyncRetried,
    /// After a failure, the next commit is tried as if nothing had happened.
    FailureForgotten,
    /// The beginning of the input is not compared with the commit.
    PrefixNotVerified,
    /// The configuration is not synced before the first commit.
    ConfigurationNotSynced,
    /// The configuration is accepted, whatever its checksum.
    ConfigurationNotVerified,
}

#[cfg(feature = "injected-faults")]
thread_local! {
    static INJECTED: std::cell::Cell<Option<InjectedFault>> = const { std::cell::Cell::new(None) };
}

/// Runs `act` with a fault injected, on this thread.
#[cfg(feature = "injected-faults")]
pub fn with_injected<T>(fault: InjectedFault, act: impl FnOnce() -> T) -> T {
    struct Removed;
    impl Drop for Removed {
        fn drop(&mut self) {
            INJECTED.set(None);
        }
    }
    INJECTED.set(Some(fault));
    let _removed = Removed;
    act()
}

/// Returns whether the fault is injected.
#[cfg(feature = "injected-faults")]
pub(crate) fn is_injected(fault: InjectedFault) -> bool {
    INJECTED.get() == Some(fault)
}

/// Returns false: without the feature, no fault is injected.
#[cfg(not(feature = "injected-faults"))]
pub(crate) const fn is_injected(_: InjectedFault) -> bool {
    false
}
