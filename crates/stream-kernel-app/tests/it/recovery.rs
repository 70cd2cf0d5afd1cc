//! Recovery: whatever happens to a run with a checkpoint, its counts must be the same.

use stream_kernel_run::testing::Scene;

use crate::access_log::AccessLog;
use crate::scene::example;

/// Returns runs of the example's log, with lines of every kind.
fn scene() -> Scene<AccessLog> {
    let log = std::fs::read(example("access.log")).unwrap();
    Scene::new().layers(|loader| loader.file(example("access_log.yaml"))).bytes(&log)
}

#[test]
fn counts_come_back_from_snapshots() {
    assert_eq!(scene().check_snapshots(), 18);
}

#[test]
fn counts_recover() {
    assert!(scene().sample(200).check_recovery() >= 200);
}
