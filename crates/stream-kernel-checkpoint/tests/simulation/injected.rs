//! Injected faults: the simulation must find each of them; otherwise it would prove nothing.
//!
//! Run with `--features injected-faults`; `--nocapture` shows the number of recoveries before each is found.

use stream_kernel_checkpoint::{InjectedFault, with_injected};

use crate::case::Scene;
use crate::{damage, sweep};

/// Injects a fault and expects that a sweep finds it.
#[expect(clippy::disallowed_macros, reason = "the figures are for whoever asks the test for them")]
fn find(fault: InjectedFault, sweep: fn(&Scene) -> Result<u64, String>) {
    let found = with_injected(fault, || Scene::all().iter().try_for_each(|scene| sweep(scene).map(drop)));
    let error = found.expect_err("the simulation does not find the fault");
    let what = error.lines().next().unwrap_or_default();
    println!("{fault:?}: {what}");
}

/// Makes a test of each fault.
macro_rules! finds {
    ($sweep:path: $($name:ident $fault:ident,)*) => {
        $(#[test]
        fn $name() {
            find(InjectedFault::$fault, $sweep);
        })*
    };
}

finds! { sweep::everything:
    snapshot_not_synced SnapshotNotSynced,
    directory_not_synced DirectoryNotSynced,
    slot_before_snapshot SlotBeforeSnapshot,
    old_snapshot_removed_first OldSnapshotRemovedFirst,
    leftover_snapshot_kept LeftoverSnapshotKept,
    files_not_synced FilesNotSynced,
    files_directory_not_synced FilesDirectoryNotSynced,
    file_not_cut FileNotCut,
    slot_not_synced SlotNotSynced,
    slot_written_in_place SlotWrittenInPlace,
    slot_checksum_ignored SlotChecksumIgnored,
    slot_not_rewritten SlotNotRewritten,
    manifest_directory_not_synced ManifestDirectoryNotSynced,
    final_name_not_synced FinalNameNotSynced,
    sync_retried SyncRetried,
    failure_forgotten FailureForgotten,
    configuration_not_synced ConfigurationNotSynced,
}

finds! { damage::sweep:
    block_checksum_ignored BlockChecksumIgnored,
    prefix_not_verified PrefixNotVerified,
    configuration_not_verified ConfigurationNotVerified,
}
