//! Recovery: whatever happens to a run with a checkpoint, its decisions must be the same.

use fund_load::FundLoad;
use stream_kernel_run::testing::Scene;

/// Attempts with every reason for a decision: days and weeks of one customer and of many, primes, replays and
/// conflicts.
const REASONS: &[u8] = include_bytes!("../../../fixtures/reasons.ndjson");
/// All rules.
const EXP_MP: &str = include_str!("../../../fixtures/exp_mp.yaml");

fn scene() -> Scene<FundLoad> {
    Scene::new().layers(|loader| loader.built_in("exp_mp", EXP_MP)).bytes(REASONS)
}

/// Returns attempts whose ids are forgotten in between and come again, and some that are forgotten at once.
fn forgetting() -> Scene<FundLoad> {
    let attempt = |id: u32, day: u32| {
        format!(
            r#"{{"id":"{id}","customer_id":"7","load_amount":"$1.0{id}","time":"2024-01-{day:02}T00:00:00Z"}}"#
        )
    };
    let ids = [1, 2, 3, 1, 4, 1, 2, 2, 3, 5, 4, 1, 5];
    let days = [1, 1, 2, 1, 5, 5, 1, 1, 5, 29, 6, 8, 10];
    Scene::new()
        .set("nodes.idempotency_gate={remember_days: 2, max_days_ahead: 7}")
        .lines(ids.into_iter().zip(days).map(|(id, day)| attempt(id, day)))
}

#[test]
fn decisions_go_on_from_snapshots() {
    assert_eq!(scene().check_snapshots(), 31);
    assert_eq!(forgetting().check_snapshots(), 14);
}

#[test]
fn decisions_recover() {
    assert!(scene().sample(100).check_recovery() >= 100);
}

#[test]
fn forgotten_ids_recover() {
    assert!(forgetting().sample(100).check_recovery() >= 100);
}
