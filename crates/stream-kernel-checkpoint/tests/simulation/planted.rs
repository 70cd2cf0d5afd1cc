//! The simulation finds every durability bug that is planted: one that could not would prove nothing.
//!
//! Run with `--features planted-faults`; `--nocapture` shows after how many recoveries each is found.

use stream_kernel_checkpoint::{PlantedFault, with_planted};

use crate::case::Scene;
use crate::{damage, sweep};

fn find(fault: PlantedFault) {
    let found = with_planted(fault, || {
        Scene::all().iter().try_for_each(|scene| {
            sweep::everything(scene)?;
            damage::sweep(scene).map(drop).map_err(|error| format!("damage, {error}"))
        })
    });
    let error = found.expect_err("the simulation does not notice the bug");
    let line = error.lines().next().unwrap_or_default();
    std::io::Write::write_all(&mut std::io::stdout(), format!("{fault:?}: {line}\n").as_bytes()).unwrap();
}

/// Makes a test of each bug.
macro_rules! finds {
    ($($name:ident: $fault:ident,)*) => {
        $(#[test]
        fn $name() {
            find(PlantedFault::$fault);
        })*
    };
}

finds! {
    log_not_synced: LogNotSynced,
    files_not_synced: FilesNotSynced,
    slot_not_synced: SlotNotSynced,
    slot_before_log: SlotBeforeLog,
    slot_written_in_place: SlotWrittenInPlace,
    slot_checksum_ignored: SlotChecksumIgnored,
    block_checksum_ignored: BlockChecksumIgnored,
    log_directory_not_synced: LogDirectoryNotSynced,
    manifest_directory_not_synced: ManifestDirectoryNotSynced,
    files_directory_not_synced: FilesDirectoryNotSynced,
    final_name_not_synced: FinalNameNotSynced,
    sync_retried: SyncRetried,
    failure_forgotten: FailureForgotten,
    slot_not_rewritten: SlotNotRewritten,
    log_not_cut: LogNotCut,
    file_not_cut: FileNotCut,
    old_log_removed_first: OldLogRemovedFirst,
    prefix_not_verified: PrefixNotVerified,
}
