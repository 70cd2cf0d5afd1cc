//! A correct application must pass, and the faults of a wrong one must be found.

mod posts;

use posts::{
    DECIDES_BY_A_STATIC, DECIDES_BY_ITS_OWN_COUNT, DECODES_NOTHING, DECODES_OTHERWISE, ENCODES_TOO_LITTLE,
    LINES, NOTHING, Posts,
};

use super::{Scene, recovery, snapshots};

fn scene<const WRONG: u8>() -> Scene<Posts<WRONG>> {
    Scene::new().lines(LINES)
}

/// Compares the findings of both checks; an empty text stands for none.
#[track_caller]
fn check<const WRONG: u8>(of_snapshots: &str, of_recovery: &str) {
    let scene = scene::<WRONG>().sample(200);
    for (found, told) in [(snapshots::check(&scene), of_snapshots), (recovery::check(&scene), of_recovery)] {
        let found = found.err().unwrap_or_default();
        assert!(found.contains(told) && found.is_empty() == told.is_empty(), "{found:?} instead of {told:?}");
    }
}

#[test]
fn a_right_application_passes() {
    assert_eq!(scene::<NOTHING>().check_snapshots(), 13);
    let sampled = scene::<NOTHING>().sample(300).check_recovery();
    assert!(sampled >= 300, "{sampled}");
}

/// Every kind of disturbance occurs, and at each of the first operations.
#[test]
fn all_cases_are_played_if_there_are_few() {
    let scene = Scene::<Posts<NOTHING>>::new()
        .set("runtime.tracing.enabled=false")
        .set("runtime.checkpoint.every_lines=1");
    let played = scene.lines(&LINES[..1]).check_recovery();
    assert!(played > 18 * 40, "{played}");
}

#[test]
fn a_static_is_found() {
    check::<DECIDES_BY_A_STATIC>(
        "after line 0: the output differs in line 4",
        "with a checkpoint, undisturbed: the output differs in line 4",
    );
}

#[test]
fn state_of_a_step_is_found() {
    check::<DECIDES_BY_ITS_OWN_COUNT>(
        "from a snapshot after line 1: the output differs in line 3",
        "stopped after line 3: the output differs in line 4",
    );
}

#[test]
fn a_field_that_is_not_encoded_is_found() {
    check::<ENCODES_TOO_LITTLE>(
        "from a snapshot after line 2: the output differs in line 4",
        "stopped after line 2: the output differs in line 6",
    );
}

#[test]
fn a_field_that_is_decoded_otherwise_is_found() {
    check::<DECODES_OTHERWISE>(
        "from a snapshot after line 2: what is restored has another record 1",
        "stopped after line 2: the output differs in line 6",
    );
}

#[test]
fn a_value_that_is_not_decoded_is_found() {
    check::<DECODES_NOTHING>(
        "from a snapshot after line 1: a record cannot be restored",
        "cannot restore the block at byte 0 of the snapshot",
    );
}

#[test]
#[should_panic(expected = "the run does not come to its end: line 2")]
fn a_run_that_a_step_ends_is_not_checked() {
    Scene::<Posts<NOTHING>>::new().lines(["1 ann hello", "x ann hello"]).check_recovery();
}

#[test]
#[should_panic(expected = "unknown key")]
fn a_wrong_configuration_is_reported() {
    scene::<NOTHING>().set("nodes.parse.strict=true").check_snapshots();
}
