//! Limits on memory: a run that reaches one ends with a committed checkpoint, and reaches the same limit again.

use std::path::Path;

use stream_kernel_run::checkpoint::inspect;

use super::input::lines;
use super::scene::{CHECKPOINT, Scene};
use super::sweep::sweep;

const LIMIT: &str = "runtime.limits.max_ids=9";

/// Every record is synced, so that the sync fails at exactly the line that ends the run.
#[test]
fn a_run_ends_at_its_limit_under_every_fault() {
    for (name, cadence) in [
        ("limit, batches", "runtime.tracing.sink.jsonl.flush_every_n=40"),
        ("limit, frames", "runtime.tracing.sink.jsonl={flush_every_n: 40, compress: zstd}"),
        ("limit, frames within lines", "runtime.tracing.sink.jsonl={flush_every_n: 3, compress: zstd}"),
        ("limit, durable records", "runtime.tracing.sink.jsonl={flush_every_n: 5, fsync_every_n: 5}"),
    ] {
        let scene = Scene::fresh(name, &[LIMIT, cadence], &lines(21, 40)).must_end_with("max_ids");
        sweep(&scene, 150);
    }
}

#[test]
fn a_larger_limit_resumes_behind_the_commit() {
    let input = lines(21, 40);
    let limited = Scene::fresh("limit", &[LIMIT], &input).must_end_with("max_ids");
    let disk = limited.disk.after_kill(1);
    let told = [1, 2].map(|number| limited.process(&disk, number).unwrap_err().to_string());
    assert_eq!(told[0], told[1]);
    let last = inspect(&disk, Path::new(CHECKPOINT)).unwrap().last.unwrap().committed;
    assert!(told[0].contains(&format!("line {}:", last.lines + 1)), "{last:?}: {told:?}");
    assert!(!last.complete);

    let whole = Scene::fresh("whole", &["runtime.limits.max_ids=1000"], &input).must_adjudicate(&input);
    whole.check_end(&disk, 3, false).unwrap();
}
