//! Faults everywhere: every operation of a run fails in every way, or loses power; the same run again gives the same
//! results.

use super::input::lines;
use super::scene::Scene;
use super::sweep::sweep;

/// Plays a sample of the cases of a run of these lines from the start.
#[track_caller]
fn check(name: &'static str, settings: &[&str], input: &[u8]) {
    sweep(&Scene::fresh(name, settings, input).must_adjudicate(input), 150);
}

#[test]
fn a_run_that_traces_in_batches_whatever_happens_wherever() {
    check("batches", &[], &lines(1, 40));
}

#[test]
fn a_run_that_writes_every_record_at_once() {
    let line = ["runtime.tracing.sink.jsonl={write_mode: line, flush_every_n: 1}"];
    check("lines", &line, &lines(2, 24));
}

/// A frame ends at each commit, within a batch as well, so the trace can be cut there.
#[test]
fn a_run_that_compresses_its_trace() {
    for (name, jsonl) in [
        ("compressed batches", "{write_mode: batch, flush_every_n: 40, compress: zstd}"),
        ("compressed records", "{flush_every_n: 1, compress: zstd}"),
        ("durable frames", "{flush_every_n: 10, fsync_every_n: 30, compress: zstd}"),
    ] {
        check(name, &[&format!("runtime.tracing.sink.jsonl={jsonl}")], &lines(12, 24));
    }
}

#[test]
fn a_run_whose_records_are_made_durable_between_commits() {
    let durable = ["runtime.tracing.sink.jsonl={flush_every_n: 10, fsync_every_n: 30}"];
    check("durable records", &durable, &lines(3, 24));
}

#[test]
fn a_run_without_a_trace() {
    check("untraced", &["runtime.tracing.enabled=false"], &lines(4, 40));
}

#[test]
fn a_run_that_forgets_ids() {
    let forgetting = ["nodes.idempotency_gate.remember_days=3"];
    check("forgetting", &forgetting, &lines(5, 60));
}

/// The effects of a line stay, and so do the values that it used: by the same parameters.
#[test]
fn runs_that_count_otherwise() {
    let no_window = [
        "nodes.update_windows.daily_attempts.enabled=false",
        "nodes.update_windows.daily_accepted_amount.enabled=false",
        "nodes.update_windows.weekly_accepted_amount.enabled=false",
        "nodes.evaluate_policies.limits={daily_attempts: null, daily_amount: null, weekly_amount: null}",
    ];
    check("no window", &no_window, &lines(10, 40));
    let by_limits = [
        "nodes.compute_features.monday_multiplier.apply_to=limits",
        "nodes.compute_time_keys.week_start=THU",
    ];
    check("limits on Mondays", &by_limits, &lines(11, 40));
}

#[test]
fn a_run_that_would_go_on_after_failed_steps() {
    check("continuing", &["runtime.on_step_error=continue"], &lines(6, 40));
}

#[test]
fn an_input_of_no_line_and_one_whose_last_line_has_no_end() {
    check("empty", &[], b"");
    check("byte order mark", &[], b"\xef\xbb\xbf");
    let input = lines(7, 10);
    check("no line end", &[], input.trim_ascii_end());
}

/// A run that is cut off when it is complete, but its output does not have its name yet, leaves two files: it must be
/// certain which one is its own.
#[test]
fn an_output_that_takes_the_place_of_an_earlier_one() {
    let input = lines(9, 16);
    let disk = super::scene::disk_with(&input);
    disk.put(std::path::Path::new(super::scene::OUTPUT), b"earlier\n");
    let scene = Scene::of("earlier output", &[], disk).must_adjudicate(&input);
    sweep(&scene, 150);
}

/// Another program has written the trace, which ends in a torn record.
#[test]
fn a_trace_that_ends_torn() {
    let input = lines(8, 16);
    let disk = super::scene::disk_with(&input);
    disk.put(std::path::Path::new(super::scene::TRACE), b"{\"trace_id\":\"other:1\"}\n{\"trace_id\":");
    let scene = Scene::of("torn trace", &[], disk);
    sweep(&scene, 150);
}

/// Another program has written the trace, which is compressed.
#[test]
fn a_trace_that_has_frames_of_others() {
    let compressed = ["runtime.tracing.sink.jsonl.compress=zstd"];
    let before = Scene::fresh("before", &compressed, &lines(12, 3));
    before.process(&before.disk, 1).unwrap();
    let trace = std::path::Path::new(super::scene::TRACE);
    let disk = super::scene::disk_with(&lines(8, 16));
    disk.put(trace, &before.disk.contents(trace).unwrap());
    sweep(&Scene::of("behind frames", &compressed, disk), 150);
}
