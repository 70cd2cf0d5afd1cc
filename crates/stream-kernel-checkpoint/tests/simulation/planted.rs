//! The simulation finds every durability bug that is planted: one that could not would prove nothing.
//!
//! Run with `--features planted-faults`; `--nocapture` shows after how many recoveries each is found.

use stream_kernel_checkpoint::{PlantedFault, with_planted};

use crate::case::Scene;
use crate::{damage, sweep};

/// Plants a bug and expects that a sweep comes upon it.
#[expect(clippy::disallowed_macros, reason = "the figures are for whoever asks the test for them")]
fn find(fault: PlantedFault, sweep: fn(&Scene) -> Result<u64, String>) {
    let found = with_planted(fault, || Scene::all().iter().try_for_each(|scene| sweep(scene).map(drop)));
    let error = found.expect_err("the simulation does not notice the bug");
    let what = error.lines().next().unwrap_or_default();
    println!("{fault:?}: {what}");
}

/// Makes a test of each bug.
macro_rules! finds {
    ($sweep:path: $($name:ident $fault:ident,)*) => {
        $(#[test]
        fn $name() {
            find(PlantedFault::$fault, $sweep);
        })*
    };
}

finds! { sweep::everything:
    log_not_synced LogNotSynced,
    files_not_synced FilesNotSynced,
    slot_not_synced SlotNotSynced,
    slot_before_log SlotBeforeLog,
    slot_checksum_ignored SlotChecksumIgnored,
    slot_written_in_place SlotWrittenInPlace,
    log_directory_not_synced LogDirectoryNotSynced,
    manifest_directory_not_synced ManifestDirectoryNotSynced,
    files_directory_not_synced FilesDirectoryNotSynced,
    final_name_not_synced FinalNameNotSynced,
    sync_retried SyncRetried,
    failure_forgotten FailureForgotten,
    slot_not_rewritten SlotNotRewritten,
    log_not_cut LogNotCut,
    file_not_cut FileNotCut,
    old_log_removed_first OldLogRemovedFirst,
    configuration_not_synced ConfigurationNotSynced,
}

finds! { damage::sweep:
    block_checksum_ignored BlockChecksumIgnored,
    prefix_not_verified PrefixNotVerified,
    configuration_not_verified ConfigurationNotVerified,
}
