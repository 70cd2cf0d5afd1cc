//! Every operation of a run fails in every way, or loses power; what is run again then comes to the same.

use super::input::lines;
use super::scene::Scene;
use super::sweep::sweep;

/// Plays one of `one_in` cases of a run of these lines from the start, which must be `at_least` so many recoveries.
#[track_caller]
fn check(name: &'static str, settings: &[&str], input: &[u8], one_in: u64, at_least: u64) {
    let scene = Scene::fresh(name, settings, input).must_adjudicate(input);
    let recoveries = sweep(&scene, one_in);
    let operations = scene.operations;
    assert!(recoveries >= at_least, "only {recoveries} recoveries from {operations} operations: {name}");
}

/// Every operation, every fault and every end of it; of the other runs a sample, in which all kinds come up.
#[test]
fn a_run_that_traces_in_batches_whatever_happens_wherever() {
    check("batches", &[], &lines(1, 40), 1, 2_000);
}

#[test]
fn a_run_that_writes_every_record_at_once() {
    let line = ["runtime.tracing.sink.jsonl={write_mode: line, flush_every_n: 1}"];
    check("lines", &line, &lines(2, 24), 17, 200);
}

/// Where a commit ends, a frame does, within a batch as well: so the trace can be cut there.
#[test]
fn a_run_that_compresses_its_trace() {
    for (name, jsonl) in [
        ("compressed batches", "{write_mode: batch, flush_every_n: 40, compress: zstd}"),
        ("compressed records", "{flush_every_n: 1, compress: zstd}"),
        ("durable frames", "{flush_every_n: 10, fsync_every_n: 30, compress: zstd}"),
    ] {
        check(name, &[&format!("runtime.tracing.sink.jsonl={jsonl}")], &lines(12, 24), 17, 150);
    }
}

#[test]
fn a_run_whose_records_are_made_durable_between_commits() {
    let durable = ["runtime.tracing.sink.jsonl={flush_every_n: 10, fsync_every_n: 30}"];
    check("durable records", &durable, &lines(3, 24), 7, 200);
}

#[test]
fn a_run_without_a_trace() {
    check("untraced", &["runtime.tracing.enabled=false"], &lines(4, 40), 7, 200);
}

#[test]
fn a_run_that_forgets_ids() {
    let forgetting = ["nodes.idempotency_gate.remember_days=3"];
    check("forgetting", &forgetting, &lines(5, 60), 11, 200);
}

/// What a line did is kept, what it did it with is found again: by the same parameters.
#[test]
fn runs_that_count_otherwise() {
    let no_window = [
        "nodes.update_windows.daily_attempts.enabled=false",
        "nodes.update_windows.daily_accepted_amount.enabled=false",
        "nodes.update_windows.weekly_accepted_amount.enabled=false",
        "nodes.evaluate_policies.limits={daily_attempts: null, daily_amount: null, weekly_amount: null}",
    ];
    check("no window", &no_window, &lines(10, 40), 13, 150);
    let by_limits = [
        "nodes.compute_features.monday_multiplier.apply_to=limits",
        "nodes.compute_time_keys.week_start=THU",
    ];
    check("limits on Mondays", &by_limits, &lines(11, 40), 13, 150);
}

#[test]
fn a_run_that_would_go_on_after_failed_steps() {
    check("continuing", &["runtime.on_step_error=continue"], &lines(6, 40), 13, 150);
}

#[test]
fn an_input_of_no_line_and_one_whose_last_line_has_no_end() {
    check("empty", &[], b"", 5, 150);
    check("byte order mark", &[], b"\xef\xbb\xbf", 5, 150);
    let input = lines(7, 10);
    check("no line end", &[], input.trim_ascii_end(), 7, 100);
}

/// A run that is cut off when it is complete but its output has not yet its name leaves both: which is its own must be certain.
#[test]
fn an_output_that_takes_the_place_of_an_earlier_one() {
    let input = lines(9, 16);
    let disk = super::scene::disk_with(&input);
    disk.put(std::path::Path::new(super::scene::OUTPUT), b"earlier\n");
    let scene = Scene::of("earlier output", &[], disk).must_adjudicate(&input);
    assert!(sweep(&scene, 5) >= 200);
}

/// The trace is another program's, and ends in a torn record.
#[test]
fn a_trace_that_ends_torn() {
    let input = lines(8, 16);
    let disk = super::scene::disk_with(&input);
    disk.put(std::path::Path::new(super::scene::TRACE), b"{\"trace_id\":\"other:1\"}\n{\"trace_id\":");
    let scene = Scene::of("torn trace", &[], disk);
    assert!(sweep(&scene, 5) >= 200);
}

/// The trace is another program's, and compressed.
#[test]
fn a_trace_that_has_frames_of_others() {
    let compressed = ["runtime.tracing.sink.jsonl.compress=zstd"];
    let before = Scene::fresh("before", &compressed, &lines(12, 3));
    before.process(&before.disk, 1).unwrap();
    let trace = std::path::Path::new(super::scene::TRACE);
    let disk = super::scene::disk_with(&lines(8, 16));
    disk.put(trace, &before.disk.contents(trace).unwrap());
    assert!(sweep(&Scene::of("behind frames", &compressed, disk), 5) >= 200);
}
